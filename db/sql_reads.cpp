// SqlStore: questions that change nothing.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "sql_conditions.hpp"
#include "sql_prices.hpp"
#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

std::vector<std::string> with_prefix(Connection& connection, const std::string& table,
                                     const std::string& column, const std::string& prefix,
                                     std::int64_t limit) {
  // A range instead of LIKE: the index serves it, and no character of the prefix is a wildcard. The upper end
  // is the prefix and the highest character there is.
  std::vector<std::string> found;
  const auto read = [&](std::string_view order, std::int64_t most) {
    Query query(connection,
                fmt::format("SELECT {0} FROM {1} WHERE retired_at IS NULL AND {0} >= ? AND {0} <= ? "
                            "ORDER BY {0} {2} LIMIT ?",
                            column, table, order));
    query.bind(prefix).bind(prefix + "\xf4\x8f\xbf\xbf").bind(most);
    while (query.next()) found.push_back(query.text(0));
  };
  read("ASC", limit);
  if (std::cmp_less(found.size(), limit)) return found;
  found.pop_back();
  read("DESC", 1);
  return found;
}

bool only_an_item(const HistoryFilter& filter) {
  return filter.sku && !filter.kind && !filter.user && !filter.reference && !filter.operation &&
         !filter.reservation && !filter.since && !filter.until;
}

// Pages of an item longer than this are read like any other history.
constexpr std::int64_t item_page_max = 1000;
// On a cluster the ids of one row's movements may be out of order by a few.
constexpr std::int64_t disorder_most = 100;

// The newest movements of an item, newest first: each of its rows is read backwards by (inventory_id,
// version), so that it takes as long at ten million movements as at ten. Joined and sorted, it would take all
// of the item's.
std::vector<std::int64_t> newest_of_item(Connection& connection, const HistoryFilter& filter) {
  Conditions conditions;
  conditions.add("p.sku = ?", *filter.sku);
  if (filter.warehouse) conditions.add("w.code = ?", *filter.warehouse);
  std::vector<std::int64_t> rows;
  {
    Query query(connection,
                "SELECT i.id FROM inventory i JOIN product p ON p.id = i.product_id "
                "JOIN warehouse w ON w.id = i.warehouse_id" +
                    conditions.sql());
    conditions.bind(query);
    while (query.next()) rows.push_back(query.integer(0));
  }
  std::vector<std::int64_t> newest;
  for (const auto row : rows) {
    Query query(connection,
                "SELECT id FROM movement WHERE inventory_id = ? AND id < ? ORDER BY version DESC LIMIT ?");
    query.bind(row).bind(filter.before.value_or(INT64_MAX)).bind(filter.limit + disorder_most);
    while (query.next()) newest.push_back(query.integer(0));
  }
  std::sort(newest.begin(), newest.end(), std::greater<>());
  newest.resize(std::min(newest.size(), static_cast<std::size_t>(filter.limit)));
  return newest;
}

template <class T>
bool exists(Connection& connection, const std::string& table, const std::string& column, const T& value) {
  Query query(connection, fmt::format("SELECT id FROM {} WHERE {} = ?", table, column));
  return query.bind(value).next();
}

}  // namespace

void SqlStore::stock(const StockFilter& filter, const std::function<void(const StockEntry&)>& row) {
  if (!filter.limit) {
    read_stock(filter, row);
    return;
  }
  // Warehouse by warehouse, because no index has the codes and the SKUs in one order.
  std::vector<std::string> codes;
  if (filter.warehouse) {
    codes.push_back(*filter.warehouse);
  } else {
    Query query(*connection_, "SELECT code FROM warehouse ORDER BY code");
    while (query.next()) codes.push_back(query.text(0));
  }
  auto rest = filter;
  for (const auto& code : codes) {
    if (*rest.limit == 0) return;
    rest.warehouse = code;
    read_stock(rest, [&](const StockEntry& entry) {
      --*rest.limit;
      row(entry);
    });
  }
}

