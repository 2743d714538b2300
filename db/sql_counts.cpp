// SqlStore: stocktaking.
#include <fmt/format.h>

#include <map>
#include <set>

#include "core/time.hpp"
#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

constexpr std::string_view count_columns =
    "SELECT c.id, c.uid, w.code, c.note, c.actor, c.opened_at, c.ended_at, c.operation_id, c.version, "
    "(SELECT count(*) FROM count_line l WHERE l.count_id = c.id), "
    "(SELECT count(DISTINCT e.product_id) FROM count_entry e WHERE e.count_id = c.id) "
    "FROM stock_count c JOIN warehouse w ON w.id = c.warehouse_id";

StockCount read_count(const Query& query) {
  StockCount count;
  count.id = query.integer(0);
  count.uid = query.bytes<16>(1);
  count.warehouse = query.text(2);
  count.note = query.optional_text(3);
  count.actor = query.text(4);
  count.opened_at = query.integer(5);
  count.ended_at = query.optional_integer(6);
  count.operation = query.optional_integer(7);
  if (count.ended_at) count.state = count.operation ? "closed" : "cancelled";
  count.version = query.integer(8);
  count.lines = query.integer(9);
  count.counted = query.integer(10);
  return count;
}

// Folds entries in their order: one that does not add starts anew.
void add_up(Query& entries, std::map<std::int64_t, Quantity>& sums) {
  while (entries.next()) {
    auto& sum = sums[entries.integer(0)];
    sum = entries.integer(1) + (entries.integer(2) != 0 ? sum : 0);
  }
}

}  // namespace

std::int64_t SqlStore::open_count(const StockCount& count, std::span<const std::string> skus) {
  Query(*connection_,
        "INSERT INTO stock_count (uid, warehouse_id, note, actor, opened_at) "
        "SELECT ?, id, ?, ?, ? FROM warehouse WHERE code = ?")
      .bind_blob(count.uid)
      .bind(count.note)
      .bind(count.actor)
      .bind(clock())
      .bind(count.warehouse)
      .run();
  std::int64_t id = 0;
  {
    Query query(*connection_, "SELECT id FROM stock_count WHERE uid = ?");
    if (query.bind_blob(count.uid).next()) id = query.integer(0);
  }
  const std::string lines = fmt::format(
      "INSERT INTO count_line (count_id, product_id, snapshot_version, snapshot) "
      "SELECT {}, i.product_id, i.version, i.on_hand FROM inventory i "
      "JOIN product p ON p.id = i.product_id JOIN warehouse w ON w.id = i.warehouse_id "
      "WHERE w.code = ? AND (p.retired_at IS NULL OR i.on_hand > 0)",
      id);
  if (skus.empty()) {
    Query(*connection_, lines).bind(count.warehouse).run();
    return id;
  }
  // One statement for each: a list that is filled up would insert its last row twice.
  for (const auto& sku : skus) {
    Query(*connection_, lines + " AND p.sku = ?").bind(count.warehouse).bind(sku).run();
  }
  return id;
}

std::optional<StockCount> SqlStore::find_count(std::int64_t id) {
  Query query(*connection_, std::string(count_columns) + " WHERE c.id = ?");
  return query.bind(id).next() ? std::optional(read_count(query)) : std::nullopt;
}

void SqlStore::counts(const std::function<void(const StockCount&)>& row) {
  Query query(*connection_, std::string(count_columns) + " ORDER BY c.id DESC");
  while (query.next()) row(read_count(query));
}

std::optional<StockCount> SqlStore::find_count(const Uid& uid) {
  Query query(*connection_, std::string(count_columns) + " WHERE c.uid = ?");
  return query.bind_blob(uid).next() ? std::optional(read_count(query)) : std::nullopt;
}

std::vector<CountLine> SqlStore::count_lines(std::int64_t id) {
  std::map<std::int64_t, Quantity> sums;
  {
    Query query(*connection_,
                "SELECT product_id, quantity, adds FROM count_entry WHERE count_id = ? ORDER BY id");
    query.bind(id);
    add_up(query, sums);
  }
  std::vector<CountLine> lines;
  Query query(*connection_,
              "SELECT p.sku, p.name, p.unit, p.barcode, l.snapshot_version, l.snapshot, p.id, i.version, "
              "i.on_hand, EXISTS (SELECT 1 FROM movement m WHERE m.inventory_id = i.id "
              "AND m.version > l.snapshot_version AND m.on_hand_delta <> 0) "
              "FROM count_line l JOIN stock_count c ON c.id = l.count_id "
              "JOIN product p ON p.id = l.product_id LEFT JOIN inventory i "
              "ON i.warehouse_id = c.warehouse_id AND i.product_id = l.product_id "
              "WHERE l.count_id = ? ORDER BY p.sku");
  query.bind(id);
  while (query.next()) {
    CountLine line;
    line.sku = query.text(0);
    line.name = query.text(1);
    line.unit = query.optional_text(2);
    line.barcode = query.optional_text(3);
    line.snapshot_version = query.integer(4);
    line.snapshot = query.integer(5);
    if (const auto sum = sums.find(query.integer(6)); sum != sums.end()) line.counted = sum->second;
    line.version_now = query.optional_integer(7).value_or(0);
    line.on_hand = query.optional_integer(8).value_or(0);
    line.moved = query.integer(9) != 0;
    lines.push_back(std::move(line));
  }
  return lines;
}

