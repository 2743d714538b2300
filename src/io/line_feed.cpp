#include "io/line_feed.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/error.hpp"
#include "io/byte_source.hpp"

namespace invctl::io {

bool LineFeed::ready() const {
  pollfd waiting{fd_, POLLIN, 0};
  return ::poll(&waiting, 1, 0) > 0;
}

void LineFeed::fill() {
  const auto size = buffer_.size();
  buffer_.resize(size + small_chunk);
  ssize_t n = -1;
  do {
    n = ::read(fd_, buffer_.data() + size, small_chunk);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN) {
    // A descriptor that somebody else made non-blocking.
    pollfd waiting{fd_, POLLIN, 0};
    ::poll(&waiting, 1, -1);
    n = 0;
  } else if (n < 0) {
    throw Error(Exit::bad_input, "cannot_read",
                fmt::format("cannot read standard input: {}", std::generic_category().message(errno)), "");
  } else {
    ended_ = n == 0;
  }
  buffer_.resize(size + static_cast<std::size_t>(n));
}

// Bytes of the first `most` lines that are complete.
std::size_t LineFeed::complete(std::size_t most) const {
  std::size_t bytes = 0;
  for (std::size_t lines = 0; lines < most; ++lines) {
    const auto end = buffer_.find('\n', bytes);
    if (end == std::string::npos) return ended_ ? buffer_.size() : bytes;
    bytes = end + 1;
  }
  return bytes;
}

bool LineFeed::next(std::string& lines, std::size_t most) {
  for (;;) {
    while (!ended_ && buffer_.size() < limit_ && ready()) fill();
    const auto bytes = complete(most);
    if (bytes > 0) {
      lines = buffer_.substr(0, bytes);
      buffer_.erase(0, bytes);
      return true;
    }
    if (ended_) return false;
    if (buffer_.size() >= limit_) {
      throw Error(Exit::bad_input, fmt::format("a line of standard input is longer than {} bytes", limit_));
    }
    fill();
  }
}

}  // namespace invctl::io
