// The ways of keeping rivals apart that a simulation can compare. Whatever the strategy, the rules, the
// ledger and the repetition of a transaction that lost are the product's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "stock/store.hpp"

namespace invctl::sim {

struct Strategy {
  std::string_view name;
  std::string_view summary;
  bool turnstile;      // writers wait in line before they ask the database
  bool lock;           // what is decided about is locked first
  bool conditional;    // the balance is changed only if it is still as it was read
  bool constraints;    // the database has its CHECK and its unique versions
  bool must_oversell;  // the negative control
};

std::span<const Strategy> strategies();
const Strategy* find_strategy(std::string_view name);

// A store as one buyer's transaction sees it under a strategy: passes everything on, and
// - waits `think` between reading and writing, so that rivals who are not kept apart do meet;
// - takes a CHECK that refuses a change for a lost race, so that the purchase is decided anew on what is
// there
//   now: the rules had allowed it, so what they looked at has moved;
// - counts the transactions that were begun.
class StrategyStore : public PostingStore {
 public:
  StrategyStore(PostingStore& store, std::chrono::microseconds think) : store_(store), think_(think) {}

  void begin(const Deadline& deadline) override;
  void commit() override { store_.commit(); }
  void rollback() noexcept override { store_.rollback(); }
  void begin_snapshot() override { store_.begin_snapshot(); }
  void reconnect() override { store_.reconnect(); }
  std::vector<WarehouseInfo> find_warehouses(std::span<const std::string> codes) override;
  std::vector<WarehouseInfo> all_warehouses() override { return store_.all_warehouses(); }
  std::vector<ProductInfo> find_products(std::span<const std::string> skus) override;
  CodesFound look_up(std::span<const std::string> warehouses, bool every_warehouse,
                     std::span<const std::string> skus) override {
    return store_.look_up(warehouses, every_warehouse, skus);
  }
  std::vector<InventoryRow> lock_inventory(std::span<const InventoryKey> keys,
                                           std::span<const std::int64_t> products) override;
  LockedLines lock_lines(std::span<const Place> places) override { return store_.lock_lines(places); }
  std::vector<StoredOperation> find_operations(std::span<const std::string> keys) override;
  std::optional<StoredOperation> find_operation(std::int64_t id) override {
    return store_.find_operation(id);
  }
  std::vector<Reversal> find_reversals(std::span<const std::int64_t> ids) override {
    return store_.find_reversals(ids);
  }
  Micros clock() override { return store_.clock(); }
  std::vector<Hold> find_due_holds(std::span<const std::int64_t> inventory_ids, Micros now,
                                   std::size_t most) override {
    return store_.find_due_holds(inventory_ids, now, most);
  }
  std::vector<Hold> find_holds(std::span<const std::int64_t> reservations,
                               std::span<const std::int64_t> inventory_ids) override {
    return store_.find_holds(reservations, inventory_ids);
  }
  std::vector<ReservationEnd> find_reservation_ends(std::span<const std::int64_t> ids) override {
    return store_.find_reservation_ends(ids);
  }
  void append(AppendBatch& batch) override;
  void append_and_commit(AppendBatch& batch, const std::function<void()>& before_commit) override;

  std::int64_t begun() const { return begun_; }

 private:
  template <class F>
  void write(F&& work) const;

  PostingStore& store_;
  std::chrono::microseconds think_;
  std::int64_t begun_ = 0;
};

}  // namespace invctl::sim
