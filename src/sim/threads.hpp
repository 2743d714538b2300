// Requests served by threads of this process.
#pragma once

#include <vector>

#include "sim/usage.hpp"
#include "sim/worker.hpp"

namespace invctl::sim {

struct RunResult {
  std::int64_t start_ns = 0;
  std::vector<Answer> answers;  // by request; everybody's, unless the run was stopped
  std::size_t processes = 0;    // that were started
  Usage usage;
};

// Lets `workers` threads serve the requests in order of arrival, none before it has arrived. Each opens a
// session of its own inside its thread; the clock starts when all have. Throws what opening throws.
RunResult run_threads(const std::vector<Request>& requests, int workers, const OpenSession& open,
                      const WorkerOptions& options, const Stop& stop, const Watch& watch);

// False where the run was stopped first. `arrival_ns`: of CLOCK_MONOTONIC.
bool wait_for_arrival(std::int64_t arrival_ns, const Stop& stop);

}  // namespace invctl::sim
