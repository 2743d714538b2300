// What the concurrency simulator needs from a database beyond posting: a worker's connection under a
// strategy, and the locks beside the database that some strategies use.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "sim/session.hpp"
#include "sim/strategy.hpp"
#include "sql_store.hpp"

namespace invctl::db {

struct SimulationOptions {
  const sim::Strategy* strategy = nullptr;
  bool turnstile = true;
  std::chrono::milliseconds time_to_live{100};  // of a lock that expires
  bool fence = false;                           // it carries a token, which the data checks
  std::size_t first_host = 0;                   // of a URL that names several
};

// Throws what opening a database throws. On a cluster it waits a moment for a database that another node has
// just created.
std::unique_ptr<sim::Session> open_simulation(const std::string& url, const SimulationOptions& options);

// Creates what the strategy needs in a database whose tables are there: the rows of locks that expire.
void prepare_simulation(const std::string& url, const sim::Strategy& strategy,
                        const std::vector<std::string>& names);

// The mysql URL with the list of its hosts begun n hosts later.
std::string rotate_hosts(const std::string& url, std::size_t n);
// How many hosts a URL names; 0 for a socket or a file.
std::size_t count_hosts(const std::string& url);

}  // namespace invctl::db
