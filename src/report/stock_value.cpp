#include "report/stock_value.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "report/calendar.hpp"

namespace invctl::report {

void apply_costs(std::map<std::int64_t, CostState>& costs, const Fact& fact, const ProductOf& product_of) {
  std::map<std::int64_t, Quantity> net;
  for (const auto& line : fact.lines) {
    const auto product = product_of.at(line.inventory_id);
    if (line.unit_cost && line.delta > 0) {
      take_in(costs[product], line.delta, line.unit_cost, fact.at, fact.id);
    } else {
      auto& sum = net[product];
      sum = add_exact(sum, line.delta);
    }
  }
  // What leaves one warehouse and comes into another in one operation is nothing.
  for (const auto& [product, delta] : net) {
    if (delta > 0) take_in(costs[product], delta, std::nullopt, fact.at, fact.id);
    if (delta < 0) take_out(costs[product], sub_exact(0, delta), fact.reverses);
  }
}

namespace {

void check_product(const ProductLabel& product, Quantity layers, Quantity balances) {
  if (layers == balances) return;
  throw Error(Exit::invariant, "does_not_foot",
              fmt::format("{}: receipts and issues lead to {}, but the balances say {}",
                          text::printable(product.sku), layers, balances),
              "`invctl verify` says what was changed");
}

}  // namespace

std::vector<StockCost> stock_costs(ReportStore& store, TimeBy by, Micros at,
                                   const std::optional<std::string>& sku) {
  // An empty range at its end: everything is before it or behind it.
  const auto span = span_of(store, {by, at, at});
  Balances balances(store, span);
  ProductOf product_of;
  for (const auto& row : balances.rows()) product_of[row.stock.id] = row.stock.key.product_id;
  std::map<std::int64_t, CostState> costs;
  if (span.below) costs = store.period_state(span.below->id).costs;
  store.facts(span.query(), [&](const Fact& fact) {
    const bool known = std::all_of(fact.lines.begin(), fact.lines.end(), [&](const FactLine& line) {
      return balances.add(fact.at, line) != nullptr;
    });
    if (known && fact.at < at) apply_costs(costs, fact, product_of);
  });
  balances.cross_foot();
  std::map<std::int64_t, Quantity> on_hand_of;
  for (const auto& row : balances.rows()) {
    auto& sum = on_hand_of[row.stock.key.product_id];
    sum = add_exact(sum, row.closing());
  }
  std::vector<StockCost> found;
  store.product_labels([&](const ProductLabel& product) {
    const auto& cost = costs[product.id];
    check_product(product, on_hand(cost), on_hand_of[product.id]);
    if (!cost.empty() && (!sku || *sku == product.sku)) found.push_back({product, cost});
  });
  return found;
}

std::array<Quantity, age_steps.size() + 1> ages_of(const CostState& cost, Micros at) {
  std::array<Quantity, age_steps.size() + 1> ages{};
  for (const auto& layer : cost.layers) {
    const auto days = layer.at >= at ? 0 : (at - layer.at) / day_length;
    const auto step =
        std::find_if(age_steps.begin(), age_steps.end(), [&](auto most) { return days <= most; });
    auto& sum = ages[static_cast<std::size_t>(step - age_steps.begin())];
    sum = add_exact(sum, layer.quantity);
  }
  return ages;
}

}  // namespace invctl::report
