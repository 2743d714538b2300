#include "io/report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "io/csv_writer.hpp"
#include "io/json_text.hpp"

namespace invctl::io {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t table_rows_for_widths = 10'000;

std::string plain(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::to_string(*number);
  if (const auto* string = std::get_if<std::string>(&value)) return *string;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return {};
}

std::string table_cell(const Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return "-";
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
  return text::printable(plain(value));
}

std::string title_of(const Column& column) {
  if (!column.title.empty()) return text::printable(column.title);
  std::string title = column.key;
  for (char& c : title) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '_') c = ' ';
  }
  return text::printable(title);
}

ordered_json object_of(const std::vector<Field>& fields) {
  auto object = ordered_json::object();
  for (const auto& [key, value] : fields) object[key] = to_json(value);
  return object;
}

// A column for a value whose kind nobody stated: numbers to the right, all else as text.
Column column_for(const Field& field) {
  const bool number = std::holds_alternative<std::int64_t>(field.second);
  return {field.first, number ? Kind::number : Kind::text};
}

void write_pairs(Output& output, const std::vector<Field>& fields, const Style& style) {
  std::size_t width = 0;
  for (const auto& [key, value] : fields) width = std::max(width, text::display_width(key));
  for (const auto& [key, value] : fields) {
    const std::string padding(width - text::display_width(key) + 2, ' ');
    output.write(style.bold(key) + padding + table_cell(value) + '\n');
  }
}

void write_headline(Output& output, const std::string& headline) {
  for (const auto line : text::split(headline, '\n')) output.write(text::printable(line) + '\n');
}

}  // namespace

Format parse_format(std::string_view s) {
  if (s == "table") return Format::table;
  if (s == "json") return Format::json;
  if (s == "ndjson") return Format::ndjson;
  if (s == "csv") return Format::csv;
  if (s == "tsv") return Format::tsv;
  throw Error(Exit::usage,
              fmt::format("format {} is not one of table, json, ndjson, csv, tsv", text::quoted(s)));
}

class RowWriter::Sink {
 public:
  explicit Sink(Output& output) : output_(output) {}
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual void row(std::span<const Value> values) = 0;
  virtual void finish() = 0;
  Output& output() { return output_; }

 private:
  Output& output_;
};

class RowWriter::JsonSink : public Sink {
 public:
  JsonSink(Output& output, bool lines, const std::vector<Column>& columns) : Sink(output), lines_(lines) {
    for (const auto& column : columns) keys_.push_back(json_string(column.key) + ':');
  }

  void row(std::span<const Value> values) override {
    std::string text(lines_ ? "{" : (any_ ? ",\n  {" : "[\n  {"));
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (i > 0) text += ',';
      text += keys_[i];
      text += json_value(values[i]);
    }
    text += lines_ ? "}\n" : "}";
    any_ = true;
    output().write(text);
  }

  void finish() override {
    if (!lines_) output().write(any_ ? "\n]\n" : "[]\n");
  }

 private:
  bool lines_;
  bool any_ = false;
  std::vector<std::string> keys_;
};

class RowWriter::SeparatedSink : public Sink {
 public:
  SeparatedSink(Output& output, CsvWriter::Form form, const std::vector<Column>& columns, bool to_terminal)
      : Sink(output),
        writer_([&output](std::string_view row) { output.write(row); }, {form, ',', "\n"}),
        to_terminal_(to_terminal) {
    for (const auto& column : columns) writer_.field(column.key);
    writer_.end_row();
  }

  void row(std::span<const Value> values) override {
    // A file gets the bytes as they are; a person's terminal must not be steered by them.
    for (const auto& value : values)
      writer_.field(to_terminal_ ? text::printable(plain(value)) : plain(value));
    writer_.end_row();
  }

  void finish() override {}

 private:
  CsvWriter writer_;
  bool to_terminal_;
};

class RowWriter::TableSink : public Sink {
 public:
  TableSink(Output& output, const std::vector<Column>& columns, TableOptions options)
      : Sink(output), options_(std::move(options)) {
    for (const auto& column : columns) {
      kinds_.push_back(column.kind);
      header_.push_back(title_of(column));
    }
  }

