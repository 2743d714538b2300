// The guards against overselling, each on its own (design section 3). Two buyers want 6 of the same 10; both
// have read 10 before either writes. Whatever guard is left must let only one of them have it.
#include <catch2/catch.hpp>

#include "fixture.hpp"

namespace guards_test {

using namespace invctl;
using namespace invctl::test;

namespace {

constexpr db::Guards none{.lock = false, .relative = false, .versioned = false};

class Buyer {
 public:
  Buyer(const TestDatabase& database, db::Guards guards, const std::string& key)
      : store_(database.open(guards)), operations_{make(Kind::purchase, "A", "P1", 6, key)} {
    normalise_lines(operations_[0].lines);
  }
  void read() {
    posting_.emplace(*store_, test_origin, operations_, Deadline::after(std::chrono::seconds(20)));
  }
  bool write() {
    const auto outcome = posting_->post(operations_).at(0);
    if (outcome.rejection) return false;
    posting_->commit();
    return true;
  }

 private:
  std::unique_ptr<db::SqlStore> store_;
  std::vector<Operation> operations_;
  std::optional<Posting> posting_;
};

void stock_ten(const TestDatabase& database) {
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 10));
}

// Both read, the first writes and commits. The kind of failure of the second; none if it succeeded too.
std::optional<StoreError::Kind> second_buyer_fails(const TestDatabase& database, db::Guards guards) {
  stock_ten(database);
  Buyer first(database, guards, "first");
  Buyer second(database, guards, "second");
  first.read();
  second.read();
  REQUIRE(first.write());
  bool written = false;
  try {
    written = second.write();
  } catch (const StoreError& error) {
    return error.kind;
  }
  REQUIRE(written);
  return std::nullopt;
}

}  // namespace

TEST_CASE("the conditional update alone stops the second buyer of stock that is gone") {
  const TestDatabase database(true, {"stock_in_bounds", "version"});
  CHECK(second_buyer_fails(database, {.lock = false}) == StoreError::Kind::retry);
  CHECK(ledger_faults(*database.connect_as_owner()).empty());
}

TEST_CASE("the unique version alone stops the second buyer of stock that is gone") {
  const TestDatabase database(true, {"stock_in_bounds"});
  CHECK(second_buyer_fails(database, none) == StoreError::Kind::duplicate);
  CHECK(ledger_faults(*database.connect_as_owner()).empty());
}

TEST_CASE("the lock alone lets the second buyer see that the stock is gone") {
  const TestDatabase database(true, {"stock_in_bounds", "version"});
  stock_ten(database);
  constexpr db::Guards lock_only{.relative = false, .versioned = false};
  const auto store = database.open(lock_only);
  CHECK(post(*store, make(Kind::purchase, "A", "P1", 6)).receipt);
  const auto late = post(*store, make(Kind::purchase, "A", "P1", 6));
  REQUIRE(late.rejection);
  CHECK(late.rejection->exit == Exit::insufficient_stock);
  CHECK(ledger_faults(*database.connect_as_owner()).empty());
}

TEST_CASE("the constraint alone refuses a balance below what is reserved, and below zero") {
  const TestDatabase database;
  stock_ten(database);
  const auto owner = database.connect_as_owner();
  for (const std::string change : {"on_hand = on_hand - 11", "reserved = 11", "reserved = -1"}) {
    CAPTURE(change);
    try {
      owner->execute("UPDATE inventory SET " + change);
      FAIL("it was accepted");
    } catch (const Error& error) {
      CHECK(error.exit == Exit::insufficient_stock);
    }
  }
  const TestDatabase unguarded(true, {"stock_in_bounds"});
  stock_ten(unguarded);
  CHECK_NOTHROW(unguarded.connect_as_owner()->execute("UPDATE inventory SET on_hand = on_hand - 11"));
}

TEST_CASE("with every guard off the stock is oversold, and the checker notices") {
  const TestDatabase database(true, {"stock_in_bounds", "version"});
  CHECK_FALSE(second_buyer_fails(database, none));
  const auto owner = database.connect_as_owner();
  CHECK(number(*owner, "SELECT sum(quantity) FROM purchase") == 12);
  CHECK_FALSE(ledger_faults(*owner).empty());
}

TEST_CASE("with all guards on, the buyer whose row moved gets its answer on the next try") {
  const TestDatabase database;
  stock_ten(database);
  // Without the lock the first try fails on the moved row; post() repeats it with what is there now.
  const auto slow = database.open({.lock = false});
  Buyer first(database, {}, "first");
  first.read();
  REQUIRE(first.write());
  const auto outcome = post(*slow, make(Kind::purchase, "A", "P1", 6, "second"));
  REQUIRE(outcome.rejection);
  CHECK(outcome.rejection->exit == Exit::insufficient_stock);
  CHECK(ledger_faults(*database.connect_as_owner()).empty());
}

}  // namespace guards_test
