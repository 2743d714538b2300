// Undoing operations, on a store in memory.
#include "stock/reverse.hpp"

#include <catch2/catch.hpp>

#include "memory_store.hpp"
#include "property.hpp"
#include "stock/ledger.hpp"
#include "stock_support.hpp"

namespace reverse_test {

using namespace invctl;
using namespace invctl::test;

namespace {

MemoryStore shop() {
  MemoryStore store;
  store.add_warehouse("EAST");
  store.add_warehouse("WEST");
  store.add_product("BOLT", 250);
  store.add_product("NUT", 10);
  return store;
}

Outcome post(MemoryStore& store, Operation o) {
  Ledger ledger(store, {"host", "1"});
  std::vector<Operation> batch{std::move(o)};
  return ledger.post(batch, {}).at(0);
}

Operation undo(MemoryStore& store, std::int64_t id) {
  auto o = reversal_of(store, id);
  o.actor = "tester";
  o.reason = "a mistake";
  return o;
}

}  // namespace

TEST_CASE("a reversal takes the opposite of each line and says what it reverses") {
  auto store = shop();
  const auto done = post(store, operation(Kind::receive, {line("EAST", "BOLT", 5), line("WEST", "NUT", 2)}));
  const auto reversal = undo(store, done.receipt->operation);
  REQUIRE(reversal.lines.size() == 2);
  CHECK(reversal.lines[0].quantity == -5);
  CHECK(reversal.lines[1].quantity == -2);
  const auto undone = post(store, reversal);
  REQUIRE(undone.receipt);
  CHECK(undone.receipt->reverses == done.receipt->operation);
  CHECK(store.row("EAST", "BOLT").on_hand == 0);
  const auto& stored = store.stored().operations.back().record;
  CHECK(stored.reverses_id == done.receipt->operation);
  CHECK(stored.reverses_uid == store.stored().operations.front().record.uid);
}

TEST_CASE("an operation is reversed once, in one batch as in two, and whoever was first") {
  auto store = shop();
  const auto done = post(store, operation(Kind::receive, {line("EAST", "BOLT", 5)}));
  Ledger ledger(store, {"host", "1"});
  std::vector<Operation> both{undo(store, done.receipt->operation), undo(store, done.receipt->operation)};
  const auto outcomes = ledger.post(both, {});
  CHECK(outcomes[0].receipt);
  REQUIRE(outcomes[1].rejection);
  CHECK(outcomes[1].rejection->code == "already_reversed");
  const auto third = post(store, undo(store, done.receipt->operation));
  REQUIRE(third.rejection);
  CHECK(third.rejection->exit == Exit::conflict);
  CHECK(third.rejection->message.find("by operation") != std::string::npos);
}

TEST_CASE("a rival that reverses the same operation at the last moment wins, and the loser is told so") {
  auto store = shop();
  const auto done = post(store, operation(Kind::receive, {line("EAST", "BOLT", 5)}));
  const auto mine = undo(store, done.receipt->operation);
  store.before_next_append([&](MemoryStore& other) {
    auto& state = other.tamper();
    auto rival = state.operations.front();
    rival.record.id = 5000;
    rival.record.key = "rival";
    rival.record.kind = Kind::reverse;
    rival.record.reverses_id = done.receipt->operation;
    rival.movements.clear();
    state.operations.push_back(rival);
  });
  const auto outcome = post(store, mine);
  REQUIRE(outcome.rejection);
  CHECK(outcome.rejection->code == "already_reversed");
  CHECK(store.row("EAST", "BOLT").on_hand == 5);
}

TEST_CASE("a refused reversal under an id is remembered and leaves the operation to be reversed later") {
  auto store = shop();
  const auto done = post(store, operation(Kind::receive, {line("EAST", "BOLT", 5)}));
  post(store, operation(Kind::ship, {line("EAST", "BOLT", 1)}));
  auto first = undo(store, done.receipt->operation);
  first.key = "undo";
  CHECK(post(store, first).rejection->exit == Exit::insufficient_stock);
  const auto& refused = store.stored().operations.back().record;
  CHECK_FALSE(refused.accepted);
  CHECK_FALSE(refused.reverses_id);
  CHECK_FALSE(refused.reverses_uid);
  post(store, operation(Kind::receive, {line("EAST", "BOLT", 1)}));
  CHECK(post(store, first).replayed);
  CHECK(post(store, undo(store, done.receipt->operation)).receipt);
}

TEST_CASE("stock that was sold from two places goes back to both, also where one is retired since") {
  auto store = shop();
  post(store, operation(Kind::receive, {line("EAST", "BOLT", 2), line("WEST", "BOLT", 3)}));
  const auto sold = post(store, operation(Kind::purchase, {line("", "BOLT", 4)}));
  store.tamper().warehouses.at("WEST").retired = true;
  REQUIRE(post(store, undo(store, sold.receipt->operation)).receipt);
  CHECK(store.row("EAST", "BOLT").on_hand == 2);
  CHECK(store.row("WEST", "BOLT").on_hand == 3);
}

TEST_CASE("opening stock that is undone can be posted again, and undoing that brings it back") {
  auto store = shop();
  const auto opened = post(store, operation(Kind::opening, {line("EAST", "BOLT", 7)}));
  CHECK(store.row("EAST", "BOLT").opening == 7);
  const auto undone = post(store, undo(store, opened.receipt->operation));
  CHECK(store.row("EAST", "BOLT").opening == std::nullopt);
  post(store, undo(store, undone.receipt->operation));
  CHECK(store.row("EAST", "BOLT").opening == 7);
  CHECK(store.row("EAST", "BOLT").on_hand == 7);
}

TEST_CASE("nothing is reversed that is not there or was refused") {
  auto store = shop();
  auto o = operation(Kind::ship, {line("EAST", "BOLT", 1)}, "refused");
  post(store, o);
  const auto id = store.stored().operations.back().record.id;
  try {
    reversal_of(store, id);
    FAIL("a refusal was reversed");
  } catch (const Error& error) {
    CHECK(error.code == "nothing_to_reverse");
  }
  try {
    reversal_of(store, 77);
    FAIL("nothing was reversed");
  } catch (const Error& error) {
    CHECK(error.exit == Exit::not_found);
  }
}

TEST_CASE("the request of a reversal is that of its uid, and no other kind can name one") {
  auto store = shop();
  const auto one = post(store, operation(Kind::receive, {line("EAST", "BOLT", 5)}));
  const auto two = post(store, operation(Kind::receive, {line("EAST", "BOLT", 5)}));
  CHECK(request_hash(undo(store, one.receipt->operation)) !=
        request_hash(undo(store, two.receipt->operation)));
  auto ship = operation(Kind::ship, {line("EAST", "BOLT", 5)});
  ship.reverses = Reversed{};
  CHECK_THROWS_AS(check_operation(ship), Error);
  auto nothing = undo(store, one.receipt->operation);
  nothing.reverses.reset();
  CHECK_THROWS_AS(check_operation(nothing), Error);
}

TEST_CASE("whatever was done, undoing all of it newest first leads back to where it began") {
  Random random;
  INFO(random);
  auto store = shop();
  // So much that nothing is ever refused for want of stock.
  post(store, operation(Kind::receive, {line("EAST", "BOLT", 1000), line("WEST", "BOLT", 1000),
                                        line("EAST", "NUT", 1000), line("WEST", "NUT", 1000)}));
  const auto last = [&] { return static_cast<std::int64_t>(store.stored().operations.size()) - 1; };
  const auto id_at = [&](std::int64_t i) {
    return store.stored().operations[static_cast<std::size_t>(i)].record.id;
  };
  for (int i = 0; i < 60; ++i) {
    const auto kind = random.pick(
        std::vector<Kind>{Kind::receive, Kind::ship, Kind::adjust, Kind::purchase, Kind::reverse});
    if (kind == Kind::reverse && last() > 0) {
      post(store, undo(store, id_at(random.between(1, last()))));  // or is refused: it was reversed before
    } else if (kind != Kind::reverse) {
      const std::string where = random.one_in(2) ? "EAST" : "WEST";
      post(store, operation(kind, {line(where, random.one_in(2) ? "BOLT" : "NUT", random.between(1, 9))}));
    }
  }
  for (auto i = last(); i > 0; --i) {
    const auto id = id_at(i);
    bool reversed = false;
    for (const auto& other : store.stored().operations) {
      reversed = reversed || other.record.reverses_id == id;
    }
    // A reversal that stands has already led back.
    const auto undoing = undo(store, id);
    if (!reversed && undoing.reverses->undoes) REQUIRE(post(store, undoing).receipt);
  }
  for (const std::string where : {"EAST", "WEST"}) {
    for (const std::string sku : {"BOLT", "NUT"}) CHECK(store.row(where, sku).on_hand == 1000);
  }
}

}  // namespace reverse_test
