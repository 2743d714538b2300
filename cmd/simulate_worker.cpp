// One process of simulate-concurrency: serves buyers that come through its standard input, a socket. The
// database comes from INVCTL_DB.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "command.hpp"
#include "core/text.hpp"
#include "sim/strategy.hpp"
#include "sim/worker.hpp"
#include "simulate_options.hpp"

namespace invctl::cmd {

namespace {

struct WorkerArguments {
  std::string strategy, think = "0s";
  bool no_turnstile = false;
};

}  // namespace

void setup_simulate_worker(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<WorkerArguments>();
  app.add_option("--strategy", arguments->strategy, "as of simulate-concurrency")->required();
  app.add_option("--think", arguments->think, "as of simulate-concurrency");
  app.add_flag("--no-turnstile", arguments->no_turnstile, "as of simulate-concurrency");
  action = [arguments](Context& context) {
    const auto& strategy = required_strategy(arguments->strategy);
    const auto options = open_options(strategy, !arguments->no_turnstile);
    const auto url = context.db_url();
    const sim::WorkerOptions worker{.lock_timeout = context.settings.duration("lock-timeout"),
                                    .think = required_duration(arguments->think, "--think"),
                                    .origin = context.origin()};
    sim::serve(
        STDIN_FILENO, [&] { return db::open_store(url, options); }, worker);
    return Exit::ok;
  };
}

}  // namespace invctl::cmd
