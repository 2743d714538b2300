// Finding rows of `inventory` by where and what they are.
#pragma once

#include <fmt/format.h>

#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "sql_text.hpp"
#include "stock/book.hpp"

namespace invctl::db {

// A row of `inventory` as posting reads it.
inline constexpr std::string_view inventory_columns =
    "id, warehouse_id, product_id, on_hand, reserved, version, head_hash, opening";

inline InventoryRow read_inventory_row(const Query& query) {
  InventoryRow row;
  row.id = query.integer(0);
  row.key = {query.integer(1), query.integer(2)};
  row.on_hand = query.integer(3);
  row.reserved = query.integer(4);
  row.version = query.integer(5);
  row.head = query.bytes<32>(6);
  row.opening = query.optional_integer(7);
  return row;
}

inline void read_inventory(Query& query, std::vector<InventoryRow>& rows) {
  while (query.next()) rows.push_back(read_inventory_row(query));
}

// The product ids of `keys` (sorted) by warehouse: one look-up per warehouse instead of one per row.
inline std::map<std::int64_t, std::vector<std::int64_t>> by_warehouse(std::span<const InventoryKey> keys) {
  std::map<std::int64_t, std::vector<std::int64_t>> groups;
  for (const auto& key : keys) groups[key.warehouse_id].push_back(key.product_id);
  return groups;
}

// `n` products, after the warehouse's id.
inline std::string inventory_in_warehouse_sql(std::string_view columns, std::size_t n) {
  return fmt::format("SELECT {} FROM inventory WHERE warehouse_id = ? AND product_id IN ({})", columns,
                     placeholders(n));
}
inline std::string inventory_of_products_sql(std::string_view columns, std::size_t n) {
  return fmt::format("SELECT {} FROM inventory WHERE product_id IN ({})", columns, placeholders(n));
}

// Runs `use` over queries that select `columns` of the rows of `keys` and of all rows of `products`.
template <class Use>
void select_inventory(Connection& connection, std::string_view columns, std::span<const InventoryKey> keys,
                      std::span<const std::int64_t> products, Use&& use) {
  for (const auto& [warehouse, ids] : by_warehouse(keys)) {
    for_lists<std::int64_t>(
        connection, ids, [&](std::size_t n) { return inventory_in_warehouse_sql(columns, n); }, use,
        warehouse);
  }
  for_lists<std::int64_t>(
      connection, products, [&](std::size_t n) { return inventory_of_products_sql(columns, n); }, use);
}

}  // namespace invctl::db