void SqlStore::read_stock(const StockFilter& filter, const std::function<void(const StockEntry&)>& row) {
  Conditions conditions;
  if (filter.warehouse) conditions.add("w.code = ?", *filter.warehouse);
  if (filter.sku) conditions.add("p.sku = ?", *filter.sku);
  if (filter.after) conditions.add("p.sku > ?", *filter.after);
  const std::string on_hand = filter.as_of ? "m.on_hand_after" : "i.on_hand";
  const std::string reserved = filter.as_of ? "m.reserved_after" : reserved_now(now_sql());
  if (filter.below_reorder) {
    conditions.add("p.retired_at IS NULL AND w.retired_at IS NULL");
    conditions.add(fmt::format("{} > {} - {}", reorder_point_sql, on_hand, reserved));
  }
  // Backwards from each row's newest version until one is old enough.
  const std::string then =
      filter.as_of ? " JOIN movement m ON m.id = (SELECT x.id FROM movement x JOIN operation o ON o.id = "
                     "x.operation_id WHERE x.inventory_id = i.id AND o.recorded_at <= ? "
                     "ORDER BY x.version DESC LIMIT 1)"
                   : "";
  // A page walks along the SKUs and stops; all of it is read as it lies and sorted.
  const std::string rows =
      filter.limit
          ? fmt::format(
                "warehouse w {0} product p {0} inventory i ON i.warehouse_id = w.id AND "
                "i.product_id = p.id",
                connection_->dialect().ordered_join)
          : "inventory i JOIN warehouse w ON w.id = i.warehouse_id JOIN product p ON p.id = i.product_id";
  Query query(*connection_,
              fmt::format("SELECT w.code, p.sku, p.name, {}, {}, {} FROM {}{}{}{} ORDER BY {}{}", on_hand,
                          reserved, reorder_point_sql, rows, join_threshold_sql, then, conditions.sql(),
                          filter.limit ? "p.sku" : "w.code, p.sku", filter.limit ? " LIMIT ?" : ""));
  if (filter.as_of) query.bind(*filter.as_of);
  conditions.bind(query);
  if (filter.limit) query.bind(*filter.limit);
  while (query.next()) {
    StockEntry entry;
    entry.warehouse = query.text(0);
    entry.sku = query.text(1);
    entry.name = query.text(2);
    entry.on_hand = query.integer(3);
    entry.reserved = query.integer(4);
    entry.reorder_point = query.optional_integer(5);
    row(entry);
  }
}

void SqlStore::history(const HistoryFilter& filter, const std::function<void(const HistoryEntry&)>& row) {
  Conditions conditions;
  if (only_an_item(filter) && filter.limit <= item_page_max) {
    std::vector<std::string> ids;
    for (const auto id : newest_of_item(*connection_, filter)) ids.push_back(std::to_string(id));
    if (ids.empty()) return;
    conditions.add("m.id IN (" + text::join(ids, ", ") + ")");
  }
  // In a form that no index serves: starting from all rows of a warehouse, most of the ledger would be
  // sorted.
  if (filter.warehouse)
    conditions.add(filter.sku ? "w.code = ?" : "COALESCE(w.code, '') = ?", *filter.warehouse);
  if (filter.sku) conditions.add("p.sku = ?", *filter.sku);
  if (filter.kind) conditions.add("m.kind = ?", *filter.kind);
  if (filter.user) {
    conditions.add("m.operation_id IN (SELECT operation_id FROM purchase WHERE user_name = ?)", *filter.user);
  }
  if (filter.reference) conditions.add("o.reference = ?", *filter.reference);
  if (filter.operation) conditions.add("m.operation_id = ?", *filter.operation);
  if (filter.reservation) {
    conditions.add(
        fmt::format("m.operation_id IN (SELECT id FROM operation WHERE id = {0} OR reservation_id = {0})",
                    *filter.reservation));
  }
  if (filter.since) conditions.add("o.recorded_at >= ?", *filter.since);
  if (filter.until) conditions.add("o.recorded_at <= ?", *filter.until);
  if (filter.before) conditions.add("m.id < ?", *filter.before);
  Query query(*connection_,
              "SELECT m.id, m.operation_id, m.kind, w.code, p.sku, m.on_hand_delta, m.reserved_delta, "
              "m.on_hand_after, m.reserved_after, o.actor, o.reference, o.reason, o.recorded_at, "
              "o.reverses_id, r.id FROM movement m JOIN operation o ON o.id = m.operation_id "
              "LEFT JOIN operation r ON r.reverses_id = o.id "
              "JOIN inventory i ON i.id = m.inventory_id JOIN warehouse w ON w.id = i.warehouse_id "
              "JOIN product p ON p.id = i.product_id" +
                  conditions.sql() + " ORDER BY m.id DESC LIMIT ?");
  conditions.bind(query);
  query.bind(filter.limit);
  while (query.next()) {
    HistoryEntry entry;
    entry.seq = query.integer(0);
    entry.operation = query.integer(1);
    entry.kind = query.text(2);
    entry.warehouse = query.text(3);
    entry.sku = query.text(4);
    entry.delta = query.integer(5);
    entry.reserved_delta = query.integer(6);
    entry.on_hand = query.integer(7);
    entry.reserved = query.integer(8);
    entry.actor = query.text(9);
    entry.reference = query.optional_text(10);
    entry.reason = query.optional_text(11);
    entry.recorded_at = query.integer(12);
    entry.reverses = query.optional_integer(13);
    entry.reversed_by = query.optional_integer(14);
    row(entry);
  }
}

