// Reads text line by line in bounded memory. Lines end with LF or CRLF; a UTF-8 byte order mark at the start
// is skipped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_source.hpp"

namespace invctl::io {

class LineReader {
 public:
  enum class Status {
    line,      // text()
    too_long,  // longer than the limit: text() is its beginning, problem() says so; the next line follows
    broken,    // a NUL byte, or bytes that are not of the encoding: nothing after it will be read
    end,
  };

  // `lines_before`: of the same input, read by another reader.
  explicit LineReader(ByteSource& source, std::size_t max_line_bytes = std::size_t{1} << 20,
                      std::size_t lines_before = 0)
      : source_(source), limit_(max_line_bytes), line_(lines_before) {}

  Status next();

  std::size_t line() const { return line_; }      // from 1
  std::size_t column() const { return column_; }  // of the problem, from 1
  std::string_view text() const { return text_; }
  const std::string& problem() const { return problem_; }

 private:
  bool refill();
  Status finish(std::size_t end, std::size_t next);
  Status drop_long_line();

  ByteSource& source_;
  std::size_t limit_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::size_t line_;
  std::size_t column_ = 0;
  std::string_view text_;
  std::string problem_;
  bool source_ended_ = false;
  bool finished_ = false;
};

}  // namespace invctl::io
