#include "simulate_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "io/json_text.hpp"
#include "io/progress.hpp"
#include "sim/text_chart.hpp"

namespace invctl::cmd {

namespace {

using Json = nlohmann::ordered_json;

// Three decimals are what such measurements are good for.
double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

double seconds(std::int64_t ns) {
  return rounded(static_cast<double>(ns) / 1e9);
}

double milliseconds(std::int64_t ns) {
  return rounded(static_cast<double>(ns) / 1e6);
}

double seconds(std::chrono::milliseconds d) {
  return static_cast<double>(d.count()) / 1000;
}

Json to_json(const sim::Percentiles& p) {
  return {{"p50", milliseconds(p.p50)}, {"p90", milliseconds(p.p90)},   {"p95", milliseconds(p.p95)},
          {"p99", milliseconds(p.p99)}, {"p999", milliseconds(p.p999)}, {"max", milliseconds(p.max)}};
}

Json to_json(const Spread& spread) {
  return {{"median", rounded(spread.median)}, {"min", rounded(spread.least)}, {"max", rounded(spread.most)}};
}

Json to_json(const sim::Verdict& verdict) {
  auto checks = Json::array();
  for (const auto& check : verdict.checks) {
    checks.push_back({{"name", check.name}, {"ok", check.ok}, {"detail", check.detail}});
  }
  return {{"ok", verdict.ok()}, {"checks", std::move(checks)}};
}

void add_plan(Json& json, const SimulationPlan& plan, const RunReport& report) {
  const auto& demand = plan.scenario.demand;
  const auto of_demand = [&](auto value) { return plan.scenario.from_file ? Json() : Json(value); };
  json.update({{"engine", plan.engine},
               {"mode", plan.mode},
               {"buyers", demand.requests},
               {"quantity", of_demand(demand.quantity)},
               {"products", plan.scenario.site.skus.size()},
               {"lines", of_demand(demand.items)},
               {"skew", of_demand(demand.skew)},
               {"stock", plan.scenario.site.stock},
               {"workers", plan.workers},
               {"processes", report.processes},
               {"turnstile", report.strategy->turnstile && report.service.turnstile},
               {"arrivals", sim::arrivals_name(demand.arrivals)},
               {"window_s", seconds(demand.window)},
               {"think_s", seconds(report.service.think)},
               {"pause_s", seconds(report.service.pause)},
               {"fence", report.service.fence},
               {"seed", demand.seed}});
}

Json to_json(const SimulationPlan& plan, const RunReport& report) {
  const auto& metrics = report.metrics;
  Json json = {
      {"scenario", plan.scenario.name}, {"strategy", report.strategy->name}, {"round", report.round}};
  add_plan(json, plan, report);
  json.update({{"sold", metrics.sold},
               {"buyers_sold", metrics.accepted},
               {"sold_out", metrics.sold_out},
               {"oversold", report.verdict.oversold},
               {"busy", metrics.busy},
               {"failed", metrics.failed},
               {"looks", metrics.looks},
               {"kills", metrics.kills},
               {"elapsed_s", seconds(metrics.elapsed_ns)},
               {"throughput_per_s", rounded(metrics.throughput)},
               {"latency_ms", to_json(metrics.latency)},
               {"service_ms", to_json(metrics.service)},
               {"lock_wait_ms", to_json(metrics.lock_wait)},
               {"first_half_ms", to_json(metrics.early)},
               {"second_half_ms", to_json(metrics.late)},
               {"retries", metrics.retries},
               {"deadlocks", metrics.deadlocks}});
  json["inversions"] = {{"count", report.inversions.count},
                        {"pairs", report.inversions.pairs},
                        {"share", std::round(report.inversions.share() * 1e6) / 1e6}};
  json["fairness"] = {{"jain", rounded(metrics.jain)}, {"last_winner", metrics.last_winner}};
  json["timeline"] = {{"step_s", static_cast<double>(metrics.timeline.step_ns) / 1e9},
                      {"answers", metrics.timeline.answers}};
  json["cpu"] = {{"user_s", rounded(static_cast<double>(report.usage.user_us) / 1e6)},
                 {"system_s", rounded(static_cast<double>(report.usage.system_us) / 1e6)}};
  json["memory_peak_bytes"] = report.usage.peak_bytes;
  json["verdict"] = to_json(report.verdict);
  json["database"] = report.database ? Json(*report.database) : Json();
  return json;
}

Json to_json(const ComparisonRow& row) {
  return {{"strategy", row.strategy->name},
          {"throughput_per_s", to_json(row.throughput)},
          {"p50_ms", to_json(row.p50_ms)},
          {"p99_ms", to_json(row.p99_ms)},
          {"cpu_us_per_answer", to_json(row.cpu_us)},
          {"inverted_share", rounded(row.inverted)},
          {"sold", row.sold},
          {"oversold", row.oversold},
          {"busy", row.busy},
          {"retries", row.retries},
          {"deadlocks", row.deadlocks},
          {"broken_rounds", row.broken}};
}

// For csv and tsv: one row per value, named by its place in the JSON answer.
void print_values(Context& context, io::Format format, const Json& json) {
  io::RowWriter rows(context.out, format, {{"measure", io::Kind::code}, {"value", io::Kind::code}},
                     context.table_options());
  const auto values = json.flatten();  // items() refers to it
  for (const auto& [path, value] : values.items()) {
    auto name = path.substr(1);
    for (char& c : name) c = c == '/' ? '.' : c;
    rows.row({name, value.is_null()     ? io::Value()
                    : value.is_string() ? io::Value(value.get<std::string>())
                                        : io::Value(value.dump())});
  }
  rows.finish();
}

std::string ms(std::int64_t ns) {
  return fmt::format("{:.1f}", static_cast<double>(ns) / 1e6);
}

void print_outcome(Context& context, const RunReport& report) {
  const auto& metrics = report.metrics;
  io::RowWriter rows(context.out, io::Format::table,
                     {{"outcome", io::Kind::code}, {"buyers", io::Kind::number}, {"units", io::Kind::number}},
                     context.table_options());
  rows.row({"sold", io::with_thousands(metrics.accepted), io::with_thousands(metrics.sold)});
  if (metrics.looks > 0) rows.row({"looked", io::with_thousands(metrics.looks), "-"});
  rows.row({"sold out", io::with_thousands(metrics.sold_out), "-"});
  rows.row({"oversold", "-", io::with_thousands(report.verdict.oversold)});
  rows.row({"busy", io::with_thousands(metrics.busy), "-"});
  rows.row({"failed", io::with_thousands(metrics.failed), "-"});
  rows.finish();
}

void print_latency(Context& context, const sim::Metrics& metrics) {
  io::RowWriter rows(context.out, io::Format::table,
                     {{"milliseconds", io::Kind::code},
                      {"p50", io::Kind::number},
                      {"p90", io::Kind::number},
                      {"p95", io::Kind::number},
                      {"p99", io::Kind::number},
                      {"p99.9", io::Kind::number},
                      {"max", io::Kind::number}},
                     context.table_options());
  const auto row = [&](const std::string& name, const sim::Percentiles& p) {
    rows.row({name, ms(p.p50), ms(p.p90), ms(p.p95), ms(p.p99), ms(p.p999), ms(p.max)});
  };
  row("arrival to answer", metrics.latency);
  row("without waiting for a worker", metrics.service);
  row("of that, waiting for locks", metrics.lock_wait);
  rows.finish();
}

void print_charts(Context& context, const sim::Metrics& metrics) {
  constexpr std::size_t usual = 80;
  constexpr std::size_t widest = 100;
  const auto terminal = context.table_options().terminal.width;
  const auto width = std::clamp<std::size_t>(terminal == 0 ? usual : terminal, 20, widest);
  for (const auto& line : sim::latency_histogram(metrics.latencies, width)) context.out.write(line + '\n');
  const auto& [step_ns, answers] = metrics.timeline;
  if (metrics.latencies.empty()) return;
  const auto most = *std::max_element(answers.begin(), answers.end());
  context.out.write(fmt::format("\nanswers over time, at most {:.0f} per second\n{}\n",
                                static_cast<double>(most) * 1e9 / static_cast<double>(step_ns),
                                sim::sparkline(answers, std::min(width, answers.size()))));
}

void print_checks(Context& context, const sim::Verdict& verdict) {
  io::RowWriter rows(context.out, io::Format::table,
                     {{"check", io::Kind::code}, {"verdict", io::Kind::code}, {"found", io::Kind::text}},
                     context.table_options());
  for (const auto& check : verdict.checks)
    rows.row({check.name, check.ok ? "holds" : "BROKEN", check.detail});
  rows.finish();
}

std::string effort(const RunReport& report) {
  const auto& metrics = report.metrics;
  auto text = fmt::format("{:.3f} s, {:.0f} answers per second, {}, {}", seconds(metrics.elapsed_ns),
                          metrics.throughput,
                          metrics.retries == 1 ? "1 retry" : io::with_thousands(metrics.retries) + " retries",
                          text::count(metrics.deadlocks, "deadlock"));
  if (metrics.kills > 0) text += fmt::format(", {} killed", text::count(metrics.kills, "worker"));
  return text + fmt::format("\nprocessor time {:.2f} s user, {:.2f} s system; at most {:.0f} MB of memory",
                            static_cast<double>(report.usage.user_us) / 1e6,
                            static_cast<double>(report.usage.system_us) / 1e6,
                            static_cast<double>(report.usage.peak_bytes) / 1e6);
}

void print_table(Context& context, const SimulationPlan& plan, const RunReport& report) {
  const auto& metrics = report.metrics;
  auto& out = context.out;
  out.write(fmt::format("{} under {}\n{}\n\n", who_and_what(plan), report.strategy->name, how(plan, report)));
  print_outcome(context, report);
  out.write("\n");
  print_latency(context, metrics);
  out.write("\n");
  print_charts(context, metrics);
  out.write(fmt::format("\n{}\n", effort(report)));
  out.write(fmt::format("{} of {} pairs of buyers were served in the wrong order ({:.2f} %)\n",
                        io::with_thousands(report.inversions.count),
                        io::with_thousands(report.inversions.pairs), report.inversions.share() * 100));
  out.write(
      fmt::format("the last to get anything was number {} to come; Jain's index of the workers {:.3f}\n\n",
                  io::with_thousands(metrics.last_winner), metrics.jain));
  print_checks(context, report.verdict);
  if (report.database) out.write(fmt::format("\nkept: {}\n", text::printable(*report.database)));
}

std::string with_spread(const Spread& spread, int decimals) {
  return fmt::format("{:.{}f}", spread.median, decimals);
}

void print_comparison_table(Context& context, const SimulationPlan& plan,
                            const std::vector<RunReport>& reports) {
  context.out.write(fmt::format("{}\n{}, {} by turns\n\n", who_and_what(plan), how(plan, reports.front()),
                                text::count(plan.rounds, "round")));
  io::RowWriter rows(context.out, io::Format::table,
                     {{"strategy", io::Kind::code},
                      {"per second", io::Kind::number},
                      {"(spread)", io::Kind::code},
                      {"p50 ms", io::Kind::number},
                      {"p99 ms", io::Kind::number},
                      {"inverted", io::Kind::number},
                      {"retries", io::Kind::number},
                      {"verdict", io::Kind::code}},
                     context.table_options());
  const auto table = compare(plan, reports);
  for (const auto& row : table) {
    rows.row({std::string(row.strategy->name), with_spread(row.throughput, 0),
              fmt::format("{:.0f}-{:.0f}", row.throughput.least, row.throughput.most),
              with_spread(row.p50_ms, 1), with_spread(row.p99_ms, 1),
              fmt::format("{:.1f}%", row.inverted * 100), io::with_thousands(row.retries),
              row.broken == 0 ? "holds" : "BROKEN"});
  }
  rows.finish();
  context.out.write("\nmedians of the rounds; of retries the most\n");
  for (const auto& row : table) {
    if (row.broken > 0) {
      context.out.write(fmt::format("{}: {}\n", row.strategy->name, text::printable(row.why)));
    }
  }
}

}  // namespace

Spread spread(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto n = values.size();
  const auto median = n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
  return {median, values.front(), values.back()};
}

std::string who_and_what(const SimulationPlan& plan) {
  const auto& scenario = plan.scenario;
  const auto& demand = scenario.demand;
  const auto when = demand.arrivals == sim::Arrivals::burst
                        ? std::string("at once")
                        : fmt::format("within {}", format_duration(demand.window));
  const auto units = scenario.site.stock;
  const auto products = static_cast<std::int64_t>(scenario.site.skus.size());
  auto text = fmt::format("{}: {} {} for {} {}", scenario.name, io::with_thousands(demand.requests),
                          demand.requests == 1 ? "buyer" : "buyers " + when, io::with_thousands(units),
                          units == 1 ? "unit" : "units");
  if (products != 1) text += fmt::format(" of each of {} products", io::with_thousands(products));
  if (demand.quantity != 1) text += fmt::format(", {} each", io::with_thousands(demand.quantity));
  return text;
}

std::string how(const SimulationPlan& plan, const RunReport& report) {
  auto text = plan.mode == "processes"
                  ? fmt::format("{}, {} processes, {} at a time", plan.engine,
                                io::with_thousands(static_cast<std::int64_t>(report.processes)),
                                io::with_thousands(std::int64_t{plan.workers}))
                  : fmt::format("{}, {}", plan.engine, text::count(plan.workers, "thread"));
  text += fmt::format(", {} arrivals, seed {}", sim::arrivals_name(plan.scenario.demand.arrivals),
                      plan.scenario.demand.seed);
  if (report.service.think.count() > 0) {
    text += fmt::format(", think time {}", format_duration(report.service.think));
  }
  return text;
}

std::vector<ComparisonRow> compare(const SimulationPlan& plan, const std::vector<RunReport>& reports) {
  std::vector<ComparisonRow> rows;
  for (const auto* strategy : plan.strategies) {
    auto& row = rows.emplace_back();
    row.strategy = strategy;
    std::vector<double> rates;
    std::vector<double> p50;
    std::vector<double> p99;
    std::vector<double> cpu;
    std::vector<double> inverted;
    for (const auto& report : reports) {
      if (report.strategy != strategy) continue;
      const auto& metrics = report.metrics;
      rates.push_back(metrics.throughput);
      p50.push_back(milliseconds(metrics.latency.p50));
      p99.push_back(milliseconds(metrics.latency.p99));
      cpu.push_back(static_cast<double>(report.usage.user_us + report.usage.system_us) /
                    static_cast<double>(std::max<std::size_t>(metrics.latencies.size(), 1)));
      inverted.push_back(report.inversions.share());
      row.sold = std::max(row.sold, metrics.sold);
      row.oversold = std::max(row.oversold, report.verdict.oversold);
      row.busy = std::max(row.busy, metrics.busy);
      row.retries = std::max(row.retries, metrics.retries);
      row.deadlocks = std::max(row.deadlocks, metrics.deadlocks);
      if (const auto* failure = report.verdict.first_failure(); failure != nullptr) {
        if (row.broken++ == 0) row.why = fmt::format("{}: {}", failure->name, failure->detail);
      }
    }
    row.throughput = spread(std::move(rates));
    row.p50_ms = spread(std::move(p50));
    row.p99_ms = spread(std::move(p99));
    row.cpu_us = spread(std::move(cpu));
    row.inverted = spread(std::move(inverted)).median;
  }
  return rows;
}

void print_report(Context& context, const SimulationPlan& plan, const RunReport& report) {
  const auto format = context.format();
  if (io::is_json(format)) {
    io::print_json(context.out, format, to_json(plan, report));
  } else if (format == io::Format::table) {
    print_table(context, plan, report);
  } else {
    print_values(context, format, to_json(plan, report));
  }
}

void print_comparison(Context& context, const SimulationPlan& plan, const std::vector<RunReport>& reports) {
  const auto format = context.format();
  if (format == io::Format::table) {
    print_comparison_table(context, plan, reports);
    return;
  }
  auto comparison = Json::array();
  for (const auto& row : compare(plan, reports)) comparison.push_back(to_json(row));
  auto runs = Json::array();
  for (const auto& report : reports) runs.push_back(to_json(plan, report));
  const Json json = {
      {"scenario", plan.scenario.name}, {"rounds", plan.rounds}, {"comparison", comparison}, {"runs", runs}};
  if (io::is_json(format)) {
    io::print_json(context.out, format, json);
  } else {
    print_values(context, format, json);
  }
}

std::optional<Error> verdict_error(const std::vector<RunReport>& reports) {
  std::vector<std::string> names;
  Error error(Exit::invariant, "", "");
  bool expected = true;
  for (const auto& report : reports) {
    expected =
        expected && (report.verdict.ok() || (report.strategy->must_oversell && report.verdict.oversold > 0));
    for (const auto& check : report.verdict.checks) {
      if (check.ok) continue;
      const auto name =
          reports.size() == 1 ? check.name : fmt::format("{} ({})", check.name, report.strategy->name);
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      names.push_back(name);
      error.add_line({fmt::format("{}: {}", name, check.detail),
                      {{"strategy", std::string(report.strategy->name)},
                       {"check", check.name},
                       {"detail", check.detail}}});
    }
  }
  if (names.empty()) return std::nullopt;
  error.message = fmt::format("{} {} broken: {}", names.size(), names.size() == 1 ? "check is" : "checks are",
                              text::join(names, ", "));
  if (expected) error.hint = "that is what the negative control is for";
  return error;
}

}  // namespace invctl::cmd
