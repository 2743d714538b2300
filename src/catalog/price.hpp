// Prices: what each product cost from when on, and who said so. Append-only, as the ledger is.
//
// A change is what one command did: lines for one or many products, all effective from one moment. Of the
// changes of a product the one with the latest `effective_at` that has passed counts; of those with the same,
// the one recorded last. A line's old price is the one that it replaces at its moment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.hpp"

namespace invctl {

struct Product;

// Who changes prices, and why.
struct PriceNote {
  std::string actor = "unknown", reason = "a new product";
  std::string host, tool_version;
  std::optional<std::string> key;  // the request's idempotency key
  Micros now = 0;                  // when it is recorded; 0: by the database's clock
};

// A row of `price_line`.
struct PriceLine {
  std::int64_t product_id = 0;
  std::string sku;
  std::int64_t version = 1;                   // 1, 2, ... of its product
  std::optional<Minor> old_minor, new_minor;  // nothing: no price
};

// A row of `price_change` with its lines.
struct PriceChange {
  std::int64_t id = 0;
  Uid uid{};
  std::optional<std::string> key;
  std::string actor, reason, host, tool_version;
  Micros effective_at = 0, recorded_at = 0;
  std::int64_t line_count = 0;
  Digest hash{};
  std::vector<PriceLine> lines;
};

// SHA-256 over invctl-price-1, uid, key, actor, reason, effective_at, recorded_at, host, tool version, number
// of lines, and for each line, by SKU byte by byte: SKU, version, old and new price (core/sha256.hpp says how
// fields are joined). No database id is in it.
Digest price_hash(const PriceChange& change);

// Collects the lines of one change, which takes effect at once unless a moment is given.
class PriceBatch {
 public:
  explicit PriceBatch(const PriceNote& note, std::optional<Micros> effective_at = std::nullopt);
  // Adds a line from `old_price` to `new_price` and counts the product's price version up. What the product
  // costs from then on is the caller's to set.
  void add(Product& product, const std::optional<Minor>& old_price, const std::optional<Minor>& new_price);
  bool empty() const { return change_.lines.empty(); }
  PriceChange& change() { return change_; }
  // Sorted, counted and hashed: ready to be written.
  PriceChange finish() &&;

 private:
  PriceChange change_;
};

// The most by which a price may change, as an exact share of the old one.
class PriceLimit {
 public:
  // `30%`, `30`, `12.5%`: at most six decimals, from 0 to 1000000. Throws Error(usage) naming `what`.
  static PriceLimit parse(std::string_view text, std::string_view what);
  // |new - old| * 100 <= percent * old, in whole numbers. A first price and one that is taken away change by
  // no percentage, and are allowed; from 0 every other price is too much.
  bool allows(const std::optional<Minor>& old_price, const std::optional<Minor>& new_price) const;
  const std::string& str() const { return text_; }

 private:
  PriceLimit(std::int64_t millionths, std::string text) : millionths_(millionths), text_(std::move(text)) {}
  std::int64_t millionths_;  // of a percent
  std::string text_;
};

// "+12.5 %", rounded half away from zero to a tenth; nothing where there is no old price, or one of 0.
std::optional<std::string> shown_change(const std::optional<Minor>& old_price,
                                        const std::optional<Minor>& new_price);

}  // namespace invctl
