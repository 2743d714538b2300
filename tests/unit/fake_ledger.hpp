// A ledger of one row, for who reads ledgers.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/demand.hpp"
#include "stock/audit.hpp"
#include "stock/chain.hpp"

namespace invctl::test {

// Written as posting writes it; a test can then spoil it.
class FakeLedger : public LedgerReader {
 public:
  explicit FakeLedger(Quantity stock) {
    balance.row.id = 1;
    balance.row.key = {1, 1};
    balance.warehouse = "SIM";
    balance.sku = "ITEM-1";
    post(Kind::receive, "stock", "", stock);
  }

  void sell(std::int64_t buyer, Quantity quantity = 1) {
    post(Kind::purchase, "key-" + std::to_string(buyer), sim::name_of(buyer), -quantity);
  }

  BalanceEntry balance;
  std::vector<OperationEntry> operation_rows;
  std::vector<MovementEntry> movement_rows;

  void begin(const Deadline&) override {}
  void commit() override {}
  void rollback() noexcept override {}
  void begin_snapshot() override {}
  void reconnect() override {}
  void balances(const std::function<void(const BalanceEntry&)>& row) override { row(balance); }
  void ledger(const LedgerSink& to) override {
    for (const auto& entry : operation_rows) {
      to.operation(entry);
      for (const auto& row : movement_rows) {
        if (row.operation_id == entry.record.id) to.movement(row);
      }
    }
    for (const auto& row : movement_rows) {
      if (row.operation_id < 1 || std::cmp_greater(row.operation_id, operation_rows.size())) to.movement(row);
    }
  }
  bool ledger_as_written(const LedgerSink&) override { return false; }
  void holds(const std::function<void(const Hold&)>&) override {}
  bool ids_ascend() const override { return false; }

 private:
  void post(Kind kind, const std::string& key, const std::string& user, Quantity delta) {
    OperationEntry operation;
    auto& record = operation.record;
    record.id = static_cast<std::int64_t>(operation_rows.size()) + 1;
    record.uid = random_uid();
    record.key = key;
    record.kind = kind;
    record.actor = "test";
    if (!user.empty()) record.reference = user;
    operation.kind = kind_name(kind);
    operation.outcome = "accepted";
    if (!user.empty())
      operation.purchases.push_back({0, 1, {1, 1}, user, "SIM", "ITEM-1", -delta, 5, -delta * 5});
    record.hash = operation_hash(record, operation.purchases);

    MovementEntry movement;
    movement.id = record.id;
    movement.operation_id = record.id;
    movement.inventory_id = 1;
    movement.kind = operation.kind;
    movement.record.line = 1;
    movement.record.version = ++balance.row.version;
    movement.record.on_hand_delta = delta;
    movement.record.on_hand_after = balance.row.on_hand += delta;
    auto named = movement.record;
    named.warehouse = balance.warehouse;
    named.sku = balance.sku;
    balance.row.head = movement.record.hash = movement_hash(balance.row.head, record.hash, kind, named);
    operation_rows.push_back(std::move(operation));
    movement_rows.push_back(std::move(movement));
  }
};

}  // namespace invctl::test
