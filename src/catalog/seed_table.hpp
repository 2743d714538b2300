// What the files to seed from hold, one entry per distinct code: all that seeding keeps in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.hpp"

namespace invctl {

// A hash table of the numbers of rows that are kept elsewhere, at 8 to 16 bytes a row (a node of
// std::unordered_map takes five times that).
class RowIndex {
 public:
  using Row = std::uint32_t;

  // The row with this hash that `equal(row)` accepts.
  template <class Equal>
  std::optional<Row> find(std::size_t hash, Equal&& equal) const {
    if (slots_.empty()) return std::nullopt;
    const auto tag = tag_of(hash);
    for (std::size_t at = tag & mask();; at = (at + 1) & mask()) {
      const auto& slot = slots_[at];
      if (slot.row == none) return std::nullopt;
      if (slot.tag == tag && equal(slot.row)) return slot.row;
    }
  }

  void insert(std::size_t hash, Row row);  // one that find() does not find

 private:
  static constexpr Row none = UINT32_MAX;
  struct Slot {
    std::uint32_t tag = 0;
    Row row = none;
  };

  static std::uint32_t tag_of(std::size_t hash) {
    return static_cast<std::uint32_t>((hash * 0x9e3779b97f4a7c15ULL) >> 32);
  }
  std::size_t mask() const { return slots_.size() - 1; }
  void place(Slot slot);

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

// Distinct codes, numbered in the order of their first appearance.
class CodeTable {
 public:
  std::uint32_t add(std::string_view code);  // the number of the code, old or new
  std::optional<std::uint32_t> find(std::string_view code) const;
  const std::string& operator[](std::size_t i) const { return codes_[i]; }
  std::size_t size() const { return codes_.size(); }

  // Codes among the first `count` that differ only by case from an earlier one of those, with that one.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> case_pairs(std::size_t count) const;

 private:
  std::deque<std::string> codes_;  // a deque: growing moves nothing, and never needs twice the memory
  RowIndex index_;
  std::uint32_t last_ = 0;  // that add() returned
};

// The fields that the files give; empty or absent: not given. `line` is where the row that counts starts.
struct WarehouseRow {
  std::string name, address;
  std::size_t line = 0;
};
struct ProductRow {
  std::string name, category, unit;
  std::optional<Minor> price_minor;
  std::optional<Quantity> reorder_point;
  std::string barcode;
  std::size_t line = 0;
};
struct StockRow {
  std::uint32_t warehouse = 0, sku = 0;  // numbers in the code tables
  Quantity quantity = 0;
  std::size_t line = 0;
};

struct SeedTables {
  // The first codes are those of the files of warehouses and products, in step with the rows below; those
  // that only the stock file names follow.
  CodeTable warehouse_codes, skus;
  std::deque<WarehouseRow> warehouses;
  std::deque<ProductRow> products;
  std::deque<StockRow> stock;

  // Codes of the files' bad rows: stock of theirs is not reported as unknown as well.
  CodeTable bad_warehouse_codes, bad_skus;

  std::optional<std::uint32_t> find_stock(std::uint32_t warehouse, std::uint32_t sku) const;
  void add_stock(StockRow row);  // one that find_stock() does not find

 private:
  RowIndex stock_index_;
};

// What the database says about the codes and rows of the tables. Filled in by seed_apply.
struct SeedVerdicts {
  enum class Code : std::uint8_t { unknown, active, retired };
  std::vector<Code> warehouses, skus;  // by code number

  enum class Reason : std::uint8_t { retired_warehouse, retired_product, opening_differs, overflow };
  struct Refusal {
    Reason reason;
    Quantity value;  // opening_differs: what was posted before; overflow: on hand
  };
  std::vector<std::pair<std::uint32_t, Refusal>> refused;  // rows of stock, ascending

  const Refusal* refusal(std::uint32_t stock_row) const;
};

}  // namespace invctl