  void row(std::span<const Value> values) override {
    Cells cells;
    cells.reserve(values.size());
    for (const auto& value : values) cells.push_back(table_cell(value));
    if (streaming_) {
      output().write(format_line(layout_, cells) + '\n');
      return;
    }
    waiting_.push_back(std::move(cells));
    if (waiting_.size() == table_rows_for_widths) release();
  }

  void finish() override {
    if (!waiting_.empty()) {
      release();
    } else if (!streaming_ && !options_.empty_note.empty() && options_.terminal.is_terminal) {
      write_all(2, text::printable(options_.empty_note) + '\n');
    }
  }

 private:
  void release() {
    layout_ = lay_out(kinds_, header_, waiting_, options_.terminal.width);
    output().write(Style(options_.terminal.color).bold(format_line(layout_, header_)) + '\n');
    for (const auto& cells : waiting_) output().write(format_line(layout_, cells) + '\n');
    waiting_ = {};
    streaming_ = true;
  }

  TableOptions options_;
  std::vector<Kind> kinds_;
  Cells header_;
  std::vector<Cells> waiting_;
  Layout layout_;
  bool streaming_ = false;
};

RowWriter::RowWriter(Output& output, Format format, const std::vector<Column>& columns, TableOptions options)
    : columns_(columns.size()) {
  if (format == Format::table) {
    sink_ = std::make_unique<TableSink>(output, columns, std::move(options));
  } else if (is_json(format)) {
    sink_ = std::make_unique<JsonSink>(output, format == Format::ndjson, columns);
  } else {
    const auto form = format == Format::csv ? CsvWriter::Form::csv : CsvWriter::Form::tsv;
    sink_ = std::make_unique<SeparatedSink>(output, form, columns, options.terminal.is_terminal);
  }
}

RowWriter::~RowWriter() = default;

void RowWriter::row(std::span<const Value> values) {
  if (values.size() != columns_) {
    throw Error(Exit::internal, fmt::format("a row of {} values for {} columns", values.size(), columns_));
  }
  sink_->row(values);
  ++rows_;
  sink_->output().check();
}

void RowWriter::finish() {
  sink_->finish();
  sink_->output().check();
}

void print_object(Output& output, Format format, const std::vector<Field>& fields,
                  const TableOptions& options) {
  if (is_json(format)) return print_json(output, format, object_of(fields));
  if (format == Format::table) return write_pairs(output, fields, Style(options.terminal.color));
  std::vector<Column> columns;
  std::vector<Value> values;
  for (const auto& field : fields) {
    columns.push_back(column_for(field));
    values.push_back(field.second);
  }
  RowWriter writer(output, format, columns, options);
  writer.row(values);
  writer.finish();
}

ordered_json to_json(const Answer& answer) {
  auto object = object_of(answer.fields);
  auto rows = ordered_json::array();
  for (const auto& row : answer.rows) {
    auto line = ordered_json::object();
    for (std::size_t i = 0; i < answer.columns.size(); ++i) line[answer.columns[i].key] = to_json(row.at(i));
    rows.push_back(std::move(line));
  }
  object[answer.list_key] = std::move(rows);
  return object;
}

void print_answer(Output& output, Format format, const Answer& answer, const TableOptions& options) {
  if (is_json(format)) return print_json(output, format, to_json(answer));
  const bool table = format == Format::table;
  std::vector<Column> columns;
  std::vector<Value> head;
  if (table) {
    if (answer.headline.empty()) {
      write_pairs(output, answer.fields, Style(options.terminal.color));
    } else {
      write_headline(output, answer.headline);
    }
  } else {
    for (const auto& field : answer.fields) {
      columns.push_back(column_for(field));
      head.push_back(field.second);
    }
  }
  columns.insert(columns.end(), answer.columns.begin(), answer.columns.end());
  RowWriter writer(output, format, columns, options);
  for (const auto& row : answer.rows) {
    auto values = head;
    values.insert(values.end(), row.begin(), row.end());
    writer.row(values);
  }
  writer.finish();
}

void print_json(Output& output, Format format, const ordered_json& value) {
  output.write(json_text(value, format == Format::json ? 2 : -1) + '\n');
}

}  // namespace invctl::io
