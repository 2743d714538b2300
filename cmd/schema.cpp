// The JSON Schema (draft 2020-12) of each command's answer. The tests hold every JSON answer they see against
// it, so that it cannot drift from what is printed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "core/text.hpp"

namespace invctl::cmd {

namespace {

using Json = nlohmann::ordered_json;

Json integer() {
  return {{"type", "integer"}};
}
Json number() {
  return {{"type", "number"}};
}
Json string() {
  return {{"type", "string"}};
}
Json boolean() {
  return {{"type", "boolean"}};
}
Json time() {
  return {{"type", "string"}, {"format", "date-time"}};
}

Json nullable(Json schema) {
  schema["type"] = Json::array({schema["type"], "null"});
  return schema;
}

Json array(Json items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

// Every property is present in every answer, but those of `optional`.
Json object(const std::vector<std::pair<std::string, Json>>& properties,
            const std::vector<std::pair<std::string, Json>>& optional = {}) {
  Json schema = {{"type", "object"}, {"additionalProperties", false}};
  schema["properties"] = Json::object();
  schema["required"] = Json::array();
  for (const auto& [name, property] : properties) {
    schema["properties"][name] = property;
    schema["required"].push_back(name);
  }
  for (const auto& [name, property] : optional) schema["properties"][name] = property;
  return schema;
}

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
                 {"held", integer()},
                 {"expires_at", nullable(time())},
                 {"reference", nullable(string())},
                 {"actor", string()},
                 {"recorded_at", time()},
                 {"movements", array(movement)}});
}

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

Json seed_counts() {
  return object({{"rows", integer()},
                 {"inserted", integer()},
                 {"updated", integer()},
                 {"unchanged", integer()},
                 {"rejected", integer()}});
}

Json percentiles() {
  return object(
      {{"p50", number()}, {"p90", number()}, {"p95", number()}, {"p99", number()}, {"max", number()}});
}

Json simulation() {
  const Json check = object({{"name", string()}, {"ok", boolean()}, {"detail", string()}});
  return object({{"scenario", string()},
                 {"strategy", string()},
                 {"engine", string()},
                 {"mode", string()},
                 {"buyers", integer()},
                 {"quantity", integer()},
                 {"stock", integer()},
                 {"workers", integer()},
                 {"processes", integer()},
                 {"turnstile", boolean()},
                 {"arrivals", string()},
                 {"window_s", number()},
                 {"think_s", number()},
                 {"seed", integer()},
                 {"sold", integer()},
                 {"buyers_sold", integer()},
                 {"sold_out", integer()},
                 {"oversold", integer()},
                 {"busy", integer()},
                 {"failed", integer()},
                 {"elapsed_s", number()},
                 {"throughput_per_s", number()},
                 {"latency_ms", percentiles()},
                 {"service_ms", percentiles()},
                 {"retries", integer()},
                 {"inversions", object({{"count", integer()}, {"pairs", integer()}, {"share", number()}})},
                 {"verdict", object({{"ok", boolean()}, {"checks", array(check)}})},
                 {"database", nullable(string())}});
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
                 {"operations", integer()},
                 {"movements", integer()},
                 {"seal", string()},
                 {"elapsed_ms", integer()}});
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

struct Entry {
  std::string_view command;
  Json (*schema)();
};

constexpr Entry entries[] = {
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
    {"receive", [] { return change(false); }},
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
       return array(object(
           {{"level", string()}, {"check", string()}, {"value", string()}, {"advice", nullable(string())}}));
     }},
    {"verify",
     [] {
       return audit({{"inventory_rows", integer()},
                     {"operations", integer()},
                     {"movements", integer()},
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
    {"config",
     [] {
       return array(object({{"name", string()}, {"value", nullable(string())}, {"origin", string()}}));
     }},
};

struct SchemaOptions {
  std::vector<std::string> command;
};

Exit print_schema(Context& context, const std::string& wanted) {
  std::vector<std::string> names;
  for (const auto& entry : entries) {
    if (entry.command == wanted) {
      Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                     {"title", fmt::format("answer of invctl {}", wanted)}};
      schema.update(entry.schema());
      io::print_json(context.out, io::Format::json, schema);
      return Exit::ok;
    }
    names.emplace_back(entry.command);
  }
  const auto near = text::closest(wanted, names);
  throw Error(Exit::usage, fmt::format("there is no schema of {}", text::quoted(wanted)),
              near.empty() ? "one of: " + text::join(names, ", ") : fmt::format("did you mean {}?", near));
}

}  // namespace

void setup_schema(CLI::App& app, Action& action) {
  auto options = std::make_shared<SchemaOptions>();
  app.add_option("command", options->command, "the command, such as `receive` or `product list`; or `error`")
      ->type_name("COMMAND")
      ->required();
  action = [options](Context& context) { return print_schema(context, text::join(options->command, " ")); };
}

}  // namespace invctl::cmd
