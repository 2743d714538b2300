// Checking prices: every change against its hash, the changes of each product against each other, and what
// the product's row says against them (the check `prices-match`).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/price_store.hpp"
#include "stock/verify.hpp"

namespace invctl {

inline constexpr std::string_view prices_check = "prices-match";

// Feed it all products, then all changes, then finish(). Memory grows with the products and with the lines of
// price changes. A wrong hash is a violation of `hash-chain`, everything else one of `prices-match`:
//   - a product's lines are versions 1, 2, 3, ... up to the one that its row names
//   - each old price is what was in effect, or was going to be, at the line's moment when it was recorded
//   - the row's price is that of the changes before its `next_price_at`, which is the moment of one of them;
//     none of these is still to come
class PriceChecker {
 public:
  explicit PriceChecker(const VerifyScope& scope) : scope_(scope) {}

  static bool wanted(const VerifyScope& scope);
  void product(const ProductPrice& product);
  void change(const PriceChange& change);
  // `now`: the database's clock.
  std::vector<Violation> finish(Micros now);
  std::int64_t changes() const { return changes_; }

 private:
  struct Step {
    std::int64_t product = 0, version = 0;
    Micros effective_at = 0;
    std::optional<Minor> old_minor, new_minor;
  };

  bool selects(const std::string& sku) const { return !scope_.sku || *scope_.sku == sku; }
  void check_product(const ProductPrice& product, std::span<const Step> steps, Micros now);
  void add(std::string_view check, std::string table, std::string key, std::string expected,
           std::string actual);

  VerifyScope scope_;
  std::vector<ProductPrice> products_;
  std::vector<Step> steps_;
  std::vector<Violation> violations_;
  Micros newest_ = 0;
  std::int64_t changes_ = 0;
};

struct PriceReport {
  std::vector<Violation> violations;
  std::int64_t changes = 0;
};

// Inside a snapshot. The database's clock is looked at once all was read: what is in effect in a snapshot
// that begins with its first read may be younger than any look before.
PriceReport check_prices(PriceStore& store, const VerifyScope& scope, const std::function<Micros()>& clock);

}  // namespace invctl
