#include "io/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace invctl::io {

namespace {

constexpr std::size_t buffer_size = std::size_t{64} * 1024;

std::string_view advice(int error_number) {
  if (error_number == ENOSPC || error_number == EDQUOT) return "make room on the device, or write elsewhere";
  return {};
}

}  // namespace

OutputError::OutputError(int number, std::string_view name)
    : Error(Exit::internal, "unwritable_output",
            fmt::format("cannot write to {}: {}", name, std::generic_category().message(number)),
            std::string(advice(number))),
      error_number(number) {}

bool OutputError::closed_pipe() const {
  return error_number == EPIPE;
}

Output::Output(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

void Output::write(std::string_view bytes) {
  if (failed()) return;
  buffer_.append(bytes);
  if (buffer_.size() >= buffer_size) drain();
}

void Output::check() const {
  if (failed()) throw OutputError(error_number_, name_);
}

void Output::flush() {
  drain();
  check();
}

void Output::close() {
  flush();
  // Network file systems report some errors only at close; closing a copy asks them and keeps the descriptor
  // taken, so that nothing opened later can become standard output.
  const int copy = ::fcntl(fd_, F_DUPFD_CLOEXEC, 3);
  if (copy >= 0 && ::close(copy) != 0 && errno != EINTR) error_number_ = errno;
  check();
}

void Output::drain() {
  if (!buffer_.empty()) error_number_ = write_all(fd_, buffer_);
  buffer_.clear();
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (n == 0) {
      return EIO;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      // Another program that shares the terminal or pipe has made it non-blocking.
      pollfd ready{fd, POLLOUT, 0};
      if (::poll(&ready, 1, -1) < 0 && errno != EINTR) return errno;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

void fill_standard_streams() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    // Write-only for input, read-only for output: using it is still the error that the caller made of it.
    const int filler = ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
    if (filler >= 0 && filler != fd) ::close(filler);
  }
}

}  // namespace invctl::io