void SqlStore::open_holds(const ReservationFilter& filter, const std::function<void(const HoldEntry&)>& row) {
  Conditions conditions;
  if (filter.warehouse) conditions.add("w.code = ?", *filter.warehouse);
  if (filter.sku) conditions.add("p.sku = ?", *filter.sku);
  if (filter.reference) conditions.add("o.reference = ?", *filter.reference);
  if (filter.reservation) conditions.add("h.reservation_id = ?", *filter.reservation);
  Query query(*connection_,
              fmt::format("SELECT h.reservation_id, w.code, p.sku, o.actor, h.quantity, h.expires_at, "
                          "CASE WHEN h.expires_at <= {} THEN 1 ELSE 0 END, o.reference FROM hold h "
                          "JOIN operation o ON o.id = h.reservation_id "
                          "JOIN inventory i ON i.id = h.inventory_id "
                          "JOIN warehouse w ON w.id = i.warehouse_id JOIN product p ON p.id = i.product_id{} "
                          "ORDER BY h.reservation_id, w.code, p.sku",
                          now_sql(), conditions.sql()));
  conditions.bind(query);
  while (query.next()) {
    HoldEntry entry;
    entry.reservation = query.integer(0);
    entry.warehouse = query.text(1);
    entry.sku = query.text(2);
    entry.actor = query.text(3);
    entry.quantity = query.integer(4);
    entry.expires_at = query.integer(5);
    entry.expired = query.integer(6) != 0;
    entry.reference = query.optional_text(7);
    row(entry);
  }
}

std::optional<OperationDetail> SqlStore::operation_detail(std::int64_t id) {
  OperationDetail detail;
  auto& record = detail.record;
  {
    Query query(*connection_,
                "SELECT o.uid, o.idempotency_key, o.request_hash, o.kind, o.outcome, o.actor, o.reference, "
                "o.reason, o.note, o.reverses_id, o.recorded_at, o.occurred_at, o.host, o.tool_version, "
                "o.result, o.hash, r.id, o.reservation_id, o.expires_at FROM operation o "
                "LEFT JOIN operation r ON r.reverses_id = o.id WHERE o.id = ?");
    if (!query.bind(id).next()) return std::nullopt;
    record.id = id;
    record.uid = query.bytes<16>(0);
    record.key = query.optional_text(1).value_or("");
    record.request_hash = query.bytes<32>(2);
    record.kind = parse_kind(query.text(3)).value_or(Kind::adjust);
    record.accepted = query.text(4) == "accepted";
    record.actor = query.text(5);
    record.reference = query.optional_text(6);
    record.reason = query.optional_text(7);
    record.note = query.optional_text(8);
    record.reverses_id = query.optional_integer(9);
    record.recorded_at = query.integer(10);
    record.occurred_at = query.integer(11);
    record.host = query.text(12);
    record.tool_version = query.text(13);
    record.result = query.optional_text(14);
    record.hash = query.bytes<32>(15);
    detail.reversed_by = query.optional_integer(16);
    record.reservation_id = query.optional_integer(17);
    record.expires_at = query.optional_integer(18);
  }
  Query query(*connection_,
              "SELECT m.id, m.line, w.code, p.sku, m.version, m.on_hand_delta, m.reserved_delta, "
              "m.on_hand_after, m.reserved_after, m.hash, u.user_name, u.quantity, u.unit_price_minor, "
              "u.total_minor, m.unit_cost_minor FROM movement m JOIN inventory i ON i.id = m.inventory_id "
              "JOIN warehouse w ON w.id = i.warehouse_id JOIN product p ON p.id = i.product_id "
              "LEFT JOIN purchase u ON u.operation_id = m.operation_id AND u.line = m.line "
              "WHERE m.operation_id = ? ORDER BY m.line");
  query.bind(id);
  while (query.next()) {
    OperationDetail::Movement movement;
    movement.seq = query.integer(0);
    auto& line = movement.record;
    line.line = query.integer(1);
    line.warehouse = query.text(2);
    line.sku = query.text(3);
    line.version = query.integer(4);
    line.on_hand_delta = query.integer(5);
    line.reserved_delta = query.integer(6);
    line.on_hand_after = query.integer(7);
    line.reserved_after = query.integer(8);
    line.hash = query.bytes<32>(9);
    line.unit_cost_minor = query.optional_integer(14);
    if (!query.is_null(10)) {
      PurchaseRecord purchase;
      purchase.line = line.line;
      purchase.user = query.text(10);
      purchase.quantity = query.integer(11);
      purchase.unit_price_minor = query.integer(12);
      purchase.total_minor = query.integer(13);
      detail.purchases.push_back(std::move(purchase));
    }
    detail.movements.push_back(std::move(movement));
  }
  return detail;
}

