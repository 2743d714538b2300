#include "simulate_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "io/json_text.hpp"
#include "io/progress.hpp"

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
  return {{"p50", milliseconds(p.p50)},
          {"p90", milliseconds(p.p90)},
          {"p95", milliseconds(p.p95)},
          {"p99", milliseconds(p.p99)},
          {"max", milliseconds(p.max)}};
}

Json to_json(const sim::Verdict& verdict) {
  auto checks = Json::array();
  for (const auto& check : verdict.checks) {
    checks.push_back({{"name", check.name}, {"ok", check.ok}, {"detail", check.detail}});
  }
  return {{"ok", verdict.ok()}, {"checks", std::move(checks)}};
}

Json to_json(const SimulationReport& report) {
  const auto& metrics = report.metrics;
  Json json = {{"scenario", report.scenario.name},
               {"strategy", report.strategy->name},
               {"engine", report.engine},
               {"mode", report.mode},
               {"buyers", report.scenario.buyers},
               {"quantity", report.scenario.quantity},
               {"stock", report.scenario.stock},
               {"workers", report.workers},
               {"processes", report.processes},
               {"turnstile", report.turnstile},
               {"arrivals", sim::arrivals_name(report.scenario.arrivals)},
               {"window_s", seconds(report.scenario.window)},
               {"think_s", seconds(report.think)},
               {"seed", report.scenario.seed}};
  json.update({{"sold", metrics.sold},
               {"buyers_sold", metrics.buyers_sold},
               {"sold_out", metrics.sold_out},
               {"oversold", metrics.oversold},
               {"busy", metrics.busy},
               {"failed", metrics.failed},
               {"elapsed_s", seconds(metrics.elapsed_ns)},
               {"throughput_per_s", rounded(metrics.throughput)},
               {"latency_ms", to_json(metrics.latency)},
               {"service_ms", to_json(metrics.service)},
               {"retries", metrics.retries}});
  json["inversions"] = {{"count", report.inversions.count},
                        {"pairs", report.inversions.pairs},
                        {"share", std::round(report.inversions.share() * 1e6) / 1e6}};
  json["verdict"] = to_json(report.verdict);
  json["database"] = report.database ? Json(*report.database) : Json();
  return json;
}

// For csv and tsv: one row per value, named by its place in the JSON answer.
void print_values(Context& context, io::Format format, const SimulationReport& report) {
  io::RowWriter rows(context.out, format, {{"measure", io::Kind::code}, {"value", io::Kind::code}},
                     context.table_options());
  const auto values = to_json(report).flatten();  // items() refers to it
  for (const auto& [path, value] : values.items()) {
    auto name = path.substr(1);
    for (char& c : name) c = c == '/' ? '.' : c;
    rows.row({name, value.is_null()     ? io::Value()
                    : value.is_string() ? io::Value(value.get<std::string>())
                                        : io::Value(value.dump())});
  }
  rows.finish();
}

std::string number(std::int64_t n) {
  return io::with_thousands(static_cast<std::uint64_t>(std::max<std::int64_t>(n, 0)));
}

std::string ms(std::int64_t ns) {
  return fmt::format("{:.1f}", static_cast<double>(ns) / 1e6);
}

std::string who_and_what(const SimulationReport& report) {
  const auto& scenario = report.scenario;
  const auto when = scenario.arrivals == sim::Arrivals::burst
                        ? std::string("at once")
                        : fmt::format("within {}", format_duration(scenario.window));
  auto text = fmt::format("{} under {}: {} {} for {} {}", scenario.name, report.strategy->name,
                          number(scenario.buyers), scenario.buyers == 1 ? "buyer" : "buyers " + when,
                          number(scenario.stock), scenario.stock == 1 ? "unit" : "units");
  if (scenario.quantity != 1) text += fmt::format(", {} each", number(scenario.quantity));
  return text;
}

