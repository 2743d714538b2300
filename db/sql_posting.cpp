// SqlStore: what posting reads, locks and writes.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

constexpr std::string_view inventory_columns =
    "id, warehouse_id, product_id, on_hand, reserved, version, head_hash, opening";

InventoryRow read_inventory_row(const Query& query) {
  InventoryRow row;
  row.id = query.integer(0);
  row.key = {query.integer(1), query.integer(2)};
  row.on_hand = query.integer(3);
  row.reserved = query.integer(4);
  row.version = query.integer(5);
  row.head = query.bytes<32>(6);
  row.opening = query.optional_integer(7);
  return row;
}

void read_inventory(Query& query, std::vector<InventoryRow>& rows) {
  while (query.next()) rows.push_back(read_inventory_row(query));
}

// The product ids of `keys` (sorted) by warehouse: one look-up per warehouse instead of one per row.
std::map<std::int64_t, std::vector<std::int64_t>> by_warehouse(std::span<const InventoryKey> keys) {
  std::map<std::int64_t, std::vector<std::int64_t>> groups;
  for (const auto& key : keys) groups[key.warehouse_id].push_back(key.product_id);
  return groups;
}

// Runs `use` over queries that select `columns` of the rows of `keys` and of all rows of `products`.
template <class Use>
void select_inventory(Connection& connection, std::string_view columns, std::span<const InventoryKey> keys,
                      std::span<const std::int64_t> products, Use&& use) {
  for (const auto& [warehouse, ids] : by_warehouse(keys)) {
    for_lists<std::int64_t>(
        connection, ids,
        [&, &id = warehouse](std::size_t n) {
          // The warehouse's id stands in the text, not among the parameters: ids are integers of our own, and
          // there are few warehouses.
          return fmt::format("SELECT {} FROM inventory WHERE warehouse_id = {} AND product_id IN ({})",
                             columns, id, placeholders(n));
        },
        use);
  }
  for_lists<std::int64_t>(
      connection, products,
      [&](std::size_t n) {
        return fmt::format("SELECT {} FROM inventory WHERE product_id IN ({})", columns, placeholders(n));
      },
      use);
}

Kind kind_of(const std::string& name) {
  const auto kind = parse_kind(name);
  if (!kind) throw Error(Exit::internal, "the ledger holds an operation of unknown kind " + name);
  return *kind;
}

}  // namespace

std::vector<WarehouseInfo> SqlStore::find_warehouses(std::span<const std::string> codes) {
  std::vector<WarehouseInfo> found;
  for_lists(
      *connection_, codes,
      [](std::size_t n) {
        return fmt::format("SELECT id, code, retired_at FROM warehouse WHERE code IN ({})", placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) found.push_back({query.integer(0), query.text(1), !query.is_null(2)});
      });
  return found;
}

std::vector<WarehouseInfo> SqlStore::all_warehouses() {
  std::vector<WarehouseInfo> found;
  Query query(*connection_, "SELECT id, code, retired_at FROM warehouse");
  while (query.next()) found.push_back({query.integer(0), query.text(1), !query.is_null(2)});
  return found;
}

std::vector<ProductInfo> SqlStore::find_products(std::span<const std::string> skus) {
  std::vector<ProductInfo> found;
  found.reserve(skus.size());
  for_lists(
      *connection_, skus,
      [](std::size_t n) {
        return fmt::format("SELECT id, sku, price_minor, retired_at FROM product WHERE sku IN ({})",
                           placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) {
          found.push_back({query.integer(0), query.text(1), query.optional_integer(2), !query.is_null(3)});
        }
      });
  return found;
}

