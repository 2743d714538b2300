// `report valuation`, `report aging`, `report turnover`.
#include <fmt/format.h>

#include "core/text.hpp"
#include "filters.hpp"
#include "report.hpp"
#include "report/stock_value.hpp"
#include "report/turnover.hpp"

namespace invctl::cmd {

namespace {

std::optional<std::string> sku_of(const ReportOptions& options) {
  return options.sku ? std::optional(Sku::parse(*options.sku).str()) : std::nullopt;
}

// When it is asked about: a moment, or nothing for now.
std::optional<Micros> moment_of(const ReportOptions& options) {
  if (!options.at) return std::nullopt;
  std::string why;
  const auto at = parse_time(*options.at, why);
  if (!at) throw Error(Exit::usage, "--at: " + why);
  return at;
}

std::vector<io::Field> moment_fields(const ReportOptions& options, const std::optional<Micros>& at) {
  return {{"at", optional_time(at)},
          {"time", std::string(time_of(options) == report::TimeBy::occurred ? "occurred" : "recorded")}};
}

std::string moment_text(const std::optional<Micros>& at) {
  return at ? "just before " + format_time(*at) : std::string("now");
}

void add_moment_options(CLI::App& app, ReportOptions& options) {
  app.add_option("--at", options.at, "just before this time; now is the default")->type_name("TIME");
  add_time_option(app, options);
  add_sku_option(app, options);
}

ReportAnswer valuation(db::SqlStore& store, const ReportOptions& options) {
  const auto method = options.method.value_or("average");
  if (method != "average" && method != "fifo") {
    throw Error(Exit::usage, fmt::format("--method {} is not average or fifo", text::quoted(method)));
  }
  const auto at = moment_of(options);
  const auto sku = sku_of(options);
  check_exist(store, std::nullopt, sku);
  const auto& currency = store.info().currency;
  ReportAnswer answer;
  answer.list_key = "products";
  answer.columns = {{"sku", io::Kind::code},          {"name", io::Kind::text},
                    {"on_hand", io::Kind::number},    {"uncosted", io::Kind::number},
                    {"owed", io::Kind::number},       {"unit_cost", io::Kind::number},
                    {"value_minor", io::Kind::number}};
  Quantity on_hand = 0;
  Quantity uncosted = 0;
  Quantity owed = 0;
  Minor total = 0;
  for (const auto& [product, cost] :
       report::stock_costs(store, time_of(options), at.value_or(report::end_of_time), sku)) {
    const auto value =
        method == "fifo" ? report::value_first_in_first_out(cost) : report::value_by_average(cost);
    const auto units = report::on_hand(cost);
    answer.rows.push_back({product.sku, product.name, units, value.uncosted, cost.owed,
                           optional_value(report::unit_cost_text(currency, value.value, value.costed, 4)),
                           value.value});
    on_hand = report::add_exact(on_hand, units);
    uncosted = report::add_exact(uncosted, value.uncosted);
    owed = report::add_exact(owed, cost.owed);
    total = report::add_exact(total, value.value);
  }
  answer.headline = fmt::format("stock {} by {}: {} on hand worth {} {}, {} of unknown cost", moment_text(at),
                                method == "fifo" ? "first in first out" : "moving average", on_hand,
                                currency.format(total), currency.code(), uncosted);
  answer.fields = moment_fields(options, at);
  answer.fields.insert(answer.fields.end(), {{"method", method},
                                             {"currency", currency.code()},
                                             {"on_hand", on_hand},
                                             {"uncosted", uncosted},
                                             {"owed", owed},
                                             {"value_minor", total}});
  answer.total = {{std::string("total"), io::Value(), on_hand, uncosted, owed, io::Value(), total}};
  answer.empty_note = "no stock";
  return answer;
}

ReportAnswer aging(db::SqlStore& store, const ReportOptions& options) {
  const auto at = moment_of(options);
  const auto sku = sku_of(options);
  check_exist(store, std::nullopt, sku);
  const auto now = at ? *at : store.clock();
  ReportAnswer answer;
  answer.list_key = "products";
  answer.columns = {{"sku", io::Kind::code}, {"name", io::Kind::text}, {"on_hand", io::Kind::number}};
  std::int64_t above = 0;
  for (const auto step : report::age_steps) {
    answer.columns.push_back(
        {fmt::format("days_{}", step), io::Kind::number, fmt::format("{}-{}", above, step)});
    above = step + 1;
  }
  answer.columns.push_back({"older", io::Kind::number});
  answer.columns.push_back({"oldest", io::Kind::code});
  std::vector<Quantity> sums(report::age_steps.size() + 2);
  for (const auto& [product, cost] :
       report::stock_costs(store, time_of(options), at.value_or(report::end_of_time), sku)) {
    const auto ages = report::ages_of(cost, now);
    auto& row = answer.rows.emplace_back();
    row = {product.sku, product.name, report::on_hand(cost)};
    sums[0] = report::add_exact(sums[0], report::on_hand(cost));
    for (std::size_t i = 0; i < ages.size(); ++i) {
      row.emplace_back(ages[i]);
      sums[i + 1] = report::add_exact(sums[i + 1], ages[i]);
    }
    row.emplace_back();
    if (!cost.layers.empty()) row.back() = format_time(cost.layers.front().at);
  }
  answer.headline = fmt::format("stock {} by its age in days, first in first out", moment_text(at));
  answer.fields = moment_fields(options, at);
  answer.fields.emplace_back("on_hand", sums[0]);
  answer.total = std::vector<io::Value>{std::string("total"), io::Value()};
  for (const auto sum : sums) answer.total->emplace_back(sum);
  answer.total->emplace_back();
  answer.empty_note = "no stock";
  return answer;
}

ReportAnswer turnover(db::SqlStore& store, const ReportOptions& options) {
  const auto range = range_of(options);
  const auto sku = sku_of(options);
  const auto warehouse =
      options.warehouse ? std::optional(WarehouseCode::parse(*options.warehouse).str()) : std::nullopt;
  check_exist(store, warehouse, sku);
  const auto found = report::report_turnover(store, range, store.clock(), warehouse, sku);
  ReportAnswer answer;
  answer.headline = fmt::format("sold against what was on hand on average, from {} to {}",
                                format_time(found.from), format_time(found.to));
  answer.fields = {{"from", format_time(found.from)},
                   {"to", format_time(found.to)},
                   {"time", options.time.value_or("occurred")}};
  answer.list_key = "products";
  answer.columns = {{"sku", io::Kind::code},     {"name", io::Kind::text},      {"opening", io::Kind::number},
                    {"sold", io::Kind::number},  {"closing", io::Kind::number}, {"average", io::Kind::number},
                    {"turns", io::Kind::number}, {"days", io::Kind::number}};
  for (const auto& product : found.products) {
    const auto figures = report::figures_of(product, found.from, found.to);
    answer.rows.push_back({product.product.sku, product.product.name, product.opening, product.sold,
                           product.closing, optional_value(figures.average), optional_value(figures.turns),
                           optional_value(figures.days)});
  }
  answer.empty_note = "no stock";
  return answer;
}

}  // namespace

void add_stock_reports(const ReportCommands& commands) {
  auto& options = *commands.options;
  auto* value = commands.add("valuation", "what stock has cost", valuation);
  value->add_option("--method", options.method, "moving average (the default), or first in first out")
      ->type_name("average|fifo");
  add_moment_options(*value, options);
  add_moment_options(*commands.add("aging", "how long stock has been there", aging), options);
  auto* turning = commands.add("turnover", "how often stock is sold over", turnover);
  add_range_options(*turning, options);
  turning->add_option("-w,--warehouse", options.warehouse, "only this warehouse")->type_name("WH");
  add_sku_option(*turning, options);
}

}  // namespace invctl::cmd
