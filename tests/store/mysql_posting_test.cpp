// How posting speaks to a server: what goes together, what is remembered from one time to the next, and that
// nothing is committed which should not be.
#include <catch2/catch.hpp>

#include "fixture.hpp"
#include "server/mysql_server.hpp"

namespace mysql_posting_test {

using namespace invctl;
using namespace invctl::test;
using namespace std::chrono_literals;

namespace {

std::int64_t connection_id(db::SqlStore& store) {
  return number(store.connection(), "SELECT CONNECTION_ID()");
}

// The statements that `work` sends through a session, as the server's general log has them.
template <class F>
std::vector<std::string> statements_of(std::int64_t session, F&& work) {
  auto& server = MysqlServer::shared();
  server.execute("SET GLOBAL log_output = 'TABLE'");
  server.execute("SET GLOBAL general_log = 1");
  work();
  server.execute("SET GLOBAL general_log = 0");
  const auto root = server.root();
  db::Query query(
      *root,
      "SELECT command_type, CONVERT(argument USING ascii) FROM mysql.general_log WHERE thread_id = ? "
      "ORDER BY event_time");
  query.bind(session);
  std::vector<std::string> found;
  while (query.next()) found.push_back(query.text(0) + " " + query.text(1));
  return found;
}

// Whether `work` says that the transaction is to be repeated.
template <class F>
bool asks_for_repetition(F&& work) {
  try {
    work();
  } catch (const StoreError& error) {
    return error.kind == StoreError::Kind::retry;
  }
  return false;
}

std::int64_t on_hand(db::Connection& connection, const std::string& sku) {
  db::Query query(connection,
                  "SELECT i.on_hand FROM inventory i JOIN product p ON p.id = i.product_id WHERE p.sku = ?");
  query.bind(sku);
  return query.next() ? query.integer(0) : 0;
}

// Posts a receipt of one A/P1 while `meanwhile` happens between its locks and its end.
template <class F>
void post_while(db::SqlStore& store, F&& meanwhile) {
  std::vector<Operation> operations = {make(Kind::receive, "A", "P1", 1, "meanwhile")};
  Posting posting(store, test_origin, operations, Deadline::after(20s));
  meanwhile();
  bool reached = false;
  posting.post_and_commit(operations, [&] { reached = true; });
}

}  // namespace

TEST_CASE("rows are locked through the primary key, without a sort", "[mysql]") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 2, 50);
  std::vector<Operation> receipts;
  for (int i = 1; i <= 50; ++i) {
    for (const auto* warehouse : {"A", "B"}) {
      receipts.push_back(make(Kind::receive, warehouse, "P" + std::to_string(i), 1));
    }
  }
  Ledger(*store, test_origin).post(receipts, {});
  const auto statements = statements_of(connection_id(*store), [&] {
    auto several = make(Kind::ship, "B", "P9", 1);
    for (const auto* sku : {"P40", "P3", "P17"})
      several.lines.push_back(make(Kind::ship, "B", sku, 1).lines[0]);
    REQUIRE(post(*store, several).receipt);
    REQUIRE(post(*store, make(Kind::purchase, "", "P5", 2)).receipt);
  });
  int locking = 0;
  const auto owner = database.connect_as_owner();
  const bool mariadb = number(*owner, "SELECT VERSION() LIKE '%MariaDB%'") == 1;
  for (const auto& statement : statements) {
    if (statement.find(" FOR UPDATE") == std::string::npos) continue;
    const auto lock = statement.substr(statement.rfind("SELECT "));
    ++locking;
    CAPTURE(statement);
    db::Query explain(*owner, (mariadb ? "EXPLAIN " : "EXPLAIN FORMAT=TRADITIONAL ") + lock);
    // id, select_type, table, [partitions,] type, possible_keys, key, ...; the last column is Extra.
    REQUIRE(explain.next());
    CHECK(explain.text(mariadb ? 5 : 6) == "PRIMARY");
    CHECK(explain.text(mariadb ? 9 : 11).find("filesort") == std::string::npos);
  }
  CHECK(locking == 2);
}

TEST_CASE("on a kept connection one purchase takes two round trips, a batch of a hundred three", "[mysql]") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 10);
  std::vector<Operation> receipts;
  for (int i = 1; i <= 10; ++i) receipts.push_back(make(Kind::receive, "A", "P" + std::to_string(i), 1000));
  Ledger ledger(*store, test_origin);
  ledger.post(receipts, {});
  const auto buy = [&](int count) {
    std::vector<Operation> batch;
    for (int i = 0; i < count; ++i)
      batch.push_back(make(Kind::purchase, "A", "P" + std::to_string(i % 10 + 1), 1));
    for (const auto& outcome : ledger.post(batch, {})) {
      REQUIRE(outcome.receipt);
      CHECK(outcome.receipt->operation > 0);
    }
  };
  buy(1);
  buy(100);
  // Statements that were sent together are one entry of MariaDB's log, and one round trip; MySQL writes each.
  if (number(*database.connect_as_owner(), "SELECT VERSION() LIKE '%MariaDB%'") != 1) return;
  const auto trips = [&](int count) {
    return statements_of(connection_id(*store), [&] { buy(count); }).size();
  };
  const auto single = trips(1);
  const auto hundred = trips(100) - single;  // the log has both
  CHECK(single == 2);
  CHECK(hundred == 3);
  CHECK(ledger_faults(*database.connect_as_owner()).empty());
}

