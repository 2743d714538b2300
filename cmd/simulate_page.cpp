// The page of a simulation: what is measured, made ready to be shown.
#include <fmt/format.h>
#include <sys/utsname.h>

#include <fstream>
#include <thread>

#include "core/text.hpp"
#include "sim/page.hpp"
#include "simulate_report.hpp"

namespace invctl::cmd {

namespace {

using Row = std::vector<std::string>;

sim::PageTable pairs(std::string caption, std::vector<Row> rows) {
  return {std::move(caption), {{"", io::Kind::text}, {"", io::Kind::text}}, std::move(rows)};
}

// The first value of a key in a file of the kind of /proc/cpuinfo.
std::string from_proc(const char* path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (colon != std::string::npos && text::trim(std::string_view(line).substr(0, colon)) == key) {
      return std::string(text::trim(std::string_view(line).substr(colon + 1)));
    }
  }
  return "unknown";
}

sim::PageTable machine() {
  utsname name{};
  uname(&name);
  return pairs("Machine", {{"processors", fmt::format("{}", std::thread::hardware_concurrency())},
                           {"model", from_proc("/proc/cpuinfo", "model name")},
                           {"memory", from_proc("/proc/meminfo", "MemTotal")},
                           {"system", fmt::format("{} {} {}", name.sysname, name.release, name.machine)},
                           {"program", fmt::format("invctl {}", version)}});
}

sim::PageTable settings(const SimulationPlan& plan, const RunReport& report) {
  const auto& demand = plan.scenario.demand;
  const auto& service = report.service;
  std::vector<Row> rows = {
      {"scenario", plan.scenario.name},
      {"buyers", fmt::format("{}", demand.requests)},
      {"products", fmt::format("{}", plan.scenario.site.skus.size())},
      {"stock of each", fmt::format("{}", plan.scenario.site.stock)},
      {"quantity, lines", plan.scenario.from_file ? std::string("of the file")
                                                  : fmt::format("{}, {}", demand.quantity, demand.items)},
      {"window", format_duration(demand.window)},
      {"arrivals", std::string(sim::arrivals_name(demand.arrivals))},
      {"seed", fmt::format("{}", demand.seed)},
      {"engine", plan.engine},
      {"workers", fmt::format("{} {}", plan.workers, plan.mode)},
      {"think time", format_duration(service.think)}};
  if (service.pause.count() > 0) rows.push_back({"pause of every tenth", format_duration(service.pause)});
  if (plan.scenario.kills > 0) rows.push_back({"processes to kill", fmt::format("{}", plan.scenario.kills)});
  return pairs("Settings", std::move(rows));
}

sim::PageTable comparison(const SimulationPlan& plan, const std::vector<RunReport>& reports) {
  sim::PageTable table;
  table.caption = fmt::format(
      "Medians of {}; of retries, deadlocks and units the most of any round; processor time of the program "
      "itself, for each answer",
      text::count(plan.rounds, "round"));
  table.columns = {
      {"strategy", io::Kind::code},  {"per s", io::Kind::number},  {"spread", io::Kind::number},
      {"p50 ms", io::Kind::number},  {"p99 ms", io::Kind::number}, {"inverted", io::Kind::number},
      {"retries", io::Kind::number}, {"CPU µs", io::Kind::number}, {"sold", io::Kind::number},
      {"over", io::Kind::number},    {"verdict", io::Kind::code}};
  for (const auto& row : compare(plan, reports)) {
    table.rows.push_back({std::string(row.strategy->name), fmt::format("{:.0f}", row.throughput.median),
                          fmt::format("{:.0f}-{:.0f}", row.throughput.least, row.throughput.most),
                          fmt::format("{:.1f}", row.p50_ms.median), fmt::format("{:.1f}", row.p99_ms.median),
                          fmt::format("{:.1f}%", row.inverted * 100), fmt::format("{}", row.retries),
                          fmt::format("{:.0f}", row.cpu_us.median), fmt::format("{}", row.sold),
                          fmt::format("{}", row.oversold), row.broken == 0 ? "holds" : "broken"});
  }
  return table;
}

sim::PageTable checks(const RunReport& report) {
  sim::PageTable table;
  table.caption = fmt::format("What was checked of {}, round {}", report.strategy->name, report.round);
  table.columns = {{"check", io::Kind::code}, {"verdict", io::Kind::code}, {"found", io::Kind::text}};
  for (const auto& check : report.verdict.checks) {
    table.rows.push_back({check.name, check.ok ? "holds" : "broken", check.detail});
  }
  return table;
}

sim::PageRun page_run(const RunReport& report) {
  sim::PageRun run;
  run.strategy = report.strategy->name;
  run.round = report.round;
  run.ok = report.verdict.ok();
  if (const auto* failure = report.verdict.first_failure(); failure != nullptr) {
    run.why = fmt::format("{}: {}", failure->name, failure->detail);
  }
  run.latencies_ns = report.metrics.latencies;
  run.bucket_ns = report.metrics.timeline.step_ns;
  run.answers = report.metrics.timeline.answers;
  run.served = report.served;
  return run;
}

}  // namespace

std::string make_page(const SimulationPlan& plan, const std::vector<RunReport>& reports) {
  sim::SimulationPage page;
  page.title =
      plan.compares ? "Strategies compared" : fmt::format("Simulation: {}", reports.front().strategy->name);
  page.subtitle = who_and_what(plan);
  page.footer = fmt::format("invctl {}; {}", version, how(plan, reports.front()));
  page.tables.push_back(comparison(plan, reports));
  // Of each strategy the round that is worst: where all hold, one is like the other.
  for (const auto* strategy : plan.strategies) {
    const RunReport* worst = nullptr;
    for (const auto& report : reports) {
      if (report.strategy != strategy) continue;
      page.runs.push_back(page_run(report));
      if (worst == nullptr || (worst->verdict.ok() && !report.verdict.ok())) worst = &report;
    }
    // Where all hold, the table above says so.
    if (!plan.compares || !worst->verdict.ok()) page.tables.push_back(checks(*worst));
  }
  if (!plan.compares) {
    const auto& report = reports.front();
    page.tiles = {{"sold", fmt::format("{}", report.metrics.sold)},
                  {"oversold", fmt::format("{}", report.verdict.oversold)},
                  {"answers per second", fmt::format("{:.0f}", report.metrics.throughput)},
                  {"p99", fmt::format("{:.1f} ms", static_cast<double>(report.metrics.latency.p99) / 1e6)},
                  {"verdict", report.verdict.ok() ? "holds" : "broken"}};
  }
  page.settings = settings(plan, reports.front());
  page.machine = machine();
  return sim::make_page(page);
}

}  // namespace invctl::cmd
