// Questions about stock that change nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/types.hpp"
#include "stock/operation.hpp"
#include "stock/store.hpp"
#include "stock/transactions.hpp"

namespace invctl {

struct StockFilter {
  std::optional<std::string> warehouse, sku;
  bool below_reorder = false;  // only rows whose available stock is below their reorder point
  // As the ledger had it then: each row as the newest version that was recorded at this time or earlier left
  // it. Rows that had not moved yet are left out. Names and reorder points are those of now.
  std::optional<Micros> as_of;
  // A page: at most so many rows, and only SKUs after this one. It costs as much as its rows and the products
  // between them that are no part of the answer, however many there are behind it.
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};

struct StockEntry {
  std::string warehouse, sku, name;
  Quantity on_hand = 0, reserved = 0;
  std::optional<Quantity> reorder_point;  // the warehouse's, else the product's
  Quantity available() const { return on_hand - reserved; }
};

struct HistoryFilter {
  std::optional<std::string> sku, warehouse, user, reference;
  std::optional<std::string> kind;
  std::optional<std::int64_t> operation;
  std::optional<std::int64_t> reservation;  // what was done with it, from its beginning
  std::optional<Micros> since, until;       // recorded_at, both inclusive
  std::optional<std::int64_t> before;       // only movements with a smaller seq
  std::int64_t limit = 100;
};

struct HistoryEntry {
  std::int64_t seq = 0;  // movement.id
  std::int64_t operation = 0;
  std::string kind, warehouse, sku, actor;
  Quantity delta = 0, reserved_delta = 0, on_hand = 0, reserved = 0;
  std::optional<std::string> reference, reason;
  Micros recorded_at = 0;
  std::optional<std::int64_t> reverses, reversed_by;  // operations
};

struct ReservationFilter {
  std::optional<std::string> warehouse, sku, reference;
  std::optional<std::int64_t> reservation;
};

// What a reservation holds of one row.
struct HoldEntry {
  std::int64_t reservation = 0;
  std::string warehouse, sku, actor;
  Quantity quantity = 0;
  Micros expires_at = 0;
  bool expired = false;  // by the database's clock; the next change of the row gives it back
  std::optional<std::string> reference;
};

// All that is stored about one operation.
struct OperationDetail {
  struct Movement {
    std::int64_t seq = 0;
    MovementRecord record;  // without operation and key
  };
  OperationRecord record;
  std::vector<Movement> movements;        // by line
  std::vector<PurchaseRecord> purchases;  // by line
  std::optional<std::int64_t> reversed_by;
};

// A product with its stock over all warehouses.
struct ProductEntry {
  std::string sku, name;
  std::optional<std::string> category, unit, barcode;
  std::optional<Minor> price_minor;
  std::optional<Quantity> reorder_point;
  bool retired = false;
  Quantity on_hand = 0, reserved = 0;
  Quantity available() const { return on_hand - reserved; }
};

struct ProductFilter {
  std::optional<std::string> sku, category;
  bool include_retired = false;
};

// What is reserved is without what expired reservations hold: nobody has to wait for them.
// Rows are handed over one by one, in the order named, so that answers of any size stream.
class ReadStore : public virtual Transactions {
 public:
  // By warehouse code, then SKU, byte by byte.
  virtual void stock(const StockFilter& filter, const std::function<void(const StockEntry&)>& row) = 0;
  // Newest first (descending seq).
  virtual void history(const HistoryFilter& filter, const std::function<void(const HistoryEntry&)>& row) = 0;
  // By reservation, then warehouse and SKU.
  virtual void open_holds(const ReservationFilter& filter,
                          const std::function<void(const HoldEntry&)>& row) = 0;
  virtual std::optional<OperationDetail> operation_detail(std::int64_t id) = 0;
  // By SKU.
  virtual void products(const ProductFilter& filter, const std::function<void(const ProductEntry&)>& row) = 0;
  virtual bool warehouse_exists(const std::string& code) = 0;
  virtual bool product_exists(const std::string& sku) = 0;
  virtual bool operation_exists(std::int64_t id) = 0;
  // Codes and SKUs in use that begin with `prefix`, in order, at most `limit`: for completions. A list that
  // is cut ends with the last of all, so that what its words have in common is common to all.
  virtual std::vector<std::string> warehouse_codes(const std::string& prefix, std::int64_t limit) = 0;
  virtual std::vector<std::string> skus(const std::string& prefix, std::int64_t limit) = 0;
};

}  // namespace invctl
