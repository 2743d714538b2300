// What was counted, as a CSV file: a sheet of `invctl count sheet` that was filled in, or any other with a
// column of SKUs and one of quantities.
#pragma once

#include <string>
#include <vector>

#include "io/csv_header.hpp"
#include "io/input_file.hpp"
#include "stock/count.hpp"

namespace invctl::intake {

struct CountFileOptions {
  io::ColumnMap columns = {};  // fields: sku, counted
  char delimiter = ',';
  std::string encoding = "UTF-8";
};

// Rows whose quantity is empty were not counted and are left out; rows of one SKU add up. Throws
// Error(bad_input, "bad_rows") with every fault of the file, and what CsvHeader throws.
std::vector<CountEntry> read_counts(io::InputFile& input, const CountFileOptions& options);

}  // namespace invctl::intake
