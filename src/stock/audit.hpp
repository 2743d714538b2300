// The ledger as it is stored, row by row: for whoever checks it instead of trusting it. What cannot be right
// (an unknown kind, a movement without its operation) is handed over as it stands, so that it can be named.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stock/store.hpp"

namespace invctl {

// A row of `inventory`.
struct BalanceEntry {
  InventoryRow row;
  std::string warehouse, sku;
};

// A row of `operation` with its purchases, complete enough to compute its hash again.
struct OperationEntry {
  OperationRecord record;     // `kind` and `accepted` mean something only where the texts below do
  std::string kind, outcome;  // as stored
  std::vector<PurchaseRecord> purchases;  // in line order; `key` is filled in, `operation` is not
};

// A row of `movement`. Its codes are those of its balance.
struct MovementEntry {
  std::int64_t id = 0, operation_id = 0, inventory_id = 0;
  std::string kind;       // as stored
  MovementRecord record;  // without operation, key, warehouse and sku
};

// A row of `purchase` whose operation does not exist.
struct OrphanPurchase {
  std::int64_t operation_id = 0;
  PurchaseRecord record;
};

// To whom the ledger is handed over, row by row.
struct LedgerSink {
  std::function<void(const OperationEntry&)> operation;
  std::function<void(const MovementEntry&)> movement;
  std::function<void(const OrphanPurchase&)> orphan;
};

// Rows come one by one: memory does not grow with the ledger. To see one moment's state, call all of them
// between begin_snapshot() and rollback(). A hash or uid of another length than it must have is all ones.
class LedgerReader : public virtual Transactions {
 public:
  // By id.
  virtual void balances(const std::function<void(const BalanceEntry&)>& row) = 0;

  // Operations by id, each followed by its movements by id. A movement or purchase whose operation does not
  // exist comes where that would be. The versions of one inventory row ascend where one server gives the ids;
  // on a cluster they may not.
  virtual void ledger(const LedgerSink& to) = 0;

  // The same where ids ascend, from the rows as they were written, which is quicker and looks into no index.
  // False where they turn out not to be in the order of operations: what was handed over is then not all, nor
  // in order.
  virtual bool ledger_as_written(const LedgerSink& to) = 0;

  // What reservations hold now, by reservation and inventory id.
  virtual void holds(const std::function<void(const Hold&)>& row) = 0;

  // Whether all ids of movements and purchases ascend with those of their operations: where only one
  // transaction writes at a time.
  virtual bool ids_ascend() const = 0;
};

// Puts balances right where they differ from the ledger. Inside a write transaction.
class RepairStore : public LedgerReader {
 public:
  // Keeps everybody from changing any balance until the transaction ends.
  virtual void lock_balances() = 0;
  // Writes all but id and key of an inventory row, found by its id. Throws where the row may not be so.
  virtual void overwrite_balance(const InventoryRow& row) = 0;
  // These are all there are: reservation, inventory_id, quantity and expires_at count.
  virtual void overwrite_holds(std::span<const Hold> holds) = 0;
};

// Calls `read` inside a snapshot, which ends with it. What was read is durable then: a copy, a cursor or a
// hash of it must not be of something that a power cut takes back.
template <class F>
void in_snapshot(Transactions& store, F&& read) {
  struct Snapshot {
    explicit Snapshot(Transactions& s) : store(s) { store.begin_snapshot(); }
    ~Snapshot() { store.rollback(); }
    Transactions& store;
  } const snapshot(store);
  read();
  store.make_durable();
}

}  // namespace invctl
