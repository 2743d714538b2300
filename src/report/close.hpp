// Closing a period: how things stand at its end is written down, and nothing that happened in it, or before
// it, is posted any more. So its reports never change, and later ones need not read what is before them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "report/calendar.hpp"
#include "report/facts.hpp"
#include "stock/verify.hpp"

namespace invctl::report {

struct CloseRequest {
  CalendarPeriod month;
  std::string actor, host, tool_version;
  Micros now = 0;  // by the database's clock
};

struct Closed {
  ClosedPeriod period;
  std::int64_t inventory_rows = 0;  // with something on hand
  bool replayed = false;            // it was closed before
};

// Inside a write transaction whose locks keep others from closing or posting into the past. A period that was
// closed before is answered as it was. Throws Error(conflict): "not_over" where the period has not ended,
// "predecessor_open" where an earlier month with operations is not closed, "closed_beyond" where a later one
// is closed, and with it all before it. Months without operations are closed along.
Closed close_period(PeriodStore& store, const CloseRequest& request);

// SHA-256 that says what a closed period holds, without any id of the database: the same on every engine.
// Lines of tab-separated, escaped fields, each ended by a line feed:
//   invctl-period-1, name, starts_at, ends_at, operations, movements
//   on_hand, warehouse, SKU, units                                 by warehouse and SKU
//   cost, SKU, owed, pooled, uncosted, value                       by SKU
//   layer, SKU, quantity, unit cost, time                          by SKU, oldest first
Digest period_digest(ReportStore& store, const ClosedPeriod& period, const PeriodState& state);

// Whether each closed period holds what the ledger leads to, calculated from the beginning. Inside a
// snapshot.
std::vector<Violation> check_periods(ReportStore& store);

}  // namespace invctl::report
