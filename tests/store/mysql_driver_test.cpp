// What is particular to the MySQL driver: sessions that break, locks by primary key, deadlocks.
#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <sstream>
#include <thread>

#include "fixture.hpp"
#include "mysql_connection.hpp"
#include "server/mysql_server.hpp"
#include "trace_log.hpp"

namespace mysql_driver_test {

using namespace invctl;
using namespace invctl::test;
using namespace std::chrono_literals;

namespace {

std::int64_t connection_id(db::SqlStore& store) {
  return number(store.connection(), "SELECT CONNECTION_ID()");
}

void kill_session(std::int64_t id) {
  MysqlServer::shared().execute("KILL " + std::to_string(id));
}

std::string variable(db::Connection& connection, const std::string& name) {
  db::Query query(connection, "SHOW SESSION VARIABLES LIKE '" + name + "'");
  return query.next() ? query.text(1) : "";
}

}  // namespace

TEST_CASE("a session is strict, in UTC, READ COMMITTED and utf8mb4", "[mysql]") {
  const TestDatabase database;
  const auto connection = database.connect();
  const auto mode = variable(*connection, "sql_mode");
  CHECK(mode.find("STRICT_ALL_TABLES") != std::string::npos);
  CHECK(mode.find("NO_ENGINE_SUBSTITUTION") != std::string::npos);
  CHECK(variable(*connection, "time_zone") == "+00:00");
  CHECK(variable(*connection, "character_set_client") == "utf8mb4");
  CHECK(variable(*connection, "character_set_results") == "utf8mb4");
  CHECK(variable(*connection, "t%x_isolation") + variable(*connection, "transaction_isolation") ==
        "READ-COMMITTED");
}

TEST_CASE("LOAD DATA LOCAL is refused by the client even where the server allows it", "[mysql]") {
  const TestDatabase database;
  MysqlServer::shared().execute("SET GLOBAL local_infile = 1");  // MySQL's default is 0
  const auto owner = database.connect_as_owner();
  CHECK(number(*owner, "SELECT @@local_infile") == 1);
  CHECK_THROWS_AS(owner->execute("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE setting"), Error);
  CHECK(number(*owner, "SELECT count(*) FROM setting WHERE name LIKE 'root%'") == 0);
}

TEST_CASE("values that strict mode must refuse are refused, and 64-bit ones come back whole", "[mysql]") {
  const TestDatabase database;
  const auto owner = database.connect_as_owner();
  owner->execute("CREATE TABLE sample (n BIGINT, t VARCHAR(3), b BINARY(2))");
  CHECK_THROWS_AS(owner->execute("INSERT INTO sample (t) VALUES ('long')"), Error);
  CHECK_THROWS_AS(owner->execute("INSERT INTO sample (n) VALUES (9223372036854775808)"), Error);
  for (const auto value : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, INT64_MAX}) {
    db::Query insert(*owner, "INSERT INTO sample (n) VALUES (?)");
    insert.bind(value).run();
    db::Query read(*owner, "SELECT n FROM sample WHERE n = ?");
    REQUIRE(read.bind(value).next());
    CHECK(read.integer(0) == value);
  }
  // The same statement with other types of parameters in a row.
  for (int i = 0; i < 4; ++i) {
    db::Query insert(*owner, "INSERT INTO sample (t) VALUES (?)");
    if (i % 2 == 0) {
      insert.bind_null().run();
    } else {
      insert.bind(std::int64_t{i}).run();
    }
  }
  CHECK(number(*owner, "SELECT count(*) FROM sample WHERE t IN ('1', '3')") == 2);
  const unsigned char bytes[] = {0xff, 0x00};
  db::Query insert(*owner, "INSERT INTO sample (b) VALUES (?)");
  insert.bind_blob(bytes).run();
  db::Query read(*owner, "SELECT b FROM sample WHERE b IS NOT NULL");
  REQUIRE(read.next());
  CHECK(read.bytes<2>(0) == std::array<unsigned char, 2>{0xff, 0x00});
}

TEST_CASE("an update counts the rows it matched, changed or not", "[mysql]") {
  const TestDatabase database;
  const auto owner = database.connect_as_owner();
  for (int i = 0; i < 2; ++i) {
    db::Query update(*owner, "UPDATE setting SET value = ? WHERE name = 'currency'");
    CHECK(update.bind(std::string("USD")).run() == 1);
  }
}

