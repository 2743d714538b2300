// What was on hand, came in, went out and is on hand: by time, place, product, kind or reason.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/span.hpp"

namespace invctl::report {

enum class MovementsBy { day, week, month, sku, warehouse, kind, reason };
std::optional<MovementsBy> parse_movements_by(std::string_view name);

struct MovementsFilter {
  TimeRange range;
  MovementsBy by = MovementsBy::month;
  std::optional<std::string> warehouse, sku;
};

struct MovementsGroup {
  std::optional<std::string> name;  // absent: movements without a reason
  std::int64_t movements = 0;
  Quantity opening = 0, in = 0, out = 0, closing = 0;  // a kind or a reason has only the middle two
};

struct MovementsReport {
  // In order of their names. Steps of time in which nothing moved are left out, and so are products and
  // places that have nothing at any time.
  std::vector<MovementsGroup> groups;
  MovementsGroup total;
  bool has_balances = true;  // the groups' opening and closing mean something
};

// Inside a snapshot. Throws Error(invariant) where opening + in - out is not what the balances say, for any
// row or for the report as a whole.
MovementsReport report_movements(ReportStore& store, const MovementsFilter& filter);

}  // namespace invctl::report
