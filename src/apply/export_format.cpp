#include "apply/export_format.hpp"

#include <nlohmann/json.hpp>

#include "core/time.hpp"

namespace invctl::intake {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view header_start = "{\"invctl_export\":";

template <class T>
Json maybe(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json maybe_time(const std::optional<Micros>& time) {
  return time ? Json(format_time(*time)) : Json();
}

// Texts are UTF-8 since they were taken in; what somebody wrote past that shows as U+FFFD, and does not
// verify.
std::string to_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json to_json(const PurchaseRecord& purchase) {
  return {{"line", purchase.line},
          {"user", purchase.user},
          {"warehouse", purchase.warehouse},
          {"sku", purchase.sku},
          {"quantity", purchase.quantity},
          {"unit_price_minor", purchase.unit_price_minor},
          {"total_minor", purchase.total_minor}};
}

Json to_json(const MovementEntry& movement) {
  const auto& record = movement.record;
  Json json = {{"line", record.line},
               {"warehouse", record.warehouse},
               {"sku", record.sku},
               {"kind", movement.kind},
               {"version", record.version},
               {"on_hand_delta", record.on_hand_delta},
               {"reserved_delta", record.reserved_delta},
               {"on_hand_after", record.on_hand_after},
               {"reserved_after", record.reserved_after},
               {"hash", to_hex(record.hash)}};
  if (record.unit_cost_minor) json["unit_cost_minor"] = *record.unit_cost_minor;
  return json;
}

Json to_json(const PriceLine& line) {
  return {{"sku", line.sku},
          {"version", line.version},
          {"old_minor", maybe(line.old_minor)},
          {"new_minor", maybe(line.new_minor)}};
}

template <class Rows>
Json to_array(const Rows& rows) {
  Json array = Json::array();
  for (const auto& row : rows) array.push_back(to_json(row));
  return array;
}

}  // namespace

bool is_export(std::string_view first_bytes) {
  return first_bytes.starts_with(header_start);
}

std::string header_line(const ExportHeader& header) {
  return to_line({{"invctl_export", export_version},
                  {"currency", header.currency},
                  {"database", header.database},
                  {"tool_version", header.tool_version}});
}

std::string warehouse_line(const Warehouse& warehouse) {
  return to_line({{"warehouse",
                   {{"code", warehouse.code},
                    {"name", warehouse.name},
                    {"address", maybe(warehouse.address)},
                    {"retired_at", maybe_time(warehouse.retired_at)}}}});
}

std::string product_line(const Product& product) {
  Json json = {{"product",
                {{"sku", product.sku},
                 {"name", product.name},
                 {"category", maybe(product.category)},
                 {"unit", maybe(product.unit)},
                 {"price_minor", maybe(product.price_minor)},
                 {"reorder_point", maybe(product.reorder_point)},
                 {"barcode", maybe(product.barcode)},
                 {"retired_at", maybe_time(product.retired_at)},
                 {"version", product.version},
                 {"price_version", product.price_version}}}};
  if (product.next_price_at) json["product"]["next_price_at"] = format_time(*product.next_price_at);
  if (product.reorder_target) json["product"]["reorder_target"] = *product.reorder_target;
  return to_line(json);
}

std::string threshold_line(const Threshold& threshold) {
  return to_line({{"threshold",
                   {{"warehouse", threshold.warehouse},
                    {"sku", threshold.sku},
                    {"reorder_point", threshold.reorder_point},
                    {"target", maybe(threshold.target)}}}});
}

std::string price_line(const PriceChange& change) {
  return to_line({{"price",
                   {{"uid", to_hex(change.uid)},
                    {"id", maybe(change.key)},
                    {"actor", change.actor},
                    {"reason", change.reason},
                    {"effective_at", format_time(change.effective_at)},
                    {"recorded_at", format_time(change.recorded_at)},
                    {"host", change.host},
                    {"tool_version", change.tool_version},
                    {"hash", to_hex(change.hash)},
                    {"lines", to_array(change.lines)}}}});
}

std::string operation_line(const ExportedOperation& operation) {
  const auto& entry = operation.entry;
  const auto& record = entry.record;
  Json json = {{"operation",
                {{"uid", to_hex(record.uid)},
                 {"id", record.key},
                 {"request_hash", to_hex(record.request_hash)},
                 {"kind", entry.kind},
                 {"outcome", entry.outcome},
                 {"actor", record.actor},
                 {"reference", maybe(record.reference)},
                 {"reason", maybe(record.reason)},
                 {"note", maybe(record.note)},
                 {"reverses", record.reverses_uid ? Json(to_hex(*record.reverses_uid)) : Json()},
                 {"recorded_at", format_time(record.recorded_at)},
                 {"occurred_at", format_time(record.occurred_at)},
                 {"host", record.host},
                 {"tool_version", record.tool_version},
                 {"result", maybe(record.result)},
                 {"hash", to_hex(record.hash)}}}};
  auto& fields = json["operation"];
  if (record.reservation_uid) fields["reservation"] = to_hex(*record.reservation_uid);
  if (record.expires_at) fields["expires_at"] = format_time(*record.expires_at);
  fields["purchases"] = to_array(entry.purchases);
  fields["movements"] = to_array(operation.movements);
  return to_line(json);
}

std::string end_line(const ExportCounts& counts) {
  return to_line({{"end",
                   {{"warehouses", counts.warehouses},
                    {"products", counts.products},
                    {"thresholds", counts.thresholds},
                    {"prices", counts.prices},
                    {"operations", counts.operations},
                    {"movements", counts.movements},
                    {"seal", counts.seal}}}});
}

}  // namespace invctl::intake
