// An operation: one change of stock with its lines, as somebody asked for it. All of its lines apply or none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.hpp"

namespace invctl {

enum class Kind { receive, ship, adjust, purchase, opening };

std::string_view kind_name(Kind kind);
std::optional<Kind> parse_kind(std::string_view name);

struct Line {
  enum class Mode {
    delta,  // quantity is added to on hand (negative takes away)
    set,    // quantity is what on hand becomes
  };

  std::optional<WarehouseCode> warehouse;  // absent: allocated over warehouses (purchase only)
  Sku sku;
  Quantity quantity = 0;
  Mode mode = Mode::delta;
  std::optional<Quantity> expect;  // the operation is refused unless on hand is this (compare and set)
};

struct Operation {
  Kind kind = Kind::receive;
  std::vector<Line> lines;

  std::optional<std::string> key;  // the caller's idempotency key; without one the program makes one
  std::string actor;
  std::optional<std::string> reference;
  std::optional<std::string> reason;
  std::optional<std::string> note;
  std::optional<std::string> user;    // purchase: who buys
  std::optional<Micros> occurred_at;  // a label; absent: when it is recorded
};

// Merges lines of one warehouse and SKU by adding their quantities, and sorts by warehouse, then SKU, so that
// an operation reads the same however it was typed. Throws Error(usage) where the sum leaves 64 bits, or
// where a line that sets a value shares its row with another line.
void normalise_lines(std::vector<Line>& lines);

// SHA-256 of what was asked for: kind, lines, user, reference, reason (design 9.5). Not of who asked, when,
// or what came of it. `lines` are normalised.
Digest request_hash(const Operation& operation);

}  // namespace invctl
