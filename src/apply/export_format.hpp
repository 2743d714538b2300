// The ledger as text that every engine, and every language, reads: NDJSON, one object per line.
//
//   {"invctl_export":1,"currency":"USD","database":UUID,"tool_version":V}    always first
//   {"warehouse":{code, name, address, retired_at}}                          by code
//   {"product":{sku, name, category, unit, price_minor, reorder_point, barcode, retired_at, version}}  by SKU
//       and price_version; next_price_at and reorder_target where there are any
//   {"threshold":{warehouse, sku, reorder_point, target}}                    by warehouse, then SKU
//   {"price":{uid, id, actor, reason, effective_at, recorded_at, host, tool_version, hash,
//       "lines":[{sku, version, old_minor, new_minor}]}}                     in the order of the database
//   {"operation":{uid, id, request_hash, kind, outcome, actor, reference, reason, note, reverses,
//   recorded_at,
//       occurred_at, host, tool_version, result, hash, reservation, expires_at,
//       "purchases":[{line, user, warehouse, sku, quantity, unit_price_minor, total_minor}],
//       "movements":[{line, warehouse, sku, kind, version, on_hand_delta, reserved_delta, on_hand_after,
//                     reserved_after, hash, unit_cost_minor}]}}              in the order of the ledger
//   {"end":{warehouses, products, thresholds, prices, operations, movements, seal}}  always last
//
// Exports from before prices were recorded have none, and no price_version; whoever imports one records them.
// `reservation` (a uid) and `expires_at` are there only in operations that have to do with a reservation, and
// `unit_cost_minor` only in movements that have one.
// Everything that is hashed is in it and no database id: the exports of one history from two engines differ
// in nothing but the header's database. `reverses` is the uid of the reversed operation; uids and hashes are
// lower-case hexadecimal; times are RFC 3339 in UTC with six decimals. A reader refuses other versions.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "stock/audit.hpp"

namespace invctl::intake {

inline constexpr std::int64_t export_version = 1;

struct ExportHeader {
  std::string currency, database, tool_version;
};

struct ExportCounts {
  std::int64_t warehouses = 0, products = 0, thresholds = 0, prices = 0, operations = 0, movements = 0;
  std::string seal;  // of the state that the export leads to, as `invctl seal` would print it
  friend bool operator==(const ExportCounts&, const ExportCounts&) = default;
};

// A movement as an export has it: with its codes, which `entry.record` holds.
struct ExportedOperation {
  OperationEntry entry;  // the record's ids are 0
  std::vector<MovementEntry> movements;
};

// Whether a file that begins with these bytes is an export.
bool is_export(std::string_view first_bytes);

std::string header_line(const ExportHeader& header);
std::string warehouse_line(const Warehouse& warehouse);
std::string product_line(const Product& product);
std::string threshold_line(const Threshold& threshold);
std::string price_line(const PriceChange& change);
std::string operation_line(const ExportedOperation& operation);
std::string end_line(const ExportCounts& counts);

// What one line says. Throws Error(bad_input, "bad_export") that tells what is wrong with it, without the
// line number.
struct ExportLine {
  enum class Kind { header, warehouse, product, threshold, price, operation, end } kind = Kind::header;
  ExportHeader header;
  Warehouse warehouse;
  Product product;
  bool has_price_version = true;  // of the product
  Threshold threshold;            // without ids
  PriceChange price;              // without ids
  ExportedOperation operation;
  ExportCounts end;
};
ExportLine parse_export_line(std::string_view line);

}  // namespace invctl::intake
