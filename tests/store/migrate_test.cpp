// Creating and upgrading the schema.
#include <catch2/catch.hpp>

#include "core/sha256.hpp"
#include "fixture.hpp"
#include "stock/verify.hpp"

namespace migrate_test {

using namespace invctl;
using namespace invctl::test;

namespace {

Deadline soon() {
  return Deadline::after(std::chrono::seconds(20));
}

db::MigrationReport migrate(db::Connection& connection, const std::vector<db::Migration>& list,
                            bool dry_run = false) {
  return db::migrate(connection, list, Currency::parse("KRW"), soon(), dry_run);
}

db::Migration next_migration(const std::string& text) {
  db::Migration migration;
  migration.version = static_cast<int>(migrations().size()) + 1;
  migration.name = "next";
  migration.text = text;
  migration.checksum = to_hex(sha256(text));
  return migration;
}

// Passes everything on until the given number of steps of a migration ran (statements, and where prices are
// recorded in pieces, begin and commit), then breaks off, either before the step or right after it, before it
// can be noted.
class InterruptedConnection : public db::Connection {
 public:
  InterruptedConnection(db::Connection& inner, int steps, bool after)
      : inner_(inner), left_(steps), after_(after) {}

  const db::Dialect& dialect() const override { return inner_.dialect(); }
  db::Statement& statement(const std::string& sql) override { return inner_.statement(sql); }
  void execute(const std::string& sql) override { inner_.execute(sql); }
  void execute_ddl(const std::string& sql, bool may_have_run) override {
    step([&] { inner_.execute_ddl(sql, may_have_run); });
  }
  void begin_migration(const Deadline& deadline) override { inner_.begin_migration(deadline); }
  void end_migration(bool commit) override { inner_.end_migration(commit); }
  std::int64_t last_insert_id() override { return inner_.last_insert_id(); }
  void begin(const Deadline& deadline) override {
    step([&] { inner_.begin(deadline); });
  }
  void begin_serializable(const Deadline& deadline) override { inner_.begin_serializable(deadline); }
  void begin_snapshot() override { inner_.begin_snapshot(); }
  void commit() override {
    step([&] { inner_.commit(); });
  }
  void rollback() noexcept override { inner_.rollback(); }
  void reconnect() override { inner_.reconnect(); }

 private:
  template <class F>
  void step(F&& run) {
    const bool breaks = left_-- == 0;
    if (!breaks || after_) run();
    if (breaks) throw Error(Exit::internal, "interrupted");
  }

  db::Connection& inner_;
  int left_;
  bool after_;
};

// A database as the first version of the program left it, with a ledger that this one wrote, of what there
// was then.
void make_version_1(db::Connection& old, const TestDatabase& now, int priced_products) {
  const auto list = migrations();
  migrate(old, {list.begin(), list.begin() + 1});
  const auto store = now.open();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::opening, "A", "P1", 50, "o-1"));
  post(*store, make(Kind::purchase, "A", "P1", 2, "o-2"));
  post(*store, make(Kind::ship, "A", "P1", 60, "o-3"));  // refused
  if (!on_mysql()) old.execute("ATTACH '" + now.url().substr(std::string("sqlite:").size()) + "' AS now");
  const auto source = on_mysql() ? now.name() : "now";
  for (const std::string table : {"warehouse", "product", "inventory", "operation", "movement", "purchase"}) {
    std::string columns;
    {
      db::Query query(old, on_mysql() ? "SELECT GROUP_CONCAT(column_name) FROM information_schema.columns "
                                        "WHERE table_schema = DATABASE() AND table_name = ?"
                                      : "SELECT group_concat(name) FROM pragma_table_info(?)");
      REQUIRE(query.bind(table).next());
      columns = query.text(0);
    }
    old.execute("INSERT INTO " + table + " (" + columns + ") SELECT " + columns + " FROM " + source + "." +
                table);
  }
  if (!on_mysql()) old.execute("DETACH now");
  for (int i = 1; i < priced_products; ++i) {
    old.execute("INSERT INTO product (sku, name, price_minor) VALUES ('Q" + std::to_string(i) + "', 'Q', 5)");
  }
}

std::int64_t tables_and_triggers(db::Connection& connection) {
  return number(connection, on_mysql()
                                ? "SELECT (SELECT count(*) FROM information_schema.tables WHERE "
                                  "table_schema = DATABASE()) + (SELECT count(*) FROM "
                                  "information_schema.triggers WHERE trigger_schema = DATABASE())"
                                : "SELECT count(*) FROM sqlite_master WHERE type IN ('table', 'trigger')");
}

}  // namespace

