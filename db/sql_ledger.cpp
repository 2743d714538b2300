// SqlStore: the ledger in the order of its ids, for those who check it.
#include <algorithm>

#include "sql_store.hpp"

namespace invctl::db {

namespace {

PurchaseRecord read_purchase(const Query& query, int first) {
  PurchaseRecord purchase;
  purchase.line = query.integer(first);
  purchase.user = query.text(first + 1);
  purchase.key = {query.integer(first + 2), query.integer(first + 3)};
  purchase.warehouse = query.optional_text(first + 4).value_or("");
  purchase.sku = query.optional_text(first + 5).value_or("");
  purchase.quantity = query.integer(first + 6);
  purchase.unit_price_minor = query.integer(first + 7);
  purchase.total_minor = query.integer(first + 8);
  return purchase;
}

OperationEntry read_operation(const Query& query) {
  OperationEntry entry;
  auto& record = entry.record;
  record.id = query.integer(0);
  record.uid = query.bytes<16>(1);
  record.key = query.optional_text(2).value_or("");
  record.request_hash = query.bytes<32>(3);
  entry.kind = query.text(4);
  record.kind = parse_kind(entry.kind).value_or(Kind::adjust);
  entry.outcome = query.text(5);
  record.accepted = entry.outcome == "accepted";
  record.actor = query.text(6);
  record.reference = query.optional_text(7);
  record.reason = query.optional_text(8);
  record.note = query.optional_text(9);
  record.reverses_id = query.optional_integer(10);
  if (!query.is_null(11)) record.reverses_uid = query.bytes<16>(11);
  record.recorded_at = query.integer(12);
  record.occurred_at = query.integer(13);
  record.host = query.text(14);
  record.tool_version = query.text(15);
  record.result = query.optional_text(16);
  record.hash = query.bytes<32>(17);
  return entry;
}

}  // namespace

void SqlStore::balances(const std::function<void(const BalanceEntry&)>& row) {
  Query query(*connection_,
              "SELECT i.id, i.warehouse_id, i.product_id, i.on_hand, i.reserved, i.version, i.head_hash, "
              "i.opening, w.code, p.sku FROM inventory i LEFT JOIN warehouse w ON w.id = i.warehouse_id "
              "LEFT JOIN product p ON p.id = i.product_id ORDER BY i.id");
  while (query.next()) {
    BalanceEntry entry;
    entry.row.id = query.integer(0);
    entry.row.key = {query.integer(1), query.integer(2)};
    entry.row.on_hand = query.integer(3);
    entry.row.reserved = query.integer(4);
    entry.row.version = query.integer(5);
    entry.row.head = query.bytes<32>(6);
    entry.row.opening = query.optional_integer(7);
    entry.warehouse = query.optional_text(8).value_or("");
    entry.sku = query.optional_text(9).value_or("");
    row(entry);
  }
}

void SqlStore::operations(const std::function<void(const OperationEntry&)>& row) {
  Query query(*connection_,
              "SELECT o.id, o.uid, o.idempotency_key, o.request_hash, o.kind, o.outcome, o.actor, "
              "o.reference, o.reason, o.note, o.reverses_id, r.uid, o.recorded_at, o.occurred_at, o.host, "
              "o.tool_version, o.result, o.hash, u.line, u.user_name, u.warehouse_id, u.product_id, w.code, "
              "p.sku, u.quantity, u.unit_price_minor, u.total_minor FROM operation o "
              "LEFT JOIN operation r ON r.id = o.reverses_id LEFT JOIN purchase u ON u.operation_id = o.id "
              "LEFT JOIN warehouse w ON w.id = u.warehouse_id LEFT JOIN product p ON p.id = u.product_id "
              "ORDER BY o.id");
  std::optional<OperationEntry> current;
  const auto hand_over = [&] {
    if (!current) return;
    std::sort(current->purchases.begin(), current->purchases.end(),
              [](const PurchaseRecord& a, const PurchaseRecord& b) { return a.line < b.line; });
    row(*current);
  };
  while (query.next()) {
    if (!current || current->record.id != query.integer(0)) {
      hand_over();
      current = read_operation(query);
    }
    if (!query.is_null(18)) current->purchases.push_back(read_purchase(query, 18));
  }
  hand_over();
}

void SqlStore::movements(const std::function<void(const MovementEntry&)>& row) {
  Query query(*connection_,
              "SELECT m.id, m.operation_id, m.inventory_id, m.kind, m.line, m.version, m.on_hand_delta, "
              "m.reserved_delta, m.on_hand_after, m.reserved_after, m.hash, o.hash "
              "FROM movement m LEFT JOIN operation o ON o.id = m.operation_id ORDER BY m.id");
  MovementEntry entry;
  while (query.next()) {
    entry.id = query.integer(0);
    entry.operation_id = query.integer(1);
    entry.inventory_id = query.integer(2);
    entry.kind = query.text(3);
    entry.record.line = query.integer(4);
    entry.record.version = query.integer(5);
    entry.record.on_hand_delta = query.integer(6);
    entry.record.reserved_delta = query.integer(7);
    entry.record.on_hand_after = query.integer(8);
    entry.record.reserved_after = query.integer(9);
    entry.record.hash = query.bytes<32>(10);
    entry.operation_hash = query.is_null(11) ? std::nullopt : std::optional(query.bytes<32>(11));
    row(entry);
  }
}

}  // namespace invctl::db
