// A PostingStore in memory that keeps the promises of src/stock/store.hpp and holds its caller to them: a
// transaction must be open, what is written must follow from what was read, versions have no gaps, the
// balance is the sum of the movements. Any step can be told to fail, once per entry.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "stock/store.hpp"

namespace invctl::test {

// A caller that broke the contract; not an Error, so that nothing retries or reports it.
struct ContractBroken : std::logic_error {
  using std::logic_error::logic_error;
};

class MemoryStore : public PostingStore {
 public:
  enum class Step { begin, find, lock, append, commit, reconnect };
  struct Failure {
    StoreError::Kind kind = StoreError::Kind::retry;
    bool stored = false;  // commit only: the transaction was stored although the caller is not told so
    Exit exit = Exit::busy;
    bool undone = false;
  };
  struct Counts {
    int begins = 0, commits = 0, rollbacks = 0, reconnects = 0, appends = 0;
    std::vector<std::string> keys_looked_up;
  };
  struct State {
    std::map<std::string, WarehouseInfo> warehouses;
    std::map<std::string, ProductInfo> products;
    std::map<InventoryKey, InventoryRow> rows;
    std::vector<StoredOperation> operations;  // in the order in which they were written
    std::map<std::pair<std::int64_t, InventoryKey>, HoldChange> holds;  // by reservation and row
    std::int64_t next_row_id = 1;
  };

  void add_warehouse(const std::string& code, bool retired = false) {
    const auto id = static_cast<std::int64_t>(stored_.warehouses.size()) + 1;
    stored_.warehouses[code] = {id, code, retired};
  }
  void add_product(const std::string& sku, std::optional<Minor> price, bool retired = false) {
    const auto id = static_cast<std::int64_t>(stored_.products.size()) + 101;
    stored_.products[sku] = {id, sku, price, retired};
  }

  // The next calls of `step` fail in this way, one entry each; std::nullopt lets one pass.
  void fail(Step step, std::vector<std::optional<Failure>> failures) {
    auto& queue = failures_[step];
    queue.insert(queue.end(), failures.begin(), failures.end());
  }
  void fail_always(Step step, Failure failure) { always_[step] = failure; }
  void heal() {
    failures_.clear();
    always_.clear();
  }
  // Called at the start of the next append: what a rival does meanwhile.
  void before_next_append(std::function<void(MemoryStore&)> rival) { rival_ = std::move(rival); }

  // What is stored, outside any transaction.
  const State& stored() const { return stored_; }
  State& tamper() { return stored_; }
  InventoryRow row(const std::string& warehouse, const std::string& sku) const {
    const auto found = stored_.rows.find({stored_.warehouses.at(warehouse).id, stored_.products.at(sku).id});
    return found == stored_.rows.end() ? InventoryRow{} : found->second;
  }
  Counts counts;
  Micros clock_now = 1'000'000'000;  // the database's clock

  void begin(const Deadline&) override {
    require_connected();
    if (open_) throw ContractBroken("begin inside a transaction");
    ++counts.begins;
    maybe_fail(Step::begin);
    open_ = true;
    working_ = stored_;
  }

  void commit() override {
    require_open();
    ++counts.commits;
    open_ = false;  // whatever becomes of it, the transaction is over
    if (const auto failure = next_failure(Step::commit)) {
      if (failure->stored) stored_ = working_;
      raise(*failure, "COMMIT");
    }
    stored_ = working_;
  }

  void rollback() noexcept override {
    ++counts.rollbacks;
    open_ = false;
  }

  void begin_snapshot() override { throw ContractBroken("posting takes no snapshot"); }

  void reconnect() override {
    ++counts.reconnects;
    maybe_fail(Step::reconnect);
    connected_ = true;
    open_ = false;
  }

  std::vector<WarehouseInfo> find_warehouses(std::span<const std::string> codes) override {
    return find(working_.warehouses, codes);
  }
  std::vector<WarehouseInfo> all_warehouses() override {
    require_open();
    std::vector<WarehouseInfo> all;
    for (const auto& [code, info] : working_.warehouses) all.push_back(info);
    return all;
  }
  std::vector<ProductInfo> find_products(std::span<const std::string> skus) override {
    return find(working_.products, skus);
  }

  std::vector<InventoryRow> lock_inventory(std::span<const InventoryKey> keys,
                                           std::span<const std::int64_t> products) override {
    require_open();
    maybe_fail(Step::lock);
    std::vector<InventoryRow> locked;
    for (const auto& [key, row] : working_.rows) {
      const bool named = std::find(keys.begin(), keys.end(), key) != keys.end();
      const bool of_product = std::find(products.begin(), products.end(), key.product_id) != products.end();
      if (named || of_product) locked.push_back(row);
    }
    return locked;
  }

  std::vector<StoredOperation> find_operations(std::span<const std::string> keys) override {
    require_open();
    maybe_fail(Step::find);
    std::vector<StoredOperation> found;
    for (const auto& key : keys) {
      counts.keys_looked_up.push_back(key);
      for (const auto& operation : working_.operations) {
        if (operation.record.key == key) found.push_back(operation);
      }
    }
    return found;
  }

