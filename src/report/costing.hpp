// What stock has cost: first in first out, and the moving average, side by side. Pure, exact in whole minor
// units; one product over all of its warehouses, so that a transfer changes nothing.
//
// Rules. Only a receipt with a unit cost brings a cost. What comes in without one takes the newest cost that
// is still in stock (first in first out) or the average (moving average); where nothing in stock has a cost
// it stays uncosted, and is counted as such instead of being guessed. What a reversal takes out again leaves
// from the layer that the reversed receipt has made, as far as that is there, and otherwise like any issue.
// More can go out than has come in where times are labels: it is owed, and the next receipts pay it first.
//
// The average is a fraction, and is never stored: kept are the units and their value. Where units leave or
// enter at the average, their share of the value is rounded to a whole minor unit, halves to even; the rest
// stays with the stock, so that nothing is lost and the last unit takes all that is left.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/types.hpp"

namespace invctl::report {

struct Layer {
  Quantity quantity = 0;
  std::optional<Minor> unit_cost;  // absent: nobody knows
  Micros at = 0;                   // when it came in
  std::int64_t operation = 0;      // with which
  friend bool operator==(const Layer&, const Layer&) = default;
};

struct CostState {
  std::deque<Layer> layers;  // oldest first
  Quantity owed = 0;         // went out before it came in; then nothing is in stock
  // The moving average: of `pooled` units worth `value`. pooled + uncosted is the sum of the layers.
  Quantity pooled = 0;
  Quantity uncosted = 0;
  Minor value = 0;
  friend bool operator==(const CostState&, const CostState&) = default;

  bool empty() const { return layers.empty() && owed == 0; }
};

// `whole` > 0, 0 <= part <= whole or any part for an amount that enters; value x part / whole, halves to
// even. Throws Error(conflict, "overflow") where that does not fit 64 bits.
Minor share_of(Minor value, Quantity part, Quantity whole);

// `quantity` is positive. Throws Error(conflict, "overflow") where a value or quantity leaves 64 bits.
void take_in(CostState& state, Quantity quantity, std::optional<Minor> unit_cost, Micros at,
             std::int64_t operation);
void take_out(CostState& state, Quantity quantity, std::optional<std::int64_t> undoes);

// What there is in stock, less what is owed.
Quantity on_hand(const CostState& state);

struct Valuation {
  Quantity costed = 0, uncosted = 0;
  Minor value = 0;  // of what is costed
};
Valuation value_by_average(const CostState& state);
Valuation value_first_in_first_out(const CostState& state);

// `value` / `quantity` with this many decimals more than the currency has, halves to even, as a decimal text;
// nothing where there is no quantity.
std::optional<std::string> unit_cost_text(const Currency& currency, Minor value, Quantity quantity,
                                          int more_decimals);

// numerator / denominator as a decimal text with so many decimals, halves to even. `denominator` > 0.
std::string ratio_text(__int128 numerator, __int128 denominator, int decimals);

// a + b and a - b; Error(conflict, "overflow") where the sum does not fit 64 bits.
std::int64_t add_exact(std::int64_t a, std::int64_t b);
std::int64_t sub_exact(std::int64_t a, std::int64_t b);

}  // namespace invctl::report
