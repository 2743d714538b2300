// The rules: what an operation does to the stock, or why it may not. Pure functions over a Book.
#pragma once

#include <optional>
#include <vector>

#include "core/error.hpp"
#include "stock/book.hpp"
#include "stock/operation.hpp"

namespace invctl {

// One movement that a decision makes, with the balance around it.
struct PlannedMovement {
  InventoryKey key;
  Quantity on_hand_delta = 0;
  Quantity reserved_delta = 0;
  Quantity on_hand_after = 0;
  Quantity reserved_after = 0;
  std::int64_t version = 0;  // of the row after this movement
  std::string warehouse;
  std::string sku;
  std::optional<Minor> unit_price_minor;  // purchase, and a confirmation that sells
  std::optional<Minor> amount_minor;      // unit price x quantity
  std::optional<Minor> unit_cost_minor;   // receive, if it is known
};

// Either movements (accepted) or a rejection that lists every failing line.
struct Decision {
  std::vector<PlannedMovement> movements;
  std::optional<Minor> total_minor;  // where something is sold
  std::optional<Error> rejection;

  bool accepted() const { return !rejection.has_value(); }
};

// Decides `operation` (lines normalised, check_operation() passed) against the book as it stands. Does not
// change the book. Later lines see what earlier ones did.
//
// A rejection has the exit and code of the first of these classes that has a failing line:
//   not_found           a SKU or warehouse that does not exist
//   retired             (conflict) into or out of a retired place or product, but by ship, adjust and reverse
//   reservation_expired, reservation_ended, not_held (conflict) the reservation holds nothing any more, or
//                       nothing of this
//   precondition_failed (conflict) on hand is not what the line expects
//   no_price            (conflict) a purchase of a product without a price
//   overflow            (conflict) more on hand, or more money, than 64 bits hold
//   insufficient_stock  less available (on hand - reserved) than the line takes; or set to below reserved;
//                       or more taken than the reservation holds
// and lists everything that is wrong with any line, that class first; each entry of `lines` has its own
// `code`.
//
// A line without a warehouse is allocated over the warehouses that are not retired: in the order of what they
// have available, most first, then by code, byte by byte. So one warehouse serves the line if any can, and
// otherwise the fewest possible do. Each warehouse is a movement of its own.
//
// reserve holds; with allow_partial it holds what there is, but not nothing at all. confirm takes from what
// is held and gives the rest back; release and expire give back all. A purchase from a reservation takes what
// is held first, and only what is more from what is available.
Decision decide(const Book& book, const Operation& operation);

// Makes the movements of an accepted decision part of the book, so that the next operation of a batch sees
// them. Hashes and ids are the ledger's business, as is a new reservation, which has no id yet.
void apply(Book& book, const Operation& operation, const Decision& decision);

}  // namespace invctl
