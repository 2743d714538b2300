// Prices on every engine: where they begin, that they only grow, and which one a sale meets.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "catalog/price_check.hpp"
#include "catalog/price_set.hpp"
#include "fixture.hpp"
#include "sql_prices.hpp"

namespace price_test {

using namespace invctl;
using namespace invctl::test;

namespace {

Deadline soon() {
  return Deadline::after(std::chrono::seconds(20));
}

std::vector<std::string> price_faults(db::SqlStore& store) {
  std::vector<std::string> faults;
  for (const auto& violation : check_prices(store, {}, [&] { return store.clock(); }).violations) {
    faults.push_back(violation.message());
  }
  return faults;
}

PriceReceipt set(db::SqlStore& store, const std::string& sku, Minor price,
                 std::optional<Micros> effective_at = std::nullopt) {
  PriceRequest request;
  request.lines = {{sku, price}};
  request.note.reason = "test";
  request.note.key = to_hex(random_uid());
  request.effective_at = effective_at;
  return set_prices(store, store, request, soon());
}

Minor paid(db::SqlStore& store) {
  const auto outcome = post(store, make(Kind::purchase, "A", "P1", 1));
  REQUIRE(outcome.receipt);
  return outcome.receipt->total_minor.value_or(-1);
}

}  // namespace

TEST_CASE("the prices of a database from before they were recorded become the first of their history") {
  TestDatabase database(false);
  const auto owner = database.connect_as_owner();
  auto list = migrations();
  const auto first = std::find_if(list.begin(), list.end(), [](const db::Migration& migration) {
    return migration.name.ends_with("_price");
  });
  REQUIRE(first != list.end());
  db::migrate(*owner, {list.begin(), first}, Currency::parse("USD"), soon(), false);
  constexpr int products = 700;
  for (int i = 1; i <= products; ++i) {
    const auto price = i % 7 == 0 ? "NULL" : std::to_string(i);
    owner->execute("INSERT INTO product (sku, name, price_minor) VALUES ('P" + std::to_string(i) +
                   "', 'P', " + price + ")");
  }
  db::migrate(*owner, list, Currency::parse("USD"), soon(), false);
  CHECK(number(*owner, "SELECT count(*) FROM price_line") == products - products / 7);
  CHECK(number(*owner, "SELECT count(*) FROM product WHERE price_version = 1") == products - products / 7);
  {
    db::SqlStore store(database.connect_as_owner());
    CHECK(price_faults(store) == std::vector<std::string>{});
  }
  // A run that broke off after the last statement, in the middle of the prices.
  owner->execute("UPDATE setting SET value = '5' WHERE name = 'schema_version'");
  owner->execute("INSERT INTO product (sku, name, price_minor) VALUES ('LATE', 'Late', 5)");
  CHECK_THROWS_AS(db::SqlStore(database.connect_as_owner()), Error);
  db::migrate(*owner, list, Currency::parse("USD"), soon(), false);
  db::SqlStore store(database.connect_as_owner());
  CHECK(number(*owner, "SELECT count(*) FROM price_change") == 3);
  CHECK(price_faults(store) == std::vector<std::string>{});
}

TEST_CASE("price changes and their lines refuse every statement that would rewrite them") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 2);
  const auto owner = database.connect_as_owner();
  for (const std::string table : {"price_change", "price_line"}) {
    const std::string column = table == "price_line" ? "new_minor" : "recorded_at";
    for (const auto& statement :
         {"UPDATE " + table + " SET " + column + " = " + column + " + 1", "DELETE FROM " + table,
          "REPLACE INTO " + table + " SELECT * FROM " + table}) {
      CAPTURE(statement);
      CHECK_THROWS_AS(owner->execute(statement), Error);
    }
  }
  CHECK_THROWS_AS(
      owner->execute("REPLACE INTO price_line (product_id, version, change_id, old_minor, new_minor) "
                     "SELECT product_id, version, change_id, old_minor, 1 FROM price_line"),
      Error);
  CHECK(price_faults(*store) == std::vector<std::string>{});
}

TEST_CASE("the account that posts can neither change nor empty what prices were", "[mysql]") {
  const TestDatabase database;
  add_catalog(*database.open(), 1, 1);
  const auto poster = database.connect();
  for (const std::string table : {"price_change", "price_line"}) {
    for (const auto& statement : {"DELETE FROM " + table, "TRUNCATE TABLE " + table, "DROP TABLE " + table}) {
      CAPTURE(statement);
      CHECK_THROWS_AS(poster->execute(statement), Error);
    }
  }
}

TEST_CASE(
    "a sale meets the price of its moment by the database's clock, before and after a change comes into "
    "effect") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 1'000'000));
  const auto moment = store->clock() + 400'000;
  set(*store, "P1", 777, moment);
  std::int64_t early = 0;
  std::int64_t late = 0;
  for (;;) {
    const auto before = store->clock();
    const auto price = paid(*store);
    const auto after = store->clock();
    // Between the two looks at the clock either may be right.
    if (after < moment) CHECK(price == 100);
    if (before >= moment) CHECK(price == 777);
    ++(price == 100 ? early : late);
    if (before > moment + 100'000) break;
  }
  CHECK(early > 0);
  CHECK(late > 0);
  // It stays so without anybody having touched the product's row, and when it is.
  CHECK(number(store->connection(), "SELECT price_minor FROM product") == 100);
  CHECK(price_faults(*store) == std::vector<std::string>{});
  set(*store, "P1", 800);
  CHECK(paid(*store) == 800);
  CHECK(number(store->connection(), "SELECT old_minor FROM price_line WHERE version = 3") == 777);
  CHECK(price_faults(*store) == std::vector<std::string>{});
}

TEST_CASE("prices set by many at once follow each other without a gap, while others buy at one of them") {
  const TestDatabase database;
  {
    const auto store = database.open();
    add_catalog(*store, 1, 1);
    post(*store, make(Kind::receive, "A", "P1", 1'000'000));
  }
  constexpr int setters = 3;
  constexpr int each = 15;
  std::atomic<int> failures{0};
  std::atomic<bool> selling{true};
  std::vector<std::thread> threads;
  for (int setter = 0; setter < setters; ++setter) {
    threads.emplace_back([&, setter] {
      try {
        const auto store = database.open();
        for (int i = 0; i < each; ++i) {
          const auto later = i % 3 == 2 ? std::optional(store->clock() + 3'600'000'000 + i) : std::nullopt;
          set(*store, "P1", 1000 * (setter + 1) + i, later);
        }
      } catch (const std::exception&) {
        ++failures;
      }
    });
  }
  std::thread buyer([&] {
    try {
      const auto store = database.open();
      while (selling) {
        if (!post(*store, make(Kind::purchase, "A", "P1", 1)).receipt) ++failures;
      }
    } catch (const std::exception&) {
      ++failures;
    }
  });
  for (auto& thread : threads) thread.join();
  selling = false;
  buyer.join();
  CHECK(failures == 0);
  const auto store = database.open();
  CHECK(number(store->connection(), "SELECT max(version) FROM price_line") == setters * each + 1);
  CHECK(number(store->connection(),
               "SELECT count(*) FROM purchase WHERE unit_price_minor NOT IN "
               "(SELECT new_minor FROM price_line)") == 0);
  CHECK(price_faults(*store) == std::vector<std::string>{});
}

}  // namespace price_test
