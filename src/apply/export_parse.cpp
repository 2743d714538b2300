// The reading half of export_format.hpp.
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "apply/export_format.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "core/time.hpp"

namespace invctl::intake {

namespace {

using Json = nlohmann::ordered_json;

Error bad(const std::string& what) {
  return Error(Exit::bad_input, "bad_export", what, "");
}

// One object of a line, whose members must all be there and of their type.
class Members {
 public:
  explicit Members(const Json& json) : json_(json) {
    if (!json.is_object()) throw bad("an object is expected");
  }

  const Json& at(const char* name) const {
    const auto found = json_.find(name);
    if (found == json_.end()) throw bad(fmt::format("{} is missing", name));
    return *found;
  }
  std::int64_t integer(const char* name) const {
    const auto& value = at(name);
    const bool fits = value.is_number_integer() &&
                      (!value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
    if (!fits) throw bad(fmt::format("{} is not a whole number of 64 bits", name));
    return value.get<std::int64_t>();
  }
  std::string text(const char* name) const {
    auto value = long_text(name);
    if (value.size() <= text_max_bytes) return value;
    throw bad(fmt::format("{} is longer than {} bytes", name, text_max_bytes));
  }
  // None that was ever accepted holds a control character: what does is no export but a forgery.
  std::string long_text(const char* name) const {
    const auto& value = at(name);
    if (!value.is_string()) throw bad(fmt::format("{} is not a text", name));
    auto text = value.get<std::string>();
    if (text::control_at(text)) throw bad(fmt::format("{} holds a control character", name));
    return text;
  }
  std::optional<std::int64_t> maybe_integer(const char* name) const {
    return at(name).is_null() ? std::nullopt : std::optional(integer(name));
  }
  std::optional<std::string> maybe_text(const char* name) const {
    return at(name).is_null() ? std::nullopt : std::optional(text(name));
  }
  bool has(const char* name) const { return json_.contains(name); }
  Micros time(const char* name) const {
    std::string why;
    const auto time = parse_time(text(name), why);
    if (!time) throw bad(fmt::format("{}: {}", name, why));
    return *time;
  }
  std::optional<Micros> maybe_time(const char* name) const {
    return at(name).is_null() ? std::nullopt : std::optional(time(name));
  }
  // A code is what every code is: it could not be stored otherwise.
  std::string code(const char* name) const {
    auto value = text(name);
    try {
      if (parse_code(value, name) == value) return value;
    } catch (const Error& error) {
      throw bad(error.message);
    }
    throw bad(fmt::format("{} {} is not in NFC", name, text::quoted(value)));
  }
  template <std::size_t N>
  std::array<unsigned char, N> bytes(const char* name) const {
    const auto hex = text(name);
    std::array<unsigned char, N> bytes{};
    bool good = hex.size() == 2 * N;
    for (std::size_t i = 0; good && i < N; ++i) {
      const auto* end = hex.data() + 2 * i + 2;
      good = std::from_chars(hex.data() + 2 * i, end, bytes[i], 16).ptr == end;
    }
    if (!good) throw bad(fmt::format("{} is not {} hexadecimal digits", name, 2 * N));
    return bytes;
  }
  const Json& array(const char* name) const {
    const auto& value = at(name);
    if (!value.is_array()) throw bad(fmt::format("{} is not a list", name));
    return value;
  }

 private:
  const Json& json_;
};

ExportHeader read_header(const Json& json) {
  const Members line(json);
  if (line.integer("invctl_export") != export_version) {
    throw bad(fmt::format("this is an export of version {}, this program reads version {}",
                          line.integer("invctl_export"), export_version));
  }
  return {line.text("currency"), line.text("database"), line.text("tool_version")};
}

Warehouse read_warehouse(const Members& row) {
  return {0, row.code("code"), row.text("name"), row.maybe_text("address"), row.maybe_time("retired_at")};
}

Product read_product(const Members& row) {
  Product product;
  product.sku = row.code("sku");
  product.name = row.text("name");
  product.category = row.maybe_text("category");
  product.unit = row.maybe_text("unit");
  product.price_minor = row.maybe_integer("price_minor");
  product.reorder_point = row.maybe_integer("reorder_point");
  product.barcode = row.maybe_text("barcode");
  product.retired_at = row.maybe_time("retired_at");
  product.version = row.integer("version");
  if (row.has("price_version")) product.price_version = row.integer("price_version");
  if (row.has("next_price_at")) product.next_price_at = row.time("next_price_at");
  if (row.has("reorder_target")) product.reorder_target = row.integer("reorder_target");
  return product;
}

Threshold read_threshold(const Members& row) {
  return {0,
          0,
          row.code("warehouse"),
          row.code("sku"),
          row.integer("reorder_point"),
          row.maybe_integer("target")};
}

PriceChange read_price(const Members& row) {
  PriceChange change;
  change.uid = row.bytes<16>("uid");
  change.key = row.maybe_text("id");
  change.actor = row.text("actor");
  change.reason = row.text("reason");
  change.effective_at = row.time("effective_at");
  change.recorded_at = row.time("recorded_at");
  change.host = row.text("host");
  change.tool_version = row.text("tool_version");
  change.hash = row.bytes<32>("hash");
  for (const auto& each : row.array("lines")) {
    const Members line(each);
    change.lines.push_back({0, line.code("sku"), line.integer("version"), line.maybe_integer("old_minor"),
                            line.maybe_integer("new_minor")});
  }
  change.line_count = static_cast<std::int64_t>(change.lines.size());
  return change;
}

PurchaseRecord read_purchase(const Members& row) {
  PurchaseRecord purchase;
  purchase.line = row.integer("line");
  purchase.user = row.code("user");
  purchase.warehouse = row.text("warehouse");
  purchase.sku = row.text("sku");
  purchase.quantity = row.integer("quantity");
  purchase.unit_price_minor = row.integer("unit_price_minor");
  purchase.total_minor = row.integer("total_minor");
  return purchase;
}

MovementEntry read_movement(const Members& row) {
  MovementEntry movement;
  movement.kind = row.text("kind");
  auto& record = movement.record;
  record.line = row.integer("line");
  record.warehouse = row.text("warehouse");
  record.sku = row.text("sku");
  record.version = row.integer("version");
  record.on_hand_delta = row.integer("on_hand_delta");
  record.reserved_delta = row.integer("reserved_delta");
  record.on_hand_after = row.integer("on_hand_after");
  record.reserved_after = row.integer("reserved_after");
  record.hash = row.bytes<32>("hash");
  if (row.has("unit_cost_minor")) record.unit_cost_minor = row.integer("unit_cost_minor");
  return movement;
}

ExportedOperation read_operation(const Members& row) {
  ExportedOperation operation;
  auto& entry = operation.entry;
  auto& record = entry.record;
  record.uid = row.bytes<16>("uid");
  record.key = row.code("id");
  record.request_hash = row.bytes<32>("request_hash");
  entry.kind = row.text("kind");
  const auto kind = parse_kind(entry.kind);
  if (!kind) throw bad(fmt::format("kind {} is not known to this program", text::quoted(entry.kind)));
  record.kind = *kind;
  entry.outcome = row.text("outcome");
  if (entry.outcome != "accepted" && entry.outcome != "rejected") throw bad("outcome is neither of the two");
  record.accepted = entry.outcome == "accepted";
  record.actor = row.text("actor");
  record.reference = row.maybe_text("reference");
  record.reason = row.maybe_text("reason");
  record.note = row.maybe_text("note");
  if (!row.at("reverses").is_null()) record.reverses_uid = row.bytes<16>("reverses");
  record.recorded_at = row.time("recorded_at");
  record.occurred_at = row.time("occurred_at");
  record.host = row.text("host");
  record.tool_version = row.text("tool_version");
  if (!row.at("result").is_null()) record.result = row.long_text("result");
  record.hash = row.bytes<32>("hash");
  if (row.has("reservation")) record.reservation_uid = row.bytes<16>("reservation");
  if (row.has("expires_at")) record.expires_at = row.time("expires_at");
  for (const auto& purchase : row.array("purchases")) {
    entry.purchases.push_back(read_purchase(Members(purchase)));
    entry.purchases.back().purchased_at = record.occurred_at;
  }
  for (const auto& movement : row.array("movements")) {
    operation.movements.push_back(read_movement(Members(movement)));
  }
  return operation;
}

ExportCounts read_end(const Members& row) {
  const auto later = [&](const char* name) { return row.has(name) ? row.integer(name) : 0; };
  return {row.integer("warehouses"), row.integer("products"),  later("thresholds"), later("prices"),
          row.integer("operations"), row.integer("movements"), row.text("seal")};
}

}  // namespace

ExportLine parse_export_line(std::string_view text) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception&) {
    throw bad("this is not a line of JSON");
  }
  ExportLine line;
  using Kind = ExportLine::Kind;
  if (!json.is_object() || json.empty()) throw bad("an object is expected");
  const auto& name = json.begin().key();
  const auto& value = json.begin().value();
  if (name == "invctl_export") {
    line.header = read_header(json);
  } else if (name == "warehouse") {
    line.kind = Kind::warehouse;
    line.warehouse = read_warehouse(Members(value));
  } else if (name == "product") {
    line.kind = Kind::product;
    line.product = read_product(Members(value));
    line.has_price_version = value.contains("price_version");
  } else if (name == "threshold") {
    line.kind = Kind::threshold;
    line.threshold = read_threshold(Members(value));
  } else if (name == "price") {
    line.kind = Kind::price;
    line.price = read_price(Members(value));
  } else if (name == "operation") {
    line.kind = Kind::operation;
    line.operation = read_operation(Members(value));
  } else if (name == "end") {
    line.kind = Kind::end;
    line.end = read_end(Members(value));
  } else {
    throw bad(fmt::format("{} is not part of an export", text::quoted(name)));
  }
  return line;
}

}  // namespace invctl::intake