void SqlStore::products(const ProductFilter& filter, const std::function<void(const ProductEntry&)>& row) {
  Conditions conditions;
  if (filter.sku) conditions.add("p.sku = ?", *filter.sku);
  if (filter.category) conditions.add("p.category = ?", *filter.category);
  if (!filter.include_retired && !filter.sku) conditions.add("p.retired_at IS NULL");
  // The rows of one product come one after the other and are summed here, where overflow is seen.
  Query query(*connection_, "SELECT p.sku, p.name, p.category, p.unit, p.barcode, " +
                                price_in_effect(now_sql()) + ", p.reorder_point, p.retired_at, i.on_hand, " +
                                reserved_now(now_sql()) +
                                " FROM product p LEFT JOIN inventory i ON i.product_id = p.id" +
                                conditions.sql() + " ORDER BY p.sku");
  conditions.bind(query);
  std::optional<ProductEntry> current;
  while (query.next()) {
    if (!current || current->sku != query.text(0)) {
      if (current) row(*current);
      current.emplace();
      current->sku = query.text(0);
      current->name = query.text(1);
      current->category = query.optional_text(2);
      current->unit = query.optional_text(3);
      current->barcode = query.optional_text(4);
      current->price_minor = query.optional_integer(5);
      current->reorder_point = query.optional_integer(6);
      current->retired = !query.is_null(7);
    }
    if (query.is_null(8)) continue;
    const auto on_hand = checked_add(current->on_hand, query.integer(8));
    const auto reserved = checked_add(current->reserved, query.integer(9));
    if (!on_hand || !reserved) {
      throw Error(Exit::conflict, "overflow",
                  fmt::format("the stock of {} over all warehouses does not fit 64 bits",
                              text::printable(current->sku)),
                  "ship or adjust some of it");
    }
    current->on_hand = *on_hand;
    current->reserved = *reserved;
  }
  if (current) row(*current);
}

bool SqlStore::warehouse_exists(const std::string& code) {
  return exists(*connection_, "warehouse", "code", code);
}
bool SqlStore::product_exists(const std::string& sku) {
  return exists(*connection_, "product", "sku", sku);
}

bool SqlStore::operation_exists(std::int64_t id) {
  return exists(*connection_, "operation", "id", id);
}

std::vector<std::string> SqlStore::warehouse_codes(const std::string& prefix, std::int64_t limit) {
  return with_prefix(*connection_, "warehouse", "code", prefix, limit);
}

std::vector<std::string> SqlStore::skus(const std::string& prefix, std::int64_t limit) {
  return with_prefix(*connection_, "product", "sku", prefix, limit);
}

}  // namespace invctl::db