// One look at three tables: on a server each look is a round trip. The inventory rows are found on the way,
// because locking by primary key needs their ids first.
CodesFound SqlStore::look_up(std::span<const std::string> warehouses, bool every_warehouse,
                             std::span<const std::string> skus) {
  resolved_.reset();
  if (connection_->dialect().exclusive_writer || skus.empty() || skus.size() > list_most ||
      warehouses.size() > list_most || (warehouses.empty() && !every_warehouse)) {
    return PostingStore::look_up(warehouses, every_warehouse, skus);
  }
  const auto places = padded_size(warehouses.size());
  const auto goods = padded_size(skus.size());
  const auto codes = every_warehouse ? "" : fmt::format(" code IN ({})", placeholders(places));
  const auto sql = fmt::format(
      "SELECT 0, id, code, NULL, retired_at FROM warehouse{0}{1} "
      "UNION ALL SELECT 1, id, sku, price_minor, retired_at FROM product WHERE sku IN ({2}) "
      "UNION ALL SELECT 2, i.id, NULL, i.warehouse_id, i.product_id FROM inventory i "
      "JOIN product p ON p.id = i.product_id{3} WHERE p.sku IN ({2}){4}",
      every_warehouse ? "" : " WHERE", codes, placeholders(goods),
      every_warehouse ? "" : " JOIN warehouse w ON w.id = i.warehouse_id",
      every_warehouse ? "" : fmt::format(" AND w.code IN ({})", placeholders(places)));
  Query query(*connection_, sql);
  const auto bind_all = [&](std::span<const std::string> list, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) query.bind(list[std::min(i, list.size() - 1)]);
  };
  if (!every_warehouse) bind_all(warehouses, places);
  bind_all(skus, goods);
  bind_all(skus, goods);
  if (!every_warehouse) bind_all(warehouses, places);
  CodesFound found;
  auto& resolved = resolved_.emplace();
  while (query.next()) {
    const auto id = query.integer(1);
    switch (query.integer(0)) {
      case 0:
        found.warehouses.push_back({id, query.text(2), !query.is_null(4)});
        resolved.warehouses.insert(id);
        break;
      case 1:
        found.products.push_back({id, query.text(2), query.optional_integer(3), !query.is_null(4)});
        resolved.products.insert(id);
        break;
      default:
        resolved.ids[{query.integer(3), query.integer(4)}] = id;
    }
  }
  resolved.every_warehouse = every_warehouse;
  return found;
}

// The ids of these rows where look_up() has found them out already, in ascending order.
std::optional<std::vector<std::int64_t>> SqlStore::resolved_inventory(
    std::span<const InventoryKey> keys, std::span<const std::int64_t> products) const {
  if (!resolved_ || (!products.empty() && !resolved_->every_warehouse)) return std::nullopt;
  std::set<std::int64_t> ids;
  for (const auto& key : keys) {
    if (!resolved_->warehouses.contains(key.warehouse_id) || !resolved_->products.contains(key.product_id)) {
      return std::nullopt;
    }
    if (const auto found = resolved_->ids.find(key); found != resolved_->ids.end()) ids.insert(found->second);
  }
  for (const auto product : products) {
    if (!resolved_->products.contains(product)) return std::nullopt;
    for (const auto& [key, id] : resolved_->ids) {
      if (key.product_id == product) ids.insert(id);
    }
  }
  return std::vector<std::int64_t>(ids.begin(), ids.end());
}

