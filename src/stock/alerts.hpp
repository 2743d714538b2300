// Alerts: what is at or below its reorder point, and when it got there.
//
// A row of stock is low when what is available is at or below its reorder point: that of its warehouse, if
// one is set there, else the product's. Retired products and warehouses are never low.
//
// A crossing is a movement of the ledger after which a row is low and was not before, or the other way round.
// A row that has not moved yet counts as not low: nobody waits for stock that never was.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.hpp"
#include "stock/transactions.hpp"

namespace invctl {

struct AlertFilter {
  std::optional<std::string> warehouse, sku;
};

// A row of stock that is low, or (for a warehouse's threshold) would be if it were there.
struct AlertEntry {
  std::string warehouse, sku, name;
  Quantity on_hand = 0, reserved = 0;
  Quantity reorder_point = 0;
  std::optional<Quantity> target;
  bool of_warehouse = false;  // whose threshold it is: the warehouse's, or the product's
  Quantity available() const { return on_hand - reserved; }
};

// What to order of a row that is low: up to its target, or to its reorder point where it has none.
Quantity to_order(const AlertEntry& entry);

// A row of stock as somebody sees it who follows crossings.
struct StockLevel {
  std::int64_t inventory_id = 0;
  std::string warehouse, sku, name;
  std::int64_t version = 0;               // of its newest movement
  Quantity available = 0;                 // after that, by the ledger
  std::optional<Quantity> reorder_point;  // nothing: never low
};

// A movement of such a row.
struct LevelStep {
  std::int64_t seq = 0, operation = 0, version = 0;
  std::string kind;
  Quantity available_before = 0, available = 0;
  Micros recorded_at = 0;
};

struct Crossing {
  std::string warehouse, sku, name;
  bool low = false;        // what it is now
  std::string_view cause;  // movement, threshold (it was changed), start (of a cursor: it was low already)
  std::int64_t version = 0;
  Quantity available = 0;
  std::optional<Quantity> reorder_point;
  // Where the cause is a movement.
  std::optional<std::int64_t> seq, operation;
  std::optional<std::string> kind;
  std::optional<Micros> recorded_at;
};

// What a follower remembers of a row: the version up to which it was told everything, and what it was told.
struct Watch {
  std::int64_t version = 0;
  bool low = false;
};

bool is_low(Quantity available, const std::optional<Quantity>& reorder_point);

// Takes `watch` from its version to that of `level`, and appends what is to be told on the way: each time
// that the row became low, and each time that it ceased to be. `steps` are the row's movements after the
// watch's version, in order. A threshold that was changed meanwhile is told once, with the next movement or
// alone. Throws Error(invariant) where a version is missing.
void follow(Watch& watch, const StockLevel& level, std::span<const LevelStep> steps,
            std::vector<Crossing>& told, std::string_view cause_without_movement = "threshold");

// The crossing that one movement is by itself, if any.
std::optional<Crossing> crossing_of(const StockLevel& level, const LevelStep& step);

class AlertStore : public virtual Transactions {
 public:
  // By warehouse, then SKU. Holds whose time is up count as given back.
  virtual void low_stock(const AlertFilter& filter, const std::function<void(const AlertEntry&)>& row) = 0;
  // Every row of stock, by id.
  virtual void levels(const AlertFilter& filter, const std::function<void(const StockLevel&)>& row) = 0;
  // A row's movements after a version, by version.
  virtual std::vector<LevelStep> steps_after(std::int64_t inventory_id, std::int64_t version) = 0;
  // The movements after a seq of all rows that have a reorder point, by seq.
  virtual void steps_since(const AlertFilter& filter, std::int64_t seq,
                           const std::function<void(const StockLevel&, const LevelStep&)>& step) = 0;
};

}  // namespace invctl
