// A store as one request's transaction sees it under a strategy.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/session.hpp"
#include "sim/strategy.hpp"

namespace invctl::sim {

// Passes everything on, and
// - keeps rivals out and takes stock in the way of the strategy;
// - waits `think` between reading and writing, so that rivals who are not kept apart do meet;
// - takes a CHECK that refuses a change for a lost race, so that the request is decided anew on what is there
//   now: the rules had allowed it, so what they looked at has moved;
// - counts the transactions that were begun, those that lost, and the time that was spent waiting to begin
//   and to lock.
class StrategyStore : public PostingStore {
 public:
  struct Options {
    std::chrono::microseconds think{0};
    std::optional<std::int64_t> attempts_most = {};  // transactions; one more is busy, exit 6
    Way way = Way::post;
    std::vector<std::string> names = {};          // to be taken from the excluder, in this order
    std::map<std::string, Quantity> deltas = {};  // of SKUs, to be claimed
  };
  struct Counts {
    std::int64_t begun = 0, deadlocks = 0;
    std::chrono::nanoseconds waited{0};
  };

  explicit StrategyStore(PostingStore& store) : store_(store) {}
  StrategyStore(PostingStore& store, Options options, Excluder* excluder = nullptr,
                ClaimStore* claims = nullptr)
      : store_(store), options_(std::move(options)), excluder_(excluder), claims_(claims) {}
  ~StrategyStore() override { leave(); }

  void begin(const Deadline& deadline) override;
  void commit() override;
  void rollback() noexcept override;
  void begin_snapshot() override { store_.begin_snapshot(); }
  void reconnect() override { store_.reconnect(); }
  void make_durable() override { store_.make_durable(); }
  void expect(const Operation& operation) override { store_.expect(operation); }
  std::vector<WarehouseInfo> find_warehouses(std::span<const std::string> codes) override {
    return store_.find_warehouses(codes);
  }
  std::vector<WarehouseInfo> all_warehouses() override { return store_.all_warehouses(); }
  std::vector<ProductInfo> find_products(std::span<const std::string> skus) override {
    return store_.find_products(skus);
  }
  CodesFound look_up(std::span<const std::string> warehouses, bool every_warehouse,
                     std::span<const std::string> skus) override {
    return store_.look_up(warehouses, every_warehouse, skus);
  }
  std::vector<InventoryRow> lock_inventory(std::span<const InventoryKey> keys,
                                           std::span<const std::int64_t> products) override {
    return store_.lock_inventory(keys, products);
  }
  LockedLines lock_lines(std::span<const Place> places) override;
  std::vector<StoredOperation> find_operations(std::span<const std::string> keys) override {
    return store_.find_operations(keys);
  }
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
  std::optional<Micros> closed_until() override { return store_.closed_until(); }
  void append(AppendBatch& batch) override;
  void append_and_commit(AppendBatch& batch, const std::function<void()>& before_commit) override;

  const Counts& counts() const { return counts_; }

 private:
  template <class F>
  auto counting(F&& step) -> decltype(step());
  template <class F>
  void write(F&& work);
  void claim(LockedLines& locked) const;
  void leave() noexcept;

  PostingStore& store_;
  Options options_;
  Excluder* excluder_ = nullptr;
  ClaimStore* claims_ = nullptr;
  Counts counts_;
  bool inside_ = false;
};

}  // namespace invctl::sim