  std::optional<StoredOperation> find_operation(std::int64_t id) override {
    require_connected();
    for (const auto& operation : (open_ ? working_ : stored_).operations) {
      if (operation.record.id == id) return operation;
    }
    return std::nullopt;
  }
  std::vector<Reversal> find_reversals(std::span<const std::int64_t> ids) override {
    require_open();
    std::vector<Reversal> found;
    for (const auto& operation : working_.operations) {
      const auto reversed = operation.record.reverses_id;
      if (reversed && std::find(ids.begin(), ids.end(), *reversed) != ids.end()) {
        found.push_back({*reversed, operation.record.id});
      }
    }
    return found;
  }

  Micros clock() override { return clock_now; }
  std::vector<Hold> find_due_holds(std::span<const std::int64_t> inventory_ids, Micros at,
                                   std::size_t most) override {
    auto due = held([&](std::int64_t, std::int64_t row, Micros expires_at) {
      return expires_at <= at &&
             std::find(inventory_ids.begin(), inventory_ids.end(), row) != inventory_ids.end();
    });
    if (due.size() > most) due.resize(most);
    return due;
  }
  std::vector<Hold> find_holds(std::span<const std::int64_t> reservations,
                               std::span<const std::int64_t> inventory_ids) override {
    return held([&](std::int64_t reservation, std::int64_t row, Micros) {
      return std::find(inventory_ids.begin(), inventory_ids.end(), row) != inventory_ids.end() &&
             std::find(reservations.begin(), reservations.end(), reservation) != reservations.end();
    });
  }
  template <class Wanted>
  std::vector<Hold> held(Wanted&& wanted) {
    require_open();
    std::vector<Hold> found;
    for (const auto& [place, hold] : working_.holds) {
      const auto& row = working_.rows.at(place.second);
      if (!wanted(place.first, row.id, hold.expires_at)) continue;
      Hold whole{
          place.first,    operation_of(place.first).record.uid, row.id, place.second, {}, {}, hold.quantity,
          hold.expires_at};
      for (const auto& [code, info] : working_.warehouses) {
        if (info.id == place.second.warehouse_id) whole.warehouse = code;
      }
      for (const auto& [sku, info] : working_.products) {
        if (info.id == place.second.product_id) whole.sku = sku;
      }
      found.push_back(whole);
    }
    return found;
  }
  std::vector<ReservationEnd> find_reservation_ends(std::span<const std::int64_t> ids) override {
    require_open();
    std::vector<ReservationEnd> found;
    for (const auto& operation : working_.operations) {
      const auto& record = operation.record;
      const bool ends =
          record.kind == Kind::confirm || record.kind == Kind::release || record.kind == Kind::expire;
      if (!ends || !record.accepted || !record.reservation_id) continue;
      if (std::find(ids.begin(), ids.end(), *record.reservation_id) == ids.end()) continue;
      found.push_back({*record.reservation_id, record.kind});
    }
    return found;
  }

  void append(AppendBatch& batch) override {
    require_open();
    ++counts.appends;
    if (rival_) {
      const auto rival = std::exchange(rival_, nullptr);
      rival(*this);
    }
    maybe_fail(Step::append);
    for (const auto& operation : batch.operations) {
      require_fresh_key(operation.key);
      if (operation.reverses_id) require_not_reversed(*operation.reverses_id);
    }
    check_batch(batch);
    for (auto& operation : batch.operations) {
      operation.id = static_cast<std::int64_t>(working_.operations.size()) + 1001;
      working_.operations.push_back({operation, {}, {}});
    }
    const auto first = working_.operations.size() - batch.operations.size();
    for (const auto& movement : batch.movements) {
      working_.operations[first + movement.operation].movements.push_back(movement);
    }
    for (const auto& purchase : batch.purchases) {
      working_.operations[first + purchase.operation].purchases.push_back(purchase);
    }
    for (auto& change : batch.changes) {
      if (change.before.id == 0) change.after.id = working_.next_row_id++;
      working_.rows[change.after.key] = change.after;
    }
    for (const auto& hold : batch.holds) {
      const auto reservation =
          hold.operation ? working_.operations.at(first + *hold.operation).record.id : hold.reservation;
      require(hold.operation || working_.holds.count({reservation, hold.key}) == 1,
              "a hold that is not there");
      if (hold.quantity == 0) {
        working_.holds.erase({reservation, hold.key});
      } else {
        working_.holds[{reservation, hold.key}] = hold;
      }
    }
    // What is reserved of a row is what is held of it.
    std::map<InventoryKey, Quantity> held;
    for (const auto& [place, hold] : working_.holds) held[place.second] += hold.quantity;
    for (const auto& [key, row] : working_.rows) {
      require(row.reserved == (held.count(key) ? held.at(key) : 0), "reserved is not what is held");
    }
  }

 private:
  const StoredOperation& operation_of(std::int64_t id) const {
    return working_.operations.at(static_cast<std::size_t>(id - 1001));
  }
  void require_connected() const {
    if (!connected_) throw StoreError(StoreError::Kind::lost, Exit::unavailable, "the connection is gone");
  }
  void require_open() const {
    require_connected();
    if (!open_) throw ContractBroken("outside a transaction");
  }

