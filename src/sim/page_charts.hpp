// The charts of sim/page.hpp, as markup.
#pragma once

#include <string>
#include <vector>

#include "sim/page.hpp"

namespace invctl::sim {

// All rounds of one strategy.
struct PageGroup {
  std::string strategy;
  std::vector<const PageRun*> rounds;
};

// How many percent of the answers came within which time, with the percentiles as a table.
std::string latency_charts(const std::vector<PageGroup>& groups);

// Answers per second over time, the mean of the rounds.
std::string throughput_chart(const std::vector<PageGroup>& groups);

// Per strategy the place of each accepted demand among arrivals against its place in the order of service.
std::string service_charts(const std::vector<PageGroup>& groups);

}  // namespace invctl::sim
