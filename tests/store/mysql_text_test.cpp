// Statements as the MySQL driver sends them: values as literals, several in one text.
#include <catch2/catch.hpp>

#include "fixture.hpp"
#include "mysql_statement.hpp"
#include "unit/property.hpp"

namespace mysql_text_test {

using namespace invctl;
using namespace invctl::test;
using namespace std::chrono_literals;

namespace {

const std::string insert = "INSERT INTO setting (name, value) VALUES (?, ?)";

std::int64_t count_of(db::Connection& connection, const std::string& name) {
  db::Query query(connection, "SELECT COUNT(*) FROM setting WHERE name = ?");
  query.bind(name);
  return query.next() ? query.integer(0) : -1;
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

}  // namespace

TEST_CASE("a text is a literal that needs no escaping", "[mysql]") {
  CHECK(db::text_literal("BOLT-10 x 5.0/5?") == "'BOLT-10 x 5.0/5?'");
  CHECK(db::text_literal("") == "''");
  CHECK(db::text_literal("it's") == "_utf8mb4 X'69742773'");
  CHECK(db::text_literal("\\") == "_utf8mb4 X'5C'");
  CHECK(db::text_literal("\"") == "_utf8mb4 X'22'");
  CHECK(db::text_literal("나") == "_utf8mb4 X'EB8298'");
  const unsigned char bytes[] = {0x00, 0xff, 0x27};
  CHECK(db::blob_literal(bytes) == "X'00FF27'");
  CHECK(db::blob_literal({}) == "X''");
}

TEST_CASE("every text comes back as it went, whatever would end a literal", "[mysql]") {
  const TestDatabase database;
  const auto owner = database.connect_as_owner();
  owner->execute(
      "CREATE TABLE sample (id BIGINT PRIMARY KEY, t VARCHAR(300) COLLATE utf8mb4_bin, b VARBINARY(300))");
  Random random;
  INFO(random);
  const std::vector<std::string> parts = {"'",  "\"", "\\", "\\'", "''", "?",  ";",  "--",
                                          "/*", "*/", "%",  "_",   "\n", "\t", "\r", "`",
                                          "a",  "0",  " ",  "é",   "나", "📦",  "X'", std::string(1, '\0')};
  for (std::int64_t id = 1; id <= 200; ++id) {
    std::string text;
    for (auto n = random.between(0, 20); n > 0; --n) {
      text += parts[static_cast<std::size_t>(random.between(0, static_cast<int>(parts.size()) - 1))];
    }
    std::vector<unsigned char> bytes;
    for (auto n = random.between(0, 40); n > 0; --n)
      bytes.push_back(static_cast<unsigned char>(random.between(0, 255)));
    db::Query write(*owner, "INSERT INTO sample (id, t, b) VALUES (?, ?, ?)");
    write.bind(id).bind(text).bind_blob(bytes).run();
    db::Query read(*owner, "SELECT t, b FROM sample WHERE id = ? AND t = ? AND b = ? AND '?' = \"?\"");
    REQUIRE(read.bind(id).bind(text).bind_blob(bytes).next());
    REQUIRE(read.text(0) == text);
    REQUIRE(read.text(1) == std::string(bytes.begin(), bytes.end()));
  }
}

TEST_CASE("statements that nobody waits for run in order, before the next one that is waited for",
          "[mysql]") {
  const TestDatabase database;
  const auto owner = database.connect_as_owner();
  owner->begin(Deadline::after(20s));
  db::Query(*owner, insert).bind(std::string("a")).bind(std::string("1")).run_later();
  db::Query(*owner, "UPDATE setting SET value = ? WHERE name = ?")
      .bind(std::string("2"))
      .bind(std::string("a"))
      .run_later(1);
  CHECK(count_of(*owner, "a") == 1);
  db::Query(*owner, insert).bind(std::string("b")).bind(std::string("3")).run_later();
  owner->commit();
  const auto other = database.connect();
  CHECK(number(*other, "SELECT COUNT(*) FROM setting WHERE name IN ('a', 'b') AND value IN ('2', '3')") == 2);
}

TEST_CASE("what such a statement fails with is told by the next one, and nothing of it stays", "[mysql]") {
  const TestDatabase database;
  const auto owner = database.connect_as_owner();
  const auto other = database.connect();
  SECTION("a key that is taken") {
    owner->begin(Deadline::after(20s));
    for (int i = 0; i < 2; ++i)
      db::Query(*owner, insert).bind(std::string("a")).bind(std::string("1")).run_later();
    db::Query(*owner, insert).bind(std::string("b")).bind(std::string("1")).run_later();
    try {
      count_of(*owner, "a");
      FAIL("the second was taken for stored");
    } catch (const StoreError& error) {
      CHECK(error.kind == StoreError::Kind::duplicate);
    }
    owner->rollback();
  }
  SECTION("another number of rows than it must match") {
    for (const std::int64_t rows : {0, 2}) {
      owner->begin(Deadline::after(20s));
      db::Query(*owner, insert).bind(std::string("a")).bind(std::string("1")).run_later();
      db::Query(*owner, "UPDATE setting SET value = ? WHERE name = 'a'")
          .bind(std::string("2"))
          .run_later(rows);
      CHECK(asks_for_repetition([&] { count_of(*owner, "a"); }));
      owner->rollback();
    }
  }
  SECTION("the same, told by COMMIT") {
    owner->begin(Deadline::after(20s));
    db::Query(*owner, insert).bind(std::string("a")).bind(std::string("1")).run_later();
    db::Query(*owner, "UPDATE setting SET value = '2' WHERE name = 'a'").run_later(7);
    CHECK(asks_for_repetition([&] { owner->commit(); }));
  }
  CHECK(count_of(*other, "a") == 0);
  CHECK(count_of(*other, "b") == 0);
  // The connection is of use as before.
  owner->begin(Deadline::after(20s));
  db::Query(*owner, insert).bind(std::string("a")).bind(std::string("1")).run_later();
  owner->commit();
  CHECK(count_of(*other, "a") == 1);
}

TEST_CASE(
    "a transaction that was rolled back behind our back is noticed, and nothing is committed on its own",
    "[mysql]") {
  const TestDatabase database;
  const auto owner = database.connect_as_owner();
  const auto other = database.connect();
  SECTION("before the last statements") {
    owner->begin(Deadline::after(20s));
    count_of(*owner, "a");
    owner->execute("ROLLBACK");
    db::Query(*owner, insert).bind(std::string("a")).bind(std::string("1")).run();
    CHECK(count_of(*other, "a") == 0);
    CHECK(asks_for_repetition([&] { owner->commit(); }));
  }
  SECTION("behind them") {
    owner->begin(Deadline::after(20s));
    db::Query(*owner, insert).bind(std::string("a")).bind(std::string("1")).run();
    owner->execute("ROLLBACK");
    CHECK(asks_for_repetition([&] { owner->commit(); }));
  }
  SECTION("and by whoever began another one") {
    owner->begin(Deadline::after(20s));
    owner->execute("ROLLBACK");
    owner->execute("BEGIN");
    db::Query(*owner, insert).bind(std::string("a")).bind(std::string("1")).run_later();
    CHECK(asks_for_repetition([&] { owner->commit(); }));
  }
  CHECK(count_of(*other, "a") == 0);
}

TEST_CASE("outside a transaction each statement is committed on its own, also after one", "[mysql]") {
  const TestDatabase database;
  const auto owner = database.connect_as_owner();
  const auto other = database.connect();
  for (const std::string name : {"a", "b", "c"}) {
    db::Query(*owner, insert).bind(name).bind(std::string("1")).run();
    CHECK(count_of(*other, name) == 1);
    owner->begin(Deadline::after(20s));
    count_of(*owner, name);
    name == "b" ? owner->commit() : owner->rollback();
  }
}

}  // namespace mysql_text_test
