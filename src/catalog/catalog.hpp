// Warehouses and products: what there is to keep stock of, and where. Codes never change; nothing that has
// history is deleted, it is retired.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/price.hpp"
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
  // `price_minor` is in effect until this moment, when another of its prices takes its place; nothing: for
  // good.
  std::optional<Micros> next_price_at;
  std::int64_t price_version = 0;          // price changes so far
  std::optional<Quantity> reorder_target;  // up to what to order
};

// When to order a product in one warehouse, in place of the product's own reorder point and target.
struct Threshold {
  std::int64_t warehouse_id = 0, product_id = 0;
  std::string warehouse, sku;
  Quantity reorder_point = 0;
  std::optional<Quantity> target;  // not below the point
};

// What a database is set to, from its `setting` table.
struct DatabaseInfo {
  int schema_version = 0;
  Currency currency = Currency::parse("USD");
  std::string uuid;
};

// Writers call lock_catalog() first inside their transaction: changes of the catalogue are rare, and one at a
// time keeps them simple. So the price changes of a product follow each other, too.
class CatalogStore : public virtual Transactions {
 public:
  virtual const DatabaseInfo& info() const = 0;

  virtual void lock_catalog() = 0;
  // Those of `codes` that exist, in no order.
  virtual std::vector<Warehouse> read_warehouses(std::span<const std::string> codes) = 0;
  // Products with the price that is in effect at `now`, and when the next one will be; for what a transaction
  // is going to write, price_clock().
  virtual std::vector<Product> read_products(std::span<const std::string> skus, Micros now) = 0;
  std::vector<Product> read_products(std::span<const std::string> skus) {
    return read_products(skus, price_clock());
  }
  virtual bool has_products() = 0;  // any at all
  // All of them, by code.
  virtual std::vector<Warehouse> list_warehouses() = 0;
  // All of them one by one, by SKU, as they are stored.
  virtual void each_product(const std::function<void(const Product&)>& use) = 0;

  // New rows, whose `id` is ignored; returns the ids they got, in order. StoreError(duplicate) where a code
  // exists.
  virtual std::vector<std::int64_t> insert_warehouses(std::span<const Warehouse> warehouses) = 0;
  // A product with a price that has no price changes yet gets its first one, which `note` explains.
  virtual std::vector<std::int64_t> insert_products(std::span<const Product> products,
                                                    const PriceNote& note) = 0;
  std::vector<std::int64_t> insert_products(std::span<const Product> products) {
    return insert_products(products, PriceNote());
  }
  // Writes every field but id and code of rows found by id; adds one to a product's version. Whoever changes
  // a price appends the change as well.
  virtual void update_warehouses(std::span<const Warehouse> warehouses) = 0;
  virtual void update_products(std::span<const Product> products) = 0;

  // The database's clock, but never before the newest recorded change of a price: one that takes effect at
  // once follows all others that did.
  virtual Micros price_clock() = 0;
  // Fills in the id of the change. StoreError(duplicate) where its key or a version of a product is taken.
  virtual void append_prices(PriceChange& change) = 0;

  // Thresholds of warehouses, by (warehouse, product); those of products are in their rows.
  virtual std::vector<Threshold> thresholds() = 0;
  virtual void put_threshold(const Threshold& threshold) = 0;
  // Whether there was one.
  virtual bool delete_threshold(std::int64_t warehouse_id, std::int64_t product_id) = 0;

  // Units on hand of a warehouse or product over all its rows.
  virtual Quantity on_hand_in_warehouse(std::int64_t warehouse_id) = 0;
  virtual Quantity on_hand_of_product(std::int64_t product_id) = 0;
};

}  // namespace invctl
