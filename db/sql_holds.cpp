// SqlStore: what reservations hold.
#include <fmt/format.h>

#include <map>

#include "core/time.hpp"
#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

constexpr std::string_view hold_columns =
    "SELECT h.reservation_id, o.uid, h.inventory_id, i.warehouse_id, i.product_id, w.code, p.sku, "
    "h.quantity, "
    "h.expires_at FROM hold h JOIN operation o ON o.id = h.reservation_id "
    "JOIN inventory i ON i.id = h.inventory_id JOIN warehouse w ON w.id = i.warehouse_id "
    "JOIN product p ON p.id = i.product_id";

Hold read_hold(const Query& query) {
  Hold hold;
  hold.reservation = query.integer(0);
  hold.uid = query.bytes<16>(1);
  hold.inventory_id = query.integer(2);
  hold.key = {query.integer(3), query.integer(4)};
  hold.warehouse = query.text(5);
  hold.sku = query.text(6);
  hold.quantity = query.integer(7);
  hold.expires_at = query.integer(8);
  return hold;
}

}  // namespace

std::string SqlStore::now_sql() const {
  const auto now = connection_->dialect().now;
  return now.empty() ? std::to_string(now_utc()) : std::string(now);
}

Micros SqlStore::clock() {
  if (connection_->dialect().now.empty()) return now_utc();
  Query query(*connection_, "SELECT " + now_sql());
  query.next();
  return query.integer(0);
}

std::vector<Hold> SqlStore::find_holds(std::span<const std::int64_t> inventory_ids, Micros now,
                                       std::span<const std::int64_t> reservations) {
  std::vector<Hold> found;
  const auto read = [&](Query& query) {
    while (query.next()) found.push_back(read_hold(query));
  };
  // Of a reservation that is named, only what is on the rows that are locked.
  for_lists<std::int64_t>(
      *connection_, inventory_ids,
      [&](std::size_t n) {
        std::string named;
        for (const auto id : reservations) named += fmt::format("{}{}", named.empty() ? "" : ", ", id);
        // Ids and times are integers of our own: they may stand in the text.
        return fmt::format("{} WHERE h.inventory_id IN ({}) AND (h.expires_at <= {}{})", hold_columns,
                           placeholders(n), now,
                           named.empty() ? "" : fmt::format(" OR h.reservation_id IN ({})", named));
      },
      read);
  return found;
}

std::vector<ReservationEnd> SqlStore::find_reservation_ends(std::span<const std::int64_t> ids) {
  std::vector<ReservationEnd> found;
  for_lists<std::int64_t>(
      *connection_, ids,
      [](std::size_t n) {
        return fmt::format(
            "SELECT reservation_id, kind FROM operation WHERE reservation_id IN ({}) AND outcome = "
            "'accepted' "
            "AND kind IN ('confirm', 'release', 'expire') ORDER BY id",
            placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) {
          found.push_back({query.integer(0), parse_kind(query.text(1)).value_or(Kind::release)});
        }
      });
  return found;
}

void SqlStore::write_holds(const AppendBatch& batch) {
  std::map<InventoryKey, std::int64_t> rows;
  for (const auto& change : batch.changes) rows[change.after.key] = change.after.id;
  std::vector<const HoldChange*> fresh;
  for (const auto& hold : batch.holds) {
    if (hold.operation) {
      fresh.push_back(&hold);
      continue;
    }
    Query query(
        *connection_,
        hold.quantity == 0
            ? "DELETE FROM hold WHERE reservation_id = ? AND inventory_id = ?"
            : "UPDATE hold SET quantity = ?, expires_at = ? WHERE reservation_id = ? AND inventory_id = ?");
    if (hold.quantity != 0) query.bind(hold.quantity).bind(hold.expires_at);
    query.bind(hold.reservation).bind(rows.at(hold.key));
    query.run_later(1);  // or it moved while it was being changed
  }
  in_pieces(fresh.size(), connection_->dialect().rows_per_insert, [&](std::size_t first, std::size_t n) {
    Query query(*connection_, insert_sql("hold", "reservation_id, inventory_id, quantity, expires_at", 4, n));
    for (std::size_t i = first; i < first + n; ++i) {
      const auto& hold = *fresh[i];
      query.bind(batch.operations[*hold.operation].id).bind(rows.at(hold.key));
      query.bind(hold.quantity).bind(hold.expires_at);
    }
    query.run_later();
  });
}

void SqlStore::holds(const std::function<void(const Hold&)>& row) {
  Query query(*connection_, std::string(hold_columns) + " ORDER BY h.reservation_id, h.inventory_id");
  while (query.next()) row(read_hold(query));
}

void SqlStore::overwrite_holds(std::span<const Hold> holds) {
  Query(*connection_, "DELETE FROM hold").run();
  in_pieces(holds.size(), connection_->dialect().rows_per_insert, [&](std::size_t first, std::size_t n) {
    Query query(*connection_, insert_sql("hold", "reservation_id, inventory_id, quantity, expires_at", 4, n));
    for (const auto& hold : holds.subspan(first, n)) {
      query.bind(hold.reservation).bind(hold.inventory_id).bind(hold.quantity).bind(hold.expires_at);
    }
    query.run();
  });
}

}  // namespace invctl::db