std::vector<std::int64_t> SqlStore::resolve_inventory(std::span<const InventoryKey> keys,
                                                      std::span<const std::int64_t> products) {
  if (auto known = resolved_inventory(keys, products)) return std::move(*known);
  std::vector<std::int64_t> ids;
  select_inventory(*connection_, "id", keys, products, [&](Query& query) {
    while (query.next()) ids.push_back(query.integer(0));
  });
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::vector<InventoryRow> SqlStore::lock_inventory(std::span<const InventoryKey> keys,
                                                   std::span<const std::int64_t> products) {
  std::vector<InventoryRow> rows;
  const auto& dialect = connection_->dialect();
  if (dialect.exclusive_writer || !guards_.lock) {
    // Nobody else writes, or nobody is to be kept from it: what is found can be read at once.
    select_inventory(*connection_, inventory_columns, keys, products,
                     [&](Query& query) { read_inventory(query, rows); });
    return rows;
  }
  // Locks are taken in the order of the index that finds the rows, not of ORDER BY: so the ids come from a
  // plain read, and the rows are locked by primary key (design 9.1).
  const auto ids = resolve_inventory(keys, products);
  for_lists<std::int64_t>(
      *connection_, ids,
      [&](std::size_t n) {
        return fmt::format("SELECT {} FROM inventory{} WHERE id IN ({}) ORDER BY id{}", inventory_columns,
                           dialect.by_primary_key, placeholders(n), dialect.for_update);
      },
      [&](Query& query) { read_inventory(query, rows); });
  return rows;
}

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
            "m.on_hand_after, m.reserved_after, u.user_name, u.quantity, u.unit_price_minor, u.total_minor "
            "FROM movement m JOIN inventory i ON i.id = m.inventory_id JOIN warehouse w ON w.id = "
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

std::int64_t SqlStore::next_id(const std::string& table) {
  Query query(*connection_, "SELECT max(id) FROM " + table);
  return query.next() && !query.is_null(0) ? query.integer(0) + 1 : 1;
}

// What nothing waits for is sent with the next statement that is waited for: on a server all but the last
// rows go with the look at the new ids, and these with COMMIT. They refer to the operations by id, so that
// they cannot be stored without them.
void SqlStore::append(AppendBatch& batch) {
  if (unlocked_since_) connection_->begin(*unlocked_since_);
  resolved_.reset();
  insert_operations(batch);
  write_inventory(batch);
  read_operation_ids(batch);
  insert_movements(batch);
  insert_purchases(batch);
  if (!batch.holds.empty()) write_holds(batch);
}

void SqlStore::insert_operations(AppendBatch& batch) {
  auto& operations = batch.operations;
  const bool counted = connection_->dialect().exclusive_writer;
  auto id = counted ? next_id("operation") : 0;
  const std::string columns =
      "id, uid, idempotency_key, request_hash, kind, outcome, actor, reference, reason, note, reverses_id, "
      "recorded_at, occurred_at, host, tool_version, result, hash, reservation_id, expires_at";
  in_pieces(operations.size(), connection_->dialect().rows_per_insert, [&](std::size_t first, std::size_t n) {
    Query query(*connection_, insert_sql("operation", columns, 19, n));
    for (std::size_t i = first; i < first + n; ++i) {
      auto& record = operations[i];
      if (counted) {
        record.id = id++;
        query.bind(record.id);
      } else {
        query.bind_null();
      }
      query.bind_blob(record.uid).bind(record.key).bind_blob(record.request_hash);
      query.bind(kind_name(record.kind)).bind(std::string_view(record.accepted ? "accepted" : "rejected"));
      query.bind(record.actor).bind(record.reference).bind(record.reason).bind(record.note);
      query.bind(record.reverses_id).bind(record.recorded_at).bind(record.occurred_at);
      query.bind(record.host).bind(record.tool_version).bind(record.result);
      query.bind_blob(record.hash).bind(record.reservation_id).bind(record.expires_at);
    }
    query.run_later();
  });
}

// The ids of an insert are not guessed (a Galera node steps by more than one): read back by key.
void SqlStore::read_operation_ids(AppendBatch& batch) {
  std::vector<std::string> keys;
  std::unordered_map<std::string, OperationRecord*> by_key;
  for (auto& record : batch.operations) {
    if (record.id != 0) continue;
    keys.push_back(record.key);
    by_key[record.key] = &record;
  }
  for_lists<std::string>(
      *connection_, keys,
      [](std::size_t n) {
        return fmt::format("SELECT id, idempotency_key FROM operation WHERE idempotency_key IN ({})",
                           placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) by_key.at(query.text(1))->id = query.integer(0);
      });
  // What was just written and is not there was rolled back behind our back.
  for (const auto& [key, record] : by_key) {
    if (record->id == 0) throw_moved();
  }
}

void SqlStore::write_inventory(AppendBatch& batch) {
  std::vector<InventoryChange*> created;
  std::vector<const InventoryChange*> changed;
  for (auto& change : batch.changes) {
    if (change.before.id == 0) {
      created.push_back(&change);
    } else {
      changed.push_back(&change);
    }
  }
  std::sort(created.begin(), created.end(),
            [](const auto* a, const auto* b) { return a->after.key < b->after.key; });
  std::sort(changed.begin(), changed.end(),
            [](const auto* a, const auto* b) { return a->before.id < b->before.id; });
  insert_inventory(created);
  update_inventory(changed);
  read_inventory_ids(created);
}

// A row that did not exist is created with its final values. Where two transactions create it at once, the
// second finds the key taken, rolls back and meets the row on its next try (ARCHITECTURE.md, "Absent rows").
void SqlStore::insert_inventory(const std::vector<InventoryChange*>& created) {
  const bool counted = connection_->dialect().exclusive_writer;
  auto id = counted && !created.empty() ? next_id("inventory") : 0;
  const std::string columns = "id, warehouse_id, product_id, on_hand, reserved, version, head_hash, opening";
  in_pieces(created.size(), connection_->dialect().rows_per_insert, [&](std::size_t first, std::size_t n) {
    Query query(*connection_, insert_sql("inventory", columns, 8, n));
    for (std::size_t i = first; i < first + n; ++i) {
      auto& row = created[i]->after;
      if (counted) {
        row.id = id++;
        query.bind(row.id);
      } else {
        query.bind_null();
      }
      query.bind(row.key.warehouse_id).bind(row.key.product_id).bind(row.on_hand).bind(row.reserved);
      query.bind(row.version).lend_blob(row.head).bind(row.opening);
    }
    query.run_later();
  });
}

void SqlStore::read_inventory_ids(const std::vector<InventoryChange*>& created) {
  std::map<InventoryKey, InventoryRow*> unknown;
  std::vector<InventoryKey> keys;
  for (auto* change : created) {
    if (change->after.id != 0) continue;
    unknown[change->after.key] = &change->after;
    keys.push_back(change->after.key);
  }
  select_inventory(*connection_, "id, warehouse_id, product_id", keys, {}, [&](Query& query) {
    while (query.next()) unknown.at({query.integer(1), query.integer(2)})->id = query.integer(0);
  });
}

namespace {

// One CASE per column picks each row's value; a single row needs none.
std::string update_sql(std::size_t n, bool conditional, bool opening) {
  const auto value = [&](std::string_view otherwise) {
    if (n == 1) return std::string("?");
    std::string text = "CASE id";
    for (std::size_t i = 0; i < n; ++i) text += " WHEN ? THEN ?";
    return fmt::format("{} ELSE {} END", text, otherwise);
  };
  auto sql = fmt::format(
      "UPDATE inventory SET on_hand = {0}{1}, reserved = {2}{1}, version = {3}{1}, head_hash = {4}",
      conditional ? "on_hand + " : "", value("0"), conditional ? "reserved + " : "",
      conditional ? "version + " : "", value("head_hash"));
  if (opening) sql += ", opening = " + value("opening");
  sql += n == 1 ? " WHERE id = ?" : fmt::format(" WHERE id IN ({})", placeholders(n));
  if (conditional) sql += " AND version = " + value("-1");
  return sql;
}

}  // namespace

void SqlStore::update_inventory(const std::vector<const InventoryChange*>& changed) {
  const bool conditional = guards_.conditional;
  in_pieces(changed.size(), connection_->dialect().rows_per_update, [&](std::size_t first, std::size_t n) {
    const auto rows = std::span(changed).subspan(first, n);
    const bool opening = std::any_of(rows.begin(), rows.end(),
                                     [](const auto* c) { return c->after.opening != c->before.opening; });
    Query query(*connection_, update_sql(n, conditional, opening));
    const auto bind_each = [&](auto&& value) {
      for (const auto* change : rows) {
        if (n > 1) query.bind(change->before.id);
        value(*change);
      }
    };
    // Relative values, so that an update of a row which moved meanwhile cannot erase the move; absolute ones
    // are the negative control.
    const auto number = [&](auto&& of) {
      bind_each([&](const InventoryChange& c) {
        query.bind(conditional ? of(c.after) - of(c.before) : of(c.after));
      });
    };
    number([](const InventoryRow& r) { return r.on_hand; });
    number([](const InventoryRow& r) { return r.reserved; });
    number([](const InventoryRow& r) { return r.version; });
    bind_each([&](const InventoryChange& c) { query.bind_blob(c.after.head); });
    if (opening) bind_each([&](const InventoryChange& c) { query.bind(c.after.opening); });
    for (const auto* change : rows) query.bind(change->before.id);
    if (conditional) bind_each([&](const InventoryChange& c) { query.bind(c.before.version); });
    query.run_later(static_cast<std::int64_t>(n));
  });
}

void SqlStore::insert_movements(const AppendBatch& batch) {
  std::unordered_map<InventoryKey, std::int64_t, InventoryKeyHash> ids;
  ids.reserve(batch.changes.size());
  for (const auto& change : batch.changes) ids[change.after.key] = change.after.id;
  const std::string columns =
      "operation_id, inventory_id, line, kind, version, on_hand_delta, reserved_delta, on_hand_after, "
      "reserved_after, hash";
  in_pieces(batch.movements.size(), connection_->dialect().rows_per_insert,
            [&](std::size_t first, std::size_t n) {
              Query query(*connection_, insert_sql("movement", columns, 10, n));
              for (std::size_t i = first; i < first + n; ++i) {
                const auto& movement = batch.movements[i];
                const auto& operation = batch.operations[movement.operation];
                query.bind(operation.id)
                    .bind(ids.at(movement.key))
                    .bind(movement.line)
                    .lend(kind_name(operation.kind));
                query.bind(movement.version).bind(movement.on_hand_delta).bind(movement.reserved_delta);
                query.bind(movement.on_hand_after).bind(movement.reserved_after).lend_blob(movement.hash);
              }
              query.run_later();
            });
}

void SqlStore::insert_purchases(const AppendBatch& batch) {
  const std::string columns =
      "operation_id, line, user_name, product_id, warehouse_id, quantity, unit_price_minor, total_minor, "
      "purchased_at";
  in_pieces(batch.purchases.size(), connection_->dialect().rows_per_insert,
            [&](std::size_t first, std::size_t n) {
              Query query(*connection_, insert_sql("purchase", columns, 9, n));
              for (std::size_t i = first; i < first + n; ++i) {
                const auto& purchase = batch.purchases[i];
                const auto& operation = batch.operations[purchase.operation];
                query.bind(operation.id).bind(purchase.line).bind(purchase.user);
                query.bind(purchase.key.product_id).bind(purchase.key.warehouse_id).bind(purchase.quantity);
                query.bind(purchase.unit_price_minor).bind(purchase.total_minor).bind(operation.occurred_at);
              }
              query.run_later();
            });
}

}  // namespace invctl::db
