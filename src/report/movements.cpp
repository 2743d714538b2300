#include "report/movements.hpp"

#include <fmt/format.h>

#include <array>
#include <map>

#include "report/calendar.hpp"

namespace invctl::report {

namespace {

constexpr std::array<std::pair<std::string_view, MovementsBy>, 7> group_names{
    {{"day", MovementsBy::day},
     {"week", MovementsBy::week},
     {"month", MovementsBy::month},
     {"sku", MovementsBy::sku},
     {"warehouse", MovementsBy::warehouse},
     {"kind", MovementsBy::kind},
     {"reason", MovementsBy::reason}}};

std::optional<Step> step_of(MovementsBy by) {
  switch (by) {
    case MovementsBy::day:
      return Step::day;
    case MovementsBy::week:
      return Step::week;
    case MovementsBy::month:
      return Step::month;
    default:
      return std::nullopt;
  }
}

void count(MovementsGroup& group, Quantity delta) {
  ++group.movements;
  if (delta > 0) {
    group.in = add_exact(group.in, delta);
  } else {
    group.out = sub_exact(group.out, delta);
  }
}

class Reporter {
 public:
  Reporter(ReportStore& store, const MovementsFilter& filter)
      : store_(store),
        filter_(filter),
        step_(step_of(filter.by)),
        span_(span_of(store, filter.range)),
        balances_(store, span_) {}

  MovementsReport run() {
    store_.facts(span_.query(), [&](const Fact& fact) { add(fact); });
    balances_.cross_foot();
    MovementsReport report;
    sum_rows(report.total);
    report.has_balances = step_ || filter_.by == MovementsBy::sku || filter_.by == MovementsBy::warehouse;
    for (auto& [name, group] : groups_) {
      group.name = name;
      report.groups.push_back(std::move(group));
    }
    if (step_) chain(report);
    check(report);
    return report;
  }

 private:
  bool selected(const StockRow& row) const {
    return (!filter_.warehouse || row.warehouse == *filter_.warehouse) &&
           (!filter_.sku || row.sku == *filter_.sku);
  }

  void add(const Fact& fact) {
    const bool inside = fact.at >= filter_.range.from && fact.at < filter_.range.to;
    for (const auto& line : fact.lines) {
      const auto* row = balances_.add(fact.at, line);
      if (!inside || row == nullptr || !selected(row->stock)) continue;
      if (filter_.by == MovementsBy::sku || filter_.by == MovementsBy::warehouse) continue;
      count(group_of(fact), line.delta);
    }
  }

  // Facts come by time: most are of the same step as the one before.
  MovementsGroup& group_of(const Fact& fact) {
    if (filter_.by == MovementsBy::kind) return groups_[fact.kind];
    if (filter_.by == MovementsBy::reason) return groups_[fact.reason];
    if (const auto day = day_number(fact.at); current_ == nullptr || day != current_day_) {
      current_day_ = day;
      current_ = &groups_[step_name(*step_, fact.at)];
    }
    return *current_;
  }

  void sum_rows(MovementsGroup& total) {
    for (const auto& row : balances_.rows()) {
      if (!selected(row.stock)) continue;
      add_row(total, row);
      const bool nothing = row.movements == 0 && row.opening == 0 && row.closing() == 0;
      if (nothing) continue;
      if (filter_.by == MovementsBy::sku) add_row(groups_[row.stock.sku], row);
      if (filter_.by == MovementsBy::warehouse) add_row(groups_[row.stock.warehouse], row);
    }
  }

  static void add_row(MovementsGroup& group, const Balances::Row& row) {
    group.movements = add_exact(group.movements, row.movements);
    group.opening = add_exact(group.opening, row.opening);
    group.in = add_exact(group.in, row.in);
    group.out = add_exact(group.out, row.out);
    group.closing = add_exact(group.closing, row.closing());
  }

  // Each step begins where the one before it ended.
  static void chain(MovementsReport& report) {
    auto on_hand = report.total.opening;
    for (auto& group : report.groups) {
      group.opening = on_hand;
      on_hand = sub_exact(add_exact(on_hand, group.in), group.out);
      group.closing = on_hand;
    }
  }

  // The groups are counted movement by movement, the total row by row.
  static void check(const MovementsReport& report) {
    MovementsGroup sum;
    for (const auto& group : report.groups) {
      sum.movements = add_exact(sum.movements, group.movements);
      sum.in = add_exact(sum.in, group.in);
      sum.out = add_exact(sum.out, group.out);
    }
    const auto& total = report.total;
    if (sum.movements == total.movements && sum.in == total.in && sum.out == total.out) return;
    throw Error(Exit::invariant, "does_not_foot",
                fmt::format("the groups add up to {} movements, {} in and {} out, the rows to {}, {} and {}",
                            sum.movements, sum.in, sum.out, total.movements, total.in, total.out),
                "");
  }

  ReportStore& store_;
  const MovementsFilter& filter_;
  std::optional<Step> step_;
  Span span_;
  Balances balances_;
  std::map<std::optional<std::string>, MovementsGroup> groups_;
  std::int64_t current_day_ = 0;
  MovementsGroup* current_ = nullptr;
};

}  // namespace

std::optional<MovementsBy> parse_movements_by(std::string_view name) {
  for (const auto& [known, by] : group_names) {
    if (known == name) return by;
  }
  return std::nullopt;
}

MovementsReport report_movements(ReportStore& store, const MovementsFilter& filter) {
  return Reporter(store, filter).run();
}

}  // namespace invctl::report
