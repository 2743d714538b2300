// Lines of an export: what is written is read as it was, and what was changed is refused and said.
#include "apply/export_format.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.hpp"
#include "unit/property.hpp"

namespace export_format_test {

using namespace invctl;
using namespace invctl::intake;
using namespace invctl::test;
using Catch::Contains;
using Json = nlohmann::ordered_json;

namespace {

Product product() {
  Product product;
  product.sku = "BOLT-10";
  product.name = "볼트 \"M10\" \\ 10개";
  product.category = "부품";
  product.price_minor = 2500;
  product.reorder_point = 0;
  product.retired_at = 1'700'000'000'000'001;
  product.version = 3;
  product.price_version = 2;
  product.next_price_at = 1'800'000'000'000'000;
  product.reorder_target = 40;
  return product;
}

PriceChange price() {
  PriceChange change;
  change.uid.fill(0xab);
  change.key = "K-1";
  change.actor = "kim";
  change.reason = "steel";
  change.effective_at = change.recorded_at = 1'700'000'000'000'000;
  change.host = "host";
  change.tool_version = "0.1.0";
  change.hash.fill(0x01);
  change.lines = {{0, "BOLT-10", 2, 2400, 2500}, {0, "NUT", 1, std::nullopt, 0}};
  return change;
}

ExportedOperation operation() {
  ExportedOperation operation;
  auto& record = operation.entry.record;
  record.uid.fill(0x10);
  record.key = "auto-1";
  record.actor = "kim";
  record.note = "";
  record.recorded_at = record.occurred_at = -1;  // before 1970
  record.host = "host";
  record.tool_version = "0.1.0";
  record.reverses_uid.emplace().fill(0x11);
  record.reservation_uid.emplace().fill(0x12);
  record.expires_at = 1'700'000'000'000'000;
  operation.entry.kind = "purchase";
  operation.entry.outcome = "accepted";
  PurchaseRecord purchase;
  purchase.line = 1;
  purchase.user = "lee";
  purchase.warehouse = "EAST";
  purchase.sku = "BOLT-10";
  purchase.quantity = 3;
  purchase.unit_price_minor = 2500;
  purchase.total_minor = 7500;
  operation.entry.purchases.push_back(purchase);
  MovementEntry movement;
  movement.kind = "purchase";
  movement.record.line = 1;
  movement.record.warehouse = "EAST";
  movement.record.sku = "BOLT-10";
  movement.record.version = 9;
  movement.record.on_hand_delta = -3;
  movement.record.on_hand_after = INT64_MAX;
  movement.record.unit_cost_minor = 1;
  movement.record.hash.fill(0xff);
  operation.movements.push_back(movement);
  return operation;
}

std::vector<std::string> good_lines() {
  return {header_line({"KRW", "0123", "0.1.0"}),
          warehouse_line({0, "EAST", "동쪽", std::nullopt, 1'700'000'000'000'000}),
          product_line(product()),
          threshold_line({0, 0, "EAST", "BOLT-10", 5, std::nullopt}),
          price_line(price()),
          operation_line(operation()),
          end_line({1, 2, 3, 4, 5, 6, "6-abcd"})};
}

std::string written_again(const ExportLine& line) {
  switch (line.kind) {
    case ExportLine::Kind::header:
      return header_line(line.header);
    case ExportLine::Kind::warehouse:
      return warehouse_line(line.warehouse);
    case ExportLine::Kind::product:
      return product_line(line.product);
    case ExportLine::Kind::threshold:
      return threshold_line(line.threshold);
    case ExportLine::Kind::price:
      return price_line(line.price);
    case ExportLine::Kind::operation:
      return operation_line(line.operation);
    case ExportLine::Kind::end:
      return end_line(line.end);
  }
  return {};
}

// What is wrong with a line; empty where nothing is.
std::string fault_of(const std::string& line) {
  try {
    parse_export_line(line);
    return {};
  } catch (const Error& error) {
    CHECK(error.exit == Exit::bad_input);
    CHECK(error.code == "bad_export");
    return error.message;
  }
}

// Members that came with later versions, or only belong to some lines.
const std::set<std::string> may_be_absent = {"price_version", "next_price_at", "reorder_target",
                                             "reservation",   "expires_at",    "unit_cost_minor",
                                             "thresholds",    "prices"};

// Runs `use(broken, name)` for each member of `object` inside `whole`, absent and then of another type.
template <class Use>
void break_each(Json& whole, Json& object, Use&& use) {
  std::vector<std::string> names;
  for (const auto& item : object.items()) names.push_back(item.key());
  for (const auto& name : names) {
    const auto kept = object;
    object.erase(name);
    use(whole.dump(), name, true);
    object = kept;
    object[name] = true;
    use(whole.dump(), name, false);
    object = kept;
  }
}

}  // namespace

TEST_CASE("each line of an export is read as it was written") {
  for (const auto& line : good_lines()) {
    INFO(line);
    CHECK(written_again(parse_export_line(line)) == line);
  }
  CHECK(is_export(good_lines().front()));
  CHECK_FALSE(is_export("{\"warehouse\":{}}"));
  CHECK_FALSE(is_export(""));
}

TEST_CASE("a member of an export that is missing or of another type is named") {
  for (const auto& line : good_lines()) {
    auto whole = Json::parse(line);
    const bool is_header = whole.size() > 1;
    const auto check = [&](const std::string& broken, const std::string& name, bool absent) {
      INFO(broken);
      const auto fault = fault_of(broken);
      if (absent && may_be_absent.contains(name)) {
        CHECK(fault.empty());
      } else if (absent && name == "invctl_export") {
        CHECK_THAT(fault, Contains("is not part of an export"));
      } else {
        CHECK_THAT(fault, Contains(name));
      }
    };
    auto& object = is_header ? whole : whole.begin().value();
    break_each(whole, object, check);
    for (const auto* rows : {"lines", "purchases", "movements"}) {
      if (!object.contains(rows) || !object[rows].is_array()) continue;
      for (auto& row : object[rows]) break_each(whole, row, check);
    }
  }
}

TEST_CASE("values that no ledger holds are refused") {
  const auto with = [](const char* kind, const char* name, const Json& value) {
    for (const auto& line : good_lines()) {
      auto json = Json::parse(line);
      if (json.begin().key() != kind) continue;
      (json.size() > 1 ? json : json[kind])[name] = value;
      return fault_of(json.dump());
    }
    return std::string("there is no such line");
  };
  CHECK_THAT(with("invctl_export", "invctl_export", 2),
             Contains("an export of version 2, this program reads"));
  CHECK_THAT(with("product", "version", 9223372036854775808U),
             Contains("version is not a whole number of 64"));
  CHECK_THAT(with("product", "version", 1.5), Contains("version is not a whole number of 64 bits"));
  CHECK_THAT(with("product", "sku", "e\u0301"), Contains("is not in NFC"));
  CHECK_THAT(with("product", "sku", " A"), Contains("sku"));
  CHECK_THAT(with("product", "retired_at", "yesterday"), Contains("retired_at: "));
  CHECK_THAT(with("price", "uid", "12"), Contains("uid is not 32 hexadecimal digits"));
  CHECK_THAT(with("price", "hash", std::string(63, '0') + "g"),
             Contains("hash is not 64 hexadecimal digits"));
  CHECK_THAT(with("operation", "kind", "theft"), Contains("\"theft\" is not known to this program"));
  CHECK_THAT(with("operation", "outcome", "maybe"), Contains("outcome is neither of the two"));
  CHECK_THAT(with("operation", "movements", Json::object()), Contains("movements is not a list"));
  CHECK_THAT(with("operation", "movements", Json::array({1})), Contains("an object is expected"));
  CHECK_THAT(fault_of("{\"stock\":{}}"), Contains("\"stock\" is not part of an export"));
  CHECK_THAT(fault_of("{}"), Contains("an object is expected"));
  CHECK_THAT(fault_of("{\"product\":"), Contains("this is not a line of JSON"));
}

TEST_CASE("a line with any bytes changed is read or refused, and never ends the program") {
  Random random;
  INFO(random);
  const auto lines = good_lines();
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    auto line = random.pick(lines);
    for (auto n = random.between(1, 3); n > 0; --n) {
      const auto at = static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(line.size()) - 1));
      if (random.one_in(3)) {
        line.erase(at, static_cast<std::size_t>(random.between(1, 9)));
        if (line.empty()) line = "x";
      } else {
        line[at] = static_cast<char>(random.between(0, 255));
      }
    }
    refused += fault_of(line).empty() ? 0 : 1;
  }
  CHECK(refused > 1000);
}

}  // namespace export_format_test
