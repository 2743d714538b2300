// Requests served by real processes: each is a process of this program, started with exec, so that nothing is
// shared with it but the database.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "sim/threads.hpp"

namespace invctl::sim {

struct ProcessOptions {
  std::string program;                 // path of the executable
  std::vector<std::string> arguments;  // of a worker, without argv[0]
  // NAME=VALUE; what is given here takes the place of the variable in this process' environment. A database's
  // address goes this way, because arguments are seen by every user. For the n-th process.
  std::function<std::vector<std::string>(std::size_t n)> environment;
  sigset_t signal_mask{};        // that the workers start with
  int at_once = 100;             // processes that live at the same time
  std::int64_t per_process = 1;  // requests that one process serves; 0: as many as there are
  // A worker that has not answered so long after it could is killed, and its request has failed.
  std::chrono::milliseconds patience{60'000};
  // So many requests have the process that serves them killed at a random moment, and are asked again, under
  // the same key, by another.
  std::int64_t kills = 0;
  std::uint64_t seed = 1;
};

// Serves the requests in order of arrival. Those processes that fit into `at_once` are started before the
// clock is, each of the others when one has ended. A process waits until its request arrives. Every process
// has ended and been waited for when this returns or throws. `open` and `worker` are of the one writer, where
// the strategy has one. Throws Error where a process cannot be started, or says that it cannot open the
// database before anybody has been served.
RunResult run_processes(const std::vector<Request>& requests, const ProcessOptions& options,
                        const OpenSession& open, const WorkerOptions& worker, const Stop& stop,
                        const Watch& watch);

// The other end: serves the requests that come through the socket `fd` until it is closed. `open` is called
// once, and its failure is told to the other side and thrown.
void serve(int fd, const OpenSession& open, const WorkerOptions& options);

}  // namespace invctl::sim
