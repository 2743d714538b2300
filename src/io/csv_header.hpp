// Which column of a file holds which of our fields.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/csv.hpp"
#include "io/fault.hpp"

namespace invctl::io {

struct FieldSpec {
  std::string name;
  bool required = false;
};

// field -> the file's own column name, from --map.
using ColumnMap = std::map<std::string, std::string, std::less<>>;

class CsvHeader {
 public:
  // Reads the first record and resolves it. `kind` is the prefix of the fields in --map (`product` in
  // `--map product.sku=COLUMN`); empty: they have none. `file` is for messages.
  //
  // Column names are compared after trimming and NFC: exactly, and where no column is equal, ignoring ASCII
  // case. Columns that no field names are ignored.
  //
  // Throws Error(bad_input, "bad_header") with every problem as a line: an empty or malformed file, a
  // required or mapped column that is not there, a used name that two columns have.
  // Throws Error(usage) when `map` names a field that is not in `specs`.
  static CsvHeader read(CsvReader& reader, std::string_view file, std::string_view kind,
                        std::span<const FieldSpec> specs, const ColumnMap& map);

  // The same for a header record that `record` stands on.
  static CsvHeader resolve(std::string_view file, std::string_view kind, const CsvReader& record,
                           std::span<const FieldSpec> specs, const ColumnMap& map);

  // The column of specs[field], from 0; nothing where an optional one is not in the file.
  std::optional<std::size_t> column(std::size_t field) const { return columns_.at(field); }
  std::size_t width() const { return names_.size(); }                      // fields of the header
  const std::vector<std::string>& column_names() const { return names_; }  // trimmed

  // The text of specs[field] in `row`, which check_row() found good; empty where the file lacks the column.
  std::string_view value(const CsvReader& row, std::size_t field) const;

  // Checks that `row` (Status::record) has as many fields as the header and that those used are UTF-8; adds
  // a fault for each that is not. True when the row is good.
  bool check_row(const CsvReader& row, FaultList& faults) const;

  // A fault at the place of specs[field] in `row`; at the row where the file lacks the column.
  Fault fault_at(const CsvReader& row, std::size_t field, std::string message) const;

 private:
  CsvHeader() = default;

  std::string file_;
  std::vector<std::string> names_;
  std::vector<std::string> fields_;  // names of specs
  std::vector<std::optional<std::size_t>> columns_;
};

}  // namespace invctl::io
