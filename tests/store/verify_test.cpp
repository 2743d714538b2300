// verify against everything that somebody with raw SQL can do.
#include "stock/verify.hpp"

#include <catch2/catch.hpp>
#include <utility>

#include "ledger8.hpp"

namespace verify_test {

using namespace invctl;
using namespace invctl::test;

namespace {

struct Tampering {
  std::string table, key;
  std::vector<std::string> statements;
};

const std::string other_hash = "x'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'";
const std::string other_uid = "x'00112233445566778899aabbccddeeff'";

// Every column of one row, changed.
std::vector<Tampering> column_changes(const std::string& table, const std::string& key,
                                      const std::string& where,
                                      const std::vector<std::pair<std::string, std::string>>& values) {
  std::vector<Tampering> changes;
  for (const auto& [column, value] : values) {
    changes.push_back(
        {table, key, {"UPDATE " + table + " SET " + column + " = " + value + " WHERE " + where}});
  }
  return changes;
}

void check_named(Ledger8& ledger, const std::vector<Tampering>& cases) {
  for (const auto& [table, key, statements] : cases) {
    const auto violations = ledger.after(statements);
    INFO(statements.front() << "\n" << told(violations));
    CHECK(names(violations, table, key));
  }
}

// All columns of a table but those in `but`: so that a new column cannot be forgotten here.
std::vector<std::string> columns_of(db::Connection& connection, const std::string& table) {
  std::vector<std::string> names;
  db::Query query(connection,
                  on_mysql()
                      ? "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() "
                        "AND table_name = ? ORDER BY ordinal_position"
                      : "SELECT name FROM pragma_table_info(?)");
  query.bind(table);
  while (query.next()) names.push_back(query.text(0));
  return names;
}

using Values = std::vector<std::pair<std::string, std::string>>;

void check_complete(Ledger8& ledger, const std::string& table, const Values& values) {
  std::vector<std::string> tried;
  for (const auto& [column, value] : values) tried.push_back(column);
  CHECK(tried == columns_of(ledger.store().connection(), table));
}

}  // namespace

TEST_CASE("verify finds nothing wrong with a ledger that nobody touched") {
  Ledger8 ledger;
  const auto report = verify_ledger(ledger.store());
  INFO(told(report.violations));
  CHECK(report.violations.empty());
  CHECK(report.operations == 8);
  CHECK(report.movements == 9);
  CHECK(report.balances == 2);
}

TEST_CASE("verify names the movement whose column was changed, whichever column it is") {
  Ledger8 ledger;
  const Values values = {{"id", "500"},           {"operation_id", "3"},   {"inventory_id", "2"},
                         {"line", "2"},           {"kind", "'receive'"},   {"version", "77"},
                         {"on_hand_delta", "-2"}, {"reserved_delta", "1"}, {"on_hand_after", "56"},
                         {"reserved_after", "1"}, {"hash", other_hash},    {"unit_cost_minor", "7"}};
  check_complete(ledger, "movement", values);
  auto cases = column_changes("movement", "5", "id = 5", values);
  // The row's id is no part of its history; only where one transaction writes at a time does its order say
  // something.
  if (on_mysql()) cases.erase(cases.begin());
  if (!on_mysql()) cases.front().key = "500";
  check_named(ledger, cases);
}

TEST_CASE("verify names the operation whose column was changed, whichever column it is") {
  Ledger8 ledger;
  const Values values = {{"id", "500"},
                         {"uid", other_uid},
                         {"idempotency_key", "'another'"},
                         {"request_hash", other_hash},
                         {"kind", "'receive'"},
                         {"outcome", "'rejected'"},
                         {"actor", "'nobody'"},
                         {"reference", "'R'"},
                         {"reason", "'because'"},
                         {"note", "'n'"},
                         {"reverses_id", "2"},
                         {"recorded_at", "recorded_at - 1"},
                         {"occurred_at", "occurred_at + 1"},
                         {"host", "'elsewhere'"},
                         {"tool_version", "'9'"},
                         {"result", "'{}'"},
                         {"hash", other_hash},
                         {"reservation_id", "2"},
                         {"expires_at", "5"}};
  check_complete(ledger, "operation", values);
  auto cases = column_changes("operation", "5", "id = 5", values);
  cases.front() = {"operation", "500", cases.front().statements};
  check_named(ledger, cases);
  check_named(ledger, {{"movement", "6", cases.front().statements},
                       {"operation", "6", {"UPDATE operation SET result = '{}' WHERE id = 6"}},
                       {"operation", "6", {"UPDATE operation SET result = NULL WHERE id = 6"}},
                       {"operation", "8", {"UPDATE operation SET reverses_id = 5 WHERE id = 8"}},
                       {"operation", "8", {"UPDATE operation SET reverses_id = NULL WHERE id = 8"}}});
}

TEST_CASE("verify names the purchase whose column was changed, whichever column it is") {
  Ledger8 ledger;
  const Values values = {{"id", "500"},          {"operation_id", "4"},     {"line", "2"},
                         {"user_name", "'eve'"}, {"product_id", "2"},       {"warehouse_id", "2"},
                         {"quantity", "1"},      {"unit_price_minor", "1"}, {"total_minor", "1"},
                         {"purchased_at", "5"}};
  check_complete(ledger, "purchase", values);
  auto cases = column_changes("purchase", "1", "id = 1", values);
  cases.erase(cases.begin());
  // Its hash is that of the operation, which is named; what does not match the movement is named too.
  cases[2] = {"operation", "3", cases[2].statements};
  check_named(ledger, cases);
  if (!on_mysql()) check_named(ledger, {{"purchase", "2", {"UPDATE purchase SET id = 500 WHERE id = 1"}}});
  check_named(ledger, {{"purchase", "1", {"UPDATE purchase SET operation_id = 999 WHERE id = 1"}}});
}

TEST_CASE("verify names the balance whose column was changed, whichever column it is") {
  Ledger8 ledger;
  const Values values = {
      {"id", "500"},     {"warehouse_id", "2"}, {"product_id", "9"},       {"on_hand", "1000"},
      {"reserved", "1"}, {"version", "1"},      {"head_hash", other_hash}, {"opening", "51"}};
  check_complete(ledger, "inventory", values);
  auto cases = column_changes("inventory", "P1 in A", "id = 1", values);
  cases[0] = {"inventory", "row 1", cases[0].statements};
  // Of another place or product, its movements have another hash.
  cases[1] = {"movement", "1", cases[1].statements};
  cases[2] = {"movement", "1", cases[2].statements};
  check_named(ledger, cases);
}

TEST_CASE("verify names what was deleted, inserted, swapped or written in another row's place") {
  Ledger8 ledger;
  const std::string columns =
      "operation_id, inventory_id, line, kind, version, on_hand_delta, reserved_delta, on_hand_after, "
      "reserved_after, hash";
  check_named(
      ledger,
      {
          // In the middle, the first, the last.
          {"operation", "4", {"DELETE FROM movement WHERE id = 5"}},
          {"movement", "6", {"DELETE FROM movement WHERE id = 5"}},
          {"operation", "1", {"DELETE FROM movement WHERE id = 1"}},
          {"operation", "8", {"DELETE FROM movement WHERE id = 9"}},
          {"inventory", "P1 in A", {"DELETE FROM movement WHERE id = 9"}},
          {"movement", "5", {"DELETE FROM operation WHERE id = 4"}},
          {"operation", "8", {"DELETE FROM operation WHERE id = 4"}},
          {"movement", "4", {"DELETE FROM purchase WHERE id = 1"}},
          {"operation", "3", {"DELETE FROM purchase WHERE id = 1"}},
          {"inventory", "row 2", {"DELETE FROM inventory WHERE id = 2"}},
          {"movement", "1", {"UPDATE product SET sku = 'P9' WHERE id = 1"}},
          {"movement", "1", {"UPDATE warehouse SET code = 'Z' WHERE id = 1"}},
          // Two movements trade places.
          {"movement",
           "5",
           {"UPDATE movement SET version = -4 WHERE id = 5", "UPDATE movement SET version = 4 WHERE id = 6",
            "UPDATE movement SET version = 5 WHERE id = 5"}},
          {"movement",
           "6",
           {"UPDATE movement SET operation_id = 5 WHERE id = 5",
            "UPDATE movement SET operation_id = 4 WHERE id = 6"}},
          // Two operations trade places.
          {"movement",
           "5",
           {"UPDATE operation SET id = -4 WHERE id = 4", "UPDATE operation SET id = 4 WHERE id = 5",
            "UPDATE operation SET id = 5 WHERE id = -4"}},
          // So do two purchases.
          {"operation",
           "3",
           {"UPDATE purchase SET operation_id = -3 WHERE id = 1",
            "UPDATE purchase SET operation_id = 3 WHERE id = 2",
            "UPDATE purchase SET operation_id = 7 WHERE operation_id = -3"}},
          // An operation that nobody asked for.
          {"operation",
           "99",
           {"INSERT INTO operation (id, uid, idempotency_key, request_hash, kind, outcome, actor, "
            "recorded_at, "
            "occurred_at, host, tool_version, hash) SELECT 99, " +
            other_uid +
            ", 'k99', request_hash, kind, outcome, actor, recorded_at, occurred_at, host, tool_version, hash "
            "FROM "
            "operation WHERE id = 1"}},
          // A movement in the middle, in the place of one that moves on.
          {"movement",
           "5",
           {"UPDATE movement SET version = version + 100 WHERE inventory_id = 1 AND version >= 4",
            "INSERT INTO movement (id, " + columns +
                ") SELECT 10, operation_id, inventory_id, 9, kind, 4, 5, 0, on_hand_after + 5, 0, hash FROM "
                "movement WHERE id = 5",
            "UPDATE movement SET version = version - 99 WHERE version > 100"}},
          // One more at the end, which nobody made.
          {"movement",
           "10",
           {"INSERT INTO movement (id, " + columns +
            ") SELECT 10, operation_id, inventory_id, 2, kind, 8, 5, 0, on_hand_after + 5, 0, hash FROM "
            "movement "
            "WHERE id = 9"}},
          {"purchase",
           "9",
           {"INSERT INTO purchase (id, operation_id, line, user_name, product_id, warehouse_id, quantity, "
            "unit_price_minor, total_minor, purchased_at) SELECT 9, 4, 1, 'eve', 1, 1, 1, 100, 100, 0 FROM "
            "movement WHERE id = 1"}},
      });
}

TEST_CASE("a ledger is read as it was written only where that is the order of its operations") {
  Ledger8 ledger;
  auto& store = ledger.store();
  if (!store.ids_ascend()) return;  // then nobody reads it so
  std::vector<std::string> rows;
  const LedgerSink sink{
      [&](const OperationEntry& entry) {
        rows.push_back("operation " + std::to_string(entry.record.id));
        for (const auto& purchase : entry.purchases) {
          rows.push_back("purchase " + std::to_string(purchase.id) + purchase.warehouse + purchase.sku);
        }
      },
      [&](const MovementEntry& entry) { rows.push_back("movement " + std::to_string(entry.id)); },
      [&](const OrphanPurchase& entry) { rows.push_back("orphan " + std::to_string(entry.record.id)); }};
  const auto same_as_sorted = [&] {
    rows.clear();
    const bool in_order = store.ledger_as_written(sink);
    const auto as_written = std::exchange(rows, {});
    store.ledger(sink);
    return in_order && as_written == rows;
  };
  CHECK(same_as_sorted());
  CHECK(rows.size() == 8 + 9 + 3);
  for (const std::vector<std::string>& statements : std::vector<std::vector<std::string>>{
           {"UPDATE movement SET operation_id = 3 WHERE id = 6"},
           {"UPDATE movement SET operation_id = 1 WHERE id = 9"},
           {"UPDATE movement SET operation_id = 7 WHERE id = 1"},
           {"UPDATE purchase SET operation_id = 8 WHERE id = 1"},
           {"UPDATE purchase SET operation_id = 2 WHERE id = 3"},
       }) {
    CAPTURE(statements.front());
    ledger.sql("BEGIN");
    for (const auto& statement : statements) ledger.sql(statement);
    CHECK_FALSE(store.ledger_as_written(sink));
    ledger.sql("ROLLBACK");
  }
  // A gap, or a row without its operation, is no disorder.
  ledger.sql("BEGIN");
  ledger.sql("DELETE FROM movement WHERE id = 5");
  ledger.sql("DELETE FROM operation WHERE id = 3");
  CHECK(same_as_sorted());
  ledger.sql("ROLLBACK");
}

TEST_CASE("verify narrowed to a row or a check says nothing of the others") {
  Ledger8 ledger;
  const std::vector<std::string> both = {"UPDATE movement SET on_hand_delta = -2 WHERE id = 5",
                                         "UPDATE movement SET hash = " + other_hash + " WHERE id = 3"};
  CHECK(names(ledger.after(both), "movement", "5"));
  const auto only_p2 = ledger.after(both, {.sku = "P2"});
  CHECK(names(only_p2, "movement", "3"));
  CHECK_FALSE(names(only_p2, "movement", "5"));
  CHECK(ledger.after(both, {.warehouse = "B"}).empty());
  for (const auto& violation : ledger.after(both, {.checks = {"hash-chain"}})) {
    CHECK(violation.check == "hash-chain");
  }
  CHECK(ledger.after(both, {.checks = {"non-negative"}}).empty());
}

}  // namespace verify_test
