// The ledger's tables can only grow, whoever asks.
#include <catch2/catch.hpp>

#include "fixture.hpp"
#include "server/mysql_server.hpp"

namespace append_only_test {

using namespace invctl;
using namespace invctl::test;

namespace {

// A ledger with one operation, movement and purchase (ids 2, because a receipt comes first).
void fill(const TestDatabase& database) {
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 10, "first"));
  post(*store, make(Kind::purchase, "A", "P1", 3, "second"));
}

std::vector<std::string> rewriting(const std::string& table, const std::string& column) {
  std::vector<std::string> statements = {
      "UPDATE " + table + " SET " + column + " = " + column + " + 1",
      "DELETE FROM " + table,
      "REPLACE INTO " + table + " SELECT * FROM " + table,
  };
  if (on_mysql()) {
    statements.push_back("INSERT INTO " + table + " SELECT * FROM " + table + " ON DUPLICATE KEY UPDATE " +
                         column + " = 99");
  } else {
    statements.push_back("INSERT OR REPLACE INTO " + table + " SELECT * FROM " + table);
    // Without WHERE the parser would take ON for a join.
    statements.push_back("INSERT INTO " + table + " SELECT * FROM " + table +
                         " WHERE true ON CONFLICT (id) DO UPDATE SET " + column + " = 99");
    statements.push_back("UPDATE OR REPLACE " + table + " SET id = 1");
  }
  return statements;
}

}  // namespace

TEST_CASE("operation, movement and purchase refuse every statement that would rewrite them") {
  const TestDatabase database;
  fill(database);
  const auto owner = database.connect_as_owner();
  const std::vector<std::pair<std::string, std::string>> tables = {
      {"operation", "recorded_at"}, {"movement", "on_hand_delta"}, {"purchase", "quantity"}};
  for (const auto& [table, column] : tables) {
    const auto sum = "SELECT sum(" + column + ") FROM " + table;
    const auto before = number(*owner, sum);
    for (const auto& statement : rewriting(table, column)) {
      CAPTURE(statement);
      CHECK_THROWS_AS(owner->execute(statement), Error);
      CHECK(number(*owner, sum) == before);
    }
  }
  CHECK(ledger_faults(*owner).empty());
}

TEST_CASE("REPLACE of a movement under its version instead of its id is refused") {
  const TestDatabase database;
  fill(database);
  const auto owner = database.connect_as_owner();
  CHECK_THROWS_AS(
      owner->execute(
          "REPLACE INTO movement (operation_id, inventory_id, line, kind, version, on_hand_delta, "
          "reserved_delta, on_hand_after, reserved_after, hash) SELECT operation_id, inventory_id, "
          "line, kind, version, 1000, 0, 1000, 0, hash FROM movement WHERE version = 1"),
      Error);
  CHECK(ledger_faults(*owner).empty());
}

TEST_CASE("the account that posts can neither change, empty nor drop the ledger", "[mysql]") {
  const TestDatabase database;
  fill(database);
  const auto poster = database.connect();
  for (const std::string table : {"operation", "movement", "purchase"}) {
    for (const auto& statement :
         {"UPDATE " + table + " SET id = 9", "DELETE FROM " + table, "TRUNCATE TABLE " + table,
          "DROP TABLE " + table, "ALTER TABLE " + table + " ADD COLUMN x BIGINT",
          "DROP TRIGGER " + table + "_no_update", "REPLACE INTO " + table + " SELECT * FROM " + table}) {
      CAPTURE(statement);
      try {
        poster->execute(statement);
        FAIL("it was allowed");
      } catch (const Error& error) {
        CHECK(error.exit == Exit::not_permitted);
      }
    }
  }
  CHECK(ledger_faults(*database.connect_as_owner()).empty());
}

TEST_CASE("an account that may only read is told that posting is not permitted", "[mysql]") {
  TestDatabase database(false);
  const auto owner = database.connect_as_owner();
  db::migrate(*owner, migrations(), Currency::parse("USD"), Deadline::after(std::chrono::seconds(20)), false);
  {
    db::SqlStore as_owner(database.connect_as_owner());
    add_catalog(as_owner, 1, 1);
  }
  const auto store = database.open();
  try {
    post(*store, make(Kind::receive, "A", "P1", 1));
    FAIL("it was allowed");
  } catch (const Error& error) {
    CHECK(error.exit == Exit::not_permitted);
  }
  CHECK(number(*owner, "SELECT count(*) FROM operation") == 0);
}

}  // namespace append_only_test
