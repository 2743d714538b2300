// Reading an export (export_format.hpp): line by line, and checked as a ledger without a database.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "apply/export_format.hpp"
#include "io/byte_source.hpp"
#include "stock/verify.hpp"

namespace invctl::intake {

// Reads the whole of `source` and hands over what comes between the header and the end, after checking that
// lines come in their order and that the counts of the end are right. Throws Error(bad_input, "bad_export")
// naming the line, as "ledger.ndjson:17: ...". A line longer than 256 MiB is refused.
struct ExportHandlers {
  std::function<void(const ExportHeader&)> header;
  std::function<void(const Warehouse&)> warehouse;
  std::function<void(const Product&, bool has_price_version)> product;
  std::function<void(const Threshold&)> threshold;
  std::function<void(const PriceChange&)> price;  // its id is the line's number
  std::function<void(const ExportedOperation&)>
      operation;  // its id, and its movements', is the line's number
};
ExportCounts read_export(io::ByteSource& source, const std::string& name, const ExportHandlers& handlers);

// The same checks that a database gets, but for those of its balances; of an export from before prices were
// recorded none of prices. Operations and movements are named by
// their line in the file.
struct ExportCheck {
  ExportHeader header;
  ExportCounts counts;
  VerifyReport report;
  std::int64_t prices = 0;  // changes of prices that were checked
};
ExportCheck check_export(io::ByteSource& source, const std::string& name, VerifyScope scope = {});

}  // namespace invctl::intake