  std::optional<Failure> next_failure(Step step) {
    auto& queue = failures_[step];
    if (!queue.empty()) {
      const auto failure = queue.front();
      queue.pop_front();
      return failure;
    }
    const auto found = always_.find(step);
    return found == always_.end() ? std::nullopt : std::optional(found->second);
  }
  [[noreturn]] void raise(const Failure& failure, const std::string& where) {
    if (failure.kind == StoreError::Kind::lost) connected_ = false;
    StoreError error(failure.kind, failure.exit, "made to fail at " + where);
    error.undone = failure.undone;
    throw error;
  }
  void maybe_fail(Step step) {
    static const std::map<Step, std::string> names{{Step::begin, "begin"},   {Step::find, "find"},
                                                   {Step::lock, "lock"},     {Step::append, "append"},
                                                   {Step::commit, "COMMIT"}, {Step::reconnect, "reconnect"}};
    if (const auto failure = next_failure(step)) raise(*failure, names.at(step));
  }

  template <class Info>
  std::vector<Info> find(const std::map<std::string, Info>& all, std::span<const std::string> names) const {
    require_open();
    std::vector<Info> found;
    for (const auto& name : names) {
      if (const auto at = all.find(name); at != all.end()) found.push_back(at->second);
    }
    return found;
  }

  void require_fresh_key(const std::string& key) const {
    // Both what this transaction sees and what was committed meanwhile count, as in a unique index.
    for (const auto* state : {&working_, &stored_}) {
      for (const auto& operation : state->operations) {
        if (operation.record.key == key) {
          throw StoreError(StoreError::Kind::duplicate, Exit::conflict, "the key " + key + " is taken");
        }
      }
    }
  }

  void require_not_reversed(std::int64_t id) const {
    for (const auto* state : {&working_, &stored_}) {
      for (const auto& operation : state->operations) {
        if (operation.record.reverses_id == id) {
          throw StoreError(StoreError::Kind::duplicate, Exit::conflict, "it is reversed");
        }
      }
    }
  }

  static void require(bool holds, const char* what) {
    if (!holds) throw ContractBroken(what);
  }

  // Every change begins where the row was read, and its movements lead from there to its end without a gap.
  void check_batch(const AppendBatch& batch) const {
    std::set<std::string> keys;
    for (const auto& operation : batch.operations) {
      require(keys.insert(operation.key).second, "one key twice in a batch");
      require(operation.accepted != operation.result.has_value(), "a result belongs to rejections");
    }
    std::map<InventoryKey, InventoryRow> now;
    for (const auto& change : batch.changes) {
      const auto known = working_.rows.find(change.before.key);
      const auto& meanwhile = stored_.rows.find(change.before.key);
      const auto version = known == working_.rows.end() ? 0 : known->second.version;
      if (meanwhile != stored_.rows.end() && meanwhile->second.version > version) {
        throw StoreError(StoreError::Kind::retry, Exit::busy, "the row moved");
      }
      require(change.before.key == change.after.key, "a change of two rows");
      require((change.before.id == 0) == (known == working_.rows.end()),
              "a row's id is known once it exists");
      if (known != working_.rows.end()) {
        require(known->second.id == change.before.id && known->second.version == change.before.version &&
                    known->second.on_hand == change.before.on_hand &&
                    known->second.head == change.before.head,
                "a change that does not begin where the row is");
      }
      require(now.emplace(change.before.key, change.before).second, "a row twice among the changes");
    }
    std::map<std::size_t, std::int64_t> lines;
    for (const auto& movement : batch.movements) {
      require(movement.operation < batch.operations.size(), "a movement of no operation");
      require(batch.operations[movement.operation].accepted, "a movement of a rejection");
      require(movement.line == ++lines[movement.operation], "lines count from 1");
      require(now.count(movement.key) == 1, "a movement of a row that does not change");
      auto& row = now.at(movement.key);
      row.on_hand += movement.on_hand_delta;
      row.reserved += movement.reserved_delta;
      row.version += 1;
      row.head = movement.hash;
      require(row.version == movement.version, "a gap in the versions");
      require(row.on_hand == movement.on_hand_after && row.reserved == movement.reserved_after,
              "a movement whose sum is wrong");
      require(row.reserved >= 0 && row.on_hand >= row.reserved, "stock below zero or reserved");
    }
    for (const auto& change : batch.changes) {
      const auto& row = now.at(change.after.key);
      require(row.on_hand == change.after.on_hand && row.reserved == change.after.reserved &&
                  row.version == change.after.version && row.head == change.after.head,
              "a balance that is not the sum of its movements");
    }
    for (const auto& purchase : batch.purchases) {
      require(lines.count(purchase.operation) == 1 && purchase.line <= lines.at(purchase.operation),
              "a purchase without a movement");
    }
  }

  State stored_, working_;
  bool open_ = false;
  bool connected_ = true;
  std::map<Step, std::deque<std::optional<Failure>>> failures_;
  std::map<Step, Failure> always_;
  std::function<void(MemoryStore&)> rival_;
};

}  // namespace invctl::test
