// What prices need from storage beyond the catalogue's own rows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/price.hpp"
#include "stock/transactions.hpp"

namespace invctl {

struct PriceFilter {
  std::optional<std::string> sku, category;
  bool upcoming = false;  // only products whose price is going to change
  bool include_retired = false;
};

// What a product costs now, since when, and what it will cost next.
struct PriceEntry {
  std::string sku, name;
  std::optional<std::string> category;
  std::optional<Minor> price_minor, next_price_minor;
  std::optional<Micros> since, next_at;
};

struct PriceHistoryFilter {
  std::string sku;
  std::optional<std::int64_t> before;  // only smaller versions
  std::int64_t limit = 100;
};

struct PriceHistoryEntry {
  PriceLine line;
  PriceChange change;  // without lines, uid and hash
  bool upcoming = false;
};

// What a row of `product` says about its price.
struct ProductPrice {
  std::int64_t id = 0;
  std::string sku;
  std::optional<Minor> price_minor;
  std::optional<Micros> next_price_at;
  std::int64_t price_version = 0;
};

class PriceStore : public virtual Transactions {
 public:
  // The change of this idempotency key, without lines.
  virtual std::optional<PriceChange> find_price_change(const std::string& key) = 0;
  // The lines of a change that are of these products.
  virtual std::vector<PriceLine> price_lines(std::int64_t change, std::span<const std::int64_t> products) = 0;
  // What a product costs at a moment, as far as is known now.
  virtual std::optional<Minor> price_at(std::int64_t product, Micros moment) = 0;

  // By SKU.
  virtual void list_prices(const PriceFilter& filter, const std::function<void(const PriceEntry&)>& row) = 0;
  // Newest first (descending version).
  virtual void price_history(const PriceHistoryFilter& filter,
                             const std::function<void(const PriceHistoryEntry&)>& row) = 0;

  // For whoever checks, inside a snapshot: products by id; changes by id, with their lines. Lines of a change
  // that is not there come with one of which only the id is known.
  virtual void product_prices(const std::function<void(const ProductPrice&)>& row) = 0;
  virtual void price_changes(const std::function<void(const PriceChange&)>& row) = 0;
};

}  // namespace invctl
