// What a simulation answers, in every format.
#pragma once

#include <optional>
#include <string>

#include "context.hpp"
#include "sim/metrics.hpp"
#include "sim/scenario.hpp"
#include "sim/strategy.hpp"
#include "sim/verdict.hpp"

namespace invctl::cmd {

struct SimulationReport {
  sim::Scenario scenario;
  const sim::Strategy* strategy = nullptr;
  bool turnstile = true;
  std::string engine;  // "sqlite", "mysql"
  std::string mode;    // "threads", "processes"
  int workers = 0;     // at the same time
  std::size_t processes = 0;
  std::chrono::milliseconds think{0};
  sim::Metrics metrics;
  sim::Inversions inversions;
  sim::Verdict verdict;
  std::optional<std::string> database;  // where it was kept
};

void print_report(Context& context, const SimulationReport& report);

// The broken checks as an error with exit 7, a line each.
Error verdict_error(const SimulationReport& report);

}  // namespace invctl::cmd
