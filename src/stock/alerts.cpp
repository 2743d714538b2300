#include "stock/alerts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"

namespace invctl {

namespace {

Crossing make_crossing(const StockLevel& level, bool low, std::string_view cause) {
  Crossing crossing;
  crossing.warehouse = level.warehouse;
  crossing.sku = level.sku;
  crossing.name = level.name;
  crossing.low = low;
  crossing.cause = cause;
  crossing.version = level.version;
  crossing.available = level.available;
  crossing.reorder_point = level.reorder_point;
  return crossing;
}

Crossing make_crossing(const StockLevel& level, const LevelStep& step, bool low) {
  auto crossing = make_crossing(level, low, "movement");
  crossing.version = step.version;
  crossing.available = step.available;
  crossing.seq = step.seq;
  crossing.operation = step.operation;
  crossing.kind = step.kind;
  crossing.recorded_at = step.recorded_at;
  return crossing;
}

}  // namespace

Quantity to_order(const AlertEntry& entry) {
  // A product's point may have been raised above its target since.
  const auto target = std::max(entry.target.value_or(entry.reorder_point), entry.reorder_point);
  return checked_sub(target, entry.available()).value_or(INT64_MAX);
}

bool is_low(Quantity available, const std::optional<Quantity>& reorder_point) {
  return reorder_point && available <= *reorder_point;
}

void follow(Watch& watch, const StockLevel& level, std::span<const LevelStep> steps,
            std::vector<Crossing>& told, std::string_view cause_without_movement) {
  for (const auto& step : steps) {
    if (step.version != watch.version + 1) {
      throw Error(Exit::invariant,
                  fmt::format("version {} of {} in {} is missing", watch.version + 1,
                              text::printable(level.sku), text::printable(level.warehouse)),
                  "`invctl verify` names everything that is wrong");
    }
    watch.version = step.version;
    const bool low = is_low(step.available, level.reorder_point);
    if (low == watch.low) continue;
    watch.low = low;
    told.push_back(make_crossing(level, step, low));
  }
  const bool low = is_low(level.available, level.reorder_point);
  if (low == watch.low) return;
  watch.low = low;
  told.push_back(make_crossing(level, low, cause_without_movement));
}

std::optional<Crossing> crossing_of(const StockLevel& level, const LevelStep& step) {
  const bool before = step.version > 1 && is_low(step.available_before, level.reorder_point);
  const bool low = is_low(step.available, level.reorder_point);
  if (low == before) return std::nullopt;
  return make_crossing(level, step, low);
}

}  // namespace invctl
