// The rows that accepted or remembered decisions make: operations, movements, purchases, balances and holds,
// hashed.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>

#include "stock/ledger.hpp"

namespace invctl {

// Collects what one call of post() writes, and finds the answers once the ids are known.
class BatchBuilder {
 public:
  // `clock`: the database's now, where something is held until a time to come. `closed_until`: what says no
  // time of its own happens then or later. Both references outlive it.
  BatchBuilder(Book& book, const Origin& origin, Micros clock, std::optional<Micros> closed_until)
      : book_(book),
        origin_(origin),
        now_(now_utc()),
        occurs_(closed_until ? std::max(now_, *closed_until) : now_),
        clock_(clock) {}

  // Adds the rows of an accepted or remembered decision, and makes it part of the book.
  Posting::Rows add(const Operation& operation, const Decision& decision);

  // All that was added, to be written at once. Nothing may be added after it.
  AppendBatch finish();

 private:
  void note_before(const InventoryKey& key);
  void note_holds(std::size_t index, const Operation& operation, const Decision& decision, Micros expires_at);
  void append_movement(std::size_t index, std::int64_t line, const Operation& operation,
                       const PlannedMovement& movement, const OperationRecord& record);

  Book& book_;
  const Origin& origin_;
  Micros now_, occurs_, clock_;
  AppendBatch batch_;
  std::map<std::pair<std::int64_t, InventoryKey>, HoldChange> holds_;  // of reservations that were there
  std::unordered_set<InventoryKey, InventoryKeyHash> touched_;         // that batch_.changes has
};

}  // namespace invctl
