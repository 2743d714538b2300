// What stock has cost and how long it has been there, at one moment.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "report/span.hpp"

namespace invctl::report {

// Applies what a fact does to what stock has cost. `product_of` knows every inventory row.
using ProductOf = std::unordered_map<std::int64_t, std::int64_t>;
void apply_costs(std::map<std::int64_t, CostState>& costs, const Fact& fact, const ProductOf& product_of);

struct StockCost {
  ProductLabel product;
  CostState cost;
};

// The cost of all that is, or was, in stock just before `at` (end_of_time: now), by SKU. Products of which
// there is nothing are left out. Inside a snapshot. Throws Error(invariant, "does_not_foot") where what the
// layers add up to is not what the balances say.
std::vector<StockCost> stock_costs(ReportStore& store, TimeBy by, Micros at,
                                   const std::optional<std::string>& sku);

// How many units are how old, in whole days: up to 30, 60, 90, 180, 365, and more.
inline constexpr std::array<std::int64_t, 5> age_steps{30, 60, 90, 180, 365};
std::array<Quantity, age_steps.size() + 1> ages_of(const CostState& cost, Micros at);

}  // namespace invctl::report
