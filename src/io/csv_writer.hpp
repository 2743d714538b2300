// Writes delimited text, for reports and for files of rejected rows.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace invctl::io {

class CsvWriter {
 public:
  enum class Form {
    csv,  // RFC 4180: a field is quoted only where it must be
    tsv,  // tab-separated, never quoted: tab, line feed, carriage return, backslash as \t \n \r \\ .
  };
  struct Options {
    Form form = Form::csv;
    char delimiter = ',';  // tsv always uses a tab
    std::string line_end = "\n";
  };
  using Sink = std::function<void(std::string_view)>;

  explicit CsvWriter(std::string& out) : CsvWriter(out, Options{}) {}
  CsvWriter(std::string& out, Options options);  // appends to `out`, which must outlive it
  CsvWriter(Sink sink, Options options);         // hands over whole rows, one at a time

  // A row is fields and end_row(), or one of the others. A row without fields is an empty line.
  CsvWriter& field(std::string_view value);
  void end_row();
  void row(const std::vector<std::string>& values);
  void row(std::initializer_list<std::string_view> values);

  // A row as CsvReader::raw() gave it, read with this delimiter, and one field more.
  void repeat(std::string_view raw, std::string_view extra);

 private:
  void separate();
  void append(std::string_view value);
  void append_quoted(std::string_view value);
  void append_escaped(std::string_view value);

  Options options_;
  std::string row_;
  std::size_t fields_ = 0;
  Sink sink_;
};

}  // namespace invctl::io
