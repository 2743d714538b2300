// What posting needs from storage, in the words of a warehouse. db/sql_store implements it once for every
// engine; the tests implement it in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.hpp"
#include "stock/book.hpp"
#include "stock/operation.hpp"
#include "stock/transactions.hpp"

namespace invctl {

// A row of `operation`. `id` is given by the store when it is appended.
struct OperationRecord {
  std::int64_t id = 0;
  Uid uid{};
  std::string key;
  Digest request_hash{};
  Kind kind = Kind::receive;
  bool accepted = true;  // outcome: accepted or rejected
  std::string actor;
  std::optional<std::string> reference, reason, note;
  std::optional<Uid> reverses_uid;
  std::optional<std::int64_t> reverses_id;
  std::optional<Uid> reservation_uid;  // of the reservation that it ends, extends or buys from
  std::optional<std::int64_t> reservation_id;
  std::optional<Micros> expires_at;  // reserve, extend: until when it holds
  Micros recorded_at = 0;
  Micros occurred_at = 0;
  std::string host;
  std::string tool_version;
  std::optional<std::string> result;  // a remembered rejection, as JSON
  Digest hash{};
};

struct MovementRecord {
  std::size_t operation = 0;  // index into AppendBatch::operations
  InventoryKey key;
  std::int64_t line = 0;  // 1, 2, ... within its operation
  std::int64_t version = 0;
  Quantity on_hand_delta = 0, reserved_delta = 0, on_hand_after = 0, reserved_after = 0;
  std::string warehouse, sku;
  std::optional<Minor> unit_cost_minor;  // of what came in, where it is known
  Digest hash{};
};

struct PurchaseRecord {
  std::size_t operation = 0;  // index into AppendBatch::operations
  std::int64_t line = 0;      // that of its movement
  InventoryKey key;
  std::string user, warehouse, sku;
  Quantity quantity = 0;
  Minor unit_price_minor = 0, total_minor = 0;
  // Only where the ledger is checked (stock/audit.hpp).
  std::int64_t id = 0;
  Micros purchased_at = 0;
};

// What a batch does to one inventory row, as a change relative to what was read under the lock.
struct InventoryChange {
  InventoryRow before;  // id 0: the row does not exist and is created with its final values
  InventoryRow after;
};

// What a batch leaves of a hold.
struct HoldChange {
  std::optional<std::size_t> operation;  // index into AppendBatch::operations, of a reservation that is new
  std::int64_t reservation = 0;          // else its id
  InventoryKey key;
  Quantity quantity = 0;  // 0: it ends
  Micros expires_at = 0;
};

struct AppendBatch {
  std::vector<OperationRecord> operations;
  std::vector<MovementRecord> movements;
  std::vector<PurchaseRecord> purchases;
  std::vector<InventoryChange> changes;  // one per row that moved
  std::vector<HoldChange> holds;         // one per hold that changed
};

// An operation as the ledger holds it, with what a replay has to tell.
struct StoredOperation {
  OperationRecord record;
  std::vector<MovementRecord> movements;  // in line order
  std::vector<PurchaseRecord> purchases;  // in line order
};

struct ReservationEnd {
  std::int64_t reservation = 0;
  Kind by = Kind::release;  // confirm, release or expire
};

struct Reversal {
  std::int64_t reversed = 0, by = 0;  // ids of operations
};

struct CodesFound {
  std::vector<WarehouseInfo> warehouses;
  std::vector<ProductInfo> products;
};

// Where a line is posted to: a product in one warehouse, or in any.
struct Place {
  std::optional<std::string_view> warehouse;
  std::string_view sku;
};

struct LockedLines {
  CodesFound codes;
  std::vector<InventoryRow> rows;
};

class PostingStore : public virtual Transactions {
 public:
  // Before the transaction that will post this operation and no other: what can be made ready for it while
  // nobody has to wait for that. Changes nothing, and may do nothing.
  virtual void expect(const Operation& operation);

  // Inside the transaction. Codes that do not exist are left out of the answers.
  virtual std::vector<WarehouseInfo> find_warehouses(std::span<const std::string> codes) = 0;
  virtual std::vector<WarehouseInfo> all_warehouses() = 0;
  virtual std::vector<ProductInfo> find_products(std::span<const std::string> skus) = 0;

  // Both at once, for a store that needs fewer steps for it.
  virtual CodesFound look_up(std::span<const std::string> warehouses, bool every_warehouse,
                             std::span<const std::string> skus) {
    return {every_warehouse ? all_warehouses() : find_warehouses(warehouses), find_products(skus)};
  }

  // Locks and reads, in ascending id, the existing rows of `keys` and every row of `products`. Rows that do
  // not exist are left out: absent is zero.
  virtual std::vector<InventoryRow> lock_inventory(std::span<const InventoryKey> keys,
                                                   std::span<const std::int64_t> products) = 0;

  // All of the above for these places: what is known of their codes, and their rows, locked.
  virtual LockedLines lock_lines(std::span<const Place> places);

  // Stored operations of these idempotency keys. Called after the locks, so that a twin which has just
  // committed is seen.
  virtual std::vector<StoredOperation> find_operations(std::span<const std::string> keys) = 0;

  // One operation by its id; also outside a transaction, because what is in the ledger does not change.
  virtual std::optional<StoredOperation> find_operation(std::int64_t id) = 0;
  // Which of these operations have been reversed, and by which. Called after the locks: a reversal locks the
  // rows of what it reverses.
  virtual std::vector<Reversal> find_reversals(std::span<const std::int64_t> ids) = 0;

  // The database's own clock, by which reservations expire.
  virtual Micros clock() = 0;
  // Called after the locks, which keep holds as they are. At most so many holds on these inventory rows whose
  // time is up at `now`, or whose reservation has expired on another row before.
  virtual std::vector<Hold> find_due_holds(std::span<const std::int64_t> inventory_ids, Micros now,
                                           std::size_t most) = 0;
  // What these reservations hold of these inventory rows.
  virtual std::vector<Hold> find_holds(std::span<const std::int64_t> reservations,
                                       std::span<const std::int64_t> inventory_ids) = 0;
  // Which of these reservations have ended, and how.
  virtual std::vector<ReservationEnd> find_reservation_ends(std::span<const std::int64_t> ids) = 0;

  // Until when periods are closed: nothing that happened before is posted any more. Keeps more from being
  // closed until the transaction ends.
  virtual std::optional<Micros> closed_until() { return std::nullopt; }

  // Writes the batch with set-based statements and fills in the ids of its operations. Throws
  // StoreError(duplicate) where a key is taken, StoreError(retry) where a row is not as it was read.
  virtual void append(AppendBatch& batch) = 0;
  // append() and commit(), in one step where the store can. Calls `before_commit` when from then on a failure
  // may leave the transaction stored.
  virtual void append_and_commit(AppendBatch& batch, const std::function<void()>& before_commit);
};

}  // namespace invctl
