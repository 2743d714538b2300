#include "simulate_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <set>

#include "core/text.hpp"
#include "url.hpp"

namespace invctl::cmd {

namespace {

constexpr std::int64_t most_buyers = 1'000'000;
constexpr std::int64_t most_products = 100'000;
constexpr std::int64_t most_workers = 1'000;
constexpr std::int64_t most_units = 1'000'000'000;

// What a person chooses by name; throws Error(usage) with what there is.
template <class Find>
const auto& required_name(const char* what, const std::string& name, const std::vector<std::string>& names,
                          Find&& find) {
  const auto* found = find(name);
  if (found != nullptr) return *found;
  const auto near = text::closest(name, names);
  throw Error(Exit::usage, fmt::format("{} is not a {}", text::quoted(name), what),
              near.empty() ? text::join(names, ", ") : fmt::format("did you mean {}?", near));
}

const sim::ScenarioKind& required_scenario(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& kind : sim::scenario_kinds()) names.emplace_back(kind.name);
  return required_name("scenario", name, names, sim::find_scenario);
}

double required_skew(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 5)) {
    throw Error(Exit::usage, fmt::format("--skew: {} is not a number from 0 to 5", text::quoted(text)),
                "0: all products are wanted alike; 1: the second half as often as the first");
  }
  return value;
}

sim::Arrivals required_arrivals(const std::string& name) {
  const auto arrivals = sim::parse_arrivals(name);
  if (arrivals) return *arrivals;
  throw Error(Exit::usage, fmt::format("--arrivals: {} is not a way to arrive", text::quoted(name)),
              "burst, uniform or poisson");
}

std::int64_t number_or(std::int64_t otherwise, const std::optional<std::string>& given, const char* option,
                       std::int64_t least, std::int64_t most) {
  return given ? required_number(*given, option, least, most) : otherwise;
}

// How many come, and in what time.
void set_times(sim::Demand& demand, const sim::ScenarioKind& kind, const SimulateOptions& options) {
  if (options.rate || options.duration) {
    if (!options.rate || !options.duration) {
      throw Error(Exit::usage, "--rate and --duration go together", "--rate 100 --duration 60s");
    }
    if (options.buyers || options.window) {
      throw Error(Exit::usage, "--rate and --duration say how many come, as --buyers and --window do");
    }
    const auto rate = required_number(*options.rate, "--rate", 1, 1'000'000);
    demand.window = required_duration(*options.duration, "--duration");
    demand.requests = rate * demand.window.count() / 1000;
    if (demand.requests < 1 || demand.requests > most_buyers) {
      throw Error(Exit::usage, fmt::format("--rate {} for {} is {} buyers: not from 1 to {}", rate,
                                           *options.duration, demand.requests, most_buyers));
    }
  } else {
    demand.requests = number_or(kind.requests, options.buyers, "--buyers", 1, most_buyers);
    demand.window = options.window ? required_duration(*options.window, "--window") : kind.window;
  }
  // Who gives a time means that they come within it, also where the scenario has them come all at once.
  const bool in_time = options.rate || options.window;
  const auto usual =
      in_time && kind.arrivals == sim::Arrivals::burst ? sim::Arrivals::poisson : kind.arrivals;
  demand.arrivals = options.arrivals ? required_arrivals(*options.arrivals) : usual;
  if (demand.window.count() == 0) demand.arrivals = sim::Arrivals::burst;
}

// What is asked for comes from a file, or from numbers: never from both.
void check_source(const sim::ScenarioKind& kind, const SimulateOptions& options) {
  const auto& file = options.file;
  if (kind.from_file) {
    if (file.path.empty()) {
      throw Error(Exit::usage, "the scenario replay needs a file",
                  "invctl simulate-concurrency --scenario replay FILE");
    }
    if (options.buyers || options.products || options.lines || options.quantity || options.skew ||
        options.rate) {
      throw Error(Exit::usage, "what is asked for comes from the file",
                  "--stock, --window and --arrivals go with it");
    }
    return;
  }
  const bool says_how = !file.maps.empty() || !file.constants.empty() || file.group_by || file.kind_map ||
                        file.kind_from_sign || file.reason_default || !io::is_utf8_name(file.encoding);
  if (!file.path.empty() || options.day || says_how) {
    throw Error(Exit::usage, "a file goes with the scenario replay",
                "invctl simulate-concurrency --scenario replay FILE");
  }
}

