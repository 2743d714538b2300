// A file or standard input that can be read more than once: the first pass checks all rows, the second
// applies them.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "io/byte_source.hpp"

namespace invctl::io {

class InputFile : public ByteSource {
 public:
  // Opens `path`; `-` is standard input. What is not a regular file (a pipe, a terminal) is first copied to
  // an unnamed temporary file in TMPDIR (else /tmp) that only this process can read and that vanishes with
  // it. Throws Error(bad_input, "cannot_read"), or Error(internal, "cannot_spool") where there is no room for
  // the copy.
  static InputFile open(const std::string& path);

  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  InputFile(const InputFile&) = delete;
  ~InputFile() override;

  // How messages call it: the path as given, or `stdin`.
  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }          // bytes, when it was opened
  std::uint64_t position() const { return position_; }  // bytes read since the start, for progress

  std::size_t read(char* into, std::size_t size) override;

  // Goes back to the start for another pass; checks as below.
  void rewind();

  // Throws Error(bad_input, "file_changed") when size or modification time are no longer those at opening.
  // To be called after the last pass too, before what was read is committed.
  void verify_unchanged() const;

 private:
  InputFile(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}
  void spool();

  std::string name_;
  int fd_;
  bool owned_ = true;
  std::uint64_t start_ = 0;  // of the data within the file: standard input may have been read before
  std::uint64_t position_ = 0;
  std::uint64_t size_ = 0;
  struct stat opened_ {};
};

}  // namespace invctl::io
