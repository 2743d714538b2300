// The checker of the tests: it knows the ledger's rows and the formulas of the hashes, nothing of posting.
#include <map>

#include "core/sha256.hpp"
#include "fixture.hpp"

namespace invctl::test {

namespace {

struct Row {
  std::string warehouse, sku;
  std::int64_t on_hand = 0, reserved = 0, version = 0;
  Digest head{};
  std::int64_t seen_on_hand = 0, seen_reserved = 0, seen_version = 0;
  Digest seen_head{};
};

std::map<std::int64_t, std::string> purchase_fields(db::Connection& connection) {
  std::map<std::int64_t, std::string> fields;
  db::Query query(
      connection,
      "SELECT u.operation_id, u.line, u.user_name, w.code, p.sku, u.quantity, u.unit_price_minor, "
      "u.total_minor FROM purchase u JOIN warehouse w ON w.id = u.warehouse_id "
      "JOIN product p ON p.id = u.product_id ORDER BY u.operation_id, u.line");
  while (query.next()) {
    FieldText text("");
    text.add(query.integer(1))
        .add(std::string_view(query.text(2)))
        .add(std::string_view(query.text(3)))
        .add(std::string_view(query.text(4)));
    text.add(query.integer(5)).add(query.integer(6)).add(query.integer(7));
    fields[query.integer(0)] += text.str();
  }
  return fields;
}

// The hash of each operation, as its own row and its purchases give it.
std::map<std::int64_t, Digest> operation_hashes(db::Connection& connection,
                                                std::vector<std::string>& faults) {
  std::map<std::int64_t, Digest> hashes;
  const auto purchases = purchase_fields(connection);
  db::Query query(
      connection,
      "SELECT o.id, o.uid, o.kind, o.outcome, o.actor, o.reference, o.reason, o.note, o.idempotency_key, "
      "o.request_hash, o.recorded_at, o.occurred_at, o.result, o.hash, o.host, o.tool_version, r.uid "
      "FROM operation o LEFT JOIN operation r ON r.id = o.reverses_id");
  while (query.next()) {
    const auto id = query.integer(0);
    FieldText text("invctl-operation-1");
    text.add(std::string_view(to_hex(query.bytes<16>(1))))
        .add(std::string_view(query.text(2)))
        .add(std::string_view(query.text(3)))
        .add(std::string_view(query.text(4)));
    text.add(query.optional_text(5)).add(query.optional_text(6)).add(query.optional_text(7));
    text.add(std::string_view(query.text(8))).add(query.bytes<32>(9));
    text.add(query.is_null(16) ? std::nullopt : std::optional(to_hex(query.bytes<16>(16))));
    text.add(query.integer(10)).add(query.integer(11));
    text.add(std::string_view(query.text(14))).add(std::string_view(query.text(15)));
    text.add(query.optional_text(12));
    const auto found = purchases.find(id);
    hashes[id] = sha256(text.str() + (found == purchases.end() ? "" : found->second));
    if (hashes[id] != query.bytes<32>(13)) {
      faults.push_back("operation " + std::to_string(id) + " does not have the hash of its fields");
    }
  }
  return hashes;
}

}  // namespace

std::vector<std::string> ledger_faults(db::Connection& connection) {
  std::vector<std::string> faults;
  const auto operations = operation_hashes(connection, faults);
  std::map<std::int64_t, Row> rows;
  {
    db::Query query(
        connection,
        "SELECT i.id, w.code, p.sku, i.on_hand, i.reserved, i.version, i.head_hash FROM inventory i "
        "JOIN warehouse w ON w.id = i.warehouse_id JOIN product p ON p.id = i.product_id");
    while (query.next()) {
      auto& row = rows[query.integer(0)];
      row.warehouse = query.text(1);
      row.sku = query.text(2);
      row.on_hand = query.integer(3);
      row.reserved = query.integer(4);
      row.version = query.integer(5);
      row.head = query.bytes<32>(6);
    }
  }
  db::Query query(connection,
                  "SELECT m.inventory_id, m.operation_id, m.line, m.kind, m.version, m.on_hand_delta, "
                  "m.reserved_delta, m.on_hand_after, m.reserved_after, m.hash, o.outcome FROM movement m "
                  "JOIN operation o ON o.id = m.operation_id ORDER BY m.inventory_id, m.version, m.id");
  while (query.next()) {
    auto& row = rows[query.integer(0)];
    const auto where = row.sku + " in " + row.warehouse + " at version " + std::to_string(query.integer(4));
    const auto require = [&](bool holds, const std::string& what) {
      if (!holds) faults.push_back(where + ": " + what);
    };
    require(query.integer(4) == row.seen_version + 1, "the version before it is missing or doubled");
    require(query.text(10) == "accepted", "it belongs to a refused operation");
    row.seen_version = query.integer(4);
    row.seen_on_hand += query.integer(5);
    row.seen_reserved += query.integer(6);
    require(query.integer(7) == row.seen_on_hand, "the balance after it is not the sum of the movements");
    require(query.integer(8) == row.seen_reserved, "the reserved balance after it is not the sum");
    require(query.integer(8) >= 0 && query.integer(7) >= query.integer(8), "the balance is below zero");
    FieldText text("invctl-movement-1");
    text.add(row.seen_head)
        .add(operations.at(query.integer(1)))
        .add(query.integer(2))
        .add(std::string_view(row.warehouse));
    text.add(std::string_view(row.sku))
        .add(std::string_view(query.text(3)))
        .add(query.integer(4))
        .add(query.integer(5))
        .add(query.integer(6));
    text.add(query.integer(7)).add(query.integer(8));
    row.seen_head = query.bytes<32>(9);
    require(text.digest() == row.seen_head, "the hash is not that of its fields and the one before");
  }
  for (const auto& [id, row] : rows) {
    const auto where = row.sku + " in " + row.warehouse + ": ";
    if (row.on_hand != row.seen_on_hand) faults.push_back(where + "on hand is not the sum of the movements");
    if (row.reserved != row.seen_reserved)
      faults.push_back(where + "reserved is not the sum of the movements");
    if (row.version != row.seen_version) faults.push_back(where + "the version is not the last movement's");
    if (row.head != row.seen_head) faults.push_back(where + "the head is not the last movement's hash");
  }
  return faults;
}

}  // namespace invctl::test
