// The part of the warehouse that one transaction has locked, held in memory: what decide() looks at.
// No input or output; the tests drive it by the thousand.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/types.hpp"
#include "stock/operation.hpp"

namespace invctl {

struct WarehouseInfo {
  std::int64_t id = 0;
  std::string code;
  bool retired = false;
};

struct ProductInfo {
  std::int64_t id = 0;
  std::string sku;
  std::optional<Minor> price_minor;
  bool retired = false;
};

struct InventoryKey {
  std::int64_t warehouse_id = 0;
  std::int64_t product_id = 0;
  friend auto operator<=>(const InventoryKey&, const InventoryKey&) = default;
};

struct InventoryKeyHash {
  std::size_t operator()(const InventoryKey& k) const noexcept {
    // Fibonacci mixing: ids are small and dense, and would collide under a plain xor.
    return (static_cast<std::size_t>(k.product_id) * 0x9e3779b97f4a7c15ULL) ^
           (static_cast<std::size_t>(k.warehouse_id) * 0xc2b2ae3d27d4eb4fULL);
  }
};

// One row of `inventory`. A row that does not exist yet is all zeros with id 0.
struct InventoryRow {
  std::int64_t id = 0;
  InventoryKey key;
  Quantity on_hand = 0;
  Quantity reserved = 0;
  std::int64_t version = 0;         // movements so far
  Digest head{};                    // hash of the last one; zeros before the first
  std::optional<Quantity> opening;  // opening stock, once it was posted

  Quantity available() const { return on_hand - reserved; }
};

// What one reservation still holds of one inventory row.
struct Hold {
  std::int64_t reservation = 0;  // the operation that reserved
  Uid uid{};                     // its uid
  std::int64_t inventory_id = 0;
  InventoryKey key;
  std::string warehouse, sku;
  Quantity quantity = 0;
  Micros expires_at = 0;
};

// A reservation as far as the transaction sees it.
struct Reservation {
  ReservationRef ref;
  std::map<InventoryKey, Hold> holds;  // of the rows that are locked
  Micros expires_at = 0;               // where it holds anything
  std::optional<Kind> ended_by;        // confirm, release or expire
};

class Book {
 public:
  void add(const Hold& hold);
  // A reservation that was ended by an operation of this kind.
  void add_end(const ReservationRef& reservation, Kind kind);
  void add(WarehouseInfo warehouse);
  void add(ProductInfo product);
  void add(const InventoryRow& row);

  // Null where there is none of that code.
  const WarehouseInfo* warehouse(std::string_view code) const;
  const ProductInfo* product(std::string_view sku) const;
  const WarehouseInfo* warehouse_by_id(std::int64_t id) const;

  // The row as it stands; zeros where it does not exist.
  InventoryRow row(InventoryKey key) const;
  InventoryRow& row_for_update(InventoryKey key);

  // Empty where nothing is known of it.
  Reservation reservation(std::int64_t id) const;
  Reservation& reservation_for_update(std::int64_t id);
  const std::map<std::int64_t, Reservation>& reservations() const { return reservations_; }

  // The existing rows of a product, in no order.
  std::vector<InventoryRow> rows_of(std::int64_t product_id) const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };
  template <class V>
  using TextMap = std::unordered_map<std::string, V, TextHash, std::equal_to<>>;

  TextMap<WarehouseInfo> warehouses_;
  TextMap<ProductInfo> products_;
  std::unordered_map<std::int64_t, std::string> warehouse_codes_;
  std::unordered_map<InventoryKey, InventoryRow, InventoryKeyHash> rows_;
  std::unordered_map<std::int64_t, std::vector<InventoryKey>> by_product_;
  std::map<std::int64_t, Reservation> reservations_;
};

}  // namespace invctl
