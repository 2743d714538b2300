// SqlStore: what reservations hold.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

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

// A row that is not there any more has moved while it was being changed.
void delete_holds(Connection& connection, std::int64_t row, std::span<const std::int64_t> reservations) {
  for (std::size_t first = 0; first < reservations.size(); first += list_most) {
    const auto list = reservations.subspan(first, std::min(list_most, reservations.size() - first));
    for_lists<std::int64_t>(
        connection, list,
        [](std::size_t n) {
          return fmt::format("DELETE FROM hold WHERE reservation_id IN ({}) AND inventory_id = ?",
                             placeholders(n));
        },
        [&](Query& query) { query.bind(row).run_later(static_cast<std::int64_t>(list.size())); });
  }
}

}  // namespace

std::string reserved_now(std::string_view now) {
  return fmt::format(
      "(CASE WHEN i.reserved = 0 THEN 0 ELSE i.reserved - COALESCE((SELECT CAST(SUM(h.quantity) AS SIGNED) "
      "FROM hold h WHERE h.inventory_id = i.id AND h.expires_at <= {}), 0) END)",
      now);
}

std::string SqlStore::now_sql() const {
  return std::string(connection_->dialect().now);
}

Micros SqlStore::clock() {
  // Where there is no server, this machine's clock is the database's.
  if (connection_->dialect().exclusive_writer) return now_utc();
  Query query(*connection_, "SELECT " + now_sql());
  query.next();
  return query.integer(0);
}

std::vector<Hold> SqlStore::find_due_holds(std::span<const std::int64_t> inventory_ids, Micros now,
                                           std::size_t most) {
  std::vector<Hold> found;
  for_lists<std::int64_t>(
      *connection_, inventory_ids,
      [&](std::size_t n) {
        return fmt::format(
            "{} WHERE h.inventory_id IN ({}) AND h.expires_at <= ? ORDER BY h.expires_at LIMIT ?",
            hold_columns, placeholders(n));
      },
      [&](Query& query) {
        query.bind(now).bind(static_cast<std::int64_t>(most));
        while (query.next()) found.push_back(read_hold(query));
      });
  if (found.size() > most) found.resize(most);
  return found;
}

std::vector<Hold> SqlStore::find_holds(std::span<const std::int64_t> reservations,
                                       std::span<const std::int64_t> inventory_ids) {
  const std::set<std::int64_t> locked(inventory_ids.begin(), inventory_ids.end());
  std::vector<Hold> found;
  for_lists<std::int64_t>(
      *connection_, reservations,
      [](std::size_t n) {
        return fmt::format("{} WHERE h.reservation_id IN ({})", hold_columns, placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) {
          auto hold = read_hold(query);
          if (locked.count(hold.inventory_id) > 0) found.push_back(std::move(hold));
        }
      });
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
  std::map<std::int64_t, std::vector<std::int64_t>> ended;  // reservations by row
  for (const auto& hold : batch.holds) {
    if (hold.operation) {
      fresh.push_back(&hold);
    } else if (hold.quantity == 0) {
      ended[rows.at(hold.key)].push_back(hold.reservation);
    } else {
      Query query(
          *connection_,
          "UPDATE hold SET quantity = ?, expires_at = ? WHERE reservation_id = ? AND inventory_id = ?");
      query.bind(hold.quantity).bind(hold.expires_at).bind(hold.reservation).bind(rows.at(hold.key));
      query.run_later(1);  // or it moved while it was being changed
    }
  }
  for (const auto& [row, reservations] : ended) delete_holds(*connection_, row, reservations);
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
