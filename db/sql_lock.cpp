// SqlStore: finding the rows that posting changes, and locking them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sql_inventory.hpp"
#include "sql_prices.hpp"
#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

constexpr std::string_view select_warehouse = "SELECT id, code, retired_at FROM warehouse";
std::string warehouses_sql(std::size_t n) {
  return fmt::format("{} WHERE code IN ({})", select_warehouse, placeholders(n));
}
std::string products_sql(std::string_view now, std::size_t n) {
  return fmt::format("SELECT p.id, p.sku, {}, p.retired_at FROM product p WHERE p.sku IN ({})",
                     price_in_effect(now), placeholders(n));
}

WarehouseInfo read_warehouse_info(const Query& query) {
  return {query.integer(0), query.text(1), !query.is_null(2)};
}

ProductInfo read_product_info(const Query& query) {
  return {query.integer(0), query.text(1), query.optional_integer(2), !query.is_null(3)};
}

std::string lock_sql(const Dialect& dialect, std::size_t n, bool lock) {
  return fmt::format("SELECT {} FROM inventory{} WHERE id IN ({}) ORDER BY id{}", inventory_columns,
                     dialect.by_primary_key, placeholders(padded_size(n)), lock ? dialect.for_update : "");
}

constexpr std::size_t known_most = 50'000;  // ids kept by one connection

template <class T>
void bind_list(Query& query, std::span<const T> values, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) query.bind(values[std::min(i, values.size() - 1)]);
}

template <class Map>
std::vector<std::int64_t> keys_of(const Map& map) {
  std::vector<std::int64_t> keys;
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

}  // namespace

// Preparing statements is most of what a process of one operation does, so it is done before others have to
// wait for it. On a server nothing is prepared. What turns out to be another statement (a row that is
// created, a stock that is held) is prepared when it is met.
void SqlStore::expect(const Operation& operation) {
  if (!connection_->dialect().exclusive_writer || std::exchange(expected_, true)) return;
  std::set<std::string_view> warehouses;
  std::set<std::string_view> skus;
  std::map<std::string_view, std::size_t> in_warehouse;
  std::size_t anywhere = 0;
  for (const auto& line : operation.lines) {
    skus.insert(line.sku.str());
    if (line.warehouse) {
      warehouses.insert(line.warehouse->str());
      ++in_warehouse[line.warehouse->str()];
    } else {
      ++anywhere;
    }
  }
  const auto prepare = [&](const std::string& sql) { connection_->statement(sql); };
  const auto listed = [](std::size_t n) { return padded_size(std::min(n, list_most)); };
  if (anywhere > 0) {
    prepare(std::string(select_warehouse));
    prepare(inventory_of_products_sql(inventory_columns, listed(anywhere)));
  } else if (!warehouses.empty()) {
    prepare(warehouses_sql(listed(warehouses.size())));
  }
  prepare(products_sql(now_sql(), listed(skus.size())));
  for (const auto& [warehouse, n] : in_warehouse) {
    prepare(inventory_in_warehouse_sql(inventory_columns, listed(n)));
  }
  expect_writes(operation);
}

std::vector<WarehouseInfo> SqlStore::find_warehouses(std::span<const std::string> codes) {
  std::vector<WarehouseInfo> found;
  for_lists(*connection_, codes, warehouses_sql, [&](Query& query) {
    while (query.next()) found.push_back(read_warehouse_info(query));
  });
  return found;
}

std::vector<WarehouseInfo> SqlStore::all_warehouses() {
  std::vector<WarehouseInfo> found;
  Query query(*connection_, std::string(select_warehouse));
  while (query.next()) found.push_back(read_warehouse_info(query));
  return found;
}

