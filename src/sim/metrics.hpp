// What a run is measured by. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/types.hpp"
#include "sim/answer.hpp"

namespace invctl::sim {

// Nanoseconds; the percentile is the smallest value that at least so many of a hundred do not exceed (nearest
// rank), so that it is a value that was measured. All zeros where there are none.
struct Percentiles {
  std::int64_t p50 = 0, p90 = 0, p95 = 0, p99 = 0, p999 = 0, max = 0;
};
Percentiles percentiles(std::vector<std::int64_t> values);

// One client's place in line and when his turn came.
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

// Jain's index of what each got: 1 where all got the same, 1/n where one got everything; 1 of nothing.
// (Jain, Chiu, Hawe: A Quantitative Measure of Fairness, 1984.)
double jain_index(std::span<const std::int64_t> shares);

// Answers per step of time since the start; some sixty steps.
struct Timeline {
  std::int64_t step_ns = 1;
  std::vector<std::int64_t> answers;
};

struct Metrics {
  std::int64_t accepted = 0, sold_out = 0, busy = 0, failed = 0, looks = 0;
  Quantity sold = 0;            // units of purchases and shipments that were acknowledged
  std::int64_t elapsed_ns = 0;  // from the start to the last answer
  double throughput = 0;        // answers per second; one that failed is none
  Percentiles latency;          // from arrival to answer, the wait for a free worker included
  Percentiles service;          // from when a worker took the request up to the answer
  Percentiles lock_wait;        // of that, the time to begin and to lock
  Percentiles early, late;      // latency of those who came in the first and in the second half of the run
  std::int64_t retries = 0, deadlocks = 0, kills = 0;
  double jain = 1;                        // of the answers that each worker gave
  std::int64_t last_winner = 0;           // by arrival, which request was the last to get anything: 1, 2, ...
  std::vector<std::int64_t> latencies{};  // sorted
  Timeline timeline{};
};
Metrics measure(std::span<const Answer> answers, std::int64_t start_ns);

}  // namespace invctl::sim
