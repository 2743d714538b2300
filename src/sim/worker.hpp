// Buyers at work: one purchase, a pool of threads, and the other end of a pipe to a process of its own.
//
// Times are nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "sim/scenario.hpp"
#include "stock/ledger.hpp"

namespace invctl::sim {

enum class Fate {
  sold,
  sold_out,
  busy,    // gave up waiting; nothing was changed
  failed,  // any other exit code, or no answer at all: whether it was stored is not known
};

// What became of one buyer.
struct Answer {
  std::int64_t buyer = 0;
  Quantity quantity = 0;
  std::int64_t arrival_ns = 0;  // when the buyer came
  std::int64_t begin_ns = 0;    // when a worker took it up
  std::int64_t end_ns = 0;      // when it was answered
  Exit exit = Exit::internal;
  std::string key;           // of the operation that was acknowledged
  std::int64_t retries = 0;  // transactions that were begun again
  std::string message;       // why it was not sold

  Fate fate() const;
};

std::int64_t monotonic_ns();

struct WorkerOptions {
  std::chrono::milliseconds lock_timeout{5000};
  std::chrono::microseconds think{0};
  Origin origin;
};

// Makes the purchase. Never throws: a failure is the answer's exit code. `start_ns` is when the demand began.
Answer buy(PostingStore& store, const Buyer& buyer, std::int64_t start_ns, const WorkerOptions& options);

// Asked between purchases; true ends the run early.
using Stop = std::function<bool()>;
// Called now and then with the number of answers so far, from one thread.
using Watch = std::function<void(std::size_t answered)>;
using OpenStore = std::function<std::unique_ptr<PostingStore>()>;

struct RunResult {
  std::int64_t start_ns = 0;
  std::vector<Answer> answers;  // by buyer; everybody's, unless the run was stopped
  std::size_t processes = 0;    // that were started
};

// Lets `workers` threads serve the demand in order of arrival, nobody before he has arrived. Each opens a
// store of its own inside its thread; the clock starts when all have. Throws what opening throws.
RunResult run_threads(const std::vector<Buyer>& demand, int workers, const OpenStore& open,
                      const WorkerOptions& options, const Stop& stop, const Watch& watch);

// A worker process' side of run_processes(): serves the buyers that come through the socket `fd` until it is
// closed. `open` is called once, and its failure is told to the other side and thrown.
void serve(int fd, const OpenStore& open, const WorkerOptions& options);

}  // namespace invctl::sim
