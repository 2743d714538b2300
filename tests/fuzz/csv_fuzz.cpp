// The CSV reader: arbitrary bytes in any dialect and encoding never crash it, the size of the pieces in which
// they arrive never changes what it reads, memory stays bounded, and what it read can be written and read
// again.
#include <memory>

#include "core/text.hpp"
#include "fuzz.hpp"
#include "io/csv.hpp"
#include "io/csv_writer.hpp"
#include "io/encoding.hpp"

namespace invctl::fuzz {

namespace {

constexpr std::string_view encodings[] = {"UTF-8",     "LATIN1", "CP1252",      "CP949",       "EUC-KR",
                                          "SHIFT_JIS", "CP932",  "ISO-2022-JP", "ISO-2022-KR", "UTF-16",
                                          "UTF-32",    "BIG5",   "GB18030",     "EUC-JP"};

struct Row {
  bool malformed = false;
  std::vector<std::string> fields;
  std::vector<io::Position> places;
  std::string raw;
  std::string message;
  friend bool operator==(const Row&, const Row&) = default;
};

struct Form {
  io::CsvOptions csv;
  std::string encoding = "UTF-8";
  std::size_t chunk = std::string_view::npos;
};

std::vector<Row> read_all(std::string_view text, const Form& form) {
  io::MemorySource memory(text, form.chunk);
  std::unique_ptr<io::DecodingSource> decoded;
  if (!io::is_utf8_name(form.encoding)) decoded = std::make_unique<io::DecodingSource>(memory, form.encoding);
  io::CsvReader reader(decoded ? static_cast<io::ByteSource&>(*decoded) : memory, form.csv);
  std::vector<Row> rows;
  std::size_t line = 0;
  for (auto status = reader.next(); status != io::CsvReader::Status::end; status = reader.next()) {
    Row row;
    row.malformed = status == io::CsvReader::Status::malformed;
    row.raw = reader.raw();
    require(reader.line() > 0 && reader.line() >= line, "lines only go up");
    require(row.raw.size() <= form.csv.max_record_bytes, "a record keeps within its limit");
    line = reader.line();
    if (row.malformed) {
      row.message = reader.fault("f").to_string();
      require(is_safe(row.message), "a fault is safe", row.message);
    }
    for (std::size_t i = 0; i < reader.fields().size(); ++i) {
      row.fields.emplace_back(reader.fields()[i]);
      row.places.push_back(reader.position_of(i));
      require(!decoded || !text::invalid_utf8_at(row.fields.back()), "what was decoded is UTF-8");
    }
    require(row.malformed == row.fields.empty(), "a record has fields, a malformed one has none");
    rows.push_back(std::move(row));
  }
  require(reader.next() == io::CsvReader::Status::end, "the end stays the end");
  return rows;
}

std::vector<std::vector<std::string>> fields_of(const std::vector<Row>& rows) {
  std::vector<std::vector<std::string>> fields;
  for (const auto& row : rows) {
    if (!row.malformed) fields.push_back(row.fields);
  }
  return fields;
}

// The writer is for UTF-8: a first row keeps bytes of a UTF-16 mark from the start.
std::string written(const std::vector<std::vector<std::string>>& rows, char delimiter) {
  std::string text;
  io::CsvWriter writer(text, {io::CsvWriter::Form::csv, delimiter, "\r\n"});
  writer.row({"header"});
  for (const auto& row : rows) writer.row(row);
  return text;
}

void check_csv(std::string_view input) {
  Choices choices(input);
  Form form;
  form.csv.delimiter = ",;\t|"[choices.below(4)];
  const auto chunk = 1 + choices.below(16);
  if (const auto limit = choices.below(256); limit > 0) form.csv.max_record_bytes = limit;
  form.encoding = encodings[choices.below(std::size(encodings))];
  const auto rows = read_all(choices.rest(), form);
  auto in_pieces = form;
  in_pieces.chunk = chunk;
  require(read_all(choices.rest(), in_pieces) == rows, "pieces change nothing");

  const auto good = fields_of(rows);
  const auto text = written(good, form.csv.delimiter);
  auto expected = good;
  expected.insert(expected.begin(), {"header"});
  require(fields_of(read_all(text, {{form.csv.delimiter}})) == expected, "what is written reads the same",
          text);

  // Back into the encoding that it came in, as files of rejected rows are.
  io::Encoder encoder(form.encoding);
  std::string encoded;
  encoder.convert(text, encoded);
  encoder.finish(encoded);
  if (encoder.replaced() > 0 || io::is_utf8_name(form.encoding)) return;
  auto again = form;
  again.csv.max_record_bytes = io::CsvOptions().max_record_bytes;
  require(fields_of(read_all(encoded, again)) == expected, "what is encoded reads the same", encoded);
}

[[maybe_unused]] const bool added = add_target("csv", check_csv);

}  // namespace
}  // namespace invctl::fuzz
