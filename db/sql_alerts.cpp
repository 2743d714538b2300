// SqlStore: thresholds, and what is at or below them.
#include <fmt/format.h>

#include <limits>

#include "sql_conditions.hpp"
#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

constexpr std::string_view step_columns =
    "m.id, m.operation_id, m.version, m.kind, m.on_hand_after - m.reserved_after, "
    "(m.on_hand_after - m.on_hand_delta) - (m.reserved_after - m.reserved_delta), o.recorded_at";

LevelStep read_step(const Query& query) {
  LevelStep step;
  step.seq = query.integer(0);
  step.operation = query.integer(1);
  step.version = query.integer(2);
  step.kind = query.text(3);
  step.available = query.integer(4);
  step.available_before = query.integer(5);
  step.recorded_at = query.integer(6);
  return step;
}

constexpr std::string_view in_use = "p.retired_at IS NULL AND w.retired_at IS NULL";

Conditions of(const AlertFilter& filter) {
  Conditions conditions;
  if (filter.warehouse) conditions.add("w.code = ?", *filter.warehouse);
  if (filter.sku) conditions.add("p.sku = ?", *filter.sku);
  return conditions;
}

}  // namespace

std::vector<Threshold> SqlStore::thresholds() {
  std::vector<Threshold> found;
  Query query(
      *connection_,
      "SELECT t.warehouse_id, t.product_id, w.code, p.sku, t.reorder_point, t.target FROM threshold t "
      "JOIN warehouse w ON w.id = t.warehouse_id JOIN product p ON p.id = t.product_id "
      "ORDER BY w.code, p.sku");
  while (query.next()) {
    found.push_back({query.integer(0), query.integer(1), query.text(2), query.text(3), query.integer(4),
                     query.optional_integer(5)});
  }
  return found;
}

void SqlStore::put_threshold(const Threshold& threshold) {
  // Under the catalogue's lock: nobody else is doing it.
  Query update(
      *connection_,
      "UPDATE threshold SET reorder_point = ?, target = ? WHERE warehouse_id = ? AND product_id = ?");
  update.bind(threshold.reorder_point).bind(threshold.target);
  if (update.bind(threshold.warehouse_id).bind(threshold.product_id).run() > 0) return;
  Query insert(*connection_,
               insert_sql("threshold", "warehouse_id, product_id, reorder_point, target", 4, 1));
  insert.bind(threshold.warehouse_id).bind(threshold.product_id);
  insert.bind(threshold.reorder_point).bind(threshold.target).run();
}

bool SqlStore::delete_threshold(std::int64_t warehouse_id, std::int64_t product_id) {
  Query query(*connection_, "DELETE FROM threshold WHERE warehouse_id = ? AND product_id = ?");
  return query.bind(warehouse_id).bind(product_id).run() > 0;
}

void SqlStore::low_stock(const AlertFilter& filter, const std::function<void(const AlertEntry&)>& row) {
  const auto reserved = reserved_now(now_sql());
  auto there = of(filter);
  there.add(std::string(in_use));
  there.add(fmt::format("i.on_hand - {} <= {}", reserved, reorder_point_sql));
  // A warehouse waits for what has a threshold there, also before it came for the first time.
  auto absent = of(filter);
  absent.add(std::string(in_use));
  absent.add("i.id IS NULL");
  Query query(
      *connection_,
      fmt::format(
          "SELECT w.code, p.sku, p.name, i.on_hand, {}, {}, {}, "
          "CASE WHEN t.product_id IS NULL THEN 0 ELSE 1 END FROM inventory i "
          "JOIN warehouse w ON w.id = i.warehouse_id JOIN product p ON p.id = i.product_id{}{} "
          "UNION ALL SELECT w.code, p.sku, p.name, 0, 0, t.reorder_point, t.target, 1 FROM threshold t "
          "JOIN warehouse w ON w.id = t.warehouse_id JOIN product p ON p.id = t.product_id "
          "LEFT JOIN inventory i ON i.warehouse_id = t.warehouse_id AND i.product_id = t.product_id{} "
          "ORDER BY 1, 2",
          reserved, reorder_point_sql, reorder_target_sql, join_threshold_sql, there.sql(), absent.sql()));
  there.bind(query);
  absent.bind(query);
  while (query.next()) {
    AlertEntry entry;
    entry.warehouse = query.text(0);
    entry.sku = query.text(1);
    entry.name = query.text(2);
    entry.on_hand = query.integer(3);
    entry.reserved = query.integer(4);
    entry.reorder_point = query.integer(5);
    entry.target = query.optional_integer(6);
    entry.of_warehouse = query.integer(7) != 0;
    row(entry);
  }
}

void SqlStore::levels(const AlertFilter& filter, const std::function<void(const StockLevel&)>& row) {
  const auto conditions = of(filter);
  Query query(
      *connection_,
      fmt::format("SELECT i.id, w.code, p.sku, p.name, i.version, i.on_hand - i.reserved, "
                  "CASE WHEN {} THEN {} END FROM inventory i JOIN warehouse w ON w.id = i.warehouse_id "
                  "JOIN product p ON p.id = i.product_id{}{} ORDER BY i.id",
                  in_use, reorder_point_sql, join_threshold_sql, conditions.sql()));
  conditions.bind(query);
  StockLevel level;
  while (query.next()) {
    level.inventory_id = query.integer(0);
    level.warehouse = query.view(1);
    level.sku = query.view(2);
    level.name = query.view(3);
    level.version = query.integer(4);
    level.available = query.integer(5);
    level.reorder_point = query.optional_integer(6);
    row(level);
  }
}

std::vector<LevelStep> SqlStore::steps_after(std::int64_t inventory_id, std::int64_t version) {
  std::vector<LevelStep> steps;
  Query query(*connection_, fmt::format("SELECT {} FROM movement m JOIN operation o ON o.id = m.operation_id "
                                        "WHERE m.inventory_id = ? AND m.version > ? ORDER BY m.version",
                                        step_columns));
  query.bind(inventory_id).bind(version);
  while (query.next()) steps.push_back(read_step(query));
  return steps;
}

void SqlStore::steps_since(const AlertFilter& filter, std::int64_t seq,
                           const std::function<void(const StockLevel&, const LevelStep&)>& step) {
  auto conditions = of(filter);
  conditions.add(std::string(in_use));
  conditions.add(fmt::format("{} IS NOT NULL", reorder_point_sql));
  const auto sql = fmt::format(
      "SELECT {}, w.code, p.sku, p.name, {} FROM movement m "
      "JOIN operation o ON o.id = m.operation_id JOIN inventory i ON i.id = m.inventory_id "
      "JOIN warehouse w ON w.id = i.warehouse_id JOIN product p ON p.id = i.product_id{}{} AND m.id > ? "
      "ORDER BY m.id LIMIT ?",
      step_columns, reorder_point_sql, join_threshold_sql, conditions.sql());
  const auto page = connection_->dialect().rows_per_page;
  const auto most = page == 0 ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(page);
  StockLevel level;
  for (auto rows = most; rows == most;) {
    Query query(*connection_, sql);
    conditions.bind(query);
    query.bind(seq).bind(most);
    for (rows = 0; query.next(); ++rows) {
      level.warehouse = query.view(7);
      level.sku = query.view(8);
      level.name = query.view(9);
      level.reorder_point = query.optional_integer(10);
      const auto next = read_step(query);
      seq = next.seq;
      step(level, next);
    }
  }
}

}  // namespace invctl::db