sim::Scenario scenario_of(Context& context, const SimulateOptions& options) {
  const auto& kind = required_scenario(options.scenario);
  check_source(kind, options);
  sim::Scenario scenario;
  scenario.name = kind.name;
  auto& demand = scenario.demand;
  demand.mix = kind.mix;
  demand.seed = static_cast<std::uint64_t>(required_number(options.seed, "--seed", 0, INT64_MAX));
  set_times(demand, kind, options);
  scenario.site.stock = number_or(kind.stock, options.stock, "--stock", 0, INT64_MAX / 10'000);
  demand.quantity = number_or(kind.quantity, options.quantity, "--quantity", 1, most_units);
  const auto products = number_or(kind.products, options.products, "--products", 1, most_products);
  demand.items = number_or(std::min(kind.items, products), options.lines, "--lines", 1, products);
  demand.skew = options.skew ? required_skew(*options.skew) : kind.skew;
  if (kind.from_file) {
    scenario.from_file = true;
    scenario.requests = read_requests(context, options.file, options.day);
    demand.requests = static_cast<std::int64_t>(scenario.requests.size());
    sim::let_arrive(scenario.requests, demand);
  } else {
    demand.skus = sim::make_skus("ITEM", products);
    scenario.requests = sim::make_requests(demand);
  }
  std::set<std::string> skus(demand.skus.begin(), demand.skus.end());
  for (const auto& request : scenario.requests) {
    for (const auto& item : request.items) skus.insert(item.sku);
  }
  scenario.site.skus.assign(skus.begin(), skus.end());
  scenario.kills =
      number_or(kind.kills ? demand.requests / 5 : 0, options.kills, "--kills", 0, demand.requests);
  return scenario;
}

std::vector<const sim::Strategy*> strategies_of(const SimulateOptions& options) {
  if (!options.compare) return {&required_strategy(options.strategy.value_or("pessimistic"))};
  if (options.strategy) {
    throw Error(Exit::usage, "--compare names the strategies, and --strategy another one",
                fmt::format("--compare {},{}", *options.strategy, *options.compare));
  }
  std::vector<const sim::Strategy*> strategies;
  for (const auto name : text::split(*options.compare, ',')) {
    const auto* strategy = &required_strategy(std::string(text::trim(name)));
    if (std::find(strategies.begin(), strategies.end(), strategy) != strategies.end()) {
      throw Error(Exit::usage, fmt::format("--compare names {} twice", strategy->name));
    }
    strategies.push_back(strategy);
  }
  return strategies;
}

void set_workers(SimulationPlan& plan, const SimulateOptions& options) {
  const bool kills = plan.scenario.kills > 0;
  plan.mode = options.mode.value_or(kills ? "processes" : "threads");
  if (plan.mode != "threads" && plan.mode != "processes") {
    throw Error(Exit::usage, fmt::format("--mode: {} is not a mode", text::quoted(plan.mode)),
                "threads or processes");
  }
  if (kills && plan.mode == "threads") {
    throw Error(Exit::usage, "only processes can be killed one by one", "--mode processes");
  }
  const auto fallback = plan.mode == "threads" ? "8" : "100";
  const auto workers = required_number(options.workers.value_or(fallback), "--workers", 1, most_workers);
  plan.workers = static_cast<int>(std::min(workers, plan.scenario.demand.requests));
  if (options.per_process && plan.mode != "processes") {
    throw Error(Exit::usage, "--per-process goes with --mode processes");
  }
  plan.per_process = required_number(options.per_process.value_or("1"), "--per-process", 0, most_buyers);
}

// What cannot be done is refused before anything is created.
void check_possible(const SimulationPlan& plan, const std::string& url) {
  for (const auto* strategy : plan.strategies) {
    if (plan.in_place && strategy->scratch_only()) {
      throw Error(Exit::usage,
                  fmt::format("{} needs a database without constraints: never --in-place", strategy->name));
    }
    if (strategy->exclusion == sim::Exclusion::named && db::count_hosts(url) > 1) {
      throw Error(Exit::usage, fmt::format("{} does not reach over a cluster", strategy->name),
                  "each node knows only its own named locks; name one host");
    }
  }
  if (plan.in_place && plan.keep) throw Error(Exit::usage, "--in-place keeps its database anyway");
}

void set_service(SimulationPlan& plan, const SimulateOptions& options) {
  auto& service = plan.service;
  if (options.think) plan.think = required_duration(*options.think, "--think-time");
  if (options.pause) service.pause = required_duration(*options.pause, "--pause");
  if (options.time_to_live) service.time_to_live = required_duration(*options.time_to_live, "--ttl");
  if (service.time_to_live.count() < 1) throw Error(Exit::usage, "--ttl: a lock lives for 1ms or more");
  const auto expires = [](const sim::Strategy* s) { return s->exclusion == sim::Exclusion::expiring; };
  if ((options.fence || options.time_to_live) &&
      std::none_of(plan.strategies.begin(), plan.strategies.end(), expires)) {
    throw Error(Exit::usage, "--fence and --ttl are of locks that expire", "--strategy advisory-ttl");
  }
  service.fence = options.fence;
  service.turnstile = !options.no_turnstile;
  if (options.retries)
    service.attempts_most = 1 + required_number(*options.retries, "--retries", 0, 1'000'000);
}

}  // namespace

