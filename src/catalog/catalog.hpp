// Warehouses and products: what there is to keep stock of, and where. Codes never change; nothing that has
// history is deleted, it is retired.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/types.hpp"
#include "stock/transactions.hpp"

namespace invctl {

struct Warehouse {
  std::int64_t id = 0;
  std::string code;
  std::string name;
  std::optional<std::string> address;
  std::optional<Micros> retired_at;
};

struct Product {
  std::int64_t id = 0;
  std::string sku;
  std::string name;
  std::optional<std::string> category, unit;
  std::optional<Minor> price_minor;
  std::optional<Quantity> reorder_point;
  std::optional<std::string> barcode;
  std::optional<Micros> retired_at;
  std::int64_t version = 1;  // grows by one with each change
};

// What a database is set to, from its `setting` table.
struct DatabaseInfo {
  int schema_version = 0;
  Currency currency = Currency::parse("USD");
  std::string uuid;
};

// Writers call lock_catalog() first inside their transaction: changes of the catalogue are rare, and one at a
// time keeps them simple.
class CatalogStore : public virtual Transactions {
 public:
  virtual const DatabaseInfo& info() const = 0;

  virtual void lock_catalog() = 0;
  // Those of `codes` that exist, in no order.
  virtual std::vector<Warehouse> read_warehouses(std::span<const std::string> codes) = 0;
  virtual std::vector<Product> read_products(std::span<const std::string> skus) = 0;
  virtual bool has_products() = 0;  // any at all
  // All of them, by code.
  virtual std::vector<Warehouse> list_warehouses() = 0;
  // All of them one by one, by SKU.
  virtual void each_product(const std::function<void(const Product&)>& use) = 0;

  // New rows, whose `id` is ignored; returns the ids they got, in order. StoreError(duplicate) where a code
  // exists.
  virtual std::vector<std::int64_t> insert_warehouses(std::span<const Warehouse> warehouses) = 0;
  virtual std::vector<std::int64_t> insert_products(std::span<const Product> products) = 0;
  // Writes every field but id and code of rows found by id; adds one to a product's version.
  virtual void update_warehouses(std::span<const Warehouse> warehouses) = 0;
  virtual void update_products(std::span<const Product> products) = 0;

  // Units on hand of a warehouse or product over all its rows.
  virtual Quantity on_hand_in_warehouse(std::int64_t warehouse_id) = 0;
  virtual Quantity on_hand_of_product(std::int64_t product_id) = 0;
};

}  // namespace invctl
