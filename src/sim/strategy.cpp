#include "sim/strategy.hpp"

#include <algorithm>

namespace invctl::sim {

std::span<const Strategy> strategies() {
  static constexpr Strategy table[] = {
      {.name = "pessimistic",
       .summary = "lock, decide, write",
       .turnstile = true,
       .lock = true,
       .versioned = true},
      {.name = "conditional", .summary = "an UPDATE that takes only what is there", .way = Way::claim},
      {.name = "optimistic", .summary = "no lock, a version is compared, bounded retries", .versioned = true},
      {.name = "advisory",
       .summary = "a named lock around reading and writing",
       .exclusion = Exclusion::named},
      {.name = "serializable", .summary = "the database's serializable transactions", .serializable = true},
      {.name = "reserve",
       .summary = "hold first, confirm later",
       .way = Way::reserve,
       .turnstile = true,
       .lock = true,
       .versioned = true},
      {.name = "combined",
       .summary = "one writer posts many requests as a batch",
       .way = Way::combine,
       .turnstile = true,
       .lock = true,
       .versioned = true},
      {.name = "guards-only", .summary = "no lock, constraints alone"},
      {.name = "advisory-ttl",
       .summary = "a lock that expires, as one in another server",
       .exclusion = Exclusion::expiring,
       .relative = false,
       .constraints = false},
      {.name = "none",
       .summary = "the negative control: it oversells",
       .relative = false,
       .constraints = false,
       .must_oversell = true},
  };
  return table;
}

const Strategy* find_strategy(std::string_view name) {
  const auto all = strategies();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Strategy& s) { return s.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace invctl::sim
