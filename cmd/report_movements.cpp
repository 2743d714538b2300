// `report movements`.
#include <fmt/format.h>

#include "core/text.hpp"
#include "filters.hpp"
#include "report.hpp"
#include "report/movements.hpp"

namespace invctl::cmd {

namespace {

ReportAnswer movements(db::SqlStore& store, const ReportOptions& options) {
  report::MovementsFilter filter;
  filter.range = range_of(options);
  const auto name = options.by.value_or("month");
  const auto by = report::parse_movements_by(name);
  if (!by) {
    throw Error(Exit::usage, fmt::format("--by {} is not known", text::quoted(name)),
                "day, week, month, sku, warehouse, kind or reason");
  }
  filter.by = *by;
  if (options.warehouse) filter.warehouse = WarehouseCode::parse(*options.warehouse).str();
  if (options.sku) filter.sku = Sku::parse(*options.sku).str();
  check_exist(store, filter.warehouse, filter.sku);
  const auto found = report::report_movements(store, filter);

  const auto& total = found.total;
  ReportAnswer answer;
  answer.headline = fmt::format("movements{}: {} on hand + {} in - {} out = {} on hand",
                                range_text(filter.range), total.opening, total.in, total.out, total.closing);
  answer.fields = range_fields(filter.range);
  answer.fields.insert(answer.fields.end(), {{"by", name},
                                             {"movements", total.movements},
                                             {"opening", total.opening},
                                             {"in", total.in},
                                             {"out", total.out},
                                             {"closing", total.closing}});
  answer.list_key = "groups";
  std::string title = name;
  for (char& c : title) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  answer.columns = {{"group", io::Kind::code, title}, {"movements", io::Kind::number},
                    {"opening", io::Kind::number},    {"in", io::Kind::number},
                    {"out", io::Kind::number},        {"closing", io::Kind::number}};
  const auto balance = [&](Quantity value) { return found.has_balances ? io::Value(value) : io::Value(); };
  for (const auto& group : found.groups) {
    answer.rows.push_back({optional_value(group.name), group.movements, balance(group.opening), group.in,
                           group.out, balance(group.closing)});
  }
  answer.total = {{std::string("total"), total.movements, total.opening, total.in, total.out, total.closing}};
  answer.empty_note = "no movements";
  return answer;
}

}  // namespace

void add_movement_reports(const ReportCommands& commands) {
  auto* app = commands.add("movements", "opening + in - out = closing, cross-footed", movements);
  auto& options = *commands.options;
  app->add_option("--by", options.by, "what the groups are; month is the default")
      ->type_name("day|week|month|sku|warehouse|kind|reason");
  add_range_options(*app, options);
  app->add_option("-w,--warehouse", options.warehouse, "only this warehouse")->type_name("WH");
  add_sku_option(*app, options);
}

}  // namespace invctl::cmd
