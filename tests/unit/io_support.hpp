// What the tests of src/io share: a file in memory to answer into, a pseudo terminal, a changed environment.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>
#include <string>

#include "io/output.hpp"

namespace invctl::test {

class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("answer", MFD_CLOEXEC)) { REQUIRE(fd_ >= 0); }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int fd() const { return fd_; }
  std::string text() const {
    std::string all;
    char chunk[4096];
    off_t at = 0;
    for (;;) {
      const ssize_t n = ::pread(fd_, chunk, sizeof chunk, at);
      REQUIRE(n >= 0);
      if (n == 0) return all;
      all.append(chunk, static_cast<std::size_t>(n));
      at += n;
    }
  }

 private:
  int fd_;
};

// What `write` puts out, in full.
template <class Write>
std::string written(Write write) {
  const MemoryFile file;
  io::Output output(file.fd());
  write(output);
  output.close();
  return file.text();
}

class PseudoTerminal {
 public:
  explicit PseudoTerminal(unsigned short columns) {
    winsize size{};
    size.ws_col = columns;
    size.ws_row = 24;
    REQUIRE(::openpty(&master_, &slave_, nullptr, nullptr, &size) == 0);
  }
  ~PseudoTerminal() {
    ::close(slave_);
    ::close(master_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  int fd() const { return slave_; }
  // What has arrived on the screen's side so far.
  std::string seen() const {
    std::string all;
    char chunk[4096];
    pollfd ready{master_, POLLIN, 0};
    while (::poll(&ready, 1, 50) > 0) {
      const ssize_t n = ::read(master_, chunk, sizeof chunk);
      if (n <= 0) break;
      all.append(chunk, static_cast<std::size_t>(n));
    }
    return all;
  }

 private:
  int master_ = -1;
  int slave_ = -1;
};

// Sets or, with nullptr, unsets a variable until the end of the scope.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    put(value);
  }
  ~ScopedVariable() { put(old_ ? old_->c_str() : nullptr); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  void put(const char* value) const {
    if (value != nullptr) {
      ::setenv(name_, value, 1);
    } else {
      ::unsetenv(name_);
    }
  }

  const char* name_;
  std::optional<std::string> old_;
};

}  // namespace invctl::test
