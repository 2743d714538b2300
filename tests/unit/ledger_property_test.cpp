// Posting under random repetition and random failures: answers and ledger always agree.
#include <catch2/catch.hpp>

#include "memory_store.hpp"
#include "property.hpp"
#include "stock/ledger.hpp"
#include "stock_support.hpp"

namespace ledger_property_test {

using namespace invctl;
using namespace invctl::test;
using namespace std::chrono_literals;

namespace {

using Step = MemoryStore::Step;
using Failure = MemoryStore::Failure;
constexpr Failure retry{StoreError::Kind::retry};
constexpr Failure lost{StoreError::Kind::lost, false, Exit::unavailable};
constexpr Failure lost_but_stored{StoreError::Kind::lost, true, Exit::unavailable};
constexpr Failure refused{StoreError::Kind::other, false, Exit::not_permitted};

MemoryStore shop(Quantity bolts = 10) {
  MemoryStore store;
  store.add_warehouse("EAST");
  store.add_product("BOLT", 250);
  std::vector<Operation> batch{operation(Kind::opening, {line("EAST", "BOLT", bolts)})};
  Ledger(store, {"host", "1"}).post(batch, {});
  store.counts = {};
  return store;
}

Operation ship(Quantity quantity, std::optional<std::string> key = std::nullopt) {
  return operation(Kind::ship, {line("EAST", "BOLT", quantity)}, std::move(key));
}

Outcome post(MemoryStore& store, Operation o, std::chrono::milliseconds timeout = 2s) {
  std::vector<Operation> batch{std::move(o)};
  return Ledger(store, {"host", "1"}).post(batch, {timeout, false}).at(0);
}

Quantity bolts(const MemoryStore& store) {
  return store.row("EAST", "BOLT").on_hand;
}

}  // namespace

TEST_CASE("a batch gives what its operations give one by one") {
  Random random;
  INFO(random);
  int replays = 0;
  int reused = 0;
  for (int round = 0; round < 100; ++round) {
    auto together = shop(5);
    auto apart = shop(5);
    std::vector<Operation> batch;
    for (auto n = random.between(1, 10); n > 0; --n) {
      auto o =
          operation(random.pick(std::vector<Kind>{Kind::receive, Kind::ship, Kind::ship, Kind::purchase}),
                    {line("EAST", random.one_in(8) ? "CHEESE" : "BOLT", random.between(1, 4))});
      if (!random.one_in(4)) o.key = std::string(1, static_cast<char>('A' + random.between(0, 2)));
      if (!batch.empty() && random.one_in(3)) o = random.pick(batch);
      batch.push_back(std::move(o));
    }
    auto copy = batch;
    const auto outcomes = Ledger(together, {"host", "1"}).post(copy, {});
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto alone = post(apart, batch[i]);
      INFO("round " << round << ", operation " << i);
      REQUIRE(outcomes[i].replayed == alone.replayed);
      REQUIRE(outcomes[i].receipt.has_value() == alone.receipt.has_value());
      replays += alone.replayed ? 1 : 0;
      if (alone.receipt) {
        REQUIRE(outcomes[i].receipt->operation == alone.receipt->operation);
        REQUIRE(outcomes[i].receipt->lines.at(0).before == alone.receipt->lines.at(0).before);
        REQUIRE(outcomes[i].receipt->lines.at(0).on_hand == alone.receipt->lines.at(0).on_hand);
        REQUIRE(outcomes[i].receipt->total_minor == alone.receipt->total_minor);
      } else {
        REQUIRE(outcomes[i].rejection->code == alone.rejection->code);
        REQUIRE(outcomes[i].rejection->message == alone.rejection->message);
        reused += alone.rejection->code == "key_reused" ? 1 : 0;
      }
    }
    REQUIRE(bolts(together) == bolts(apart));
    REQUIRE(together.stored().operations.size() == apart.stored().operations.size());
  }
  CHECK(replays > 10);
  CHECK(reused > 10);
}

TEST_CASE(
    "whatever fails, every answer is true: accepted is stored once, anything else but exit 10 not at all") {
  Random random;
  INFO(random);
  std::map<std::string, int> seen;
  const auto all_seen = [&] {
    for (const char* answer :
         {"accepted", "short", "busy", "unknown_outcome", "unavailable", "not_permitted"}) {
      if (seen[answer] == 0) return false;
    }
    return true;
  };
  // A rare answer can be missing from the first rounds of a seed: then there are more, up to a bound that
  // only a fault exceeds.
  for (int round = 0; round < 150 || (round < 3000 && !all_seen()); ++round) {
    auto store = shop(12);
    Quantity sold = 0;
    for (int i = 0; i < 6; ++i) {
      for (const auto step : {Step::begin, Step::lock, Step::append, Step::commit, Step::reconnect}) {
        for (auto n = random.between(0, 3); n > 0; --n) {
          if (random.one_in(2)) {
            store.fail(step, {std::nullopt});
          } else if (step == Step::reconnect) {
            store.fail(step, {random.one_in(4) ? refused : lost});
          } else {
            store.fail(step,
                       {random.pick(std::vector<Failure>{retry, retry, lost, lost_but_stored, refused})});
          }
        }
      }
      const auto quantity = random.between(1, 4);
      const auto key = "K" + std::to_string(i);
      const auto before = bolts(store);
      std::string answer;
      try {
        const auto outcome = post(store, ship(quantity, key), random.one_in(3) ? 0ms : 3ms);
        answer = outcome.receipt ? "accepted" : "short";
      } catch (const Error& error) {
        answer = error.code;
      }
      ++seen[answer];
      store.heal();
      store.reconnect();
      int stored = 0;
      for (const auto& o : store.stored().operations) {
        if (o.record.key == key && o.record.accepted) ++stored;
      }
      CAPTURE(round, i, answer);
      REQUIRE(stored <= 1);
      if (answer == "accepted") REQUIRE(stored == 1);
      if (answer != "accepted" && answer != "unknown_outcome") REQUIRE(stored == 0);
      sold += stored * quantity;
      REQUIRE(bolts(store) == before - stored * quantity);
      REQUIRE(bolts(store) == 12 - sold);
      REQUIRE(bolts(store) >= 0);
    }
  }
  for (const auto& [answer, times] : seen) UNSCOPED_INFO(answer << ": " << times);
  CHECK(all_seen());
}

}  // namespace ledger_property_test
