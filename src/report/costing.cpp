#include "report/costing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.hpp"

namespace invctl::report {

namespace {

using Wide = __int128;

[[noreturn]] void overflow() {
  throw Error(Exit::conflict, "overflow", "a sum of this report does not fit 64 bits",
              "a shorter period or one product may fit");
}

std::int64_t narrow(Wide value) {
  if (value > std::numeric_limits<std::int64_t>::max() || value < std::numeric_limits<std::int64_t>::min()) {
    overflow();
  }
  return static_cast<std::int64_t>(value);
}

// The whole number nearest to numerator / denominator, halves to even. `denominator` > 0.
Wide divide_half_even(Wide numerator, Wide denominator) {
  const bool negative = numerator < 0;
  const Wide magnitude = negative ? -numerator : numerator;
  Wide quotient = magnitude / denominator;
  const Wide rest = magnitude % denominator;
  const Wide other = denominator - rest;
  if (rest > other || (rest == other && quotient % 2 == 1)) ++quotient;
  return negative ? -quotient : quotient;
}

std::string digits_of(Wide value) {
  if (value == 0) return "0";
  std::string digits;
  for (; value > 0; value /= 10) digits += static_cast<char>('0' + static_cast<int>(value % 10));
  std::reverse(digits.begin(), digits.end());
  return digits;
}

// Takes at most `quantity` off `layer`.
Quantity take_from(Layer& layer, Quantity quantity) {
  const auto taken = std::min(layer.quantity, quantity);
  layer.quantity -= taken;
  return taken;
}

void drop_empty(std::deque<Layer>& layers) {
  std::erase_if(layers, [](const Layer& layer) { return layer.quantity == 0; });
}

// At the average: of what nobody knows the cost of first, then of the pool.
void leave_average(CostState& state, Quantity quantity) {
  const auto unknown = std::min(state.uncosted, quantity);
  state.uncosted -= unknown;
  const auto pooled = std::min(state.pooled, quantity - unknown);
  if (pooled == 0) return;
  state.value = pooled == state.pooled ? 0 : state.value - share_of(state.value, pooled, state.pooled);
  state.pooled -= pooled;
}

// At its own cost, as far as the pool has that; otherwise at the average.
void leave_at_cost(CostState& state, Quantity quantity, std::optional<Minor> unit_cost) {
  const auto worth = unit_cost ? checked_mul(quantity, *unit_cost) : std::nullopt;
  if (!worth || quantity >= state.pooled || *worth > state.value) return leave_average(state, quantity);
  state.pooled -= quantity;
  state.value -= *worth;
}

}  // namespace

std::int64_t add_exact(std::int64_t a, std::int64_t b) {
  const auto sum = checked_add(a, b);
  if (!sum) overflow();
  return *sum;
}

std::int64_t sub_exact(std::int64_t a, std::int64_t b) {
  const auto difference = checked_sub(a, b);
  if (!difference) overflow();
  return *difference;
}

Minor share_of(Minor value, Quantity part, Quantity whole) {
  return narrow(divide_half_even(static_cast<Wide>(value) * part, whole));
}

void take_in(CostState& state, Quantity quantity, std::optional<Minor> unit_cost, Micros at,
             std::int64_t operation) {
  const auto paid = std::min(state.owed, quantity);
  state.owed -= paid;
  quantity -= paid;
  if (quantity == 0) return;
  // Both kinds of books count all units, so that their sum fits if each does.
  static_cast<void>(add_exact(add_exact(state.pooled, state.uncosted), quantity));
  if (unit_cost) {
    state.value = narrow(static_cast<Wide>(state.value) + static_cast<Wide>(quantity) * *unit_cost);
    state.pooled += quantity;
  } else if (state.pooled > 0) {
    state.value = add_exact(state.value, share_of(state.value, quantity, state.pooled));
    state.pooled += quantity;
  } else {
    state.uncosted += quantity;
  }
  auto cost = unit_cost;
  for (auto layer = state.layers.rbegin(); !cost && layer != state.layers.rend(); ++layer) {
    cost = layer->unit_cost;
  }
  state.layers.push_back({quantity, cost, at, operation});
}

void take_out(CostState& state, Quantity quantity, std::optional<std::int64_t> undoes) {
  if (undoes) {
    for (auto& layer : state.layers) {
      if (layer.operation != *undoes || quantity == 0) continue;
      const auto taken = take_from(layer, quantity);
      leave_at_cost(state, taken, layer.unit_cost);
      quantity -= taken;
    }
    drop_empty(state.layers);
  }
  Quantity taken = 0;
  while (taken < quantity && !state.layers.empty()) {
    taken += take_from(state.layers.front(), quantity - taken);
    if (state.layers.front().quantity == 0) state.layers.pop_front();
  }
  leave_average(state, taken);
  state.owed = add_exact(state.owed, quantity - taken);
}

Quantity on_hand(const CostState& state) {
  return sub_exact(add_exact(state.pooled, state.uncosted), state.owed);
}

Valuation value_by_average(const CostState& state) {
  return {state.pooled, state.uncosted, state.value};
}

Valuation value_first_in_first_out(const CostState& state) {
  Valuation valuation;
  Wide value = 0;
  for (const auto& layer : state.layers) {
    if (layer.unit_cost) {
      valuation.costed = add_exact(valuation.costed, layer.quantity);
      value += static_cast<Wide>(layer.quantity) * *layer.unit_cost;
    } else {
      valuation.uncosted = add_exact(valuation.uncosted, layer.quantity);
    }
  }
  valuation.value = narrow(value);
  return valuation;
}

std::string ratio_text(__int128 numerator, __int128 denominator, int decimals) {
  Wide scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  // The whole part apart, so that scaling cannot overflow where the numbers are large.
  const bool negative = numerator < 0;
  const Wide magnitude = negative ? -numerator : numerator;
  const Wide whole = magnitude / denominator;
  const Wide scaled = whole * scale + divide_half_even(magnitude % denominator * scale, denominator);
  auto digits = digits_of(scaled);
  const auto places = static_cast<std::size_t>(decimals);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, ".");
  return negative && scaled != 0 ? "-" + digits : digits;
}

std::optional<std::string> unit_cost_text(const Currency& currency, Minor value, Quantity quantity,
                                          int more_decimals) {
  if (quantity <= 0) return std::nullopt;
  Wide units = quantity;
  for (int i = 0; i < currency.decimals(); ++i) units *= 10;
  return ratio_text(value, units, currency.decimals() + more_decimals);
}

}  // namespace invctl::report