std::vector<ProductInfo> SqlStore::find_products(std::span<const std::string> skus) {
  std::vector<ProductInfo> found;
  found.reserve(skus.size());
  const auto now = now_sql();
  for_lists(
      *connection_, skus, [&](std::size_t n) { return products_sql(now, n); },
      [&](Query& query) {
        while (query.next()) found.push_back(read_product_info(query));
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
  if (!every_warehouse) bind_list(query, warehouses, places);
  bind_list(query, skus, goods);
  bind_list(query, skus, goods);
  if (!every_warehouse) bind_list(query, warehouses, places);
  CodesFound found;
  resolved_ = Resolved();  // clang does not know yet, inside the class, that emplace() could make one
  auto& resolved = *resolved_;
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
      *connection_, ids, [&](std::size_t n) { return lock_sql(dialect, n, true); },
      [&](Query& query) { read_inventory(query, rows); });
  return rows;
}

LockedLines SqlStore::lock_lines(std::span<const Place> places) {
  if (auto locked = lock_known(places)) return std::move(*locked);
  auto locked = PostingStore::lock_lines(places);
  if (!connection_->dialect().exclusive_writer && places.size() <= list_most) note_known(locked);
  return locked;
}

void SqlStore::note_known(const LockedLines& locked) {
  if (known_.products.size() + known_.rows.size() > known_most) known_ = {};
  for (const auto& warehouse : locked.codes.warehouses)
    known_.warehouses.emplace(warehouse.code, warehouse.id);
  for (const auto& product : locked.codes.products) known_.products.emplace(product.sku, product.id);
  for (const auto& row : locked.rows) known_.rows.emplace(row.key, row.id);
}

// Where every row has been met before, it is locked without looking for it, in one round trip with all else
// that is to be known: prices and what is retired, read after the lock, and the codes, which show that the
// ids are still those of the same database.
std::optional<LockedLines> SqlStore::lock_known(std::span<const Place> places) {
  if (known_.rows.empty() || places.empty() || places.size() > list_most) return std::nullopt;
  std::map<std::int64_t, std::string_view> warehouses;
  std::map<std::int64_t, std::string_view> products;
  std::map<std::int64_t, InventoryKey> rows;
  for (const auto& place : places) {
    if (!place.warehouse) return std::nullopt;
    const auto warehouse = known_.warehouses.find(*place.warehouse);
    const auto product = known_.products.find(place.sku);
    if (warehouse == known_.warehouses.end() || product == known_.products.end()) return std::nullopt;
    const auto row = known_.rows.find({warehouse->second, product->second});
    if (row == known_.rows.end()) return std::nullopt;
    warehouses[warehouse->second] = *place.warehouse;
    products[product->second] = place.sku;
    rows[row->second] = row->first;
  }
  const auto ask = [](Query& query, const std::vector<std::int64_t>& ids) {
    bind_list<std::int64_t>(query, ids, padded_size(ids.size()));
    query.ask_later();
  };
  const auto row_ids = keys_of(rows);
  const auto product_ids = keys_of(products);
  const auto warehouse_ids = keys_of(warehouses);
  // A price to come makes the question a long one, which is asked only where there is one.
  Query goods(*connection_, fmt::format("SELECT id, sku, price_minor, retired_at, next_price_at FROM product "
                                        "WHERE id IN ({})",
                                        placeholders(padded_size(product_ids.size()))));
  ask(goods, product_ids);
  Query houses(*connection_, fmt::format("{} WHERE id IN ({})", select_warehouse,
                                         placeholders(padded_size(warehouse_ids.size()))));
  ask(houses, warehouse_ids);
  Query lock(*connection_, lock_sql(connection_->dialect(), row_ids.size(), guards_.lock));
  ask(lock, row_ids);

  LockedLines locked;
  bool same = true;
  read_inventory(lock, locked.rows);
  for (const auto& row : locked.rows) same = same && rows.at(row.id) == row.key;
  bool price_to_come = false;
  while (goods.next()) {
    auto& product = locked.codes.products.emplace_back(read_product_info(goods));
    same = same && products.at(product.id) == product.sku;
    price_to_come = price_to_come || !goods.is_null(4);
  }
  while (houses.next()) {
    auto& warehouse = locked.codes.warehouses.emplace_back(read_warehouse_info(houses));
    same = same && warehouses.at(warehouse.id) == warehouse.code;
  }
  if (same && locked.rows.size() == rows.size() && locked.codes.products.size() == products.size() &&
      locked.codes.warehouses.size() == warehouses.size()) {
    if (price_to_come) {
      std::vector<std::string> skus;
      for (const auto& product : locked.codes.products) skus.push_back(product.sku);
      locked.codes.products = find_products(skus);
    }
    return locked;
  }
  known_ = {};
  throw_moved();  // and be found anew by the next try
}

}  // namespace invctl::db
