// What all other commands answer.
#include "schema_types.hpp"

namespace invctl::cmd {

using namespace schema;

namespace {

Json warehouse() {
  return object(
      {{"code", string()}, {"name", string()}, {"address", nullable(string())}, {"retired", boolean()}});
}

Json product() {
  return object({{"sku", string()},
                 {"name", string()},
                 {"category", nullable(string())},
                 {"unit", nullable(string())},
                 {"price_minor", nullable(integer())},
                 {"currency", string()},
                 {"reorder_point", nullable(integer())},
                 {"barcode", nullable(string())},
                 {"retired", boolean()},
                 {"on_hand", integer()},
                 {"reserved", integer()},
                 {"available", integer()}});
}

Json threshold() {
  return object({{"warehouse", nullable(string())},
                 {"sku", string()},
                 {"name", string()},
                 {"reorder_point", nullable(integer())},
                 {"target", nullable(integer())}});
}

Json alert(bool reorder) {
  std::vector<std::pair<std::string, Json>> fields = {
      {"warehouse", string()},      {"sku", string()},
      {"name", string()},           {"on_hand", integer()},
      {"reserved", integer()},      {"available", integer()},
      {"reorder_point", integer()}, {"target", nullable(integer())},
      {"threshold", string()}};
  if (reorder) fields.emplace_back("order", integer());
  return object(fields);
}

Json crossing() {
  return object({{"seq", nullable(integer())},
                 {"operation", nullable(integer())},
                 {"kind", nullable(string())},
                 {"warehouse", string()},
                 {"sku", string()},
                 {"name", string()},
                 {"state", string()},
                 {"cause", string()},
                 {"version", integer()},
                 {"available", integer()},
                 {"reorder_point", nullable(integer())},
                 {"recorded_at", nullable(time())}});
}

Json seed_counts() {
  return object({{"rows", integer()},
                 {"inserted", integer()},
                 {"updated", integer()},
                 {"unchanged", integer()},
                 {"rejected", integer()}});
}

Json percentiles() {
  return object({{"p50", number()},
                 {"p90", number()},
                 {"p95", number()},
                 {"p99", number()},
                 {"p999", number()},
                 {"max", number()}});
}

Json simulation_run() {
  const Json check = object({{"name", string()}, {"ok", boolean()}, {"detail", string()}});
  return object({{"scenario", string()},
                 {"strategy", string()},
                 {"round", integer()},
                 {"engine", string()},
                 {"mode", string()},
                 {"buyers", integer()},
                 {"quantity", nullable(integer())},
                 {"products", integer()},
                 {"lines", nullable(integer())},
                 {"skew", nullable(number())},
                 {"stock", integer()},
                 {"workers", integer()},
                 {"processes", integer()},
                 {"turnstile", boolean()},
                 {"arrivals", string()},
                 {"window_s", number()},
                 {"think_s", number()},
                 {"pause_s", number()},
                 {"fence", boolean()},
                 {"seed", integer()},
                 {"sold", integer()},
                 {"buyers_sold", integer()},
                 {"sold_out", integer()},
                 {"oversold", integer()},
                 {"busy", integer()},
                 {"failed", integer()},
                 {"looks", integer()},
                 {"kills", integer()},
                 {"elapsed_s", number()},
                 {"throughput_per_s", number()},
                 {"latency_ms", percentiles()},
                 {"service_ms", percentiles()},
                 {"lock_wait_ms", percentiles()},
                 {"first_half_ms", percentiles()},
                 {"second_half_ms", percentiles()},
                 {"retries", integer()},
                 {"deadlocks", integer()},
                 {"inversions", object({{"count", integer()}, {"pairs", integer()}, {"share", number()}})},
                 {"fairness", object({{"jain", number()}, {"last_winner", integer()}})},
                 {"timeline", object({{"step_s", number()}, {"answers", array(integer())}})},
                 {"cpu", object({{"user_s", number()}, {"system_s", number()}})},
                 {"memory_peak_bytes", integer()},
                 {"verdict", object({{"ok", boolean()}, {"checks", array(check)}})},
                 {"database", nullable(string())}});
}

// With --compare all runs, and what each strategy came to.
Json simulation() {
  const Json spread = object({{"median", number()}, {"min", number()}, {"max", number()}});
  const Json row = object({{"strategy", string()},
                           {"throughput_per_s", spread},
                           {"p50_ms", spread},
                           {"p99_ms", spread},
                           {"cpu_us_per_answer", spread},
                           {"inverted_share", number()},
                           {"sold", integer()},
                           {"oversold", integer()},
                           {"busy", integer()},
                           {"retries", integer()},
                           {"deadlocks", integer()},
                           {"broken_rounds", integer()}});
  return {{"anyOf", Json::array({simulation_run(), object({{"scenario", string()},
                                                           {"rounds", integer()},
                                                           {"comparison", array(row)},
                                                           {"runs", array(simulation_run())}})})}};
}

Json audit(const std::vector<std::pair<std::string, Json>>& counts) {
  std::vector<std::pair<std::string, Json>> fields = {{"ok", boolean()}};
  fields.insert(fields.end(), counts.begin(), counts.end());
  fields.emplace_back("checks",
                      array(object({{"name", string()}, {"ok", boolean()}, {"violations", integer()}})));
  fields.emplace_back("violations", array(object({{"check", string()},
                                                  {"table", string()},
                                                  {"key", string()},
                                                  {"expected", string()},
                                                  {"actual", string()}})));
  return object(fields);
}

Json export_counts() {
  return object({{"warehouses", integer()},
                 {"products", integer()},
                 {"thresholds", integer()},
                 {"prices", integer()},
                 {"operations", integer()},
                 {"movements", integer()},
                 {"seal", string()},
                 {"elapsed_ms", integer()}});
}

}  // namespace

std::span<const AnswerSchema> other_schemas() {
  static constexpr AnswerSchema table[] = {
      {"error",
       [] {
         Json line = {{"type", "object"}, {"properties", {{"message", string()}}}, {"required", {"message"}}};
         return object({{"error", object({{"code", string()},
                                          {"exit", integer()},
                                          {"message", string()},
                                          {"hint", nullable(string())},
                                          {"lines", array(line)}})}});
       }},
      {"init-db",
       [] {
         return object({{"database", string()},
                        {"from", integer()},
                        {"to", integer()},
                        {"dry_run", boolean()},
                        {"applied", array(object({{"migration", string()}}))}});
       }},
      {"seed-from-csv",
       [] {
         return object({{"warehouses", seed_counts()},
                        {"products", seed_counts()},
                        {"stock", seed_counts()},
                        {"elapsed_s", number()}});
       }},
      {"stock",
       [] {
         return array(object({{"warehouse", string()},
                              {"sku", string()},
                              {"name", string()},
                              {"on_hand", integer()},
                              {"reserved", integer()},
                              {"available", integer()},
                              {"reorder_point", nullable(integer())}}));
       }},
      {"history",
       [] {
         return array(object({{"seq", integer()},
                              {"operation", integer()},
                              {"kind", string()},
                              {"warehouse", string()},
                              {"sku", string()},
                              {"delta", integer()},
                              {"reserved_delta", integer()},
                              {"on_hand", integer()},
                              {"reserved", integer()},
                              {"actor", string()},
                              {"reference", nullable(string())},
                              {"reason", nullable(string())},
                              {"recorded_at", time()}}));
       }},
      {"history full",
       [] {
         return object({{"operation", integer()},
                        {"id", string()},
                        {"uid", string()},
                        {"kind", string()},
                        {"outcome", string()},
                        {"actor", string()},
                        {"user", nullable(string())},
                        {"reference", nullable(string())},
                        {"reason", nullable(string())},
                        {"note", nullable(string())},
                        {"reverses", nullable(integer())},
                        {"reversed_by", nullable(integer())},
                        {"reservation", nullable(integer())},
                        {"expires_at", nullable(time())},
                        {"recorded_at", time()},
                        {"occurred_at", time()},
                        {"host", string()},
                        {"tool_version", string()},
                        {"request_hash", string()},
                        {"result", nullable(string())},
                        {"hash", string()},
                        {"lines", array(object({{"seq", integer()},
                                                {"line", integer()},
                                                {"warehouse", string()},
                                                {"sku", string()},
                                                {"delta", integer()},
                                                {"reserved_delta", integer()},
                                                {"on_hand", integer()},
                                                {"reserved", integer()},
                                                {"version", integer()},
                                                {"unit_price_minor", nullable(integer())},
                                                {"amount_minor", nullable(integer())},
                                                {"unit_cost_minor", nullable(integer())},
                                                {"hash", string()}}))}});
       }},
      {"rebuild",
       [] {
         return object({{"ok", boolean()},
                        {"applied", boolean()},
                        {"inventory_rows", integer()},
                        {"movements", integer()},
                        {"holds", integer()},
                        {"differences", array(object({{"warehouse", string()},
                                                      {"sku", string()},
                                                      {"on_hand", integer()},
                                                      {"ledger_on_hand", integer()},
                                                      {"reserved", integer()},
                                                      {"ledger_reserved", integer()},
                                                      {"version", integer()},
                                                      {"ledger_version", integer()},
                                                      {"opening", nullable(integer())},
                                                      {"ledger_opening", nullable(integer())},
                                                      {"head_differs", boolean()}}))}});
       }},
      {"backup",
       [] {
         return object({{"file", string()},
                        {"bytes", integer()},
                        {"inventory_rows", integer()},
                        {"operations", integer()},
                        {"movements", integer()}});
       }},
      {"export", export_counts},
      {"import",
       [] {
         auto schema = export_counts();
         schema["properties"]["replayed"] = boolean();
         schema["required"].push_back("replayed");
         return schema;
       }},
      {"simulate-concurrency", simulation},
      {"doctor",
       [] {
         return array(object({{"level", string()},
                              {"check", string()},
                              {"value", string()},
                              {"advice", nullable(string())}}));
       }},
      {"verify",
       [] {
         return audit({{"inventory_rows", integer()},
                       {"operations", integer()},
                       {"movements", integer()},
                       {"prices", nullable(integer())},
                       {"seals", nullable(integer())},
                       {"elapsed_ms", integer()}});
       }},
      {"seal",
       [] {
         return object({{"seal", string()},
                        {"name", nullable(string())},
                        {"movements", integer()},
                        {"inventory_rows", integer()},
                        {"recorded_at", time()},
                        {"replayed", boolean()}});
       }},
      {"warehouse add", warehouse},
      {"warehouse show", warehouse},
      {"warehouse retire", warehouse},
      {"warehouse list", [] { return array(warehouse()); }},
      {"product add", product},
      {"product set", product},
      {"product show", product},
      {"product retire", product},
      {"product list", [] { return array(product()); }},
      {"price set",
       [] {
         return object({{"id", string()},
                        {"replayed", boolean()},
                        {"actor", string()},
                        {"reason", string()},
                        {"recorded_at", time()},
                        {"effective_at", time()},
                        {"currency", string()},
                        {"lines", array(object({{"sku", string()},
                                                {"version", integer()},
                                                {"old_price_minor", nullable(integer())},
                                                {"new_price_minor", nullable(integer())}}))}},
                       {{"dry_run", boolean()}});
       }},
      {"price list",
       [] {
         return array(object({{"sku", string()},
                              {"name", string()},
                              {"category", nullable(string())},
                              {"price_minor", nullable(integer())},
                              {"currency", string()},
                              {"since", nullable(time())},
                              {"next_price_minor", nullable(integer())},
                              {"next_at", nullable(time())}}));
       }},
      {"price history",
       [] {
         return array(object({{"version", integer()},
                              {"sku", string()},
                              {"old_price_minor", nullable(integer())},
                              {"new_price_minor", nullable(integer())},
                              {"currency", string()},
                              {"effective_at", time()},
                              {"upcoming", boolean()},
                              {"actor", string()},
                              {"reason", string()},
                              {"id", nullable(string())},
                              {"recorded_at", time()}}));
       }},
      {"threshold set", threshold},
      {"threshold unset", threshold},
      {"threshold list", [] { return array(threshold()); }},
      {"alerts", [] { return array(alert(false)); }},
      {"alerts --reorder", [] { return array(alert(true)); }},
      {"alerts --since", [] { return array(crossing()); }},
      {"alerts --cursor", [] { return array(crossing()); }},
      {"config",
       [] {
         return array(object({{"name", string()}, {"value", nullable(string())}, {"origin", string()}}));
       }},
  };
  return table;
}

}  // namespace invctl::cmd
