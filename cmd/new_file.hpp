// A file that a command makes.
#pragma once

#include <string>

namespace invctl::cmd {

// A new file that goes away again unless it was written to its end. Throws Error(conflict, "already_exists")
// where there is one: nothing is ever overwritten.
class NewFile {
 public:
  explicit NewFile(std::string path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  int fd() const { return fd_; }
  void keep();  // syncs it, and it stays

 private:
  std::string path_;
  int fd_ = -1;
  bool kept_ = false;
};

}  // namespace invctl::cmd