TEST_CASE("migrate creates the schema once and says so the second time") {
  const TestDatabase database(false);
  const auto connection = database.connect_as_owner();
  const auto first = migrate(*connection, migrations());
  CHECK(first.from == 0);
  CHECK(first.to == static_cast<int>(migrations().size()));
  CHECK(first.applied.size() == migrations().size());
  const auto settings = db::read_settings(*connection, first.to);
  CHECK(settings.currency == "KRW");
  CHECK(settings.uuid.size() == 36);

  const auto second = migrate(*connection, migrations());
  CHECK(second.from == first.to);
  CHECK(second.applied.empty());
  CHECK(db::read_settings(*connection, first.to).uuid == settings.uuid);
}

TEST_CASE("a dry run of migrate lists what it would do and changes nothing") {
  const TestDatabase database(false);
  const auto connection = database.connect_as_owner();
  CHECK(migrate(*connection, migrations(), true).applied.size() == migrations().size());
  CHECK_THROWS_AS(db::read_settings(*connection, 1), Error);
  CHECK(migrate(*connection, migrations()).from == 0);
}

TEST_CASE("a migration interrupted at any statement is finished by the next run") {
  const auto statements = static_cast<int>(
      (on_mysql() ? db::mysql_dialect : db::sqlite_dialect).split_statements(migrations().at(0).text).size());
  REQUIRE(statements > 10);
  const TestDatabase complete;
  const auto reference = complete.connect_as_owner();
  for (int at = 0; at < statements; ++at) {
    const bool after = at % 2 == 1;
    CAPTURE(at, after);
    const TestDatabase database(false);
    const auto connection = database.connect_as_owner();
    InterruptedConnection interrupted(*connection, at, after);
    CHECK_THROWS_AS(migrate(interrupted, migrations()), Error);
    CHECK_THROWS_AS(db::SqlStore(database.connect_as_owner()), Error);

    migrate(*connection, migrations());
    CHECK(tables_and_triggers(*connection) == tables_and_triggers(*reference));
    CHECK(db::read_settings(*connection, static_cast<int>(migrations().size())).uuid.size() == 36);
  }
}

TEST_CASE("a migration that was interrupted twice at the same statement is finished too") {
  const TestDatabase database(false);
  const auto connection = database.connect_as_owner();
  for (int i = 0; i < 2; ++i) {
    InterruptedConnection interrupted(*connection, i == 0 ? 3 : 0, true);
    CHECK_THROWS_AS(migrate(interrupted, migrations()), Error);
  }
  migrate(*connection, migrations());
  database.grant();
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  CHECK(post(*store, make(Kind::receive, "A", "P1", 1)).receipt);
}

// Each run dies within three steps of where the one before it died; where a migration is one transaction, it
// dies one step later than the run before.
TEST_CASE("a ledger of the first version is upgraded, however often that is interrupted") {
  const TestDatabase complete;
  const TestDatabase now;
  const TestDatabase database(false);
  constexpr int priced = 600;  // more than are recorded in one piece
  make_version_1(*database.connect_as_owner(), now, priced);
  int runs = 0;
  for (bool interrupted = true; interrupted; ++runs) {
    REQUIRE(runs < 1000);
    const int steps = on_mysql() ? runs % 3 : runs / 2;
    CAPTURE(runs, steps);
    const auto connection = database.connect_as_owner();  // as another process: what was open is rolled back
    InterruptedConnection dying(*connection, steps, runs % 2 == 1);
    const auto error = error_of([&] { migrate(dying, migrations()); });
    interrupted = error.exit != Exit::ok;
    if (!interrupted) break;
    REQUIRE(error.message == "interrupted");
    CHECK(error_of([&] { db::SqlStore(database.connect_as_owner()); }).exit == Exit::unavailable);
  }
  CHECK(runs > 40);

  const auto connection = database.connect_as_owner();
  CHECK(tables_and_triggers(*connection) == tables_and_triggers(*complete.connect_as_owner()));
  CHECK(ledger_faults(*connection) == std::vector<std::string>{});
  CHECK(number(*connection, "SELECT count(*) FROM price_line WHERE version = 1") == priced);
  CHECK(number(*connection, "SELECT count(*) FROM price_line") == priced);
  CHECK(number(*connection, "SELECT count(*) FROM product WHERE price_version = 1") == priced);
  database.grant();
  const auto store = database.open();
  const auto report = verify_ledger(*store);
  CHECK(report.violations.empty());
  CHECK(report.operations == 3);
  CHECK(report.movements == 2);
  // What was done stays known, and work goes on.
  CHECK(post(*store, make(Kind::purchase, "A", "P1", 2, "o-2")).replayed);
  CHECK(post(*store, make(Kind::purchase, "A", "P1", 1, "o-4")).receipt);
  CHECK(number(*connection, "SELECT on_hand FROM inventory") == 47);
}

