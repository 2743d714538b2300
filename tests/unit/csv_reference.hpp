// A second CSV reader, written independently of src/io/csv.cpp: one character at a time over the whole text,
// with no thought for speed. The tests compare the two.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "io/csv.hpp"

namespace csv_test {

struct Row {
  bool malformed = false;
  bool ends_file = false;
  std::size_t line = 0;
  std::vector<std::string> fields;
  std::vector<invctl::io::Position> places;  // of the fields; of the problem when malformed
  std::string raw;
  friend bool operator==(const Row&, const Row&) = default;
};

// Everything the reader under test makes of `text`, which arrives in pieces of at most `chunk` bytes.
inline std::vector<Row> read_all(std::string_view text, char delimiter, std::size_t chunk,
                                 std::size_t limit = std::size_t{1} << 20) {
  using invctl::io::CsvReader;
  invctl::io::MemorySource source(text, chunk);
  CsvReader reader(source, {delimiter, limit});
  std::vector<Row> rows;
  for (auto status = reader.next(); status != CsvReader::Status::end; status = reader.next()) {
    Row row;
    row.line = reader.line();
    row.raw = reader.raw();
    row.malformed = status == CsvReader::Status::malformed;
    if (row.malformed) {
      row.ends_file = reader.problem().ends_file;
      row.places.push_back(reader.problem().at);
    }
    for (std::size_t i = 0; i < reader.fields().size(); ++i) {
      row.fields.emplace_back(reader.fields()[i]);
      row.places.push_back(reader.position_of(i));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// The same by the naive reader. `text` is valid UTF-8 or ASCII and may hold NUL bytes.
class Reference {
 public:
  Reference(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  }

  std::vector<Row> read() {
    while (at_ < text_.size()) {
      if (is_line_end()) {
        step();
        continue;
      }
      read_row();
      if (!rows_.empty() && rows_.back().ends_file) break;
    }
    return rows_;
  }

 private:
  bool is_line_end() const { return at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r'); }

  // One character, or a CRLF.
  void step() {
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    const bool ends = text_[at_] == '\n' || text_[at_] == '\r';
    ++at_;
    while (at_ < text_.size() && (text_[at_] & 0xc0) == 0x80 && !ends) ++at_;
    if (ends) {
      ++line_;
      column_ = 1;
    } else {
      ++column_;
    }
  }

  void problem(Row& row, invctl::io::Position at, bool ends_file) {
    row.malformed = true;
    row.ends_file = ends_file;
    row.fields.clear();
    row.places = {at};
  }

  void read_row() {
    Row row;
    row.line = line_;
    const auto start = at_;
    for (bool again = true; again;) {
      row.places.push_back({line_, column_});
      std::string field;
      if (at_ < text_.size() && text_[at_] == '"') {
        const invctl::io::Position open{line_, column_};
        step();
        bool closed = false;
        while (at_ < text_.size() && text_[at_] != '\0' && !closed) {
          if (text_[at_] != '"') {
            const auto from = at_;
            step();
            field += text_.substr(from, at_ - from);
          } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
            step();
            step();
            field += '"';
          } else {
            step();
            closed = true;
          }
        }
        const bool nul = at_ < text_.size() && text_[at_] == '\0';
        if (nul || !closed) {
          problem(row, nul ? invctl::io::Position{line_, column_} : open, true);
          break;
        }
        if (at_ < text_.size() && text_[at_] != delimiter_ && !is_line_end()) {
          problem(row, {line_, column_}, false);
          while (at_ < text_.size() && !is_line_end() && text_[at_] != '\0') step();
          break;
        }
      } else {
        while (at_ < text_.size() && text_[at_] != delimiter_ && !is_line_end() && text_[at_] != '\0') {
          const auto from = at_;
          step();
          field += text_.substr(from, at_ - from);
        }
        if (at_ < text_.size() && text_[at_] == '\0') {
          problem(row, {line_, column_}, true);
          break;
        }
      }
      row.fields.push_back(field);
      again = at_ < text_.size() && text_[at_] == delimiter_;
      if (again) step();
    }
    row.raw = text_.substr(start, at_ - start);
    rows_.push_back(row);
    if (row.malformed && !row.ends_file && at_ < text_.size() && text_[at_] == '\0') {
      Row stop;
      stop.line = line_;
      problem(stop, {line_, column_}, true);
      rows_.push_back(stop);
      return;
    }
    if (is_line_end()) step();
  }

  std::string_view text_;
  char delimiter_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t column_ = 1;
  std::vector<Row> rows_;
};

}  // namespace csv_test
