// Setting prices: one request, one change, all of its lines or none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/price_store.hpp"
#include "core/time.hpp"

namespace invctl {

struct PriceRequest {
  struct Line {
    std::string sku;
    Minor price = 0;
  };
  std::vector<Line> lines;             // each SKU once
  PriceNote note;                      // with a key; `now` is filled in
  std::optional<Micros> effective_at;  // a moment to come; nothing: at once
  std::optional<PriceLimit> limit;
  bool force = false;  // also what is above the limit
  bool dry_run = false;
};

struct PriceReceipt {
  PriceChange change;  // lines in the order of the request
  bool replayed = false;
};

// One transaction, which is repeated while others are in its way. The same key with the same lines, reason
// and moment is replayed; a refusal is not remembered. Throws Error: not_found for unknown SKUs; conflict
// where the limit is passed (price_limit), the moment has passed (effective_in_the_past), or the key was used
// for another request (key_reused); and what run_transaction() throws. All failing lines are listed.
PriceReceipt set_prices(CatalogStore& catalog, PriceStore& prices, PriceRequest request,
                        const Deadline& deadline);

}  // namespace invctl