std::string how(const SimulationReport& report) {
  auto text = report.mode == "processes"
                  ? fmt::format("{}, {} processes, {} at a time", report.engine,
                                number(static_cast<std::int64_t>(report.processes)), number(report.workers))
                  : fmt::format("{}, {}", report.engine, text::count(report.workers, "thread"));
  text += fmt::format(", {} arrivals, seed {}", sim::arrivals_name(report.scenario.arrivals),
                      report.scenario.seed);
  if (report.think.count() > 0) text += fmt::format(", think time {}", format_duration(report.think));
  return text;
}

void print_outcome(Context& context, const SimulationReport& report) {
  const auto& metrics = report.metrics;
  io::RowWriter rows(context.out, io::Format::table,
                     {{"outcome", io::Kind::code}, {"buyers", io::Kind::number}, {"units", io::Kind::number}},
                     context.table_options());
  rows.row({"sold", number(metrics.buyers_sold), number(metrics.sold)});
  rows.row({"sold out", number(metrics.sold_out), "-"});
  rows.row({"oversold", "-", number(metrics.oversold)});
  rows.row({"busy", number(metrics.busy), "-"});
  rows.row({"failed", number(metrics.failed), "-"});
  rows.finish();
}

void print_latency(Context& context, const sim::Metrics& metrics) {
  io::RowWriter rows(context.out, io::Format::table,
                     {{"milliseconds", io::Kind::code},
                      {"p50", io::Kind::number},
                      {"p90", io::Kind::number},
                      {"p95", io::Kind::number},
                      {"p99", io::Kind::number},
                      {"max", io::Kind::number}},
                     context.table_options());
  const auto row = [&](const std::string& name, const sim::Percentiles& p) {
    rows.row({name, ms(p.p50), ms(p.p90), ms(p.p95), ms(p.p99), ms(p.max)});
  };
  row("arrival to answer", metrics.latency);
  row("without waiting for a worker", metrics.service);
  rows.finish();
}

void print_checks(Context& context, const sim::Verdict& verdict) {
  io::RowWriter rows(context.out, io::Format::table,
                     {{"check", io::Kind::code}, {"verdict", io::Kind::code}, {"found", io::Kind::text}},
                     context.table_options());
  for (const auto& check : verdict.checks)
    rows.row({check.name, check.ok ? "holds" : "BROKEN", check.detail});
  rows.finish();
}

void print_table(Context& context, const SimulationReport& report) {
  const auto& metrics = report.metrics;
  auto& out = context.out;
  out.write(who_and_what(report) + '\n' + how(report) + "\n\n");
  print_outcome(context, report);
  out.write("\n");
  print_latency(context, metrics);
  out.write(fmt::format("\n{:.3f} s, {:.0f} answers per second, {}\n", seconds(metrics.elapsed_ns),
                        metrics.throughput,
                        metrics.retries == 1 ? "1 retry" : number(metrics.retries) + " retries"));
  out.write(fmt::format("{} of {} pairs of buyers were served in the wrong order ({:.2f} %)\n\n",
                        number(report.inversions.count), number(report.inversions.pairs),
                        report.inversions.share() * 100));
  print_checks(context, report.verdict);
  if (report.database) out.write(fmt::format("\nkept: {}\n", text::printable(*report.database)));
}

}  // namespace

void print_report(Context& context, const SimulationReport& report) {
  const auto format = context.format();
  if (io::is_json(format)) {
    io::print_json(context.out, format, to_json(report));
  } else if (format == io::Format::table) {
    print_table(context, report);
  } else {
    print_values(context, format, report);
  }
}

Error verdict_error(const SimulationReport& report) {
  std::vector<std::string> names;
  Error error(Exit::invariant, "", "");
  for (const auto& check : report.verdict.checks) {
    if (check.ok) continue;
    names.push_back(check.name);
    error.add_line(
        {fmt::format("{}: {}", check.name, check.detail), {{"check", check.name}, {"detail", check.detail}}});
  }
  error.message = fmt::format("{} {} broken: {}", names.size(), names.size() == 1 ? "check is" : "checks are",
                              text::join(names, ", "));
  if (report.strategy->must_oversell) error.hint = "that is what the negative control is for";
  return error;
}

}  // namespace invctl::cmd