bool SqlStore::begin_entry(std::int64_t id) {
  Query query(*connection_, "UPDATE stock_count SET version = version + 1 WHERE id = ? AND ended_at IS NULL");
  return query.bind(id).run() == 1;
}

std::optional<CountEntries> SqlStore::find_entries(std::int64_t id, const std::string& key) {
  Query query(*connection_,
              "SELECT p.sku, e.quantity, e.adds FROM count_entry e JOIN product p ON p.id = e.product_id "
              "WHERE e.count_id = ? AND e.entry_key = ?");
  query.bind(id).bind(key);
  CountEntries found;
  found.key = key;
  while (query.next()) {
    found.entries.push_back({query.text(0), query.integer(1)});
    found.add = query.integer(2) != 0;
  }
  return found.entries.empty() ? std::nullopt : std::optional(std::move(found));
}

std::vector<std::optional<Quantity>> SqlStore::counted(std::int64_t id, std::span<const std::string> skus) {
  std::map<std::string, std::int64_t> products;
  std::vector<std::int64_t> ids;
  for (const auto& product : find_products(skus)) {
    products[product.sku] = product.id;
    ids.push_back(product.id);
  }
  std::map<std::int64_t, Quantity> sums;
  for_lists<std::int64_t>(
      *connection_, ids,
      [&](std::size_t n) {
        return fmt::format(
            "SELECT product_id, quantity, adds FROM count_entry WHERE product_id IN ({}) AND count_id = ? "
            "ORDER BY id",
            placeholders(n));
      },
      [&](Query& query) {
        query.bind(id);
        add_up(query, sums);
      });
  std::vector<std::optional<Quantity>> found;
  for (const auto& sku : skus) {
    const auto product = products.find(sku);
    const auto sum = product == products.end() ? sums.end() : sums.find(product->second);
    found.push_back(sum == sums.end() ? std::nullopt : std::optional(sum->second));
  }
  return found;
}

std::vector<std::string> SqlStore::unknown_skus(std::span<const std::string> skus) {
  std::set<std::string> known;
  for (const auto& product : find_products(skus)) known.insert(product.sku);
  std::vector<std::string> unknown;
  for (const auto& sku : skus) {
    if (known.count(sku) == 0) unknown.push_back(sku);
  }
  return unknown;
}

void SqlStore::add_entries(std::int64_t id, const CountEntries& entries) {
  std::vector<std::string> skus;
  for (const auto& entry : entries.entries) skus.push_back(entry.sku);
  std::map<std::string, std::int64_t> products;
  std::vector<std::int64_t> ids;
  for (const auto& product : find_products(skus)) {
    products[product.sku] = product.id;
    ids.push_back(product.id);
  }
  for_lists<std::int64_t>(
      *connection_, ids,
      [](std::size_t n) {
        return fmt::format(
            "INSERT INTO count_line (count_id, product_id, snapshot_version, snapshot) "
            "SELECT c.id, p.id, COALESCE(i.version, 0), COALESCE(i.on_hand, 0) FROM product p "
            "JOIN stock_count c LEFT JOIN inventory i ON i.warehouse_id = c.warehouse_id AND "
            "i.product_id = p.id WHERE p.id IN ({}) AND c.id = ? AND NOT EXISTS "
            "(SELECT 1 FROM count_line l WHERE l.count_id = c.id AND l.product_id = p.id)",
            placeholders(n));
      },
      [&](Query& query) { query.bind(id).run(); });
  const auto now = clock();
  in_pieces(entries.entries.size(), connection_->dialect().rows_per_insert,
            [&](std::size_t first, std::size_t n) {
              Query query(*connection_, insert_sql("count_entry",
                                                   "count_id, product_id, quantity, adds, entry_key, actor, "
                                                   "entered_at",
                                                   7, n));
              for (std::size_t i = first; i < first + n; ++i) {
                const auto& entry = entries.entries[i];
                query.bind(id).bind(products.at(entry.sku)).bind(entry.quantity);
                query.bind(std::int64_t{entries.add ? 1 : 0}).bind(entries.key).bind(entries.actor).bind(now);
              }
              query.run();
            });
}

bool SqlStore::end_count(const StockCount& count, std::optional<std::int64_t> operation) {
  Query query(*connection_,
              "UPDATE stock_count SET ended_at = ?, operation_id = ?, version = version + 1 "
              "WHERE id = ? AND version = ? AND ended_at IS NULL");
  return query.bind(clock()).bind(operation).bind(count.id).bind(count.version).run() == 1;
}

}  // namespace invctl::db
