#include "io/csv_writer.hpp"

#include <utility>

namespace invctl::io {

CsvWriter::CsvWriter(std::string& out, Options options)
    : CsvWriter([&out](std::string_view row) { out.append(row); }, std::move(options)) {}

CsvWriter::CsvWriter(Sink sink, Options options) : options_(std::move(options)), sink_(std::move(sink)) {
  if (options_.form == Form::tsv) options_.delimiter = '\t';
}

void CsvWriter::separate() {
  if (fields_++ > 0) row_ += options_.delimiter;
}

CsvWriter& CsvWriter::field(std::string_view value) {
  separate();
  append(value);
  return *this;
}

void CsvWriter::append(std::string_view value) {
  if (options_.form == Form::tsv) return append_escaped(value);
  // A byte order mark at the start of a file is no part of the first field, unless it is quoted.
  const bool must_quote = value.find_first_of("\"\r\n") != std::string_view::npos ||
                          value.find(options_.delimiter) != std::string_view::npos ||
                          value.starts_with("\xef\xbb\xbf");
  if (must_quote) return append_quoted(value);
  row_ += value;
}

void CsvWriter::append_quoted(std::string_view value) {
  row_ += '"';
  for (const char c : value) {
    if (c == '"') row_ += '"';
    row_ += c;
  }
  row_ += '"';
}

void CsvWriter::append_escaped(std::string_view value) {
  for (const char c : value) {
    switch (c) {
      case '\t':
        row_ += "\\t";
        break;
      case '\n':
        row_ += "\\n";
        break;
      case '\r':
        row_ += "\\r";
        break;
      case '\\':
        row_ += "\\\\";
        break;
      default:
        row_ += c;
    }
  }
}

void CsvWriter::end_row() {
  // Readers skip empty lines: one empty field has to show.
  if (fields_ == 1 && row_.empty() && options_.form == Form::csv) row_ = "\"\"";
  row_ += options_.line_end;
  sink_(row_);
  row_.clear();
  fields_ = 0;
}

void CsvWriter::row(const std::vector<std::string>& values) {
  for (const auto& value : values) field(value);
  end_row();
}

void CsvWriter::row(std::initializer_list<std::string_view> values) {
  for (const auto value : values) field(value);
  end_row();
}

void CsvWriter::repeat(std::string_view raw, std::string_view extra) {
  separate();
  row_ += raw;
  field(extra);
  end_row();
}

}  // namespace invctl::io
