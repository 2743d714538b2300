// What a simulation answers, in every format.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "context.hpp"
#include "sim/metrics.hpp"
#include "sim/scenario.hpp"
#include "sim/strategy.hpp"
#include "sim/usage.hpp"
#include "sim/verdict.hpp"
#include "simulate_options.hpp"

namespace invctl::cmd {

// What one run was found to be.
struct RunReport {
  const sim::Strategy* strategy = nullptr;
  int round = 1;
  ServiceOptions service;
  std::size_t processes = 0;
  sim::Metrics metrics;
  sim::Inversions inversions;
  std::vector<std::pair<std::int64_t, std::int64_t>> served;  // sim::service_order()
  sim::Verdict verdict;
  sim::Usage usage;
  std::optional<std::string> database;  // where it was kept
};

// The middle one of the rounds, and the outermost.
struct Spread {
  double median = 0, least = 0, most = 0;
};
Spread spread(std::vector<double> values);

void print_report(Context& context, const SimulationPlan& plan, const RunReport& report);
void print_comparison(Context& context, const SimulationPlan& plan, const std::vector<RunReport>& reports);

// The same as a page: all runs, and what the strategies came to.
std::string make_page(const SimulationPlan& plan, const std::vector<RunReport>& reports);

// The broken checks of all runs as an error with exit 7, a line each; nothing where all hold.
std::optional<Error> verdict_error(const std::vector<RunReport>& reports);

// What both tables and pages say of a plan.
std::string who_and_what(const SimulationPlan& plan);
std::string how(const SimulationPlan& plan, const RunReport& report);
struct ComparisonRow {
  const sim::Strategy* strategy = nullptr;
  Spread throughput, p50_ms, p99_ms, cpu_us;  // processor time of the program's own, for each answer
  double inverted = 0;                        // of all pairs, the middle one of the rounds
  std::int64_t sold = 0, oversold = 0, busy = 0, retries = 0, deadlocks = 0;  // the most of any round
  int broken = 0;  // rounds whose verdict is not that all is well
  std::string why;
};
std::vector<ComparisonRow> compare(const SimulationPlan& plan, const std::vector<RunReport>& reports);

}  // namespace invctl::cmd
