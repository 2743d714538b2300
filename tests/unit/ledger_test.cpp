// What becomes of a batch when storage fails: repeated, given up, or settled exactly once.
#include "stock/ledger.hpp"

#include <catch2/catch.hpp>

#include "memory_store.hpp"
#include "stock_support.hpp"

namespace ledger_test {

using namespace invctl;
using namespace invctl::test;
using namespace std::chrono_literals;

namespace {

using Step = MemoryStore::Step;
using Failure = MemoryStore::Failure;
constexpr Failure retry{StoreError::Kind::retry};
constexpr Failure duplicate{StoreError::Kind::duplicate};
constexpr Failure lost{StoreError::Kind::lost, false, Exit::unavailable};
constexpr Failure lost_but_stored{StoreError::Kind::lost, true, Exit::unavailable};
constexpr Failure lost_undone{StoreError::Kind::lost, false, Exit::unavailable, true};
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

Outcome post(MemoryStore& store, Operation o, std::chrono::milliseconds timeout = 20s) {
  std::vector<Operation> batch{std::move(o)};
  return Ledger(store, {"host", "1"}).post(batch, {timeout, false}).at(0);
}

// The error that posting ends with.
Error failure_of(MemoryStore& store, Operation o, std::chrono::milliseconds timeout = 20s) {
  try {
    post(store, std::move(o), timeout);
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error");
  return Error(Exit::ok, "");
}

Quantity bolts(const MemoryStore& store) {
  return store.row("EAST", "BOLT").on_hand;
}

}  // namespace

TEST_CASE("a transaction that must be repeated is repeated as a whole, wherever it failed") {
  for (const auto step : {Step::begin, Step::lock, Step::find, Step::append, Step::commit}) {
    for (const auto& failure : {retry, duplicate}) {
      auto store = shop();
      store.fail(step, {failure, failure, failure});
      const auto outcome = post(store, ship(3, "K"));
      INFO("step " << static_cast<int>(step));
      CHECK(outcome.receipt.has_value());
      CHECK_FALSE(outcome.replayed);
      CHECK(bolts(store) == 7);
      CHECK(store.stored().operations.size() == 2);
      CHECK(store.counts.begins == 4);
    }
  }
}

TEST_CASE("a connection lost before COMMIT is replaced and the work is done once") {
  for (const auto step : {Step::begin, Step::lock, Step::find, Step::append}) {
    auto store = shop();
    store.fail(step, {lost});
    store.fail(Step::reconnect, {lost, lost});
    INFO("step " << static_cast<int>(step));
    CHECK(post(store, ship(3, "K")).receipt.has_value());
    CHECK(bolts(store) == 7);
    CHECK(store.counts.reconnects == 3);
  }
}

TEST_CASE("a connection lost at COMMIT is settled by looking the key up, exactly once") {
  for (const bool key_given : {true, false}) {
    for (const auto& failure : {lost, lost_but_stored}) {
      auto store = shop();
      store.fail(Step::commit, {failure});
      auto o = ship(3);
      if (key_given) o.key = "K";
      const auto outcome = post(store, o);
      REQUIRE(outcome.receipt.has_value());
      CHECK(outcome.replayed == failure.stored);
      CHECK(outcome.receipt->lines.at(0).on_hand == 7);
      CHECK(bolts(store) == 7);
      CHECK(store.stored().operations.size() == 2);
      CHECK(store.counts.commits == (failure.stored ? 1 : 2));
      CHECK(store.counts.reconnects == 1);
    }
  }
}

TEST_CASE("a connection lost at COMMIT again and again still stores once") {
  auto store = shop();
  store.fail(Step::commit, {lost, lost, lost_but_stored});
  store.fail(Step::reconnect, {lost, std::nullopt, lost});
  store.fail(Step::append, {std::nullopt, retry});
  const auto outcome = post(store, ship(3));
  CHECK(outcome.replayed);
  CHECK(bolts(store) == 7);
  CHECK(store.stored().operations.size() == 2);
}

TEST_CASE("the last unit is not refused to whom it was sold before the connection broke") {
  auto store = shop(1);
  store.fail(Step::commit, {lost_but_stored});
  const auto outcome = post(store, ship(1));
  CHECK(outcome.receipt.has_value());
  CHECK(bolts(store) == 0);
}

TEST_CASE("a remembered refusal survives a connection lost at COMMIT") {
  auto store = shop(1);
  store.fail(Step::commit, {lost_but_stored});
  const auto outcome = post(store, ship(2, "K"));
  REQUIRE(outcome.rejection.has_value());
  CHECK(outcome.rejection->exit == Exit::insufficient_stock);
  CHECK(outcome.replayed);
  CHECK(store.stored().operations.size() == 2);
}

TEST_CASE("a twin that commits first is answered by its result") {
  auto store = shop();
  // Within our transaction the twin's row is invisible; the unique key tells.
  store.before_next_append([](MemoryStore& s) {
    StoredOperation twin;
    twin.record.id = 77;
    twin.record.key = "K";
    auto o = ship(3, "K");
    twin.record.request_hash = request_hash(o);
    twin.record.kind = Kind::ship;
    twin.record.actor = "twin";
    s.tamper().operations.push_back(twin);
  });
  const auto outcome = post(store, ship(3, "K"));
  CHECK(outcome.replayed);
  CHECK(outcome.receipt->operation == 77);
  CHECK(outcome.receipt->actor == "twin");
  CHECK(store.counts.begins == 2);
}

TEST_CASE("a twin's result is read even when the time is up") {
  auto store = shop();
  store.before_next_append([](MemoryStore& s) {
    StoredOperation twin;
    twin.record.key = "K";
    twin.record.request_hash = request_hash(ship(3, "K"));
    twin.record.kind = Kind::ship;
    s.tamper().operations.push_back(twin);
  });
  CHECK(post(store, ship(3, "K"), 0ms).replayed);

  auto broken = shop();
  broken.fail(Step::commit, {lost_but_stored});
  CHECK(post(broken, ship(3), 0ms).replayed);
  CHECK(bolts(broken) == 7);
}

TEST_CASE("when the time is up there is one more look, not one after the other") {
  auto store = shop();
  store.fail_always(Step::append, duplicate);
  CHECK(failure_of(store, ship(3, "K"), 0ms).exit == Exit::busy);
  CHECK(store.counts.begins == 2);

  auto broken = shop();
  broken.fail_always(Step::commit, lost);
  CHECK(failure_of(broken, ship(3, "K"), 0ms).exit == Exit::unknown_outcome);
  CHECK(broken.counts.begins == 2);
}

TEST_CASE("a connection lost on the way to COMMIT leaves no doubt: nothing was stored") {
  auto store = shop();
  store.fail_always(Step::commit, lost_undone);
  CHECK(failure_of(store, ship(3, "K"), 0ms).exit == Exit::unavailable);
  CHECK(bolts(store) == 10);
  auto other = shop();
  other.fail(Step::commit, {lost_undone});
  CHECK_FALSE(post(other, ship(3, "K")).replayed);
  CHECK(bolts(other) == 7);
}

TEST_CASE("a connection is replaced once, however often the work is repeated afterwards") {
  auto store = shop();
  store.fail(Step::begin, {lost, retry, retry});
  CHECK(post(store, ship(3)).receipt.has_value());
  CHECK(store.counts.reconnects == 1);
}

TEST_CASE("a row that moved under the transaction is read anew") {
  auto store = shop();
  store.before_next_append([](MemoryStore& s) {
    auto& row = s.tamper().rows.begin()->second;
    row.on_hand = 2;
    row.version += 1;
  });
  const auto outcome = post(store, ship(3));
  REQUIRE(outcome.rejection.has_value());
  CHECK(outcome.rejection->exit == Exit::insufficient_stock);
  CHECK(bolts(store) == 2);
}

TEST_CASE("when the time is up the answer is busy, and nothing has changed") {
  for (const auto step : {Step::begin, Step::lock, Step::append, Step::commit}) {
    auto store = shop();
    store.fail_always(step, retry);
    const auto begin = std::chrono::steady_clock::now();
    const auto error = failure_of(store, ship(3, "K 1"), 100ms);
    const auto took = std::chrono::steady_clock::now() - begin;
    INFO("step " << static_cast<int>(step));
    CHECK(error.exit == Exit::busy);
    CHECK(error.code == "busy");
    CHECK_THAT(error.message, Catch::Contains("(id K 1)"));
    CHECK_FALSE(error.hint.empty());
    CHECK(took >= 100ms);
    CHECK(took < 10s);
    CHECK(store.counts.begins > 1);
    CHECK(bolts(store) == 10);
    store.heal();
    CHECK(post(store, ship(3, "K 1")).receipt.has_value());
  }
}

TEST_CASE("without time there is one try") {
  auto store = shop();
  CHECK(post(store, ship(1), 0ms).receipt.has_value());
  store.counts = {};
  store.fail_always(Step::begin, retry);
  CHECK(failure_of(store, ship(1), 0ms).exit == Exit::busy);
  CHECK(store.counts.begins == 1);
}

TEST_CASE("a database that stays away before COMMIT is unavailable, not in doubt") {
  auto store = shop();
  store.fail_always(Step::begin, lost);
  store.fail_always(Step::reconnect, lost);
  CHECK(failure_of(store, ship(3), 30ms).exit == Exit::unavailable);

  // Nor is it in doubt when an earlier COMMIT had failed for certain.
  auto other = shop();
  other.fail(Step::commit, {retry});
  other.fail(Step::begin, {std::nullopt, lost});
  other.fail_always(Step::reconnect, lost);
  CHECK(failure_of(other, ship(3), 30ms).exit == Exit::unavailable);
  CHECK(bolts(other) == 10);
}

TEST_CASE("a COMMIT whose outcome cannot be found out is exit 10, with the id to repeat it by") {
  for (const auto& failure : {lost, lost_but_stored}) {
    auto store = shop();
    store.fail(Step::commit, {failure});
    store.fail_always(Step::reconnect, lost);
    const auto error = failure_of(store, ship(3), 30ms);
    CHECK(error.exit == Exit::unknown_outcome);
    CHECK(error.code == "unknown_outcome");
    const auto at = error.hint.find("auto-");
    REQUIRE(at != std::string::npos);
    const auto key = error.hint.substr(at);
    CHECK(is_auto_key(key));
    CHECK_THAT(error.message, Catch::Contains("(id " + key + ")"));

    store.heal();
    store.reconnect();
    const auto repeated = post(store, ship(3, key));
    CHECK(repeated.receipt.has_value());
    CHECK(repeated.replayed == failure.stored);
    CHECK(bolts(store) == 7);
  }
}

TEST_CASE("once a COMMIT is in doubt, no other failure may claim that nothing changed") {
  for (const auto& then : {retry, refused}) {
    auto store = shop();
    store.fail(Step::commit, {lost_but_stored});
    store.fail(Step::begin, {std::nullopt});
    store.fail_always(Step::begin, then);
    const auto error = failure_of(store, ship(3, "K"), 30ms);
    CHECK(error.exit == Exit::unknown_outcome);
    CHECK_THAT(error.message, Catch::Contains("made to fail at begin"));
    CHECK(error.hint == "repeat with --id K");
  }
  auto store = shop();
  store.fail(Step::commit, {lost_but_stored});
  store.fail_always(Step::reconnect, refused);  // such as a password that was changed
  CHECK(failure_of(store, ship(3), 30ms).exit == Exit::unknown_outcome);
}

TEST_CASE("an exit 10 for a batch names no single id") {
  auto store = shop();
  store.fail(Step::commit, {lost});
  store.fail_always(Step::reconnect, lost);
  std::vector<Operation> batch{ship(1, "A"), ship(1, "B")};
  try {
    Ledger(store, {"host", "1"}).post(batch, {20ms, false});
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.exit == Exit::unknown_outcome);
    CHECK(error.message.find("(id") == std::string::npos);
    CHECK(error.hint == "repeat the command");
  }
}

TEST_CASE("a failure that repeating cannot help is passed on at once") {
  for (const auto step : {Step::begin, Step::lock, Step::find, Step::append, Step::commit}) {
    auto store = shop();
    store.fail(step, {refused});
    INFO("step " << static_cast<int>(step));
    CHECK(failure_of(store, ship(3, "K")).exit == Exit::not_permitted);
    CHECK(store.counts.begins == 1);
    CHECK(bolts(store) == 10);
    CHECK(post(store, ship(3, "K")).receipt.has_value());  // and no transaction was left open
  }
}

TEST_CASE("a dry run that must be repeated is, and never commits") {
  auto store = shop();
  store.fail(Step::append, {retry, lost});
  std::vector<Operation> batch{ship(3, "K")};
  const auto outcomes = Ledger(store, {"host", "1"}).post(batch, {20s, true});
  CHECK(outcomes.at(0).receipt->lines.at(0).on_hand == 7);
  CHECK(store.counts.commits == 0);
  CHECK(bolts(store) == 10);
}

TEST_CASE("any work can be run as a transaction: commit_reached is false whenever it begins") {
  auto store = shop();
  bool reached = true;
  std::vector<bool> seen;
  run_transaction(store, Deadline::after(2s), "", reached, [&] {
    seen.push_back(reached);
    reached = true;
    if (seen.size() < 3) throw StoreError(StoreError::Kind::retry, Exit::busy, "again");
  });
  CHECK(seen == std::vector<bool>{false, false, false});

  // A failure that is not storage's own, after a COMMIT in doubt: such as a row that is gone on the second
  // look.
  int attempt = 0;
  try {
    run_transaction(store, Deadline::after(2s), "", reached, [&] {
      reached = true;
      if (++attempt == 1) throw StoreError(StoreError::Kind::lost, Exit::unavailable, "gone");
      throw Error(Exit::conflict, "it exists already");
    });
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.exit == Exit::unknown_outcome);
    CHECK_THAT(error.message, Catch::EndsWith("at last: it exists already"));
    CHECK(error.hint == "repeat the command");
  }

  CHECK_THROWS_AS(run_transaction(store, Deadline::after(2s), "", reached,
                                  [] { throw Error(Exit::not_found, "no product X"); }),
                  Error);
  CHECK_THROWS_AS(
      run_transaction(store, Deadline::after(2s), "", reached, [] { throw ContractBroken("bug"); }),
      ContractBroken);
}

}  // namespace ledger_test
