// What a run is measured by. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/types.hpp"
#include "sim/worker.hpp"

namespace invctl::sim {

// Nanoseconds; the percentile is the smallest value that at least so many of a hundred do not exceed (nearest
// rank), so that it is a value that was measured. All zeros where there are none.
struct Percentiles {
  std::int64_t p50 = 0, p90 = 0, p95 = 0, p99 = 0, max = 0;
};
Percentiles percentiles(std::vector<std::int64_t> values);

// One buyer's place in line and when his turn came.
struct Turn {
  std::int64_t arrival = 0;
  std::int64_t service = 0;  // of two turns the lower was served first; equal: neither
};

// Pairs of which the one who came later was served first. Pairs that came or were served together have no
// order and are not counted among `pairs`. O(n log n).
struct Inversions {
  std::int64_t count = 0;
  std::int64_t pairs = 0;
  double share() const { return pairs == 0 ? 0 : static_cast<double>(count) / static_cast<double>(pairs); }
};
Inversions count_inversions(std::vector<Turn> turns);

struct Metrics {
  std::int64_t buyers_sold = 0, sold_out = 0, busy = 0, failed = 0;
  Quantity sold = 0;            // units that were acknowledged
  Quantity oversold = 0;        // of these, more than there were
  std::int64_t elapsed_ns = 0;  // from the start to the last answer
  double throughput = 0;        // answers per second; one that failed is none
  Percentiles latency;          // from arrival to answer, the wait for a free worker included
  Percentiles service;          // from when a worker took the buyer up to the answer
  std::int64_t retries = 0;
};
Metrics measure(std::span<const Answer> answers, std::int64_t start_ns, Quantity stock);

}  // namespace invctl::sim
