// What the reports answer.
#include "schema_types.hpp"

namespace invctl::cmd {

using namespace schema;

namespace {

using Properties = std::vector<std::pair<std::string, Json>>;

// A report over a range of time: its ends, what it says as a whole, and its list.
Json ranged(const Properties& fields, const char* list, const Properties& row) {
  Properties all = {{"from", nullable(time())}, {"to", nullable(time())}, {"time", string()}};
  all.insert(all.end(), fields.begin(), fields.end());
  all.emplace_back(list, array(object(row)));
  return object(all);
}

Json stock_report(const Properties& fields, const Properties& row) {
  Properties all = {{"at", nullable(time())}, {"time", string()}};
  all.insert(all.end(), fields.begin(), fields.end());
  all.emplace_back("products", array(object(row)));
  return object(all);
}

Json valuation() {
  return stock_report({{"method", string()},
                       {"currency", string()},
                       {"on_hand", integer()},
                       {"uncosted", integer()},
                       {"owed", integer()},
                       {"value_minor", integer()}},
                      {{"sku", string()},
                       {"name", string()},
                       {"on_hand", integer()},
                       {"uncosted", integer()},
                       {"owed", integer()},
                       {"unit_cost", nullable(string())},
                       {"value_minor", integer()}});
}

Json aging() {
  return stock_report({{"on_hand", integer()}}, {{"sku", string()},
                                                 {"name", string()},
                                                 {"on_hand", integer()},
                                                 {"days_30", integer()},
                                                 {"days_60", integer()},
                                                 {"days_90", integer()},
                                                 {"days_180", integer()},
                                                 {"days_365", integer()},
                                                 {"older", integer()},
                                                 {"oldest", nullable(time())}});
}

Json turnover() {
  return ranged({}, "products",
                {{"sku", string()},
                 {"name", string()},
                 {"opening", integer()},
                 {"sold", integer()},
                 {"closing", integer()},
                 {"average", nullable(string())},
                 {"turns", nullable(string())},
                 {"days", nullable(string())}});
}

Json top() {
  return ranged({{"by", string()}, {"currency", string()}}, "products",
                {{"rank", integer()},
                 {"sku", string()},
                 {"name", string()},
                 {"quantity", integer()},
                 {"operations", integer()},
                 {"revenue_minor", integer()}});
}

Json buyers() {
  return ranged(
      {{"currency", string()}, {"quantity", integer()}, {"total_minor", integer()}}, "users",
      {{"user", string()}, {"orders", integer()}, {"quantity", integer()}, {"total_minor", integer()}});
}

Json bought() {
  return ranged(
      {{"user", string()}, {"currency", string()}, {"quantity", integer()}, {"total_minor", integer()}},
      "lines",
      {{"operation", integer()},
       {"at", time()},
       {"warehouse", string()},
       {"sku", string()},
       {"name", string()},
       {"quantity", integer()},
       {"unit_price_minor", integer()},
       {"total_minor", integer()}});
}

Json closed() {
  return object({{"period", string()},
                 {"from", time()},
                 {"to", time()},
                 {"operations", integer()},
                 {"movements", integer()},
                 {"inventory_rows", integer()},
                 {"digest", string()},
                 {"closed_at", time()},
                 {"actor", string()},
                 {"replayed", boolean()}},
                {{"dry_run", boolean()}});
}

}  // namespace

std::span<const AnswerSchema> report_schemas() {
  static constexpr AnswerSchema table[] = {
      {"report movements",
       [] {
         return ranged({{"by", string()},
                        {"movements", integer()},
                        {"opening", integer()},
                        {"in", integer()},
                        {"out", integer()},
                        {"closing", integer()}},
                       "groups",
                       {{"group", nullable(string())},
                        {"movements", integer()},
                        {"opening", nullable(integer())},
                        {"in", integer()},
                        {"out", integer()},
                        {"closing", nullable(integer())}});
       }},
      {"report valuation", valuation},
      {"report aging", aging},
      {"report turnover", turnover},
      {"report top", top},
      {"report purchases", buyers},
      {"report purchases user", bought},
      {"report --html",
       [] {
         return object({{"file", string()}, {"bytes", integer()}});
       }},
      {"close", closed},
  };
  return table;
}

}  // namespace invctl::cmd