TEST_CASE("posting goes on when the server ended the session between two operations", "[mysql]") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  const TraceLog log;
  for (int i = 0; i < 3; ++i) {
    kill_session(connection_id(*store));
    REQUIRE(post(*store, make(Kind::receive, "A", "P1", 1)).receipt);
  }
  CHECK(log.count("connection_lost") == 3);
  CHECK(number(store->connection(), "SELECT on_hand FROM inventory") == 3);
  CHECK(ledger_faults(*database.connect_as_owner()).empty());
}

TEST_CASE("a session that ends at COMMIT is reported as lost, never as committed", "[mysql]") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  std::vector<Operation> operations = {make(Kind::receive, "A", "P1", 1, "cut")};
  Posting posting(*store, test_origin, operations, Deadline::after(5s));
  REQUIRE(posting.post(operations).at(0).receipt);
  kill_session([&] {
    db::Query query(store->connection(), "SELECT CONNECTION_ID()");
    query.next();
    return query.integer(0);
  }());
  try {
    posting.commit();
    FAIL("a commit was reported that cannot have happened");
  } catch (const StoreError& error) {
    CHECK(error.kind == StoreError::Kind::lost);
  }
  CHECK(number(*database.connect(), "SELECT count(*) FROM operation") == 0);
  store->reconnect();
  CHECK(post(*store, make(Kind::receive, "A", "P1", 1, "cut")).receipt);
}

TEST_CASE("without a session everything is lost until the connection is made anew", "[mysql]") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  kill_session(connection_id(*store));
  const auto fails_as_lost = [&] {
    try {
      store->all_warehouses();
    } catch (const StoreError& error) {
      return error.kind == StoreError::Kind::lost;
    }
    return false;
  };
  CHECK(fails_as_lost());
  CHECK(fails_as_lost());
  store->rollback();
  store->reconnect();
  CHECK(store->all_warehouses().size() == 1);
}

TEST_CASE("a deadlock is retried as a whole transaction", "[mysql]") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 2);
  post(*store, make(Kind::receive, "A", "P1", 10));
  post(*store, make(Kind::receive, "A", "P2", 10));
  const auto rival = database.connect_as_owner();
  rival->begin(Deadline::after(20s));
  rival->execute("UPDATE inventory SET opening = 1 WHERE id = 2");
  // Weight: the server rolls back who has changed less.
  rival->execute("CREATE TEMPORARY TABLE weight (n BIGINT) ENGINE = InnoDB");
  for (int i = 0; i < 50; ++i)
    rival->execute("INSERT INTO setting VALUES ('w" + std::to_string(i) + "', '')");
  const TraceLog log;
  std::optional<Outcome> outcome;
  std::string failure;
  std::thread worker([&] {
    try {
      auto both = make(Kind::ship, "A", "P1", 1);
      both.lines.push_back(make(Kind::ship, "A", "P2", 1).lines[0]);
      outcome = post(*store, both);
    } catch (const std::exception& error) {
      failure = error.what();
    }
  });
  std::this_thread::sleep_for(300ms);  // it holds row 1 now and waits for row 2
  CHECK_NOTHROW(rival->execute("UPDATE inventory SET opening = 1 WHERE id = 1"));
  rival->rollback();
  worker.join();
  CHECK(failure.empty());
  REQUIRE(outcome);
  CHECK(outcome->receipt);
  CHECK(log.count("retry") >= 1);
  CHECK(ledger_faults(*database.connect_as_owner()).empty());
}

TEST_CASE("a lock timeout inside a transaction gives back every lock it held", "[mysql]") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 2);
  post(*store, make(Kind::receive, "A", "P1", 10));
  post(*store, make(Kind::receive, "A", "P2", 10));
  const auto rival = database.connect_as_owner();
  rival->begin(Deadline::after(20s));
  rival->execute("UPDATE inventory SET opening = 1 WHERE id = 2");
  auto both = make(Kind::ship, "A", "P1", 1);
  both.lines.push_back(make(Kind::ship, "A", "P2", 1).lines[0]);
  CHECK_THROWS_AS(post(*store, both, 1s), Error);
  // Row 1 was locked by the attempt that failed on row 2; the rival gets it without waiting.
  const auto since = std::chrono::steady_clock::now();
  rival->execute("UPDATE inventory SET opening = 1 WHERE id = 1");
  CHECK(std::chrono::steady_clock::now() - since < 500ms);
  rival->rollback();
  CHECK(post(*store, both).receipt);
}

