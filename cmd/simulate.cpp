#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <climits>

#include "command.hpp"
#include "core/text.hpp"
#include "io/progress.hpp"
#include "scratch.hpp"
#include "sim/processes.hpp"
#include "sim/verdict.hpp"
#include "simulate_options.hpp"
#include "simulate_report.hpp"
#include "simulate_stop.hpp"
#include "url.hpp"

namespace invctl::cmd {

namespace {

constexpr std::int64_t most_buyers = 1'000'000;
constexpr std::int64_t most_workers = 1'000;

struct SimulateOptions {
  std::string scenario = "flash-sale", strategy = "pessimistic", mode = "threads", arrivals = "poisson";
  std::string buyers = "1000", stock = "100", quantity = "1", window = "1s", seed = "1";
  std::optional<std::string> workers, think;
  bool keep = false;
  bool no_turnstile = false;
};

std::int64_t number(const std::string& text, const char* option, std::int64_t least, std::int64_t most) {
  std::string why;
  const auto value = parse_whole(text, why);
  if (!value) throw Error(Exit::usage, fmt::format("{}: {}", option, why));
  if (*value < least || *value > most) {
    throw Error(Exit::usage, fmt::format("{}: {} is not from {} to {}", option, *value, least, most));
  }
  return *value;
}

sim::Scenario scenario_of(const SimulateOptions& options) {
  sim::Scenario scenario;
  if (options.scenario != scenario.name) {
    throw Error(Exit::usage, fmt::format("{} is not a scenario", text::quoted(options.scenario)),
                "flash-sale");
  }
  const auto arrivals = sim::parse_arrivals(options.arrivals);
  if (!arrivals) {
    throw Error(Exit::usage,
                fmt::format("--arrivals: {} is not a way to arrive", text::quoted(options.arrivals)),
                "burst, uniform or poisson");
  }
  scenario.buyers = number(options.buyers, "--buyers", 1, most_buyers);
  scenario.stock = number(options.stock, "--stock", 0, INT64_MAX / 10'000);  // its price must fit 64 bits
  scenario.quantity = number(options.quantity, "--quantity", 1, 1'000'000'000);
  scenario.window = required_duration(options.window, "--window");
  scenario.arrivals = scenario.window.count() == 0 ? sim::Arrivals::burst : *arrivals;
  scenario.seed = static_cast<std::uint64_t>(number(options.seed, "--seed", 0, INT64_MAX));
  return scenario;
}

// Without guards nothing goes wrong unless two buyers meet between reading and writing: the pause is as long
// as four buyers take to arrive, so that they do.
std::chrono::milliseconds think_of(const SimulateOptions& options, const sim::Scenario& scenario,
                                   const sim::Strategy& strategy) {
  if (options.think) return required_duration(*options.think, "--think");
  if (!strategy.must_oversell) return std::chrono::milliseconds(0);
  const auto gap = scenario.arrivals == sim::Arrivals::burst ? 0 : scenario.window.count() / scenario.buyers;
  return std::chrono::milliseconds(std::clamp<std::int64_t>(4 * gap, 10, 1000));
}

class Simulation {
 public:
  Simulation(Context& context, const SimulateOptions& options) : context_(context), keep_(options.keep) {
    report_.scenario = scenario_of(options);
    report_.strategy = &required_strategy(options.strategy);
    report_.turnstile = report_.strategy->turnstile && !options.no_turnstile;
    report_.mode = options.mode;
    if (report_.mode != "threads" && report_.mode != "processes") {
      throw Error(Exit::usage, fmt::format("--mode: {} is not a mode", text::quoted(options.mode)),
                  "threads or processes");
    }
    const auto fallback = report_.mode == "threads" ? "8" : "100";
    const auto workers = number(options.workers.value_or(fallback), "--workers", 1, most_workers);
    report_.workers = static_cast<int>(std::min(workers, report_.scenario.buyers));
    report_.think = think_of(options, report_.scenario, *report_.strategy);
  }

  Exit run() {
    StopSignals signals;
    {
      const auto url = context_.db_url();
      const auto scratch = db::create_scratch(url, {.guards = report_.strategy->constraints});
      report_.engine = db::parse_url(url).engine == db::Url::Engine::sqlite ? "sqlite" : "mysql";
      if (keep_) {
        scratch->keep();
        report_.database = db::redact_url(scratch->url());
      }
      race(scratch->url(), signals);
      if (signals.requested() == 0) judge(scratch->url());
    }
    // As any command that a signal ends, but only now that nothing is left behind.
    if (const int number = signals.requested(); number != 0) return static_cast<Exit>(128 + number);
    if (!report_.verdict.ok()) return condemn();
    print_report(context_, report_);
    if (report_.strategy->must_oversell) {
      context_.warn("the negative control was not seen to fail: more buyers or workers would show more");
    }
    return Exit::ok;
  }

 private:
  void race(const std::string& url, StopSignals& signals) {
    {
      const auto store = db::open_store(url);
      sim::stock_up(report_.scenario, *store, *store, context_.origin());
    }
    const auto demand = sim::make_demand(report_.scenario);
    io::Progress progress("buyers", demand.size(), io::Unit::rows, !context_.quiet());
    const sim::Stop stop = [&] { return signals.requested() != 0; };
    const sim::Watch watch = [&](std::size_t answered) { progress.set(answered); };
    result_ = report_.mode == "threads" ? run_threads(demand, url, stop, watch)
                                        : run_processes(demand, url, signals, stop, watch);
    report_.processes = result_.processes;
  }

  sim::RunResult run_threads(const std::vector<sim::Buyer>& demand, const std::string& url,
                             const sim::Stop& stop, const sim::Watch& watch) {
    const auto options = open_options(*report_.strategy, report_.turnstile);
    const sim::WorkerOptions worker{.lock_timeout = context_.settings.duration("lock-timeout"),
                                    .think = report_.think,
                                    .origin = context_.origin()};
    return sim::run_threads(
        demand, report_.workers, [&] { return db::open_store(url, options); }, worker, stop, watch);
  }

  sim::RunResult run_processes(const std::vector<sim::Buyer>& demand, const std::string& url,
                               const StopSignals& signals, const sim::Stop& stop, const sim::Watch& watch) {
    const auto timeout = context_.settings.duration("lock-timeout");
    sim::ProcessOptions options;
    options.program = context_.program();
    options.arguments = {"simulate-worker",
                         "--strategy",
                         std::string(report_.strategy->name),
                         "--think",
                         format_duration(report_.think),
                         "--lock-timeout",
                         format_duration(timeout)};
    if (!report_.turnstile) options.arguments.emplace_back("--no-turnstile");
    options.environment = {"INVCTL_DB=" + url};
    options.signal_mask = signals.mask_before();
    options.at_once = report_.workers;
    options.patience = timeout + report_.think + std::chrono::seconds(30);
    return sim::run_processes(demand, options, stop, watch);
  }

  // The report on stdout, then what is wrong on stderr; a reader who has left does not make it right.
  Exit condemn() {
    try {
      print_report(context_, report_);
      context_.out.close();
    } catch (const io::OutputError&) {
      context_.out.discard();
    }
    throw verdict_error(report_);
  }

  void judge(const std::string& url) {
    const auto store = db::open_store(url, {.write = false});
    const auto ledger = sim::read_ledger(*store);
    report_.metrics = sim::measure(result_.answers, result_.start_ns, report_.scenario.stock);
    report_.inversions = sim::fairness(result_.answers, ledger);
    report_.verdict = sim::judge(report_.scenario, result_.answers, ledger);
  }

  Context& context_;
  bool keep_;
  SimulationReport report_;
  sim::RunResult result_;
};

}  // namespace

const sim::Strategy& required_strategy(const std::string& name) {
  const auto* strategy = sim::find_strategy(name);
  if (strategy != nullptr) return *strategy;
  std::vector<std::string> names;
  for (const auto& known : sim::strategies()) names.emplace_back(known.name);
  const auto near = text::closest(name, names);
  throw Error(Exit::usage, fmt::format("{} is not a strategy", text::quoted(name)),
              near.empty() ? text::join(names, ", ") : fmt::format("did you mean {}?", near));
}

std::chrono::milliseconds required_duration(const std::string& text, const char* option) {
  std::string why;
  const auto duration = parse_duration(text == "0" ? "0s" : text, why);
  if (!duration) throw Error(Exit::usage, fmt::format("{}: {}", option, why));
  if (*duration > std::chrono::hours(1)) {
    throw Error(Exit::usage, fmt::format("{}: {} is longer than an hour", option, text));
  }
  return *duration;
}

db::OpenOptions open_options(const sim::Strategy& strategy, bool turnstile) {
  return {.turnstile = turnstile && strategy.turnstile,
          .guards = {.lock = strategy.lock, .conditional = strategy.conditional}};
}

void setup_simulate(CLI::App& app, Action& action) {
  auto options = std::make_shared<SimulateOptions>();
  std::vector<std::string> strategies;
  std::vector<std::string> names;
  for (const auto& strategy : sim::strategies()) {
    names.emplace_back(strategy.name);
    strategies.push_back(fmt::format("{} ({})", strategy.name, strategy.summary));
  }
  const auto value = [&](const std::string& name, auto& target, const std::string& help,
                         const std::string& type) {
    return app.add_option(name, target, help)->type_name(type);
  };
  value("--scenario", options->scenario, "many buyers, one product", "flash-sale")->capture_default_str();
  value("--strategy", options->strategy, "how rivals are kept apart: " + text::join(strategies, "; "),
        text::join(names, "|"))
      ->capture_default_str();
  value("--buyers", options->buyers, "how many want to buy", "N")->capture_default_str();
  value("--stock", options->stock, "units on hand at first", "N")->capture_default_str();
  value("--quantity", options->quantity, "units that each buyer wants", "N")->capture_default_str();
  value("--window", options->window, "they arrive within this time; 0: all at once", "DURATION")
      ->capture_default_str();
  value("--arrivals", options->arrivals, "all at once, evenly spaced, or at random", "burst|uniform|poisson")
      ->capture_default_str();
  value("--mode", options->mode, "in this process, or in a new process of invctl for each buyer",
        "threads|processes")
      ->capture_default_str();
  value("--workers", options->workers, "how many work at the same time (threads 8, processes 100)", "N");
  value("--think", options->think, "pause between reading and writing (none: 10ms or more)", "DURATION");
  value("--seed", options->seed, "the same seed, the same arrivals", "N")->capture_default_str();
  app.add_flag("--keep", options->keep, "keep the scratch database and say where it is");
  app.add_flag("--no-turnstile", options->no_turnstile, "without the queue in front of SQLite")->group("");
  action = [options](Context& context) { return Simulation(context, *options).run(); };
}

}  // namespace invctl::cmd
