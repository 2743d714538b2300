// Reservations on every engine: races for one of them, and the ledger's witness.
#include "stock/reservation.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "fixture.hpp"
#include "stock/verify.hpp"

namespace reservation_test {

using namespace invctl;
using namespace invctl::test;

namespace {

std::int64_t reserve(db::SqlStore& store, Quantity quantity, Micros ttl, const std::string& key) {
  auto operation = make(Kind::reserve, "A", "P1", quantity, key);
  operation.ttl = ttl;
  const auto outcome = post(store, operation);
  REQUIRE(outcome.receipt);
  return outcome.receipt->operation;
}

Operation step(db::SqlStore& store, std::int64_t id, Kind kind, const std::string& key) {
  auto operation = on_reservation(store, id, kind);
  operation.actor = "tester";
  operation.key = key;
  if (kind == Kind::extend) operation.ttl = 60'000'000;
  return operation;
}

}  // namespace

TEST_CASE("of rivals for one reservation exactly one confirms or releases it") {
  TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 1000, "stock"));
  constexpr int rivals = 4;
  for (int round = 0; round < 10; ++round) {
    const auto id = reserve(*store, 3, 60'000'000, "r" + std::to_string(round));
    std::vector<std::unique_ptr<db::SqlStore>> stores;
    for (int i = 0; i < rivals; ++i) stores.push_back(database.open());
    std::atomic<int> accepted{0};
    std::atomic<int> ended{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < rivals; ++i) {
      threads.emplace_back([&, i] {
        auto& mine = *stores[static_cast<std::size_t>(i)];
        const auto key = std::to_string(round) + "-" + std::to_string(i);
        const auto outcome = post(mine, step(mine, id, i % 2 == 0 ? Kind::confirm : Kind::release, key));
        if (outcome.receipt) ++accepted;
        if (outcome.rejection && outcome.rejection->code == "reservation_ended") ++ended;
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(accepted == 1);
    CHECK(ended == rivals - 1);
  }
  CHECK(number(store->connection(), "SELECT count(*) FROM hold") == 0);
  CHECK(verify_ledger(*store).violations.empty());
}

TEST_CASE("verify names a reservation whose time, kind or reservation was changed") {
  TestDatabase database;
  const auto store = std::make_unique<db::SqlStore>(database.connect_as_owner());
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 100, "stock"));
  const auto first = reserve(*store, 3, 60'000'000, "first");
  const auto second = reserve(*store, 4, 60'000'000, "second");
  post(*store, step(*store, first, Kind::confirm, "sold"));
  CHECK(verify_ledger(*store).violations.empty());
  auto& connection = store->connection();
  connection.execute("DROP TRIGGER operation_no_update");
  connection.execute("DROP TRIGGER movement_no_update");
  const auto found_after = [&](const std::string& statement, const std::string& check) {
    connection.execute("BEGIN");
    connection.execute(statement);
    const auto violations = verify_ledger(*store).violations;
    connection.execute("ROLLBACK");
    return std::any_of(violations.begin(), violations.end(),
                       [&](const Violation& violation) { return violation.check == check; });
  };
  const auto of = [](std::int64_t id) { return " WHERE id = " + std::to_string(id); };
  CHECK(found_after("UPDATE operation SET expires_at = expires_at + 1" + of(second), "hash-chain"));
  CHECK(found_after("UPDATE operation SET expires_at = NULL" + of(second), "hash-chain"));
  CHECK(found_after(
      "UPDATE operation SET reservation_id = " + std::to_string(second) + " WHERE idempotency_key = 'sold'",
      "hash-chain"));
  CHECK(found_after("UPDATE operation SET reservation_id = NULL WHERE idempotency_key = 'sold'",
                    "holds-match"));
  CHECK(found_after("UPDATE hold SET quantity = 5", "holds-match"));
  CHECK(found_after("DELETE FROM hold", "holds-match"));
}

TEST_CASE("more expired holds than one transaction takes are all given back before anything is decided") {
  TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  constexpr int holds = 1100;
  post(*store, make(Kind::receive, "A", "P1", holds, "stock"));
  for (int first = 0; first < holds; first += 100) {
    std::vector<Operation> batch;
    for (int i = first; i < first + 100; ++i) {
      batch.push_back(make(Kind::reserve, "A", "P1", 1, "h" + std::to_string(i)));
      batch.back().ttl = 20'000'000;
    }
    for (const auto& outcome : Ledger(*store, test_origin).post(batch, {})) REQUIRE(outcome.receipt);
  }
  database.connect_as_owner()->execute("UPDATE hold SET expires_at = 1");
  REQUIRE(post(*store, make(Kind::ship, "A", "P1", holds, "all")).receipt);
  CHECK(number(store->connection(), "SELECT count(*) FROM operation WHERE kind = 'expire'") == holds);
  CHECK(number(store->connection(), "SELECT count(*) FROM hold") == 0);
  CHECK(verify_ledger(*store).violations.empty());
}

TEST_CASE("an expired hold is given back in the transaction that meets it, once") {
  TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 10, "stock"));
  reserve(*store, 10, 1000, "short");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  constexpr int rivals = 5;
  std::vector<std::unique_ptr<db::SqlStore>> stores;
  for (int i = 0; i < rivals; ++i) stores.push_back(database.open());
  std::atomic<int> shipped{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < rivals; ++i) {
    threads.emplace_back([&, i] {
      auto& mine = *stores[static_cast<std::size_t>(i)];
      if (post(mine, make(Kind::ship, "A", "P1", 2, "s" + std::to_string(i))).receipt) ++shipped;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(shipped == rivals);
  CHECK(number(store->connection(), "SELECT count(*) FROM operation WHERE kind = 'expire'") == 1);
  CHECK(verify_ledger(*store).violations.empty());
}

}  // namespace reservation_test
