#include "io/line_reader.hpp"

#include <fmt/format.h>

#include <cstring>

namespace invctl::io {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

}  // namespace

// Keeps what is from begin_ on, and appends a chunk behind it.
bool LineReader::refill() {
  if (source_ended_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < end_ + small_chunk) buffer_.resize(end_ + small_chunk);
  const auto n = source_.read(buffer_.data() + end_, small_chunk);
  source_ended_ = n == 0;
  end_ += n;
  return n > 0;
}

LineReader::Status LineReader::finish(std::size_t end, std::size_t next) {
  text_ = {buffer_.data() + begin_, end - begin_};
  if (text_.ends_with('\r')) text_.remove_suffix(1);
  if (line_ == 1 && text_.starts_with(byte_order_mark)) text_.remove_prefix(byte_order_mark.size());
  begin_ = next;
  if (const auto nul = text_.find('\0'); nul != std::string_view::npos) {
    finished_ = true;
    column_ = nul + 1;
    problem_ = "holds a NUL byte: this is not a text file";
    return Status::broken;
  }
  return Status::line;
}

LineReader::Status LineReader::next() {
  if (finished_) return Status::end;
  ++line_;
  std::size_t searched = 0;
  for (;;) {
    const auto* const from = buffer_.data() + begin_ + searched;
    const auto size = end_ - begin_ - searched;
    if (size > 0) {
      if (const auto* const found = static_cast<const char*>(std::memchr(from, '\n', size))) {
        const auto at = static_cast<std::size_t>(found - buffer_.data());
        if (at - begin_ > limit_) return drop_long_line();
        return finish(at, at + 1);
      }
    }
    searched = end_ - begin_;
    if (searched > limit_) return drop_long_line();
    if (refill()) continue;
    if (const auto problem = source_.problem(); !problem.empty()) {
      finished_ = true;
      text_ = {buffer_.data() + begin_, end_ - begin_};
      column_ = text_.size() + 1;
      problem_ = problem;
      return Status::broken;
    }
    if (begin_ == end_) {
      finished_ = true;
      return Status::end;
    }
    return finish(end_, end_);
  }
}

LineReader::Status LineReader::drop_long_line() {
  column_ = 1;
  problem_ = fmt::format("the row is longer than {} bytes", limit_);
  for (;;) {
    const auto size = end_ - begin_;
    const auto* const from = buffer_.data() + begin_;
    const auto* const found = size > 0 ? static_cast<const char*>(std::memchr(from, '\n', size)) : nullptr;
    begin_ = found == nullptr ? end_ : static_cast<std::size_t>(found - buffer_.data()) + 1;
    if (found != nullptr || !refill()) break;
  }
  text_ = {};
  return Status::too_long;
}

}  // namespace invctl::io