TEST_CASE("many different statements are kept only up to a limit, and all still work", "[mysql]") {
  const TestDatabase database;
  const auto connection = database.connect();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 450; ++i) {
      db::Query query(*connection, "SELECT ? + " + std::to_string(i));
      REQUIRE(query.bind(std::int64_t{1}).next());
      REQUIRE(query.integer(0) == i + 1);
    }
  }
  db::Query status(*connection, "SHOW SESSION STATUS LIKE 'Prepared_stmt_count'");
  if (status.next()) CHECK(std::stoi(status.text(1)) <= 201);
}

TEST_CASE("a server in read-only mode is unavailable for writing", "[mysql]") {
  const auto server = MysqlServer::start();
  const auto name = server->make_database();
  {
    const auto owner = db::open_connection(server->url(name));
    db::migrate(*owner, migrations(), Currency::parse("USD"), Deadline::after(20s), false);
  }
  server->grant_posting(name);
  const auto store = db::open_store(server->url(name, operator_user));
  add_catalog(*store, 1, 1);
  server->execute("SET GLOBAL read_only = 1");
  CHECK(store->all_warehouses().size() == 1);
  try {
    post(*store, make(Kind::receive, "A", "P1", 1));
    FAIL("it was written");
  } catch (const Error& error) {
    CHECK(error.exit == Exit::unavailable);
    CHECK(error.code == "read_only");
  }
}

TEST_CASE("killing the server under eight writers loses nothing that was acknowledged and doubles nothing",
          "[mysql]") {
  const auto server = MysqlServer::start();
  const auto name = server->make_database();
  {
    const auto owner = db::open_connection(server->url(name));
    db::migrate(*owner, migrations(), Currency::parse("USD"), Deadline::after(20s), false);
  }
  server->grant_posting(name);
  {
    const auto store = db::open_store(server->url(name, operator_user));
    add_catalog(*store, 1, 2);
  }
  std::mutex mutex;
  std::vector<std::string> acknowledged;
  std::vector<std::string> failures;
  std::atomic<bool> stop = false;
  std::vector<std::thread> writers;
  for (int w = 0; w < 8; ++w) {
    writers.emplace_back([&, w] {
      const auto store = db::open_store(server->url(name, operator_user));
      for (int i = 0; !stop; ++i) {
        const auto key = std::to_string(w) + "-" + std::to_string(i);
        try {
          const auto outcome =
              post(*store, make(Kind::receive, "A", "P" + std::to_string(w % 2 + 1), 1, key), 60s);
          const std::scoped_lock lock(mutex);
          if (outcome.receipt) acknowledged.push_back(key);
        } catch (const std::exception& error) {
          const std::scoped_lock lock(mutex);
          failures.push_back(error.what());
          return;
        }
      }
    });
  }
  for (int i = 0; i < 2; ++i) {
    std::this_thread::sleep_for(700ms);
    server->kill_hard();
    server->restart();
  }
  std::this_thread::sleep_for(500ms);
  stop = true;
  for (auto& writer : writers) writer.join();
  CHECK(failures == std::vector<std::string>());
  const auto reader = db::open_connection(server->url(name));
  CHECK(acknowledged.size() > 50);
  for (const auto& key : acknowledged) {
    db::Query query(*reader, "SELECT count(*) FROM operation WHERE idempotency_key = ?");
    REQUIRE(query.bind(key).next());
    if (query.integer(0) != 1)
      FAIL("operation " << key << " was acknowledged and is stored " << query.integer(0) << " times");
  }
  CHECK(number(*reader, "SELECT count(*) FROM operation") == static_cast<std::int64_t>(acknowledged.size()));
  CHECK(number(*reader, "SELECT sum(on_hand) FROM inventory") ==
        static_cast<std::int64_t>(acknowledged.size()));
  CHECK(ledger_faults(*reader) == std::vector<std::string>());
}

TEST_CASE("no source file commits, rolls back or reconnects through the connector, which hides errors") {
  const std::regex forbidden("session_?(->|\\.)(commit|rollback|setAutoCommit|reconnect)\\(");
  int files = 0;
  for (const auto* name : {"mysql_connection.cpp", "mysql_statement.cpp", "mysql_login.cpp"}) {
    std::ifstream file(std::string(PROJECT_DIR "/db/") + name);
    REQUIRE(file);
    std::stringstream text;
    text << file.rdbuf();
    CHECK_FALSE(std::regex_search(text.str(), forbidden));
    ++files;
  }
  CHECK(files == 3);
  CHECK(std::regex_search(std::string("session_->commit();"), forbidden));
}

}  // namespace mysql_driver_test
