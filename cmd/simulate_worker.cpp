// One process of simulate-concurrency: serves requests that come through its standard input, a socket. The
// database comes from INVCTL_DB.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "command.hpp"
#include "sim/processes.hpp"
#include "simulate_options.hpp"

namespace invctl::cmd {

namespace {

struct WorkerArguments {
  std::string strategy, warehouse = "SIM", think = "0s", pause = "0s", time_to_live = "100ms";
  std::optional<std::string> attempts;
  bool fence = false, no_turnstile = false;
};

Exit serve(Context& context, const WorkerArguments& arguments) {
  const auto& strategy = required_strategy(arguments.strategy);
  ServiceOptions service;
  service.turnstile = !arguments.no_turnstile;
  service.think = required_duration(arguments.think, "--think");
  service.pause = required_duration(arguments.pause, "--pause");
  service.time_to_live = required_duration(arguments.time_to_live, "--ttl");
  service.fence = arguments.fence;
  service.warehouse = arguments.warehouse;
  if (arguments.attempts)
    service.attempts_most = required_number(*arguments.attempts, "--attempts", 1, INT32_MAX);
  const auto url = context.db_url();
  sim::serve(
      STDIN_FILENO, [&] { return db::open_simulation(url, database_options(strategy, service, 0)); },
      worker_options(context, strategy, service));
  return Exit::ok;
}

}  // namespace

void setup_simulate_worker(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<WorkerArguments>();
  app.add_option("--strategy", arguments->strategy, "as of simulate-concurrency")->required();
  app.add_option("--warehouse", arguments->warehouse, "where");
  app.add_option("--think", arguments->think, "as of simulate-concurrency");
  app.add_option("--pause", arguments->pause, "as of simulate-concurrency");
  app.add_option("--ttl", arguments->time_to_live, "as of simulate-concurrency");
  app.add_option("--attempts", arguments->attempts, "transactions that one request may begin");
  app.add_flag("--fence", arguments->fence, "as of simulate-concurrency");
  app.add_flag("--no-turnstile", arguments->no_turnstile, "as of simulate-concurrency");
  action = [arguments](Context& context) { return serve(context, *arguments); };
}

}  // namespace invctl::cmd
