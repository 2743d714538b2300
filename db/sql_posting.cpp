// SqlStore: what posting reads and locks.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "sql_inventory.hpp"
#include "sql_prices.hpp"
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
  const auto price = price_in_effect(now_sql());
  for_lists(
      *connection_, skus,
      [&](std::size_t n) {
        return fmt::format("SELECT p.id, p.sku, {}, p.retired_at FROM product p WHERE p.sku IN ({})", price,
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
      "UNION ALL SELECT 1, p.id, p.sku, {5}, p.retired_at FROM product p WHERE p.sku IN ({2}) "
      "UNION ALL SELECT 2, i.id, NULL, i.warehouse_id, i.product_id FROM inventory i "
      "JOIN product p ON p.id = i.product_id{3} WHERE p.sku IN ({2}){4}",
      every_warehouse ? "" : " WHERE", codes, placeholders(goods),
      every_warehouse ? "" : " JOIN warehouse w ON w.id = i.warehouse_id",
      every_warehouse ? "" : fmt::format(" AND w.code IN ({})", placeholders(places)),
      price_in_effect(now_sql()));
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

}  // namespace invctl::db
