// `report top`, `report purchases`.
#include <fmt/format.h>

#include "core/text.hpp"
#include "filters.hpp"
#include "report.hpp"
#include "report/sales.hpp"

namespace invctl::cmd {

namespace {

ReportAnswer top(db::SqlStore& store, const ReportOptions& options) {
  const auto range = range_of(options);
  const auto name = options.by.value_or("quantity");
  const auto by = report::parse_top_by(name);
  if (!by) {
    throw Error(Exit::usage, fmt::format("--by {} is not known", text::quoted(name)),
                "quantity, revenue or operations");
  }
  std::string why;
  const auto limit = parse_whole(options.limit.value_or("10"), why);
  if (!limit) throw Error(Exit::usage, "--limit: " + why);
  ReportAnswer answer;
  answer.headline = fmt::format("what sells most{}, by {}", range_text(range), name);
  answer.fields = range_fields(range);
  answer.fields.insert(answer.fields.end(), {{"by", name}, {"currency", store.info().currency.code()}});
  answer.list_key = "products";
  answer.columns = {{"rank", io::Kind::number},       {"sku", io::Kind::code},
                    {"name", io::Kind::text},         {"quantity", io::Kind::number},
                    {"operations", io::Kind::number}, {"revenue_minor", io::Kind::number}};
  std::int64_t rank = 0;
  for (const auto& product : report::report_top(store, range, *by, static_cast<std::size_t>(*limit))) {
    answer.rows.push_back({++rank, product.product.sku, product.product.name, product.quantity,
                           product.operations, product.revenue_minor});
  }
  answer.empty_note = "nothing was sold";
  return answer;
}

ReportAnswer buyers(db::SqlStore& store, const report::TimeRange& range) {
  ReportAnswer answer;
  answer.list_key = "users";
  answer.columns = {{"user", io::Kind::code},
                    {"orders", io::Kind::number},
                    {"quantity", io::Kind::number},
                    {"total_minor", io::Kind::number}};
  report::Buyer sum;
  for (const auto& buyer : report::report_buyers(store, range)) {
    answer.rows.push_back({buyer.user, buyer.orders, buyer.quantity, buyer.total_minor});
    sum.orders += buyer.orders;
    sum.quantity = report::add_exact(sum.quantity, buyer.quantity);
    sum.total_minor = report::add_exact(sum.total_minor, buyer.total_minor);
  }
  answer.headline =
      fmt::format("purchases{}: {} for {} {}", range_text(range), text::count(sum.orders, "order"),
                  store.info().currency.format(sum.total_minor), store.info().currency.code());
  answer.fields = {{"currency", store.info().currency.code()},
                   {"quantity", sum.quantity},
                   {"total_minor", sum.total_minor}};
  answer.total = {{std::string("total"), sum.orders, sum.quantity, sum.total_minor}};
  return answer;
}

ReportAnswer bought(db::SqlStore& store, const report::TimeRange& range, const std::string& user) {
  ReportAnswer answer;
  answer.list_key = "lines";
  answer.columns = {{"operation", io::Kind::number, "OP"},
                    {"at", io::Kind::code},
                    {"warehouse", io::Kind::code},
                    {"sku", io::Kind::code},
                    {"name", io::Kind::text},
                    {"quantity", io::Kind::number},
                    {"unit_price_minor", io::Kind::number},
                    {"total_minor", io::Kind::number}};
  Quantity quantity = 0;
  Minor total = 0;
  for (const auto& line : report::report_bought(store, range, user)) {
    answer.rows.push_back({line.operation, format_time(line.at), line.warehouse, line.sku, line.name,
                           line.quantity, line.unit_price_minor, line.total_minor});
    quantity = report::add_exact(quantity, line.quantity);
    total = report::add_exact(total, line.total_minor);
  }
  answer.headline =
      fmt::format("purchases of {}{}: {} for {} {}", user, range_text(range), text::count(quantity, "unit"),
                  store.info().currency.format(total), store.info().currency.code());
  answer.fields = {{"user", user},
                   {"currency", store.info().currency.code()},
                   {"quantity", quantity},
                   {"total_minor", total}};
  answer.total = {{std::string("total"), io::Value(), io::Value(), io::Value(), io::Value(), quantity,
                   io::Value(), total}};
  return answer;
}

ReportAnswer purchases(db::SqlStore& store, const ReportOptions& options) {
  const auto range = range_of(options);
  auto answer =
      options.user ? bought(store, range, parse_code(*options.user, "--user")) : buyers(store, range);
  auto fields = range_fields(range);
  answer.fields.insert(answer.fields.begin(), fields.begin(), fields.end());
  answer.empty_note = "no purchases";
  return answer;
}

}  // namespace

void add_sales_reports(const ReportCommands& commands) {
  auto& options = *commands.options;
  auto* selling = commands.add("top", "what sells most", top);
  selling->add_option("--by", options.by, "what counts; quantity is the default")
      ->type_name("quantity|revenue|operations");
  selling->add_option("--limit", options.limit, "at most so many products; 10 is the default")
      ->type_name("N");
  add_range_options(*selling, options);
  auto* buying = commands.add("purchases", "who bought how much, or what one user bought", purchases);
  buying->add_option("--user", options.user, "each purchase of this user")->type_name("U");
  add_range_options(*buying, options);
}

}  // namespace invctl::cmd
