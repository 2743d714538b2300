// Buyers as real processes: each is one process of this program, started anew with exec, so that nothing is
// shared with it but the database.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "sim/worker.hpp"

namespace invctl::sim {

struct ProcessOptions {
  std::string program;                 // path of the executable
  std::vector<std::string> arguments;  // of a worker, without argv[0]
  // NAME=VALUE; what is given here takes the place of the variable in this process' environment. A database's
  // address goes this way, because arguments are seen by every user.
  std::vector<std::string> environment;
  sigset_t signal_mask{};  // that the workers start with
  int at_once = 100;       // processes that live at the same time
  // A worker that has not answered so long after it could is killed, and its buyer has failed.
  std::chrono::milliseconds patience{60'000};
};

// One process per buyer, in order of arrival; those that fit into `at_once` are started before the clock is,
// each of the others when one has ended. A process waits until its buyer arrives. Every process has ended and
// been waited for when this returns or throws. Throws Error where a process cannot be started, or says that
// it cannot open the database before anybody has been served.
RunResult run_processes(const std::vector<Buyer>& demand, const ProcessOptions& options, const Stop& stop,
                        const Watch& watch);

}  // namespace invctl::sim
