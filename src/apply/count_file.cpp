#include "apply/count_file.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>

#include "core/text.hpp"
#include "io/encoding.hpp"

namespace invctl::intake {

namespace {

enum CountField : std::size_t { field_sku, field_counted };

class CountRows {
 public:
  CountRows(io::CsvReader& rows, const io::InputFile& input, const io::ColumnMap& columns)
      : rows_(rows),
        name_(input.name()),
        header_(io::CsvHeader::read(rows, input.name(), "", specs(), columns)) {}

  std::vector<CountEntry> read() {
    for (;;) {
      const auto status = rows_.next();
      if (status == io::CsvReader::Status::end) break;
      if (status == io::CsvReader::Status::malformed) {
        faults_.add(rows_.fault(name_));
        if (rows_.problem().ends_file) break;
      } else if (header_.check_row(rows_, faults_)) {
        take();
      }
    }
    if (!faults_.empty()) fail();
    std::vector<CountEntry> entries;
    for (auto& [sku, quantity] : sums_) entries.push_back({sku, quantity});
    return entries;
  }

 private:
  static const std::vector<io::FieldSpec>& specs() {
    static const std::vector<io::FieldSpec> specs = {{"sku", true}, {"counted", true}};
    return specs;
  }

  void add_fault(std::size_t field, std::string message) {
    faults_.add(header_.fault_at(rows_, field, std::move(message)));
  }

  void take() {
    const auto counted = text::trim(header_.value(rows_, field_counted));
    if (counted.empty()) return;
    std::string why;
    const auto quantity = parse_whole(counted, why);
    if (!quantity) add_fault(field_counted, why);
    std::string sku;
    try {
      sku = Sku::parse(text::trim(header_.value(rows_, field_sku))).str();
    } catch (const Error& error) {
      add_fault(field_sku, error.message);
    }
    if (!quantity || sku.empty()) return;
    auto& sum = sums_[sku];
    const auto next = checked_add(sum, *quantity);
    if (!next) {
      add_fault(field_counted, fmt::format("{} adds up to more than 64 bits", text::printable(sku)));
      return;
    }
    sum = *next;
  }

  [[noreturn]] void fail() const {
    Error error(Exit::bad_input, "bad_rows",
                fmt::format("{}: {}, nothing is entered", text::printable(name_),
                            text::count(static_cast<long long>(faults_.count()), "fault")),
                "correct them and load the file again");
    faults_.add_to(error);
    throw error;
  }

  io::CsvReader& rows_;
  std::string name_;
  io::CsvHeader header_;
  io::FaultList faults_;
  std::map<std::string, Quantity> sums_;
};

}  // namespace

std::vector<CountEntry> read_counts(io::InputFile& input, const CountFileOptions& options) {
  std::unique_ptr<io::DecodingSource> decoded;
  io::ByteSource* source = &input;
  if (!io::is_utf8_name(options.encoding)) {
    decoded = std::make_unique<io::DecodingSource>(input, options.encoding);
    source = decoded.get();
  }
  io::CsvOptions csv;
  csv.delimiter = options.delimiter;
  io::CsvReader rows(*source, csv);
  auto entries = CountRows(rows, input, options.columns).read();
  input.verify_unchanged();
  return entries;
}

}  // namespace invctl::intake
