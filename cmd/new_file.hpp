// A file that a command makes.
#pragma once

#include <string>

namespace invctl::cmd {

// A new file that is there once it was written to its end, and not before. Throws Error(conflict,
// "already_exists") where there is one of its name: nothing is ever overwritten.
class NewFile {
 public:
  explicit NewFile(std::string path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  int fd() const { return fd_; }
  void keep();  // syncs it and gives it its name; what throws leaves nothing

 private:
  std::string path_;
  int fd_ = -1;
  bool named_ = false;  // from the beginning, where the file system has no files without a name
  bool kept_ = false;
};

}  // namespace invctl::cmd
