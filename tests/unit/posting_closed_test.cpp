// Postings and closed periods: who has to ask, and what is refused.
#include <catch2/catch.hpp>

#include "memory_store.hpp"
#include "stock/ledger.hpp"
#include "stock_support.hpp"

namespace posting_closed_test {

using namespace invctl;
using namespace invctl::test;

namespace {

struct ClosedStore : MemoryStore {
  std::optional<Micros> until;
  int asked = 0;
  std::optional<Micros> closed_until() override {
    ++asked;
    return until;
  }
};

ClosedStore shop(std::optional<Micros> until) {
  ClosedStore store;
  store.add_warehouse("EAST");
  store.add_product("BOLT", 250);
  store.until = until;
  return store;
}

Outcome post(ClosedStore& store, std::optional<Micros> occurred_at, const std::string& key) {
  auto asked = operation(Kind::receive, {line("EAST", "BOLT", 5)}, key);
  asked.occurred_at = occurred_at;
  std::vector<Operation> batch{asked};
  return Ledger(store, {"host-1", "0.1.0"}).post(batch, {std::chrono::milliseconds(200), false}).at(0);
}

}  // namespace

TEST_CASE("what happened before the end of what is closed is refused, and its id stays free") {
  auto store = shop(1000);
  const auto late = post(store, 999, "k");
  REQUIRE(late.rejection);
  CHECK(late.rejection->code == "period_closed");
  CHECK(late.rejection->exit == Exit::conflict);
  CHECK(store.stored().operations.empty());
  const auto in_time = post(store, 1000, "k");
  REQUIRE(in_time.receipt);
  CHECK_FALSE(in_time.replayed);
  CHECK(store.asked == 2);
}

TEST_CASE("what was posted before its period was closed is replayed") {
  auto store = shop(std::nullopt);
  REQUIRE(post(store, 999, "k").receipt);
  store.until = 1000;
  const auto again = post(store, 999, "k");
  REQUIRE(again.receipt);
  CHECK(again.replayed);
}

TEST_CASE("what happens now happens behind everything that is closed, whatever this clock says") {
  // A period that ends in an hour and a half of this clock: closed by a clock that is ahead. Only in the last
  // hour of a month anybody asks.
  auto store = shop(now_utc() + 5'400'000'000);
  REQUIRE(post(store, std::nullopt, "k").receipt);
  const auto& record = store.stored().operations.at(0).record;
  CHECK(record.occurred_at == (store.asked > 0 ? *store.until : record.recorded_at));
}

}  // namespace posting_closed_test
