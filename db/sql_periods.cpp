// SqlStore: closed periods.
#include <fmt/format.h>

#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

// A row that always exists and that nobody else locks serves as the lock.
std::string lock_row(std::string_view how) {
  return fmt::format("SELECT value FROM setting WHERE name = 'currency'{}", how);
}

}  // namespace

void SqlStore::lock_periods() {
  Query query(*connection_, lock_row(connection_->dialect().for_update));
  query.next();
}

// Whoever posts under a time of its own keeps periods from being closed until it has committed; those who
// post do not keep each other out.
std::optional<Micros> SqlStore::closed_until() {
  if (!connection_->dialect().for_share.empty()) {
    Query lock(*connection_, lock_row(connection_->dialect().for_share));
    lock.next();
  }
  Query query(*connection_, "SELECT max(ends_at) FROM period");
  return query.next() ? query.optional_integer(0) : std::nullopt;
}

std::vector<report::ClosedPeriod> SqlStore::closed_periods() {
  std::vector<report::ClosedPeriod> periods;
  Query query(*connection_,
              "SELECT id, name, starts_at, ends_at, operations, movements, digest, closed_at, actor, host, "
              "tool_version FROM period ORDER BY ends_at");
  while (query.next()) {
    auto& period = periods.emplace_back();
    period.id = query.integer(0);
    period.name = query.text(1);
    period.starts_at = query.integer(2);
    period.ends_at = query.integer(3);
    period.operations = query.integer(4);
    period.movements = query.integer(5);
    period.digest = query.bytes<32>(6);
    period.closed_at = query.integer(7);
    period.actor = query.text(8);
    period.host = query.text(9);
    period.tool_version = query.text(10);
  }
  return periods;
}

report::PeriodState SqlStore::period_state(std::int64_t period) {
  report::PeriodState state;
  {
    Query query(*connection_, "SELECT inventory_id, on_hand FROM period_balance WHERE period_id = ?");
    query.bind(period);
    while (query.next()) state.on_hand[query.integer(0)] = query.integer(1);
  }
  {
    Query query(
        *connection_,
        "SELECT product_id, owed, pooled, uncosted, value_minor FROM period_cost WHERE period_id = ?");
    query.bind(period);
    while (query.next()) {
      auto& cost = state.costs[query.integer(0)];
      cost.owed = query.integer(1);
      cost.pooled = query.integer(2);
      cost.uncosted = query.integer(3);
      cost.value = query.integer(4);
    }
  }
  Query query(*connection_,
              "SELECT product_id, quantity, unit_cost_minor, received_at, operation_id FROM period_layer "
              "WHERE period_id = ? ORDER BY product_id, position");
  query.bind(period);
  while (query.next()) {
    state.costs[query.integer(0)].layers.push_back(
        {query.integer(1), query.optional_integer(2), query.integer(3), query.integer(4)});
  }
  return state;
}

void SqlStore::insert_period(report::ClosedPeriod& period, const report::PeriodState& state) {
  {
    Query query(*connection_,
                insert_sql("period",
                           "name, starts_at, ends_at, operations, movements, digest, closed_at, actor, host, "
                           "tool_version",
                           10, 1));
    query.bind(period.name).bind(period.starts_at).bind(period.ends_at).bind(period.operations);
    query.bind(period.movements).bind_blob(period.digest).bind(period.closed_at).bind(period.actor);
    query.bind(period.host).bind(period.tool_version).run();
  }
  period.id = connection_->last_insert_id();
  const auto most = connection_->dialect().rows_per_insert;
  const std::vector<std::pair<std::int64_t, Quantity>> balances(state.on_hand.begin(), state.on_hand.end());
  in_pieces(balances.size(), most, [&](std::size_t first, std::size_t n) {
    Query query(*connection_, insert_sql("period_balance", "period_id, inventory_id, on_hand", 3, n));
    for (std::size_t i = first; i < first + n; ++i) {
      query.bind(period.id).bind(balances[i].first).bind(balances[i].second);
    }
    query.run();
  });
  struct Placed {
    std::int64_t product, position;
    const report::Layer* layer;
  };
  std::vector<std::pair<std::int64_t, const report::CostState*>> costs;
  std::vector<Placed> layers;
  for (const auto& [product, cost] : state.costs) {
    costs.emplace_back(product, &cost);
    std::int64_t position = 0;
    for (const auto& layer : cost.layers) layers.push_back({product, ++position, &layer});
  }
  in_pieces(costs.size(), most, [&](std::size_t first, std::size_t n) {
    Query query(*connection_, insert_sql("period_cost",
                                         "period_id, product_id, owed, pooled, uncosted, value_minor", 6, n));
    for (std::size_t i = first; i < first + n; ++i) {
      const auto& cost = *costs[i].second;
      query.bind(period.id).bind(costs[i].first).bind(cost.owed).bind(cost.pooled);
      query.bind(cost.uncosted).bind(cost.value);
    }
    query.run();
  });
  in_pieces(layers.size(), most, [&](std::size_t first, std::size_t n) {
    Query query(*connection_,
                insert_sql("period_layer",
                           "period_id, product_id, position, quantity, unit_cost_minor, received_at, "
                           "operation_id",
                           7, n));
    for (std::size_t i = first; i < first + n; ++i) {
      const auto& [product, position, layer] = layers[i];
      query.bind(period.id).bind(product).bind(position).bind(layer->quantity).bind(layer->unit_cost);
      query.bind(layer->at).bind(layer->operation);
    }
    query.run();
  });
}

}  // namespace invctl::db
