// An operation: one change of stock with its lines, as somebody asked for it. All of its lines apply or none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.hpp"

namespace invctl {

enum class Kind { receive, ship, adjust, purchase, opening, reverse };

std::string_view kind_name(Kind kind);
std::optional<Kind> parse_kind(std::string_view name);

struct Line {
  enum class Mode {
    delta,  // receive, opening: added to on hand; ship, purchase: taken away; adjust, reverse: added, may be
            // negative
    set,    // adjust only: what on hand becomes
  };

  std::optional<WarehouseCode> warehouse;  // absent: allocated over warehouses (purchase only)
  Sku sku;
  Quantity quantity = 0;  // which values are allowed depends on the kind: check_operation()
  Mode mode = Mode::delta;
  std::optional<Quantity> expect;  // the operation is refused unless on hand is this (compare and set)
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

struct Operation {
  Kind kind = Kind::receive;
  std::vector<Line> lines;

  std::optional<std::string> key;  // the caller's idempotency key; without one the program makes one
  bool key_is_new = false;         // the program has just made it: nothing can be stored under it yet
  std::string actor;
  std::optional<std::string> reference;
  std::optional<std::string> reason;
  std::optional<std::string> note;
  std::optional<std::string> user;    // purchase: who buys
  std::optional<Reversed> reverses;   // reverse: what; each operation can be reversed once
  std::optional<Micros> occurred_at;  // a label; absent: when it is recorded
};

// Merges lines of one warehouse and SKU by adding their quantities, and sorts by warehouse, then SKU, so that
// an operation reads the same however it was typed. Lines without a warehouse come last: they are allocated
// from what the others leave. Throws Error(usage) where a sum or its negation leaves 64 bits, or where a line
// that sets or expects a value shares its row with another line.
void normalise_lines(std::vector<Line>& lines);

// What the rules rely on; throws Error(usage) otherwise. At least one line; receive, ship and purchase move
// 1 or more, opening stock and a value that is set are 0 or more, adjust and reverse add anything whose
// negation fits 64 bits (zero too: +5 and -5 of one SKU are one line of 0); only adjust sets; a purchase has
// a user, and only its lines may leave the warehouse open; a reversal, and nothing else, says what it
// reverses.
void check_operation(const Operation& operation);

// SHA-256 of what was asked for: kind, lines, user, reference, reason, uid of what is reversed (design
// 9.5). Not of who asked, when, or what came of it. `lines` are normalised.
Digest request_hash(const Operation& operation);

}  // namespace invctl
