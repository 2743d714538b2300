// Reads delimited text: RFC 4180 with quoted line ends, one record at a time, in bounded memory.
//
// - Lines end with CRLF, CR or LF, also mixed. A UTF-8 byte order mark at the start is skipped.
// - A field that starts with a quote is quoted: it may hold delimiters, line ends and doubled quotes; text
//   after its closing quote is malformed. A quote anywhere else is an ordinary character.
// - A line without a single byte is skipped (and counted); a line of delimiters only is a record.
// - A NUL byte, or a UTF-16 byte order mark at the start, is malformed: the data is not text.
//
// After a malformed record reading goes on at the next line end, so that all errors of a file can be shown at
// once, but for those after which no line end can be trusted (Problem::ends_file). How the bytes arrive in
// chunks never changes what is read.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_source.hpp"
#include "io/fault.hpp"

namespace invctl::io {

struct CsvOptions {
  char delimiter = ',';
  // A longer record (without its line end) is malformed; memory stays within a small multiple of this.
  std::size_t max_record_bytes = std::size_t{1} << 20;
};

// The delimiter that an option value names: one ASCII punctuation character, or `tab` or `\t`.
// Throws Error(usage) for anything else: letters, digits, spaces, quotes, several characters.
char parse_delimiter(std::string_view name);

// A place in the input: physical line and character (code point) within it, both from 1.
struct Position {
  std::size_t line = 0;
  std::size_t column = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

class CsvReader {
 public:
  enum class Status {
    record,     // fields(), raw() and the positions describe it
    malformed,  // problem() says what is wrong; there are no fields
    end,
  };

  struct Problem {
    Position at;
    std::string message;
    // Nothing after it was or will be read (unclosed quote, NUL, bytes that are not of the encoding): even
    // a caller that skips bad rows must not take the file as read.
    bool ends_file = false;
  };

  // `source` must outlive the reader. Throws Error(usage) for a delimiter that cannot be one.
  explicit CsvReader(ByteSource& source, CsvOptions options = {});
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  // Goes to the next record. What the functions below returned before is no longer valid.
  Status next();

  const std::vector<std::string_view>& fields() const { return fields_; }
  std::size_t line() const { return line_; }  // on which the record starts

  // Where field `i` of the record starts (at its opening quote, if it has one).
  Position position_of(std::size_t i) const;
  std::size_t column_of(std::size_t i) const { return position_of(i).column; }

  // The record's own bytes without its line end, also of a malformed one, to repeat it unchanged.
  std::string_view raw() const { return {record(), record_size_}; }
  // A malformed record was longer than the limit: raw() is only its beginning.
  bool raw_is_cut() const { return cut_; }
  // "\n", "\r\n", "\r", or "" at the end of the data.
  std::string_view line_end() const { return line_end_; }
  char delimiter() const { return options_.delimiter; }

  const Problem& problem() const { return problem_; }
  // The problem as a fault of `file`.
  Fault fault(std::string_view file) const;

 private:
  struct Span {
    std::size_t begin;  // offsets from the record's start: a refill moves the record
    std::size_t end;
    bool quoted;
    bool doubled_quotes;
  };
  static constexpr std::size_t failed = std::string_view::npos;

  const char* record() const { return buffer_.data() + begin_; }
  bool too_long() const { return visible_ > options_.max_record_bytes; }
  bool refill();
  bool more();
  void show();
  void skip_byte_order_mark();
  bool start_record();
  void next_line_at(std::size_t at);
  std::size_t find_special(std::size_t from) const;
  std::size_t scan_field(std::size_t from);
  std::size_t scan_plain(std::size_t from);
  std::size_t scan_quoted(std::size_t from);
  std::size_t closing_quote(std::size_t from, bool& doubled);
  void finish_record(std::size_t at);
  void make_fields();
  void drop_line(std::size_t at);
  std::size_t fail(Position at, std::string message);
  std::size_t fail_for_good(Position at, std::string message);
  std::size_t fail_stopped(std::size_t at);
  Position position_at(std::size_t offset) const;

  ByteSource& source_;
  CsvOptions options_;
  bool special_[256] = {};  // what ends an unquoted field

  std::vector<char> buffer_;
  std::size_t begin_ = 0;    // of the record in buffer_
  std::size_t end_ = 0;      // of the bytes in buffer_
  std::size_t visible_ = 0;  // bytes from begin_ that the scan may look at: never more than the limit and one
  std::size_t next_ = 0;     // where the next record starts in buffer_
  std::size_t next_line_ = 1;
  std::string stop_;  // why the data ends before the file does
  Position stop_at_;  // where, when that is inside a dropped line
  bool started_ = false;
  bool source_ended_ = false;
  bool finished_ = false;

  std::size_t line_ = 0;
  std::size_t record_size_ = 0;
  std::string_view line_end_;
  bool has_quotes_ = false;
  bool cut_ = false;
  std::vector<Span> spans_;
  std::vector<std::string_view> fields_;
  std::string unescaped_;  // fields that had doubled quotes
  Problem problem_;
};

}  // namespace invctl::io
