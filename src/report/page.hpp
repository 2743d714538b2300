// The report of a period as one page to be read, printed and kept.
#pragma once

#include <string>

#include "catalog/price_store.hpp"
#include "report/span.hpp"
#include "stock/reads.hpp"

namespace invctl::report {

struct PageRequest {
  TimeRange range;
  std::string name;  // of the period; empty: its ends say it
  Micros now = 0;    // by the database's clock
  Currency currency = Currency::parse("USD");
  std::string source;  // what made it, for the footer
};

// Inside a snapshot of all three, which are one store. Throws what the reports in it throw: a page whose
// numbers do not foot is not made.
std::string make_page(ReportStore& store, ReadStore& reads, PriceStore& prices, const PageRequest& request);

}  // namespace invctl::report
