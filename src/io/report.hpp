// One way to answer in every format. A list goes through RowWriter, one object through print_object, the
// result of a change (an object with lines) through print_answer, and anything else that is nested through
// print_json plus a table of the caller's own.
//
//   json    valid JSON always; a list is an array with one object per text line, also `[]`
//   ndjson  one object per line
//   csv     RFC 4180 with LF, header first; null is an empty field
//   tsv     header first; tab, LF, CR and backslash as \t \n \r \\; null is an empty field
//   table   aligned by display width; null is `-`; cut to the width only on a terminal
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "io/output.hpp"
#include "io/table.hpp"
#include "io/terminal.hpp"

namespace invctl::io {

enum class Format { table, json, ndjson, csv, tsv };

// Throws Error(usage).
Format parse_format(std::string_view s);
inline bool is_json(Format f) {
  return f == Format::json || f == Format::ndjson;
}

using Value = FieldValue;

struct Column {
  std::string key;  // snake_case; the JSON key and the header of csv and tsv
  Kind kind = Kind::text;
  std::string title = {};  // of the table; empty: the key in capitals, `on_hand` as `ON HAND`
};

struct TableOptions {
  Terminal terminal = {};  // of the output; the default is a file: no colour, nothing cut
  std::string empty_note =
      {};  // said on stderr where a table on a terminal has no rows, such as "no movements"
};

class RowWriter {
 public:
  RowWriter(Output& output, Format format, const std::vector<Column>& columns, TableOptions options = {});
  ~RowWriter();
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;

  // One value per column. Throws OutputError once a write has failed, so that a long read into a closed pipe
  // ends early. A table keeps the first 10,000 rows to find its widths and streams what follows with these.
  void row(std::span<const Value> values);
  void row(std::initializer_list<Value> values) { row(std::span(values.begin(), values.size())); }
  // Ends the list; nothing is complete without it. Does not flush the output.
  void finish();
  std::size_t rows() const { return rows_; }

 private:
  class Sink;
  class JsonSink;
  class SeparatedSink;
  class TableSink;
  std::unique_ptr<Sink> sink_;
  std::size_t columns_;
  std::size_t rows_ = 0;
};

using Field = std::pair<std::string, Value>;

// One object. json: indented; ndjson: one line; csv and tsv: header and one row; table: `key  value` lines.
void print_object(Output& output, Format format, const std::vector<Field>& fields,
                  const TableOptions& options = {});

// An object with a list in it, such as the result of a change and its lines.
// csv and tsv: one row per line, the object's fields first. table: the headline, then the lines.
struct Answer {
  std::vector<Field> fields;
  std::string list_key = "lines";
  std::vector<Column> columns;
  std::vector<std::vector<Value>> rows;
  std::string headline = {};  // table only; may hold several text lines; empty: `key  value` lines
};
nlohmann::ordered_json to_json(const Answer& answer);
void print_answer(Output& output, Format format, const Answer& answer, const TableOptions& options = {});

// Any JSON value: indented for json, one line for the others.
void print_json(Output& output, Format format, const nlohmann::ordered_json& value);

}  // namespace invctl::io
