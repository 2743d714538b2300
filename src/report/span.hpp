// The part of the ledger that a report has to read: from what is known below its period to what is known
// above it. Known is what a closed period has written down, that there was nothing in the beginning, and what
// is on hand now. So both ends of the report come from different places, and everything between must make up
// the difference: that is the cross-foot. It also bounds the cost: with the periods around it closed, a month
// is read by its own movements however long the ledger is.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/error.hpp"
#include "report/facts.hpp"

namespace invctl::report {

// from <= time < to.
struct TimeRange {
  TimeBy by = TimeBy::occurred;
  Micros from = beginning_of_time, to = end_of_time;
};

struct Span {
  TimeRange range;
  std::optional<ClosedPeriod> below, above;  // absent: the beginning, and now
  FactQuery query() const;
};
Span span_of(ReportStore& store, const TimeRange& range);

// The balances of all rows while the ledger goes by.
class Balances {
 public:
  struct Row {
    StockRow stock;
    Quantity opening = 0;  // when the range begins
    Quantity in = 0, out = 0;
    std::int64_t movements = 0;
    Quantity after = 0;  // what was moved behind the range
    Quantity known = 0;  // at the upper end of the span
    Quantity closing() const;
  };

  // Reads all rows and what is known of them at both ends.
  Balances(ReportStore& store, const Span& span);

  // The row that a line is of; null where there is none, which is a fault.
  Row* find(std::int64_t inventory_id);
  // Counts a line where its time puts it, and returns its row.
  Row* add(Micros at, const FactLine& line);
  // Throws Error(invariant, "does_not_foot") that names each row whose opening and movements do not lead to
  // what is known of it.
  void cross_foot() const;

  std::vector<Row>& rows() { return rows_; }

 private:
  TimeRange range_;
  std::vector<Row> rows_;  // by warehouse and SKU
  std::unordered_map<std::int64_t, std::size_t> by_id_;
  std::vector<std::int64_t> unknown_;  // inventory ids that lines named and that do not exist
};

}  // namespace invctl::report
