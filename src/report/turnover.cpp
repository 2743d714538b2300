#include "report/turnover.hpp"

#include <algorithm>

#include "report/calendar.hpp"

namespace invctl::report {

namespace {

// The on-hand of one inventory row as time goes by.
struct UnitTime {
  Quantity on_hand = 0;
  Micros since = 0;
  __int128 unit_time = 0;
  Quantity sold = 0;

  void go_to(Micros t) {
    unit_time += static_cast<__int128>(on_hand) * (t - since);
    since = t;
  }
};

}  // namespace

TurnoverReport report_turnover(ReportStore& store, TimeRange range, Micros now,
                               const std::optional<std::string>& warehouse,
                               const std::optional<std::string>& sku) {
  TurnoverReport report;
  // The reading stays open at its end, so that both ends of the cross-foot are where they would be.
  const auto span = span_of(store, range);
  const auto first = store.first_occurrence(beginning_of_time, end_of_time).value_or(now);
  report.from = range.from == beginning_of_time ? first : range.from;
  report.to = std::max(report.from, range.to == end_of_time ? now : range.to);
  Balances balances(store, span);
  std::unordered_map<std::int64_t, UnitTime> courses;
  const auto course_of = [&](const Balances::Row& row) -> UnitTime& {
    const auto [found, fresh] = courses.try_emplace(row.stock.id);
    if (fresh) found->second = {row.opening, report.from, 0, 0};
    return found->second;
  };
  store.facts(span.query(), [&](const Fact& fact) {
    for (const auto& line : fact.lines) {
      auto* row = balances.find(line.inventory_id);
      if (row != nullptr && fact.at >= range.from && fact.at < range.to) {
        // Facts come by time: all that is before the range has been added to the opening.
        auto& course = course_of(*row);
        course.go_to(std::clamp(fact.at, report.from, report.to));
        course.on_hand = add_exact(course.on_hand, line.delta);
        if (fact.is_sale()) course.sold = sub_exact(course.sold, line.delta);
      }
      balances.add(fact.at, line);
    }
  });
  balances.cross_foot();
  std::unordered_map<std::int64_t, Turnover> by_product;
  for (const auto& row : balances.rows()) {
    if (warehouse && row.stock.warehouse != *warehouse) continue;
    auto& course = course_of(row);
    course.go_to(report.to);
    auto& turnover = by_product[row.stock.key.product_id];
    turnover.opening = add_exact(turnover.opening, row.opening);
    turnover.closing = add_exact(turnover.closing, row.closing());
    turnover.sold = add_exact(turnover.sold, course.sold);
    turnover.unit_time += course.unit_time;
  }
  store.product_labels([&](const ProductLabel& product) {
    const auto found = by_product.find(product.id);
    if (found == by_product.end() || (sku && *sku != product.sku)) return;
    auto& turnover = found->second;
    if (turnover.opening == 0 && turnover.closing == 0 && turnover.sold == 0 && turnover.unit_time == 0)
      return;
    turnover.product = product;
    report.products.push_back(std::move(turnover));
  });
  return report;
}

TurnoverFigures figures_of(const Turnover& turnover, Micros from, Micros to) {
  TurnoverFigures figures;
  const __int128 length = to - from;
  if (length <= 0) return figures;
  figures.average = ratio_text(turnover.unit_time, length, 2);
  if (turnover.unit_time <= 0) return figures;
  figures.turns = ratio_text(static_cast<__int128>(turnover.sold) * length, turnover.unit_time, 2);
  if (turnover.sold <= 0) return figures;
  // average / (sold / days) = unit_time / (sold x microseconds of a day).
  figures.days = ratio_text(turnover.unit_time, static_cast<__int128>(turnover.sold) * day_length, 2);
  return figures;
}

}  // namespace invctl::report
