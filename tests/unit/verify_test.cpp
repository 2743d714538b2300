// verify on ledgers made up row by row, of any size: the store tests try what SQL can do to a real one.
#include "stock/verify.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "property.hpp"
#include "stock/chain.hpp"

namespace verify_test {

using namespace invctl;
using namespace invctl::test;

namespace {

// Rows of one place and many products, and operations of one line each.
struct MadeUp {
  std::vector<BalanceEntry> balances;
  std::vector<OperationEntry> operations;
  std::vector<MovementEntry> movements;  // one per operation

  explicit MadeUp(std::int64_t rows) {
    for (std::int64_t i = 1; i <= rows; ++i) {
      BalanceEntry entry;
      entry.row.id = i;
      entry.row.key = {1, i};
      entry.warehouse = "EAST";
      entry.sku = "SKU-" + std::to_string(i);
      balances.push_back(entry);
    }
  }

  void receive(std::int64_t row, Quantity quantity) {
    auto& balance = balances.at(static_cast<std::size_t>(row - 1));
    const auto id = static_cast<std::int64_t>(operations.size()) + 1;
    OperationEntry operation;
    operation.record.id = id;
    operation.record.uid = random_uid();
    operation.record.key = "k" + std::to_string(id);
    operation.record.actor = "tester";
    operation.kind = "receive";
    operation.outcome = "accepted";
    operation.record.hash = operation_hash(operation.record, {});
    MovementEntry movement;
    movement.id = movement.operation_id = id;
    movement.inventory_id = row;
    movement.kind = "receive";
    auto& record = movement.record;
    record.line = 1;
    record.version = ++balance.row.version;
    record.on_hand_delta = quantity;
    record.on_hand_after = balance.row.on_hand += quantity;
    auto named = record;
    named.warehouse = balance.warehouse;
    named.sku = balance.sku;
    record.hash = balance.row.head =
        movement_hash(balance.row.head, operation.record.hash, Kind::receive, named);
    operations.push_back(operation);
    movements.push_back(movement);
  }

  std::vector<Violation> verify(bool ids_ascend = true) const {
    LedgerVerifier verifier({}, ids_ascend);
    for (const auto& balance : balances) verifier.balance(balance);
    for (std::size_t i = 0; i < operations.size(); ++i) {
      verifier.operation(operations[i]);
      if (movements[i].id != 0) verifier.movement(movements[i]);
    }
    return verifier.finish();
  }
};

MadeUp random_ledger(Random& random, int size) {
  MadeUp ledger(17);
  for (int i = 0; i < size; ++i) ledger.receive(random.between(1, 17), random.between(1, 50));
  return ledger;
}

}  // namespace

TEST_CASE("a ledger of many batches of hashes is sound, and one wrong bit in it is named alone") {
  Random random;
  INFO(random);
  auto ledger = random_ledger(random, 30'000);
  CHECK(ledger.verify().empty());
  const auto at = static_cast<std::size_t>(random.between(0, 29'999));
  ledger.operations[at].record.actor += "x";
  const auto violations = ledger.verify();
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].check == "hash-chain");
  CHECK(violations[0].table == "operation");
  CHECK(violations[0].key == std::to_string(at + 1));
}

TEST_CASE("one missing movement is a few violations, not one for each that follows it") {
  Random random;
  INFO(random);
  auto ledger = random_ledger(random, 20'000);
  const auto at = static_cast<std::size_t>(random.between(100, 10'000));
  ledger.movements[at].id = 0;
  const auto violations = ledger.verify();
  std::set<std::string> checks;
  for (const auto& violation : violations) checks.insert(violation.check);
  CHECK(violations.size() == 3);
  CHECK(checks == std::set<std::string>{"balance-equals-ledger", "operations-complete", "versions-gapless"});
}

TEST_CASE("the disorder of a cluster is none") {
  Random random;
  INFO(random);
  auto ledger = random_ledger(random, 5'000);
  // Neighbours of one row that were committed on two nodes in the order opposite to their ids.
  for (std::size_t i = 0; i + 1 < ledger.operations.size(); i += 2) {
    std::swap(ledger.operations[i], ledger.operations[i + 1]);
    std::swap(ledger.movements[i], ledger.movements[i + 1]);
  }
  CHECK(ledger.verify(false).empty());
  CHECK_FALSE(ledger.verify(true).empty());
}

TEST_CASE("an overflow that somebody wrote is a violation and not undefined") {
  MadeUp ledger(1);
  ledger.receive(1, 5);
  ledger.receive(1, 5);
  ledger.movements[1].record.on_hand_delta = INT64_MAX;
  ledger.movements[1].record.on_hand_after = INT64_MIN;
  CHECK(ledger.verify().size() >= 3);
}

}  // namespace verify_test
