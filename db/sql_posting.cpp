// SqlStore: what posting reads.
#include <fmt/format.h>

#include <unordered_map>

#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

Kind kind_of(const std::string& name) {
  const auto kind = parse_kind(name);
  if (!kind) throw Error(Exit::internal, "the ledger holds an operation of unknown kind " + name);
  return *kind;
}

}  // namespace

template <class T>
std::vector<StoredOperation> SqlStore::stored_operations(std::string_view column, std::span<const T> values) {
  std::vector<StoredOperation> found;
  std::unordered_map<std::int64_t, std::size_t> index;
  std::vector<std::int64_t> ids;
  for_lists<T>(
      *connection_, values,
      [&](std::size_t n) {
        return fmt::format(
            "SELECT id, idempotency_key, request_hash, kind, outcome, actor, reference, recorded_at, result, "
            "uid, reverses_id, reservation_id, expires_at FROM operation WHERE {} IN ({})",
            column, placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) {
          StoredOperation stored;
          auto& record = stored.record;
          record.id = query.integer(0);
          record.key = query.optional_text(1).value_or("");
          record.request_hash = query.bytes<32>(2);
          record.kind = kind_of(query.text(3));
          record.accepted = query.text(4) == "accepted";
          record.actor = query.text(5);
          record.reference = query.optional_text(6);
          record.recorded_at = query.integer(7);
          record.result = query.optional_text(8);
          record.uid = query.bytes<16>(9);
          record.reverses_id = query.optional_integer(10);
          record.reservation_id = query.optional_integer(11);
          record.expires_at = query.optional_integer(12);
          index[record.id] = found.size();
          ids.push_back(record.id);
          found.push_back(std::move(stored));
        }
      });
  for_lists<std::int64_t>(
      *connection_, ids,
      [](std::size_t n) {
        return fmt::format(
            "SELECT m.operation_id, m.line, w.code, p.sku, m.version, m.on_hand_delta, m.reserved_delta, "
            "m.on_hand_after, m.reserved_after, u.user_name, u.quantity, u.unit_price_minor, u.total_minor, "
            "m.unit_cost_minor FROM movement m JOIN inventory i ON i.id = m.inventory_id JOIN warehouse w ON "
            "w.id = "
            "i.warehouse_id "
            "JOIN product p ON p.id = i.product_id "
            "LEFT JOIN purchase u ON u.operation_id = m.operation_id AND u.line = m.line "
            "WHERE m.operation_id IN ({}) ORDER BY m.operation_id, m.line",
            placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) {
          auto& stored = found[index.at(query.integer(0))];
          MovementRecord movement;
          movement.line = query.integer(1);
          movement.warehouse = query.text(2);
          movement.sku = query.text(3);
          movement.version = query.integer(4);
          movement.on_hand_delta = query.integer(5);
          movement.reserved_delta = query.integer(6);
          movement.on_hand_after = query.integer(7);
          movement.reserved_after = query.integer(8);
          movement.unit_cost_minor = query.optional_integer(13);
          if (!query.is_null(9)) {
            PurchaseRecord purchase;
            purchase.line = movement.line;
            purchase.user = query.text(9);
            purchase.warehouse = movement.warehouse;
            purchase.sku = movement.sku;
            purchase.quantity = query.integer(10);
            purchase.unit_price_minor = query.integer(11);
            purchase.total_minor = query.integer(12);
            stored.purchases.push_back(std::move(purchase));
          }
          stored.movements.push_back(std::move(movement));
        }
      });
  return found;
}

std::vector<StoredOperation> SqlStore::find_operations(std::span<const std::string> keys) {
  return stored_operations("idempotency_key", keys);
}

std::optional<StoredOperation> SqlStore::find_operation(std::int64_t id) {
  auto found = stored_operations("id", std::span<const std::int64_t>(&id, 1));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<Reversal> SqlStore::find_reversals(std::span<const std::int64_t> ids) {
  std::vector<Reversal> found;
  for_lists(
      *connection_, ids,
      [](std::size_t n) {
        return fmt::format("SELECT reverses_id, id FROM operation WHERE reverses_id IN ({})",
                           placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) found.push_back({query.integer(0), query.integer(1)});
      });
  return found;
}

std::optional<std::int64_t> SqlStore::find_operation_by_uid(const Uid& uid) {
  Query query(*connection_, "SELECT id FROM operation WHERE uid = ?");
  query.bind_blob(uid);
  return query.next() ? std::optional(query.integer(0)) : std::nullopt;
}

bool SqlStore::is_empty() {
  for (const std::string table : {"warehouse", "product", "operation"}) {
    Query query(*connection_, "SELECT id FROM " + table + " LIMIT 1");
    if (query.next()) return false;
  }
  return true;
}

}  // namespace invctl::db
