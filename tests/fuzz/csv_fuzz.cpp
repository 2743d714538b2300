// libFuzzer entry for the CSV reader: arbitrary bytes never crash it, chunks never change what it reads,
// memory stays bounded, and what it read can be written and read again.
// The first byte of the input chooses the delimiter, the second the size of the pieces, the third the limit.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "io/csv.hpp"
#include "io/csv_writer.hpp"

using namespace invctl::io;

namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

struct Row {
  bool malformed = false;
  std::vector<std::string> fields;
  std::vector<Position> places;
  std::string raw;
  std::string message;
  friend bool operator==(const Row&, const Row&) = default;
};

std::vector<Row> read_all(std::string_view text, CsvOptions options, std::size_t chunk) {
  MemorySource source(text, chunk);
  CsvReader reader(source, options);
  std::vector<Row> rows;
  std::size_t line = 0;
  for (auto status = reader.next(); status != CsvReader::Status::end; status = reader.next()) {
    Row row;
    row.malformed = status == CsvReader::Status::malformed;
    row.raw = reader.raw();
    require(reader.line() > 0 && reader.line() >= line);
    require(row.raw.size() <= options.max_record_bytes);
    line = reader.line();
    if (row.malformed) row.message = reader.fault("f").to_string();
    for (std::size_t i = 0; i < reader.fields().size(); ++i) {
      row.fields.emplace_back(reader.fields()[i]);
      row.places.push_back(reader.position_of(i));
    }
    require(row.malformed == row.fields.empty());
    rows.push_back(std::move(row));
  }
  require(reader.next() == CsvReader::Status::end);
  return rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);
  const CsvOptions options{",;\t|"[data[0] % 4], data[2] == 0 ? std::size_t{1} << 20 : data[2]};
  const auto rows = read_all(text, options, std::string_view::npos);
  require(read_all(text, options, 1 + data[1] % 16) == rows);

  std::string written;
  CsvWriter writer(written, {CsvWriter::Form::csv, options.delimiter, "\r\n"});
  // The writer is for UTF-8: a first row keeps bytes of a UTF-16 mark from the start.
  std::vector<std::vector<std::string>> good = {{"header"}};
  writer.row(good.front());
  for (const auto& row : rows) {
    if (row.malformed) continue;
    writer.row(row.fields);
    good.push_back(row.fields);
  }
  std::vector<std::vector<std::string>> again;
  for (const auto& row : read_all(written, {options.delimiter}, std::string_view::npos))
    again.push_back(row.fields);
  require(again == good);
  return 0;
}
