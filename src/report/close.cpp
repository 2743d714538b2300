#include "report/close.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/sha256.hpp"
#include "report/stock_value.hpp"

namespace invctl::report {

namespace {

// The state of the warehouse as facts go by.
class Course {
 public:
  explicit Course(ReportStore& store, PeriodState state = {}) : state_(std::move(state)) {
    store.stock_rows([&](const StockRow& row) { product_of_[row.id] = row.key.product_id; });
  }

  void add(const Fact& fact) {
    if (fact.lines.empty()) return;
    ++operations_;
    movements_ += static_cast<std::int64_t>(fact.lines.size());
    for (const auto& line : fact.lines) {
      auto& on_hand = state_.on_hand[line.inventory_id];
      on_hand = add_exact(on_hand, line.delta);
    }
    apply_costs(state_.costs, fact, product_of_);
  }

  // As it is now, without what is nothing; counts anew from here.
  const PeriodState& state() {
    std::erase_if(state_.on_hand, [](const auto& entry) { return entry.second == 0; });
    std::erase_if(state_.costs, [](const auto& entry) { return entry.second.empty(); });
    return state_;
  }
  std::int64_t operations() const { return operations_; }
  std::int64_t movements() const { return movements_; }
  void restart_counts() { operations_ = movements_ = 0; }

 private:
  ProductOf product_of_;
  PeriodState state_;
  std::int64_t operations_ = 0, movements_ = 0;
};

Error refuse(const char* code, std::string message, std::string hint) {
  return Error(Exit::conflict, code, std::move(message), std::move(hint));
}

void add_line(Sha256& hash, const FieldText& fields) {
  hash.update(fields.str());
  hash.update("\n");
}

}  // namespace

Digest period_digest(ReportStore& store, const ClosedPeriod& period, const PeriodState& state) {
  Sha256 hash;
  add_line(hash, FieldText("invctl-period-1")
                     .add(std::string_view(period.name))
                     .add(period.starts_at)
                     .add(period.ends_at)
                     .add(period.operations)
                     .add(period.movements));
  store.stock_rows([&](const StockRow& row) {
    const auto found = state.on_hand.find(row.id);
    if (found == state.on_hand.end()) return;
    add_line(hash, FieldText("on_hand")
                       .add(std::string_view(row.warehouse))
                       .add(std::string_view(row.sku))
                       .add(found->second));
  });
  store.product_labels([&](const ProductLabel& product) {
    const auto found = state.costs.find(product.id);
    if (found == state.costs.end()) return;
    const auto& cost = found->second;
    add_line(hash, FieldText("cost")
                       .add(std::string_view(product.sku))
                       .add(cost.owed)
                       .add(cost.pooled)
                       .add(cost.uncosted)
                       .add(cost.value));
    for (const auto& layer : cost.layers) {
      add_line(hash, FieldText("layer")
                         .add(std::string_view(product.sku))
                         .add(layer.quantity)
                         .add(layer.unit_cost)
                         .add(layer.at));
    }
  });
  return hash.finish();
}

Closed close_period(PeriodStore& store, const CloseRequest& request) {
  const auto& month = request.month;
  const auto periods = store.closed_periods();
  for (const auto& period : periods) {
    if (period.name != month.name) continue;
    const auto rows = static_cast<std::int64_t>(store.period_state(period.id).on_hand.size());
    return {period, rows, true};
  }
  if (request.now < month.to) {
    throw refuse("not_over", fmt::format("{} is not over", month.name),
                 fmt::format("it can be closed from {} on", format_time(month.to)));
  }
  if (!periods.empty() && periods.back().ends_at > month.from) {
    throw refuse("closed_beyond", fmt::format("all up to the end of {} is closed", periods.back().name),
                 fmt::format("{} had no operations and was closed along", month.name));
  }
  const auto from = periods.empty() ? beginning_of_time : periods.back().ends_at;
  if (const auto open = store.first_occurrence(from, month.from)) {
    const auto name = month_of(*open).name;
    throw refuse("predecessor_open", fmt::format("{} has operations and is not closed", name),
                 fmt::format("`invctl close --period {}` first", name));
  }

  Course course(store, periods.empty() ? PeriodState() : store.period_state(periods.back().id));
  store.facts({TimeBy::occurred, from, month.to, false}, [&](const Fact& fact) { course.add(fact); });
  const auto& state = course.state();
  ClosedPeriod period;
  period.name = month.name;
  period.starts_at = month.from;
  period.ends_at = month.to;
  period.operations = course.operations();
  period.movements = course.movements();
  period.digest = period_digest(store, period, state);
  period.closed_at = request.now;
  period.actor = request.actor;
  period.host = request.host;
  period.tool_version = request.tool_version;
  store.insert_period(period, state);
  return {period, static_cast<std::int64_t>(state.on_hand.size()), false};
}

namespace {

// Holds one period against what the ledger says; finds nothing where it is right.
void check_period(ReportStore& store, const ClosedPeriod& stored, Course& course,
                  std::vector<Violation>& violations) {
  const auto add = [&](const std::string& what, const std::string& expected, const std::string& actual) {
    violations.push_back({"periods", "period", fmt::format("{} {}", stored.name, what), expected, actual});
  };
  const auto& expected = course.state();
  const auto actual = store.period_state(stored.id);
  const auto count = [&](const char* what, std::int64_t calculated, std::int64_t kept) {
    if (calculated != kept) add(what, std::to_string(calculated), std::to_string(kept));
  };
  count("operations", course.operations(), stored.operations);
  count("movements", course.movements(), stored.movements);
  const auto found = [](const auto& map, std::int64_t key) {
    const auto at = map.find(key);
    return at == map.end() ? Quantity{0} : at->second;
  };
  store.stock_rows([&](const StockRow& row) {
    const auto calculated = found(expected.on_hand, row.id);
    const auto kept = found(actual.on_hand, row.id);
    if (calculated == kept) return;
    add(fmt::format("{} in {}", row.sku, row.warehouse), fmt::format("{} on hand", calculated),
        std::to_string(kept));
  });
  const auto shown = [](const CostState& cost) {
    const auto fifo = value_first_in_first_out(cost);
    return fmt::format("{} owed, {} pooled at {}, {} uncosted, {} layers of {} at {}", cost.owed, cost.pooled,
                       cost.value, cost.uncosted, cost.layers.size(), fifo.costed + fifo.uncosted,
                       fifo.value);
  };
  store.product_labels([&](const ProductLabel& product) {
    const auto at = [&](const PeriodState& state) {
      const auto here = state.costs.find(product.id);
      return here == state.costs.end() ? CostState() : here->second;
    };
    const auto calculated = at(expected);
    const auto kept = at(actual);
    if (!(calculated == kept)) add("cost of " + product.sku, shown(calculated), shown(kept));
  });
  const auto digest = period_digest(store, stored, actual);
  if (digest != stored.digest) add("digest", to_hex(digest), to_hex(stored.digest));
}

}  // namespace

std::vector<Violation> check_periods(ReportStore& store) {
  std::vector<Violation> violations;
  const auto periods = store.closed_periods();
  if (periods.empty()) return violations;
  Course course(store);
  auto next = periods.begin();
  const auto pass = [&](Micros t) {
    for (; next != periods.end() && next->ends_at <= t; ++next) {
      check_period(store, *next, course, violations);
      course.restart_counts();
    }
  };
  store.facts({TimeBy::occurred, beginning_of_time, periods.back().ends_at, false}, [&](const Fact& fact) {
    pass(fact.at);
    course.add(fact);
  });
  pass(periods.back().ends_at);
  return violations;
}

}  // namespace invctl::report