TEST_CASE("a row that was met before is bought at the price of now, and not when it is retired", "[mysql]") {
  const TestDatabase database;
  const auto store = database.open();
  const auto owner = database.connect_as_owner();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 10));
  REQUIRE(post(*store, make(Kind::purchase, "A", "P1", 1)).receipt->total_minor == 100);
  owner->execute("UPDATE product SET price_minor = 250 WHERE sku = 'P1'");
  CHECK(post(*store, make(Kind::purchase, "A", "P1", 1)).receipt->total_minor == 250);
  SECTION("the product") {
    owner->execute("UPDATE product SET retired_at = 1 WHERE sku = 'P1'");
  }
  SECTION("the warehouse") {
    owner->execute("UPDATE warehouse SET retired_at = 1 WHERE code = 'A'");
  }
  CHECK(post(*store, make(Kind::receive, "A", "P1", 1)).rejection);
}

TEST_CASE("a database that was made anew under an open connection is not mistaken for the old one",
          "[mysql]") {
  const TestDatabase database;
  const auto store = database.open();
  const auto owner = database.connect_as_owner();
  add_catalog(*store, 2, 2);
  post(*store, make(Kind::receive, "A", "P1", 10));
  post(*store, make(Kind::receive, "A", "P2", 20));
  SECTION("another product has the id") {
    owner->execute("UPDATE product SET sku = 'OLD' WHERE sku = 'P1'");
    owner->execute("UPDATE product SET sku = 'P1' WHERE sku = 'P2'");
    REQUIRE(post(*store, make(Kind::receive, "A", "P1", 1)).receipt->lines.at(0).on_hand == 21);
  }
  SECTION("another warehouse has the id") {
    owner->execute("UPDATE warehouse SET code = 'OLD' WHERE code = 'A'");
    owner->execute("UPDATE warehouse SET code = 'A' WHERE code = 'B'");
    REQUIRE(post(*store, make(Kind::receive, "A", "P1", 1)).receipt->lines.at(0).on_hand == 1);
  }
  CHECK(on_hand(*owner, "P1") >= 1);
}

TEST_CASE("nothing is committed where a row is not as it was read", "[mysql]") {
  const TestDatabase database;
  const auto store = database.open();
  const auto owner = database.connect_as_owner();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 10));
  CHECK(asks_for_repetition([&] {
    post_while(*store, [&] { store->connection().execute("UPDATE inventory SET version = version + 1"); });
  }));
  CHECK(number(*owner, "SELECT COUNT(*) FROM operation") == 1);
  CHECK(number(*owner, "SELECT version FROM inventory") == 1);
  post_while(*store, [] {});
  CHECK(on_hand(*owner, "P1") == 11);
}

TEST_CASE("nothing is committed where the transaction is not the one that was begun", "[mysql]") {
  const TestDatabase database;
  const auto store = database.open();
  const auto owner = database.connect_as_owner();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 10));
  CHECK(asks_for_repetition([&] { post_while(*store, [&] { store->connection().execute("ROLLBACK"); }); }));
  CHECK(number(*owner, "SELECT COUNT(*) FROM operation") == 1);
  CHECK(on_hand(*owner, "P1") == 10);
  post_while(*store, [] {});
  CHECK(on_hand(*owner, "P1") == 11);
  CHECK(ledger_faults(*owner).empty());
}

TEST_CASE("queries that are asked together are answered each on its own, in any order", "[mysql]") {
  const TestDatabase database;
  const auto connection = database.connect();
  db::Query one(*connection, "SELECT ? UNION ALL SELECT 2");
  db::Query two(*connection, "SELECT name FROM setting WHERE name = ?");
  one.bind(std::int64_t{1}).ask_later();
  {
    db::Query unwanted(*connection, "SELECT 3");
    unwanted.ask_later();
  }
  two.bind(std::string("currency")).ask_later();
  REQUIRE(two.next());
  CHECK(two.text(0) == "currency");
  CHECK_FALSE(two.next());
  REQUIRE(one.next());
  CHECK(one.integer(0) == 1);
  REQUIRE(one.next());
  CHECK(one.integer(0) == 2);
  CHECK_FALSE(one.next());
  CHECK(number(*connection, "SELECT 4") == 4);
}

}  // namespace mysql_posting_test
