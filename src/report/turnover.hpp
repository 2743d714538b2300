// How often stock is sold over: what was sold against what was on hand on average.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/span.hpp"

namespace invctl::report {

struct Turnover {
  ProductLabel product;
  Quantity opening = 0, closing = 0;
  // By ship, purchase and confirm, less what reversals have undone. May be negative where only those are in
  // the range.
  Quantity sold = 0;
  // On hand, summed over every microsecond of the range.
  __int128 unit_time = 0;
};

struct TurnoverReport {
  Micros from = 0, to = 0;         // both known: an open range begins with the first operation and ends now
  std::vector<Turnover> products;  // by SKU, of which there was anything
};

// Inside a snapshot. `now` ends an open range. Over all warehouses, or one.
TurnoverReport report_turnover(ReportStore& store, TimeRange range, Micros now,
                               const std::optional<std::string>& warehouse,
                               const std::optional<std::string>& sku);

// unit_time / length: on hand on average; sold / that: turns; how many days the average lasts at that pace.
// As decimal texts with two decimals, halves to even; nothing where it means nothing.
struct TurnoverFigures {
  std::optional<std::string> average, turns, days;
};
TurnoverFigures figures_of(const Turnover& turnover, Micros from, Micros to);

}  // namespace invctl::report
