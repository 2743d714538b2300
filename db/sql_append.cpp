// SqlStore: what posting writes.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

std::string greatest_id_sql(const std::string& table) {
  return "SELECT max(id) FROM " + table;
}

std::string insert_operations_sql(std::size_t n) {
  return insert_sql(
      "operation",
      "id, uid, idempotency_key, request_hash, kind, outcome, actor, reference, reason, note, "
      "reverses_id, recorded_at, occurred_at, host, tool_version, result, hash, reservation_id, expires_at",
      19, n);
}

// `id`, an expression, is that of the operation.
std::string insert_movements_sql(std::size_t n, std::string_view id) {
  return insert_sql(
      "movement",
      "operation_id, inventory_id, line, kind, version, on_hand_delta, reserved_delta, on_hand_after, "
      "reserved_after, hash, unit_cost_minor",
      11, n, id);
}
std::string insert_purchases_sql(std::size_t n, std::string_view id) {
  return insert_sql("purchase",
                    "operation_id, line, user_name, product_id, warehouse_id, quantity, unit_price_minor, "
                    "total_minor, purchased_at",
                    9, n, id);
}

}  // namespace

std::int64_t SqlStore::next_id(const std::string& table) {
  Query query(*connection_, greatest_id_sql(table));
  return query.next() && !query.is_null(0) ? query.integer(0) + 1 : 1;
}

// What nothing waits for is sent with the next statement that is waited for: on a server all but the last
// rows go with the look at the new ids, and these with COMMIT. They refer to the operations by id, so that
// they cannot be stored without them.
void SqlStore::append(AppendBatch& batch) {
  begin_writing();
  resolved_.reset();
  expect_more(batch.movements.size());
  write_inventory(batch);
  insert_operations(batch);
  insert_movements(batch);
  insert_purchases(batch);
  if (!batch.holds.empty()) write_holds(batch);
}

// Whoever writes a lot is likely to go on, and its keys lie anywhere in their indexes.
void SqlStore::expect_more(std::size_t movements) {
  constexpr std::size_t many = 1000;
  const bool few = written_ < many;
  written_ += movements;
  if (few && written_ >= many) connection_->expect_many_writes();
}

// One operation that creates no row: all of it and COMMIT in one round trip, so that its rows are locked
// no longer than that takes. What run_later() would count is counted by the server here, because COMMIT must
// not be reached where a row has moved.
void SqlStore::append_and_commit(AppendBatch& batch, const std::function<void()>& before_commit) {
  const auto& dialect = connection_->dialect();
  const bool creates = std::any_of(batch.changes.begin(), batch.changes.end(),
                                   [](const InventoryChange& change) { return change.before.id == 0; });
  if (dialect.note_operation.empty() || guards_.claimed || creates || batch.operations.size() != 1 ||
      !batch.holds.empty() || batch.changes.size() > dialect.rows_per_update.most) {
    PostingStore::append_and_commit(batch, before_commit);
    return;
  }
  begin_writing();
  resolved_.reset();
  write_operations(std::span(batch.operations));
  write_inventory(batch, false);
  Query(*connection_,
        fmt::format(fmt::runtime(dialect.note_operation), std::max<std::size_t>(batch.changes.size(), 1)))
      .run_later();
  insert_movements(batch, dialect.noted_operation);
  insert_purchases(batch, dialect.noted_operation);
  Query id(*connection_, fmt::format("SELECT {}", dialect.noted_operation));
  id.ask_later();
  before_commit();
  commit();
  if (id.next()) batch.operations.front().id = id.integer(0);
}

void SqlStore::insert_operations(AppendBatch& batch) {
  const bool counted = connection_->dialect().exclusive_writer;
  auto id = counted ? next_id("operation") : 0;
  in_pieces(batch.operations.size(), connection_->dialect().rows_per_insert,
            [&](std::size_t first, std::size_t n) {
              const auto operations = std::span(batch.operations).subspan(first, n);
              if (counted) {
                for (auto& record : operations) record.id = id++;
              }
              write_operations(operations);
              if (counted) return;
              std::unordered_map<std::string_view, OperationRecord*> by_key;
              for (auto& record : operations) by_key[record.key] = &record;
              std::size_t found = 0;
              for_new_rows(*connection_, "operation", "idempotency_key", [&](const Query& query) {
                const auto record = by_key.find(query.view(1));
                if (record == by_key.end()) return;
                record->second->id = query.integer(0);
                ++found;
              });
              // What was just written and is not there was rolled back behind our back.
              if (found != n) throw_moved();
            });
}

void SqlStore::write_operations(std::span<const OperationRecord> operations) {
  Query query(*connection_, insert_operations_sql(operations.size()));
  for (const auto& record : operations) {
    query.bind(record.id == 0 ? std::nullopt : std::optional(record.id));
    query.lend_blob(record.uid).lend(record.key).lend_blob(record.request_hash);
    query.lend(kind_name(record.kind)).lend(std::string_view(record.accepted ? "accepted" : "rejected"));
    query.lend(record.actor).lend(record.reference).lend(record.reason).lend(record.note);
    query.bind(record.reverses_id).bind(record.recorded_at).bind(record.occurred_at);
    query.lend(record.host).lend(record.tool_version).lend(record.result);
    query.lend_blob(record.hash).bind(record.reservation_id).bind(record.expires_at);
  }
  query.run_later();
}