TEST_CASE("a second migration upgrades a database that holds a ledger") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 7));
  auto list = migrations();
  list.push_back(next_migration("ALTER TABLE product ADD COLUMN shelf INTEGER;\n"));
  const auto connection = database.connect_as_owner();
  const auto report = migrate(*connection, list);
  CHECK(report.from == list.back().version - 1);
  CHECK(report.to == list.back().version);
  CHECK(report.applied == std::vector<std::string>{"next"});
  CHECK(number(*connection, "SELECT count(*) FROM product WHERE shelf IS NULL") == 1);
  CHECK(ledger_faults(*connection).empty());

  // The program of before refuses the database now, and so does its init-db.
  CHECK(error_of([&] { database.open(); }).code == "schema_too_new");
  CHECK(error_of([&] { migrate(*connection, migrations()); }).code == "schema_too_new");
  CHECK(error_of([&] { db::read_settings(*connection, list.back().version + 1); }).code == "schema_too_old");
}

TEST_CASE("migrate refuses a migration whose text is not the one that was applied") {
  const TestDatabase database;
  auto list = migrations();
  list[0].checksum = std::string(64, '0');
  const auto connection = database.connect_as_owner();
  const auto error = error_of([&] { migrate(*connection, list); });
  CHECK(error.exit == Exit::unavailable);
  CHECK(error.code == "schema_changed");
}

TEST_CASE("migrate refuses a database that holds another program's tables") {
  for (const std::string table : {"movement", "wp_posts"}) {
    const TestDatabase database(false);
    const auto connection = database.connect_as_owner();
    connection->execute("CREATE TABLE " + table + " (id INTEGER)");
    for (const bool dry_run : {true, false}) {
      const auto error = error_of([&] { migrate(*connection, migrations(), dry_run); });
      CHECK(error.exit == Exit::unavailable);
      CHECK(error.code == "foreign_schema");
      CHECK(error.message == "the database has tables of another program, such as " + table);
    }
    CHECK_THROWS_AS(connection->execute("SELECT 1 FROM schema_migration"), Error);
  }
}

TEST_CASE("a database that a newer program marked is refused, and stays marked") {
  const TestDatabase database(false);
  const auto connection = database.connect_as_owner();
  const auto newest = migrate(*connection, migrations()).to;
  connection->execute("UPDATE setting SET value = '99' WHERE name = 'schema_version'");
  for (const bool dry_run : {true, false}) {
    const auto error = error_of([&] { migrate(*connection, migrations(), dry_run); });
    CHECK(error.exit == Exit::unavailable);
    CHECK(error.code == "schema_too_new");
  }
  CHECK(db::read_settings(*connection, 99).schema_version == 99);
  CHECK(newest < 99);
}

TEST_CASE("a database that was never initialised is unavailable and says how to initialise it") {
  const TestDatabase database(false);
  const auto error = error_of([&] { database.open(); });
  CHECK(error.exit == Exit::unavailable);
  CHECK(error.code == "not_initialised");
  CHECK(error.hint.find("init-db") != std::string::npos);
}

TEST_CASE("only one migration runs at a time") {
  const TestDatabase database(false);
  const auto first = database.connect_as_owner();
  const auto second = database.connect_as_owner();
  {
    const db::MigrationLock lock(*first, soon());
    const auto error = error_of([&] {
      db::migrate(*second, migrations(), Currency::parse("USD"), Deadline::after(std::chrono::seconds(1)),
                  false);
    });
    CHECK(error.exit == Exit::busy);
  }
  CHECK(migrate(*second, migrations()).from == 0);
}

TEST_CASE("a table of another storage engine is refused, because it has no transactions", "[mysql]") {
  for (const std::string table : {"purchase", "applied_file"}) {  // of the first migration, of a later one
    const TestDatabase database;
    const auto connection = database.connect_as_owner();
    if (table == "purchase") {
      connection->execute(
          "ALTER TABLE purchase DROP FOREIGN KEY purchase_of_operation, DROP FOREIGN KEY "
          "purchase_of_product, DROP FOREIGN KEY purchase_of_warehouse");
    }
    connection->execute("ALTER TABLE " + table + " ENGINE = MyISAM");
    const auto error = error_of([&] { migrate(*connection, migrations()); });
    CHECK(error.exit == Exit::unavailable);
    CHECK(error.code == "not_transactional");
    CHECK(error.message == "table " + table + " is stored by MyISAM, which has no transactions");
  }
}

}  // namespace migrate_test
