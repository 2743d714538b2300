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
  std::string kind;                      // as stored
  MovementRecord record;                 // without operation, key, warehouse and sku
  std::optional<Digest> operation_hash;  // nothing: there is no such operation
};

// Rows come one by one, ascending by id, each table in one scan: memory does not grow with the ledger. To see
// one moment's state, call all of them between begin_snapshot() and rollback().
//
// Ids of one inventory row ascend with its versions where one server gives them; on a cluster they may not.
class LedgerReader : public virtual Transactions {
 public:
  virtual void balances(const std::function<void(const BalanceEntry&)>& row) = 0;
  virtual void operations(const std::function<void(const OperationEntry&)>& row) = 0;
  virtual void movements(const std::function<void(const MovementEntry&)>& row) = 0;
};

// Calls `read` inside a snapshot, which ends with it.
template <class F>
void in_snapshot(Transactions& store, F&& read) {
  struct Snapshot {
    explicit Snapshot(Transactions& s) : store(s) { store.begin_snapshot(); }
    ~Snapshot() { store.rollback(); }
    Transactions& store;
  } const snapshot(store);
  read();
}

}  // namespace invctl