void SqlStore::write_inventory(AppendBatch& batch, bool counted) {
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
  update_inventory(changed, counted);
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
    if (counted) return;
    // They are in the order of their keys.
    const auto rows = std::span(created).subspan(first, n);
    std::size_t found = 0;
    for_new_rows(*connection_, "inventory", "warehouse_id, product_id", [&](const Query& new_row) {
      const InventoryKey key{new_row.integer(1), new_row.integer(2)};
      const auto change =
          std::lower_bound(rows.begin(), rows.end(), key,
                           [](const auto* c, const InventoryKey& k) { return c->after.key < k; });
      if (change == rows.end() || (*change)->after.key != key) return;
      (*change)->after.id = new_row.integer(0);
      ++found;
    });
    if (found != n) throw_moved();
  });
}

namespace {

// One CASE per column picks each row's value; a single row needs none.
std::string update_sql(std::size_t n, const Guards& guards, bool opening) {
  const auto value = [&](std::string_view otherwise) {
    if (n == 1) return std::string("?");
    std::string text = "CASE id";
    for (std::size_t i = 0; i < n; ++i) text += " WHEN ? THEN ?";
    return fmt::format("{} ELSE {} END", text, otherwise);
  };
  // What was claimed has its balance and version already.
  auto sql =
      guards.claimed
          ? fmt::format("UPDATE inventory SET head_hash = {}", value("head_hash"))
          : fmt::format(
                "UPDATE inventory SET on_hand = {0}{1}, reserved = {2}{1}, version = {3}{1}, head_hash = {4}",
                guards.relative ? "on_hand + " : "", value("0"), guards.relative ? "reserved + " : "",
                guards.relative ? "version + " : "", value("head_hash"));
  if (opening) sql += ", opening = " + value("opening");
  sql += n == 1 ? " WHERE id = ?" : fmt::format(" WHERE id IN ({})", placeholders(n));
  if (guards.versioned) sql += " AND version = " + value("-1");
  return sql;
}

}  // namespace

void SqlStore::expect_writes(const Operation& operation) {
  const auto& dialect = connection_->dialect();
  const auto prepare = [&](const std::string& sql) { connection_->statement(sql); };
  const auto lines = operation.lines.size();
  prepare(greatest_id_sql("operation"));
  prepare(insert_operations_sql(1));
  in_pieces(lines, dialect.rows_per_update,
            [&](std::size_t, std::size_t n) { prepare(update_sql(n, guards_, false)); });
  in_pieces(lines, dialect.rows_per_insert,
            [&](std::size_t, std::size_t n) { prepare(insert_movements_sql(n, "?")); });
  if (!operation.user) return;
  in_pieces(lines, dialect.rows_per_insert,
            [&](std::size_t, std::size_t n) { prepare(insert_purchases_sql(n, "?")); });
}

void SqlStore::update_inventory(const std::vector<const InventoryChange*>& changed, bool counted) {
  in_pieces(changed.size(), connection_->dialect().rows_per_update, [&](std::size_t first, std::size_t n) {
    const auto rows = std::span(changed).subspan(first, n);
    const bool opening = std::any_of(rows.begin(), rows.end(),
                                     [](const auto* c) { return c->after.opening != c->before.opening; });
    Query query(*connection_, update_sql(n, guards_, opening));
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
        query.bind(guards_.relative ? of(c.after) - of(c.before) : of(c.after));
      });
    };
    if (!guards_.claimed) {
      number([](const InventoryRow& r) { return r.on_hand; });
      number([](const InventoryRow& r) { return r.reserved; });
      number([](const InventoryRow& r) { return r.version; });
    }
    bind_each([&](const InventoryChange& c) { query.lend_blob(c.after.head); });
    if (opening) bind_each([&](const InventoryChange& c) { query.bind(c.after.opening); });
    for (const auto* change : rows) query.bind(change->before.id);
    if (guards_.versioned) bind_each([&](const InventoryChange& c) { query.bind(c.before.version); });
    query.run_later(counted ? static_cast<std::int64_t>(n) : -1);
  });
}

void SqlStore::insert_movements(const AppendBatch& batch, std::string_view id) {
  std::unordered_map<InventoryKey, std::int64_t, InventoryKeyHash> ids;
  ids.reserve(batch.changes.size());
  for (const auto& change : batch.changes) ids[change.after.key] = change.after.id;
  in_pieces(batch.movements.size(), connection_->dialect().rows_per_insert,
            [&](std::size_t first, std::size_t n) {
              Query query(*connection_, insert_movements_sql(n, id.empty() ? "?" : id));
              for (std::size_t i = first; i < first + n; ++i) {
                const auto& movement = batch.movements[i];
                const auto& operation = batch.operations[movement.operation];
                if (id.empty()) query.bind(operation.id);
                query.bind(ids.at(movement.key)).bind(movement.line).lend(kind_name(operation.kind));
                query.bind(movement.version).bind(movement.on_hand_delta).bind(movement.reserved_delta);
                query.bind(movement.on_hand_after).bind(movement.reserved_after).lend_blob(movement.hash);
                query.bind(movement.unit_cost_minor);
              }
              query.run_later();
            });
}

void SqlStore::insert_purchases(const AppendBatch& batch, std::string_view id) {
  in_pieces(batch.purchases.size(), connection_->dialect().rows_per_insert,
            [&](std::size_t first, std::size_t n) {
              Query query(*connection_, insert_purchases_sql(n, id.empty() ? "?" : id));
              for (std::size_t i = first; i < first + n; ++i) {
                const auto& purchase = batch.purchases[i];
                const auto& operation = batch.operations[purchase.operation];
                if (id.empty()) query.bind(operation.id);
                query.bind(purchase.line).lend(purchase.user);
                query.bind(purchase.key.product_id).bind(purchase.key.warehouse_id).bind(purchase.quantity);
                query.bind(purchase.unit_price_minor).bind(purchase.total_minor).bind(operation.occurred_at);
              }
              query.run_later();
            });
}

}  // namespace invctl::db
