// The part of the warehouse that one transaction has locked, held in memory: what decide() looks at.
// No input or output; the tests drive it by the thousand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/types.hpp"

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

class Book {
 public:
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

  // The existing rows of a product, in no order.
  std::vector<InventoryRow> rows_of(std::int64_t product_id) const;

 private:
  struct KeyHash {
    std::size_t operator()(const InventoryKey& k) const noexcept {
      // Fibonacci mixing: ids are small and dense, and would collide under a plain xor.
      return (static_cast<std::size_t>(k.product_id) * 0x9e3779b97f4a7c15ULL) ^
             (static_cast<std::size_t>(k.warehouse_id) * 0xc2b2ae3d27d4eb4fULL);
    }
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };
  template <class V>
  using TextMap = std::unordered_map<std::string, V, TextHash, std::equal_to<>>;

  TextMap<WarehouseInfo> warehouses_;
  TextMap<ProductInfo> products_;
  std::unordered_map<std::int64_t, std::string> warehouse_codes_;
  std::unordered_map<InventoryKey, InventoryRow, KeyHash> rows_;
  std::unordered_map<std::int64_t, std::vector<InventoryKey>> by_product_;
};

}  // namespace invctl
