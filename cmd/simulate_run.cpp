#include "simulate_run.hpp"

#include <fmt/format.h>

#include <atomic>
#include <unordered_map>

#include "io/progress.hpp"
#include "scratch.hpp"
#include "sim/processes.hpp"
#include "sim/threads.hpp"
#include "url.hpp"

namespace invctl::cmd {

namespace {

// The scenario with codes and keys that nobody else on the database has.
sim::Scenario own_scenario(const sim::Scenario& scenario, bool in_place) {
  auto own = scenario;
  const auto tag = to_hex(random_uid()).substr(0, 8);
  if (in_place) {
    own.site.warehouse = "SIM-" + tag;
    own.site.skus = sim::make_skus("SIM-" + tag, static_cast<std::int64_t>(scenario.site.skus.size()));
    std::unordered_map<std::string, std::string> renamed;
    for (std::size_t i = 0; i < own.site.skus.size(); ++i) renamed[scenario.site.skus[i]] = own.site.skus[i];
    for (auto& request : own.requests) {
      for (auto& item : request.items) item.sku = renamed.at(item.sku);
    }
  }
  if (own.kills > 0) {
    for (auto& request : own.requests) request.key = fmt::format("sim-{}-{}", tag, request.number);
  }
  return own;
}

class Run {
 public:
  Run(Context& context, const SimulationPlan& plan, const sim::Strategy& strategy, StopSignals& signals)
      : context_(context),
        plan_(plan),
        strategy_(strategy),
        signals_(signals),
        scenario_(own_scenario(plan.scenario, plan.in_place)) {
    report_.strategy = &strategy;
    report_.service = service_of(plan, strategy);
    report_.service.warehouse = scenario_.site.warehouse;
  }

  std::optional<RunReport> run(int round) {
    report_.round = round;
    const auto url = context_.db_url();
    if (plan_.in_place) {
      try {
        race_and_judge(url);
      } catch (...) {
        clear_out_if_possible(url);
        throw;
      }
      clear_out(url);
    } else {
      const auto scratch = db::create_scratch(url, {.guards = strategy_.constraints});
      if (plan_.keep) {
        scratch->keep();
        report_.database = db::redact_url(scratch->url());
      }
      race_and_judge(scratch->url());
    }
    if (signals_.requested() != 0) return std::nullopt;
    return std::move(report_);
  }

 private:
  void clear_out(const std::string& url) {
    const auto store = db::open_store(url);
    sim::clear_out(scenario_.site, *store, *store, *store, context_.origin());
  }

  // After a failure, which is what is to be told.
  void clear_out_if_possible(const std::string& url) {
    try {
      clear_out(url);
    } catch (const std::exception& error) {
      context_.warn(fmt::format("warehouse {} and its products are left as they are: {}",
                                scenario_.site.warehouse, error.what()));
    }
  }

  void race_and_judge(const std::string& url) {
    {
      const auto store = db::open_store(url);
      sim::stock_up(scenario_.site, *store, *store, context_.origin());
    }
    db::prepare_simulation(url, strategy_, scenario_.site.skus);
    race(url);
    if (signals_.requested() == 0) judge(url);
  }

  void race(const std::string& url) {
    io::Progress progress(std::string(strategy_.name), scenario_.requests.size(), io::Unit::rows,
                          !context_.quiet());
    const sim::Stop stop = [&] { return signals_.requested() != 0; };
    const sim::Watch watch = [&](std::size_t answered) { progress.set(answered); };
    const auto worker = worker_options(context_, strategy_, report_.service);
    std::atomic<std::size_t> opened{0};
    const sim::OpenSession open = [&] {
      return db::open_simulation(url, database_options(strategy_, report_.service, opened++));
    };
    result_ = plan_.mode == "threads"
                  ? sim::run_threads(scenario_.requests, plan_.workers, open, worker, stop, watch)
                  : sim::run_processes(scenario_.requests, process_options(url), open, worker, stop, watch);
    report_.processes = result_.processes;
    report_.usage = result_.usage;
  }

  sim::ProcessOptions process_options(const std::string& url) const {
    const auto timeout = context_.settings.duration("lock-timeout");
    const auto& service = report_.service;
    sim::ProcessOptions options;
    options.program = context_.program();
    options.arguments = {"simulate-worker",
                         "--strategy",
                         std::string(strategy_.name),
                         "--warehouse",
                         service.warehouse,
                         "--think",
                         format_duration(service.think),
                         "--pause",
                         format_duration(service.pause),
                         "--ttl",
                         format_duration(service.time_to_live),
                         "--lock-timeout",
                         format_duration(timeout)};
    if (!service.turnstile) options.arguments.emplace_back("--no-turnstile");
    if (service.fence) options.arguments.emplace_back("--fence");
    if (service.attempts_most) {
      options.arguments.insert(options.arguments.end(),
                               {"--attempts", fmt::format("{}", *service.attempts_most)});
    }
    // The address goes this way because others can see arguments. Each process begins with another host of
    // it.
    options.environment = [url](std::size_t n) {
      return std::vector<std::string>{"INVCTL_DB=" + db::rotate_hosts(url, n)};
    };
    options.signal_mask = signals_.mask_before();
    options.at_once = plan_.workers;
    options.per_process = plan_.per_process;
    options.patience = timeout + 2 * service.think + service.pause + std::chrono::seconds(30);
    options.kills = scenario_.kills;
    options.seed = scenario_.demand.seed;
    return options;
  }

  void judge(const std::string& url) {
    const auto store = db::open_store(url, {.write = false});
    const auto ledger = sim::read_ledger(*store, scenario_.site.warehouse);
    report_.metrics = sim::measure(result_.answers, result_.start_ns);
    report_.inversions = sim::fairness(scenario_, result_.answers, ledger);
    report_.served = sim::service_order(result_.answers, ledger);
    report_.verdict = sim::judge(scenario_, result_.answers, ledger);
  }

  Context& context_;
  const SimulationPlan& plan_;
  const sim::Strategy& strategy_;
  StopSignals& signals_;
  sim::Scenario scenario_;
  RunReport report_;
  sim::RunResult result_;
};

}  // namespace

std::optional<RunReport> run_once(Context& context, const SimulationPlan& plan, const sim::Strategy& strategy,
                                  int round, StopSignals& signals) {
  return Run(context, plan, strategy, signals).run(round);
}

}  // namespace invctl::cmd
