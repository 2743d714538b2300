// An operation: one change of stock with its lines, as somebody asked for it. All of its lines apply or none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.hpp"

namespace invctl {

enum class Kind {
  receive,
  ship,
  adjust,
  purchase,
  opening,
  reverse,
  transfer,  // out of one warehouse and into another
  reserve,   // holds stock for a while
  confirm,   // ships or sells what a reservation holds, and ends it
  release,   // ends a reservation
  extend,    // lets a reservation hold for longer
  count,     // puts stock right after it was counted; no difference is a movement too
  expire,    // gives back what a reservation held whose time is up; made by posting alone
};

std::string_view kind_name(Kind kind);
std::optional<Kind> parse_kind(std::string_view name);

struct Line {
  enum class Mode {
    delta,  // receive, opening: added to on hand; ship, purchase, confirm: taken away; adjust, reverse,
            // transfer: added, may be negative; reserve: held
    set,    // adjust, count: what on hand becomes
    held,   // confirm, release, extend, expire: all that the reservation holds of it
  };

  std::optional<WarehouseCode> warehouse;  // absent: allocated over warehouses (purchase only)
  Sku sku;
  Quantity quantity = 0;  // which values are allowed depends on the kind: check_operation()
  Mode mode = Mode::delta;
  std::optional<Quantity> expect;  // the operation is refused unless on hand is this (compare and set)
  // Or unless the row has had so many movements. No part of the request's hash: a count that is closed again
  // must find what closed it.
  std::optional<std::int64_t> expect_version = {};
  std::optional<Minor> unit_cost_minor = {};  // receive: what one unit has cost
};

// The stored operation that a reversal undoes.
struct Reversed {
  std::int64_t id = 0;
  Uid uid{};
  // What was done in the first place, and whether it is undone by this (a reversal of a reversal does it
  // again).
  Kind first = Kind::receive;
  bool undoes = true;
};

// The reservation that an operation confirms, releases, extends, expires or buys from.
struct ReservationRef {
  std::int64_t id = 0;  // of the operation that reserved
  Uid uid{};
};

struct Operation {
  Kind kind = Kind::receive;
  std::vector<Line> lines;

  std::optional<std::string> key;  // the caller's idempotency key; without one the program makes one
  bool key_is_new = false;         // the program has just made it: nothing can be stored under it yet
  std::string actor;
  std::optional<std::string> reference;
  std::optional<std::string> reason;
  std::optional<std::string> note;
  std::optional<std::string> user;   // purchase: who buys; confirm: who buys what was held, if it is sold
  std::optional<Reversed> reverses;  // reverse: what; each operation can be reversed once
  std::optional<ReservationRef> reservation;
  std::optional<Micros> ttl;          // reserve, extend: how long it holds, from the database's now
  bool allow_partial = false;         // reserve: hold what there is where it is less than asked for
  std::optional<Micros> occurred_at;  // a label; absent: when it is recorded
};

// Merges lines of one warehouse and SKU by adding their quantities, and sorts by warehouse, then SKU, so that
// an operation reads the same however it was typed. Lines without a warehouse come last: they are allocated
// from what the others leave. Throws Error(usage) where a sum or its negation leaves 64 bits, where a line
// that sets or expects a value shares its row with another line, or where lines of one row differ in cost.
void normalise_lines(std::vector<Line>& lines);

// What the rules rely on; throws Error(usage) otherwise. At least one line; receive, ship and purchase move
// 1 or more, opening stock and a value that is set are 0 or more, adjust and reverse add anything whose
// negation fits 64 bits (zero too: +5 and -5 of one SKU are one line of 0); only adjust sets; a purchase has
// a user, and only its lines may leave the warehouse open; a reversal, and nothing else, says what it
// reverses. The lines of a transfer add up to 0 for each SKU. confirm, release, extend and expire name their
// reservation, a purchase may; reserve and extend, and nothing else, say for how long; only what is received
// has a cost, of 0 or more.
void check_operation(const Operation& operation);

// SHA-256 of what was asked for: kind, lines, costs where there are any, user, reference, reason, uid of what
// is reversed (design 9.5). Not of who asked, when, or what came of it. `lines` are normalised.
Digest request_hash(const Operation& operation);

}  // namespace invctl
