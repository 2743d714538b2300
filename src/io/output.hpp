// The answer on its way out: a buffered file descriptor whose write errors are never lost.
//
// What is not flushed when an Output is destroyed is dropped on purpose: a command that fails while it
// answers leaves nothing, or as little as possible, of a half answer behind. Every command ends with close().
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace invctl::io {

// The answer could not be written. It is an Error with Exit::internal, which is right for a read; a command
// that has committed a change turns it into Exit::unreported, and a read into a closed pipe ends quietly.
class OutputError : public Error {
 public:
  OutputError(int error_number, std::string_view name);
  bool closed_pipe() const;

  int error_number;  // errno of the write that failed
};

class Output {
 public:
  // Does not own `fd`. `name` is used in messages. SIGPIPE is expected to be ignored by main.
  explicit Output(int fd = 1, std::string name = "standard output");
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Never throws: an error is remembered, and what follows it is dropped.
  void write(std::string_view bytes);
  bool failed() const { return error_number_ != 0; }
  void check() const;  // throws OutputError if a write has failed
  void flush();        // writes what is buffered; throws OutputError
  void close();  // flush(), then asks the file system for errors that it reports late; throws OutputError
  void discard() { buffer_.clear(); }  // forgets what is buffered
  int fd() const { return fd_; }

 private:
  void drain();

  int fd_;
  std::string name_;
  std::string buffer_;
  int error_number_ = 0;
};

// Writes all of `bytes`, through EINTR, partial writes and non-blocking descriptors. Returns 0 or an errno.
int write_all(int fd, std::string_view bytes);

// Fills descriptors 0 to 2 where the caller closed them, so that no database file can be opened as "standard
// output". Writing to one filled here fails with EBADF. Call it first thing in main.
void fill_standard_streams();

}  // namespace invctl::io
