// What was sold: the products that sell most, and who bought what.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/facts.hpp"
#include "report/span.hpp"

namespace invctl::report {

enum class TopBy { quantity, revenue, operations };
std::optional<TopBy> parse_top_by(std::string_view name);

// Less what reversals have undone, in the range in which they have.
struct TopProduct {
  ProductLabel product;
  Quantity quantity = 0;        // by ship, purchase and confirm
  Minor revenue_minor = 0;      // of purchases and of confirmations that sell
  std::int64_t operations = 0;  // that have it, reversals not counted
};
// The largest first; of equals, by SKU.
std::vector<TopProduct> report_top(ReportStore& store, const TimeRange& range, TopBy by, std::size_t most);

struct Buyer {
  std::string user;
  std::int64_t orders = 0;  // purchases, reversals not counted
  Quantity quantity = 0;
  Minor total_minor = 0;
};
// By user; less what was undone.
std::vector<Buyer> report_buyers(ReportStore& store, const TimeRange& range);

struct BoughtLine {
  std::int64_t operation = 0;
  Micros at = 0;
  std::string sku, name, warehouse;
  Quantity quantity = 0;  // negative: undone
  Minor unit_price_minor = 0, total_minor = 0;
};
// In the order of time.
std::vector<BoughtLine> report_bought(ReportStore& store, const TimeRange& range, const std::string& user);

}  // namespace invctl::report
