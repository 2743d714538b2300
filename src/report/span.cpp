#include "report/span.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace invctl::report {

namespace {

constexpr std::size_t faults_named = 20;

}  // namespace

FactQuery Span::query() const {
  return {range.by, below ? below->ends_at : beginning_of_time, above ? above->ends_at : end_of_time, false};
}

Span span_of(ReportStore& store, const TimeRange& range) {
  Span span{range, std::nullopt, std::nullopt};
  if (range.by != TimeBy::occurred) return span;
  for (auto& period : store.closed_periods()) {
    if (period.ends_at <= range.from) span.below = period;
    if (period.ends_at >= range.to && !span.above) span.above = std::move(period);
  }
  return span;
}

Quantity Balances::Row::closing() const {
  return sub_exact(known, after);
}

Balances::Balances(ReportStore& store, const Span& span) : range_(span.range) {
  store.stock_rows([&](const StockRow& stock) {
    by_id_[stock.id] = rows_.size();
    auto& row = rows_.emplace_back();
    row.stock = stock;
    row.known = stock.on_hand;
  });
  const auto balances = [&](const std::optional<ClosedPeriod>& period) {
    return period ? store.period_state(period->id).on_hand : std::map<std::int64_t, Quantity>();
  };
  for (const auto& [id, on_hand] : balances(span.below)) {
    if (auto* row = find(id)) row->opening = on_hand;
  }
  if (!span.above) return;
  for (auto& row : rows_) row.known = 0;
  for (const auto& [id, on_hand] : balances(span.above)) {
    if (auto* row = find(id)) row->known = on_hand;
  }
}

Balances::Row* Balances::find(std::int64_t inventory_id) {
  const auto found = by_id_.find(inventory_id);
  return found == by_id_.end() ? nullptr : &rows_[found->second];
}

Balances::Row* Balances::add(Micros at, const FactLine& line) {
  auto* row = find(line.inventory_id);
  if (row == nullptr) {
    unknown_.push_back(line.inventory_id);
  } else if (at < range_.from) {
    row->opening = add_exact(row->opening, line.delta);
  } else if (at >= range_.to) {
    row->after = add_exact(row->after, line.delta);
  } else {
    ++row->movements;
    auto& sum = line.delta > 0 ? row->in : row->out;
    sum = line.delta > 0 ? add_exact(sum, line.delta) : sub_exact(sum, line.delta);
  }
  return row;
}

void Balances::cross_foot() const {
  Error error(Exit::invariant, "does_not_foot", "", "`invctl verify` says what was changed");
  std::size_t faults = 0;
  const auto fault = [&](std::string message, std::vector<std::pair<std::string, FieldValue>> fields) {
    if (++faults <= faults_named) error.add_line({std::move(message), std::move(fields)});
  };
  for (const auto& row : rows_) {
    const auto led_to = sub_exact(add_exact(row.opening, row.in), row.out);
    if (led_to == row.closing()) continue;
    fault(fmt::format("{} in {}: {} + {} in - {} out is {}, but the balances say {}",
                      text::printable(row.stock.sku), text::printable(row.stock.warehouse), row.opening,
                      row.in, row.out, led_to, row.closing()),
          {{"warehouse", row.stock.warehouse},
           {"sku", row.stock.sku},
           {"opening", row.opening},
           {"in", row.in},
           {"out", row.out},
           {"closing", row.closing()}});
  }
  for (const auto id : unknown_) {
    fault(fmt::format("a movement of inventory row {}, which does not exist", id), {{"inventory_id", id}});
  }
  if (faults == 0) return;
  error.message = fmt::format("the report does not foot: {}",
                              text::count(static_cast<long long>(faults), "inventory row"));
  if (faults > faults_named) {
    const auto more = static_cast<long long>(faults - faults_named);
    error.add_line({text::count(more, "more row") + ", not listed", {{"more", std::int64_t{more}}}});
  }
  throw error;
}

}  // namespace invctl::report
