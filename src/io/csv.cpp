#include "io/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl::io {

namespace {

constexpr std::size_t room_bytes = std::size_t{64} << 10;  // less is not worth a read

bool is_delimiter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte < 0x80 && std::ispunct(byte) != 0 && c != '"');
}

std::size_t line_ends_in(std::string_view s) {
  std::size_t n = 0;
  for (std::size_t i = s.find_first_of("\r\n"); i < s.size(); i = s.find_first_of("\r\n", i + 1)) {
    ++n;
    if (s[i] == '\r' && i + 1 < s.size() && s[i + 1] == '\n') ++i;
  }
  return n;
}

std::size_t count_lead_bytes(std::string_view s) {
  return static_cast<std::size_t>(std::count_if(
      s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// A byte that is not UTF-8 counts as a character, as editors show it.
std::size_t count_characters(std::string_view s) {
  std::size_t n = 0;
  while (const auto bad = text::invalid_utf8_at(s)) {
    n += count_lead_bytes(s.substr(0, *bad)) + 1;
    s.remove_prefix(*bad + 1);
  }
  return n + count_lead_bytes(s);
}

}  // namespace

char parse_delimiter(std::string_view name) {
  if (name == "tab" || name == "\\t") return '\t';
  if (name.size() == 1 && is_delimiter(name.front())) return name.front();
  throw Error(Exit::usage, fmt::format("{} cannot be a delimiter", text::quoted(name)),
              "a delimiter is one punctuation character, such as , ; or |, or the word tab");
}

CsvReader::CsvReader(ByteSource& source, CsvOptions options) : source_(source), options_(options) {
  if (!is_delimiter(options.delimiter)) parse_delimiter({&options.delimiter, 1});
  for (const char c : {options.delimiter, '\r', '\n'}) special_[static_cast<unsigned char>(c)] = true;
  buffer_.resize(large_chunk);
}

// Reads once, keeping what lies between begin_ and end_; false when there is nothing more.
bool CsvReader::refill() {
  if (source_ended_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < room_bytes) buffer_.resize(buffer_.size() * 2);
  char* const into = buffer_.data() + end_;
  auto n = source_.read(into, buffer_.size() - end_);
  if (n == 0) {
    source_ended_ = true;
    stop_ = source_.problem();
    return false;
  }
  if (const void* nul = std::memchr(into, '\0', n)) {
    n = static_cast<std::size_t>(static_cast<const char*>(nul) - into);
    source_ended_ = true;
    stop_ = "a NUL byte: this is not a text file, or it is UTF-16 (pass --encoding UTF-16)";
  }
  end_ += n;
  return n > 0;
}

// The scan sees one byte more than a record may have: enough to tell that it is too long, and the same
// however the bytes arrive.
void CsvReader::show() {
  visible_ = std::min(end_ - begin_, options_.max_record_bytes + 1);
}

bool CsvReader::more() {
  if (too_long() || !refill()) return false;
  show();
  return true;
}

void CsvReader::skip_byte_order_mark() {
  started_ = true;
  while (end_ - begin_ < 3 && refill()) {
  }
  const std::string_view head(record(), std::min<std::size_t>(end_ - begin_, 3));
  if (head == "\xef\xbb\xbf") begin_ += 3;
  if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff")) {
    end_ = begin_;
    source_ended_ = true;
    stop_ = "a UTF-16 byte order mark: pass --encoding UTF-16";
  }
}

// Goes past empty lines to the first byte of a record; false at the end of the data.
bool CsvReader::start_record() {
  begin_ = next_;
  line_ = next_line_;
  if (!started_) skip_byte_order_mark();
  for (;;) {
    if (begin_ == end_ && !refill()) break;
    const char c = buffer_[begin_];
    if (c != '\n' && c != '\r') break;
    next_line_at(0);
    begin_ = next_;
    ++line_;
  }
  record_size_ = 0;
  line_end_ = {};
  has_quotes_ = false;
  cut_ = false;
  spans_.clear();
  fields_.clear();
  show();
  return begin_ < end_;
}

// Sets line_end_ and next_ from the line end at `at`, or from the end of the data there.
void CsvReader::next_line_at(std::size_t at) {
  line_end_ = {};
  if (begin_ + at < end_) {
    line_end_ = record()[at] == '\n' ? "\n" : "\r";
    if (line_end_ == "\r") {
      if (begin_ + at + 1 == end_) refill();
      if (begin_ + at + 1 < end_ && record()[at + 1] == '\n') line_end_ = "\r\n";
    }
  }
  next_ = begin_ + at + line_end_.size();
}

CsvReader::Status CsvReader::next() {
  if (finished_) return Status::end;
  if (!start_record()) {
    finished_ = true;
    if (stop_.empty()) return Status::end;
    if (stop_at_.line == 0) stop_at_ = {line_, 1};
    line_ = stop_at_.line;
    fail_for_good(stop_at_, stop_);
    return Status::malformed;
  }
  for (std::size_t at = 0;; ++at) {
    at = scan_field(at);
    if (at == failed) return Status::malformed;
    if (at == visible_ || record()[at] != options_.delimiter) {
      finish_record(at);
      return Status::record;
    }
  }
}

// Each scan_ function adds the field that starts at `from` and returns the offset of what ends it (visible_
// at the end of the data), or `failed`.
std::size_t CsvReader::scan_field(std::size_t from) {
  if (from < visible_ || more()) {
    if (record()[from] == '"') return scan_quoted(from);
  }
  return scan_plain(from);
}

std::size_t CsvReader::find_special(std::size_t from) const {
  const char* const text = record();
  std::size_t at = from;
  while (at < visible_ && !special_[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

std::size_t CsvReader::scan_plain(std::size_t from) {
  auto at = find_special(from);
  while (at == visible_ && more()) at = find_special(at);
  if (at == visible_ && too_long()) {
    fail({line_, 1}, fmt::format("the row is longer than {} bytes", options_.max_record_bytes));
    drop_line(at);
    return failed;
  }
  if (at == visible_ && !stop_.empty()) return fail_stopped(at);
  spans_.push_back({from, at, false, false});
  return at;
}

std::size_t CsvReader::closing_quote(std::size_t from, bool& doubled) {
  for (;;) {
    const auto* quote = static_cast<const char*>(std::memchr(record() + from, '"', visible_ - from));
    if (quote == nullptr) {
      from = visible_;
      if (!more()) return failed;
      continue;
    }
    const auto at = static_cast<std::size_t>(quote - record());
    if (at + 1 == visible_ && !more()) return too_long() ? failed : at;
    if (record()[at + 1] != '"') return at;
    doubled = true;
    from = at + 2;
  }
}

std::size_t CsvReader::scan_quoted(std::size_t from) {
  has_quotes_ = true;
  bool doubled = false;
  const auto close = closing_quote(from + 1, doubled);
  if (close == failed) {
    record_size_ = std::min(visible_, options_.max_record_bytes);
    cut_ = too_long();
    if (too_long()) {
      return fail_for_good(position_at(from), fmt::format("the quote is not closed within a row of {} bytes",
                                                          options_.max_record_bytes));
    }
    if (!stop_.empty()) return fail_stopped(visible_);
    return fail_for_good(position_at(from), "the quote is never closed");
  }
  spans_.push_back({from + 1, close, true, doubled});
  const auto after = close + 1;
  if (after == visible_) return stop_.empty() ? after : fail_stopped(after);
  if (special_[static_cast<unsigned char>(record()[after])]) return after;
  fail(position_at(after), "text after the closing quote; a quote inside a quoted field is written twice");
  drop_line(after);
  return failed;
}

void CsvReader::finish_record(std::size_t at) {
  record_size_ = at;
  next_line_at(at);
  next_line_ = line_ + 1 + (has_quotes_ ? line_ends_in(raw()) : 0);
  make_fields();
}

void CsvReader::make_fields() {
  const char* const text = record();
  if (has_quotes_) {
    unescaped_.clear();
    unescaped_.reserve(record_size_);  // the views into it must stay
  }
  for (const auto& span : spans_) {
    std::string_view field(text + span.begin, span.end - span.begin);
    if (span.doubled_quotes) {
      const auto start = unescaped_.size();
      for (std::size_t i = 0; i < field.size(); ++i) {
        unescaped_ += field[i];
        if (field[i] == '"') ++i;
      }
      field = std::string_view(unescaped_).substr(start);
    }
    fields_.push_back(field);
  }
}

// Ends a malformed record at the first line end from `at` on, without keeping more than the limit.
void CsvReader::drop_line(std::size_t at) {
  const auto limit = options_.max_record_bytes;
  std::size_t dropped = 0;  // characters
  for (;;) {
    const std::string_view rest(record() + at, end_ - begin_ - at);
    const auto found = rest.find_first_of("\r\n");
    at += std::min(found, rest.size());
    if (found != std::string_view::npos) break;
    if (at > limit) {
      dropped += count_lead_bytes({record() + limit, at - limit});
      cut_ = true;
      at = limit;
      end_ = begin_ + limit;
    }
    if (!refill()) break;
  }
  cut_ = cut_ || at > limit;
  record_size_ = std::min(at, limit);
  if (begin_ + at == end_) {
    stop_at_ = position_at(record_size_);
    stop_at_.column += dropped;
  }
  next_line_at(at);
  next_line_ = line_ + 1 + line_ends_in(raw());
}

std::size_t CsvReader::fail(Position at, std::string message) {
  problem_ = {at, std::move(message), false};
  spans_.clear();
  return failed;
}

std::size_t CsvReader::fail_for_good(Position at, std::string message) {
  fail(at, std::move(message));
  problem_.ends_file = true;
  finished_ = true;
  return failed;
}

std::size_t CsvReader::fail_stopped(std::size_t at) {
  record_size_ = at;
  return fail_for_good(position_at(at), stop_);
}

Fault CsvReader::fault(std::string_view file) const {
  return {std::string(file), problem_.at.line, problem_.at.column, {}, problem_.message};
}

Position CsvReader::position_at(std::size_t offset) const {
  const std::string_view before(record(), offset);
  const auto last = before.find_last_of("\r\n");
  const auto start = last == std::string_view::npos ? 0 : last + 1;
  return {line_ + line_ends_in(before), 1 + count_characters(before.substr(start))};
}

Position CsvReader::position_of(std::size_t i) const {
  const auto& span = spans_.at(i);
  return position_at(span.begin - (span.quoted ? 1 : 0));
}

}  // namespace invctl::io