const sim::Strategy& required_strategy(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& known : sim::strategies()) names.emplace_back(known.name);
  return required_name("strategy", name, names, sim::find_strategy);
}

std::int64_t required_number(const std::string& text, const char* option, std::int64_t least,
                             std::int64_t most) {
  std::string why;
  const auto value = parse_whole(text, why);
  if (!value) throw Error(Exit::usage, fmt::format("{}: {}", option, why));
  if (*value < least || *value > most) {
    throw Error(Exit::usage, fmt::format("{}: {} is not from {} to {}", option, *value, least, most));
  }
  return *value;
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

SimulationPlan make_plan(Context& context, const SimulateOptions& options) {
  SimulationPlan plan;
  const auto url = context.db_url();
  plan.engine = db::parse_url(url).engine == db::Url::Engine::sqlite ? "sqlite" : "mysql";
  plan.strategies = strategies_of(options);
  plan.compares = options.compare.has_value();
  if (options.rounds && !plan.compares) throw Error(Exit::usage, "--rounds goes with --compare");
  plan.rounds =
      plan.compares ? static_cast<int>(required_number(options.rounds.value_or("3"), "--rounds", 1, 100)) : 1;
  plan.keep = options.keep;
  plan.in_place = options.in_place;
  plan.html = options.html;
  set_service(plan, options);
  plan.scenario = scenario_of(context, options);
  set_workers(plan, options);
  check_possible(plan, url);
  return plan;
}

// Where nothing keeps rivals apart, nothing goes wrong unless two of them meet between reading and writing:
// the pause of the negative control is as long as four buyers take to arrive, so that they do.
ServiceOptions service_of(const SimulationPlan& plan, const sim::Strategy& strategy) {
  auto service = plan.service;
  const auto& demand = plan.scenario.demand;
  if (plan.think) {
    service.think = *plan.think;
  } else if (strategy.must_oversell) {
    const auto gap = demand.arrivals == sim::Arrivals::burst ? 0 : demand.window.count() / demand.requests;
    service.think = std::chrono::milliseconds(std::clamp<std::int64_t>(4 * gap, 10, 1000));
  }
  // Bounded, because who only compares can lose for ever.
  if (!service.attempts_most && strategy.name == "optimistic") service.attempts_most = 1001;
  return service;
}

sim::WorkerOptions worker_options(Context& context, const sim::Strategy& strategy,
                                  const ServiceOptions& service) {
  return {.strategy = &strategy,
          .warehouse = service.warehouse,
          .lock_timeout = context.settings.duration("lock-timeout"),
          .think = service.think,
          .pause = service.pause,
          .attempts_most = service.attempts_most,
          .origin = context.origin()};
}

db::SimulationOptions database_options(const sim::Strategy& strategy, const ServiceOptions& service,
                                       std::size_t first_host) {
  return {.strategy = &strategy,
          .turnstile = service.turnstile,
          .time_to_live = service.time_to_live,
          .fence = service.fence,
          .first_host = first_host};
}

void add_simulate_options(CLI::App& app, SimulateOptions& options) {
  std::vector<std::string> strategies;
  std::vector<std::string> strategy_names;
  for (const auto& strategy : sim::strategies()) {
    strategy_names.emplace_back(strategy.name);
    strategies.push_back(fmt::format("{} ({})", strategy.name, strategy.summary));
  }
  std::vector<std::string> scenarios;
  std::vector<std::string> scenario_names;
  for (const auto& kind : sim::scenario_kinds()) {
    scenario_names.emplace_back(kind.name);
    scenarios.push_back(fmt::format("{} ({})", kind.name, kind.summary));
  }
  std::string group = "Demand";
  const auto value = [&](const std::string& name, auto& target, const std::string& help,
                         const std::string& type) {
    return app.add_option(name, target, help)->type_name(type)->group(group);
  };
  value("--scenario", options.scenario, text::join(scenarios, "; "), text::join(scenario_names, "|"))
      ->capture_default_str();
  value("--buyers", options.buyers, "how many come", "N");
  value("--stock", options.stock, "units of each product on hand at first", "N");
  value("--quantity", options.quantity, "units of each product that one wants", "N");
  value("--products", options.products, "how many products there are", "N");
  value("--lines", options.lines, "how many of them one wants", "N");
  value("--skew", options.skew, "0: all are wanted alike; 1: the second half as often as the first", "S");
  value("--window", options.window, "they arrive within this time; 0: all at once", "DURATION");
  value("--arrivals", options.arrivals, "all at once, evenly spaced, or at random", "burst|uniform|poisson");
  value("--rate", options.rate, "with --duration: so many come in a second", "N");
  value("--duration", options.duration, "with --rate: for so long", "DURATION");
  value("--seed", options.seed, "the same seed, the same demand", "N")->capture_default_str();
  value("--file,file", options.file.path, "of the scenario replay: operations, as `apply` reads them",
        "FILE");
  value("--day", options.day, "of the file only this day, or the busiest", "DATE|busiest");
  value("--map", options.file.maps, "read a field from the column of this name", "FIELD=COLUMN")
      ->allow_extra_args(false);
  value("--set", options.file.constants, "give all rows this value", "FIELD=VALUE")->allow_extra_args(false);
  value("--group-by", options.file.group_by, "consecutive rows with the same value here are one operation",
        "COLUMN");
  value("--kind-map", options.file.kind_map, "a CSV file that says the kind of each row, as of apply",
        "FILE");
  value("--kind-from-sign", options.file.kind_from_sign, "the kinds of positive and of negative quantities",
        "A,B");
  value("--reason-default", options.file.reason_default, "the reason of rows that give none", "TEXT");
  value("--encoding", options.file.encoding, "of the file", "NAME");

  group = "Service";
  value("--strategy", options.strategy,
        "how rivals are kept apart, pessimistic if not given: " + text::join(strategies, "; "),
        text::join(strategy_names, "|"));
  value("--compare", options.compare, "the same demand under each of these strategies, by turns", "A,B,...");
  value("--rounds", options.rounds, "how often each is compared (3)", "N");
  value("--mode", options.mode, "in this process (if not given), or in processes of their own",
        "threads|processes");
  value("--workers", options.workers, "how many work at the same time (threads 8, processes 100)", "N");
  value("--per-process", options.per_process, "how many one process serves (1); 0: as many as there are",
        "N");
  value("--think-time,--think", options.think, "pause between reading and writing (none: 10ms or more)",
        "DURATION");
  value("--retries", options.retries, "how often a transaction that lost is tried again (optimistic: 1000)",
        "N");
  value("--ttl", options.time_to_live, "how long a lock of advisory-ttl lives (100ms)", "DURATION");
  value("--pause", options.pause, "every tenth stops for so long after reading", "DURATION");
  app.add_flag("--fence", options.fence, "advisory-ttl: its lock carries a token, which the data checks")
      ->group(group);
  value("--kills", options.kills, "so many processes are killed while they serve", "N");

  group = "Place and report";
  app.add_flag("--keep", options.keep, "keep the scratch database and say where it is")->group(group);
  app.add_flag("--in-place", options.in_place, "on this database, with products that are retired afterwards")
      ->group(group);
  value("--html", options.html, "write the report as a page too", "FILE");
  app.add_flag("--no-turnstile", options.no_turnstile, "without the queue in front of SQLite")->group("");
}

}  // namespace invctl::cmd
