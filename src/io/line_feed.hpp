// Lines of a pipe as they arrive: as many as are there, without waiting for more than the first.
#pragma once

#include <cstddef>
#include <string>

namespace invctl::io {

class LineFeed {
 public:
  // Does not own `fd`. A line of more than `max_line_bytes` ends the feed: Error(bad_input).
  explicit LineFeed(int fd, std::size_t max_line_bytes = std::size_t{1} << 20)
      : fd_(fd), limit_(max_line_bytes) {}

  // Waits for a line, then takes what has arrived of complete lines, at most `most`; false at the end.
  // `lines` holds them with their line feeds (the last of the input may have none). Throws Error(bad_input,
  // "cannot_read") where the system fails.
  bool next(std::string& lines, std::size_t most);

 private:
  bool ready() const;  // reading would not wait
  void fill();
  std::size_t complete(std::size_t most) const;

  int fd_;
  std::size_t limit_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace invctl::io
