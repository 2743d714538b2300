// simulate-concurrency: many clients race, and every answer is checked.
#include <fmt/format.h>

#include "command.hpp"
#include "core/text.hpp"
#include "new_file.hpp"
#include "simulate_run.hpp"

namespace invctl::cmd {

namespace {

void write_page(Context& context, const SimulationPlan& plan, const std::vector<RunReport>& reports,
                NewFile& file) {
  io::Output out(file.fd(), *plan.html);
  out.write(make_page(plan, reports));
  out.flush();
  file.keep();
  context.note(fmt::format("wrote {}", text::printable(*plan.html)));
}

void print(Context& context, const SimulationPlan& plan, const std::vector<RunReport>& reports) {
  if (plan.compares) {
    print_comparison(context, plan, reports);
  } else {
    print_report(context, plan, reports.front());
  }
}

Exit simulate(Context& context, const SimulateOptions& options) {
  const auto plan = make_plan(context, options);
  std::optional<NewFile> page;
  if (plan.html) page.emplace(*plan.html);  // before an hour of work, not after it
  std::vector<RunReport> reports;
  StopSignals signals;
  // By turns, so that what else the machine does meets all of them alike.
  for (int round = 1; round <= plan.rounds; ++round) {
    for (const auto* strategy : plan.strategies) {
      auto report = run_once(context, plan, *strategy, round, signals);
      // As any command that a signal ends, but only now that nothing is left behind.
      if (!report) return static_cast<Exit>(128 + signals.requested());
      reports.push_back(std::move(*report));
    }
  }
  if (page) write_page(context, plan, reports, *page);
  const auto broken = verdict_error(reports);
  if (!broken) {
    print(context, plan, reports);
    for (const auto& report : reports) {
      if (report.strategy->must_oversell) {
        context.warn("the negative control was not seen to fail: more buyers or workers would show more");
      }
    }
    return Exit::ok;
  }
  // The report on stdout, then what is wrong on stderr; a reader who has left does not make it right.
  try {
    print(context, plan, reports);
    context.out.close();
  } catch (const io::OutputError&) {
    context.out.discard();
  }
  throw *broken;
}

}  // namespace

void setup_simulate(CLI::App& app, Action& action) {
  auto options = std::make_shared<SimulateOptions>();
  add_simulate_options(app, *options);
  action = [options](Context& context) { return simulate(context, *options); };
}

}  // namespace invctl::cmd
