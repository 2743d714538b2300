// What simulate-concurrency reads from its command line, and what it makes of it.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apply.hpp"
#include "context.hpp"
#include "sim/scenario.hpp"
#include "sim/strategy.hpp"
#include "sim/worker.hpp"
#include "simulation.hpp"

namespace invctl::cmd {

// As it was typed.
struct SimulateOptions {
  std::string scenario = "flash-sale", seed = "1";
  std::optional<std::string> strategy, compare, rounds, mode;
  std::optional<std::string> buyers, stock, quantity, products, lines, skew, window, arrivals, rate, duration;
  std::optional<std::string> workers, per_process, think, pause, time_to_live, retries, kills, html, day;
  bool fence = false, keep = false, in_place = false, no_turnstile = false;
  ApplyOptions file;  // of the scenario that replays one
};

// How requests are served, whatever they are: what a worker process must know as well.
struct ServiceOptions {
  bool turnstile = true;
  std::chrono::milliseconds think{0}, pause{0}, time_to_live{100};
  bool fence = false;
  std::optional<std::int64_t> attempts_most;
  std::string warehouse;
};

struct SimulationPlan {
  sim::Scenario scenario;
  std::vector<const sim::Strategy*> strategies;  // more than one: a comparison
  bool compares = false;
  int rounds = 1;
  std::string engine;  // "sqlite", "mysql"
  std::string mode;    // "threads", "processes"
  int workers = 0;     // at the same time
  std::int64_t per_process = 1;
  ServiceOptions service;
  std::optional<std::chrono::milliseconds> think;  // as it was asked for
  bool keep = false, in_place = false;
  std::optional<std::string> html;
};

void add_simulate_options(CLI::App& app, SimulateOptions& options);

// Throws Error: usage, and bad_input where a file of requests cannot be read.
SimulationPlan make_plan(Context& context, const SimulateOptions& options);

// How the plan serves requests under one of its strategies.
ServiceOptions service_of(const SimulationPlan& plan, const sim::Strategy& strategy);
sim::WorkerOptions worker_options(Context& context, const sim::Strategy& strategy,
                                  const ServiceOptions& service);
db::SimulationOptions database_options(const sim::Strategy& strategy, const ServiceOptions& service,
                                       std::size_t first_host);

// The requests of a file, for the scenario that replays one, and their SKUs.
std::vector<sim::Request> read_requests(Context& context, const ApplyOptions& file,
                                        const std::optional<std::string>& day);

// These throw Error(usage).
const sim::Strategy& required_strategy(const std::string& name);
std::chrono::milliseconds required_duration(const std::string& text, const char* option);
std::int64_t required_number(const std::string& text, const char* option, std::int64_t least,
                             std::int64_t most);

}  // namespace invctl::cmd
