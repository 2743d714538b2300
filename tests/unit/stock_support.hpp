// Short ways to write operations, for the tests of src/stock.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stock/operation.hpp"

namespace invctl::test {

// A line; an empty warehouse leaves it open.
inline Line line(const std::string& warehouse, const std::string& sku, Quantity quantity) {
  Line l{std::nullopt, Sku::parse(sku), quantity, Line::Mode::delta, std::nullopt};
  if (!warehouse.empty()) l.warehouse = WarehouseCode::parse(warehouse);
  return l;
}

inline Line set_line(const std::string& warehouse, const std::string& sku, Quantity quantity,
                     std::optional<Quantity> expect = std::nullopt) {
  auto l = line(warehouse, sku, quantity);
  l.mode = Line::Mode::set;
  l.expect = expect;
  return l;
}

inline Operation operation(Kind kind, std::vector<Line> lines,
                           std::optional<std::string> key = std::nullopt) {
  Operation o;
  o.kind = kind;
  o.lines = std::move(lines);
  o.key = std::move(key);
  o.actor = "tester";
  if (kind == Kind::purchase) o.user = "alice";
  if (kind == Kind::adjust) o.reason = "count";
  return o;
}

}  // namespace invctl::test
