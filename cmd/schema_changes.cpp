// What the commands that change stock answer.
#include "schema_types.hpp"

namespace invctl::cmd {

using namespace schema;

namespace {

// What stands in for `optional` fields depends on what was asked for: a sale, a reservation.
Json change(bool purchase) {
  std::vector<std::pair<std::string, Json>> line = {
      {"warehouse", string()}, {"sku", string()},       {"delta", integer()},    {"before", integer()},
      {"on_hand", integer()},  {"reserved", integer()}, {"available", integer()}};
  std::vector<std::pair<std::string, Json>> fields = {{"operation", nullable(integer())},
                                                      {"id", nullable(string())},
                                                      {"kind", string()},
                                                      {"replayed", boolean()},
                                                      {"reference", nullable(string())},
                                                      {"actor", string()},
                                                      {"recorded_at", time()}};
  if (purchase) {
    line.emplace_back("unit_price_minor", integer());
    line.emplace_back("amount_minor", integer());
    fields.emplace_back("user", string());
    fields.emplace_back("currency", string());
    fields.emplace_back("total_minor", integer());
  }
  std::vector<std::pair<std::string, Json>> reserving;
  if (purchase) reserving = {{"reserved_delta", integer()}};
  fields.emplace_back("lines", array(object(line, reserving)));
  std::vector<std::pair<std::string, Json>> optional = {{"dry_run", boolean()}};
  if (purchase) optional.emplace_back("reservation", integer());
  return object(fields, optional);
}

// An operation on a reservation. `timed`: it says until when it holds.
Json reserving(bool timed) {
  auto schema = change(false);
  auto& fields = schema["properties"];
  fields["reservation"] = nullable(integer());
  schema["required"].push_back("reservation");
  if (timed) {
    fields["expires_at"] = time();
    schema["required"].push_back("expires_at");
  }
  auto& line = fields["lines"]["items"];
  line["properties"]["reserved_delta"] = integer();
  line["required"].push_back("reserved_delta");
  return schema;
}

// Sold where it has a user.
Json confirmation() {
  auto schema = reserving(false);
  auto& fields = schema["properties"];
  fields["user"] = string();
  fields["currency"] = string();
  fields["total_minor"] = integer();
  auto& line = fields["lines"]["items"]["properties"];
  line["unit_price_minor"] = nullable(integer());
  line["amount_minor"] = nullable(integer());
  return schema;
}

Json reservation() {
  const Json movement = object({{"seq", integer()},
                                {"operation", integer()},
                                {"kind", string()},
                                {"warehouse", string()},
                                {"sku", string()},
                                {"delta", integer()},
                                {"reserved_delta", integer()},
                                {"actor", string()},
                                {"recorded_at", time()}});
  return object({{"reservation", integer()},
                 {"state", string()},
                 {"expires_at", nullable(time())},
                 {"reference", nullable(string())},
                 {"actor", string()},
                 {"recorded_at", time()},
                 {"movements", array(movement)}});
}

// `lines` counts the sheet's lines but where the lines themselves are listed.
std::vector<std::pair<std::string, Json>> stocktaking(const std::string& lines) {
  return {{"count", integer()},        {"warehouse", string()}, {"state", string()},
          {lines, integer()},          {"counted", integer()},  {"operation", nullable(integer())},
          {"actor", string()},         {"opened_at", time()},   {"ended_at", nullable(time())},
          {"note", nullable(string())}};
}

Json stocktaking_lines() {
  auto fields = stocktaking("rows");
  fields.emplace_back("lines", array(object({{"sku", string()},
                                             {"name", string()},
                                             {"snapshot", integer()},
                                             {"counted", nullable(integer())},
                                             {"variance", nullable(integer())},
                                             {"on_hand", integer()},
                                             {"moved", boolean()}})));
  return object(fields);
}

Json count_entered() {
  return object(
      {{"count", integer()},
       {"id", string()},
       {"replayed", boolean()},
       {"actor", string()},
       {"lines", array(object({{"sku", string()}, {"entered", integer()}, {"counted", integer()}}))}});
}

Json plan_run() {
  return object({{"run", integer()},
                 {"id", string()},
                 {"state", string()},
                 {"replayed", boolean()},
                 {"actor", string()},
                 {"started_at", time()},
                 {"steps", array(object({{"step", string()},
                                         {"state", string()},
                                         {"exit", nullable(integer())},
                                         {"operation", nullable(integer())},
                                         {"db", nullable(string())},
                                         {"command", string()},
                                         {"message", nullable(string())}}))}});
}

Json apply_counts() {
  return object({{"applied", integer()}, {"replayed", integer()}, {"rejected", integer()}});
}

Json apply_report() {
  Json kinds = {{"type", "object"}, {"additionalProperties", apply_counts()}};
  return object(
      {{"file", string()},
       {"rows", integer()},
       {"skipped_rows", integer()},
       {"operations", apply_counts()},
       {"kinds", kinds},
       {"movements", integer()},
       {"elapsed_s", number()},
       {"operations_per_s", number()},
       {"dry_run", boolean()},
       {"rejects", array(object({{"line", integer()}, {"code", string()}, {"message", string()}}))}});
}

}  // namespace

std::span<const AnswerSchema> change_schemas() {
  static constexpr AnswerSchema table[] = {
      {"receive",
       [] {
         auto schema = change(false);
         schema["properties"]["lines"]["items"]["properties"]["unit_cost_minor"] = nullable(integer());
         return schema;
       }},
      {"ship", [] { return change(false); }},
      {"adjust", [] { return change(false); }},
      {"purchase", [] { return change(true); }},
      {"transfer", [] { return change(false); }},
      {"reserve", [] { return reserving(true); }},
      {"confirm", confirmation},
      {"release", [] { return reserving(false); }},
      {"extend", [] { return reserving(true); }},
      {"reservation list",
       [] {
         return array(object({{"reservation", integer()},
                              {"warehouse", string()},
                              {"sku", string()},
                              {"quantity", integer()},
                              {"expires_at", time()},
                              {"expired", boolean()},
                              {"reference", nullable(string())},
                              {"actor", string()}}));
       }},
      {"reservation show", reservation},
      {"count open", [] { return object(stocktaking("lines")); }},
      {"count enter", count_entered},
      {"count load", count_entered},
      {"count sheet",
       [] {
         return array(object({{"warehouse", string()},
                              {"sku", string()},
                              {"name", string()},
                              {"unit", nullable(string())},
                              {"barcode", nullable(string())},
                              {"counted", nullable(integer())}}));
       }},
      {"count show", stocktaking_lines},
      {"count close", [] { return change(false); }},
      {"count cancel", [] { return object(stocktaking("lines")); }},
      {"count list", [] { return array(object(stocktaking("lines"))); }},
      {"run", plan_run},
      {"run list",
       [] {
         return array(object({{"run", integer()},
                              {"id", string()},
                              {"state", string()},
                              {"steps", integer()},
                              {"actor", string()},
                              {"started_at", time()}}));
       }},
      {"reverse",
       [] {
         auto schema = change(false);
         schema["properties"]["reverses"] = integer();
         schema["required"].push_back("reverses");
         return schema;
       }},
      {"apply", apply_report},
      {"apply --ack",
       [] {
         return object({{"line", integer()},
                        {"id", nullable(string())},
                        {"operation", nullable(integer())},
                        {"exit", integer()},
                        {"replayed", boolean()}},
                       {{"error", object({{"code", string()}, {"message", string()}})}});
       }},
  };
  return table;
}

}  // namespace invctl::cmd
