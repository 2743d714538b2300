#include "report/close.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "command.hpp"
#include "filters.hpp"

namespace invctl::cmd {

namespace {

struct CloseOptions {
  std::optional<std::string> period;
  bool list = false, dry_run = false;
};

Exit list_periods(Context& context) {
  const auto store = context.open_for_reading();
  io::RowWriter rows(context.out, context.format(),
                     {{"period", io::Kind::code},
                      {"operations", io::Kind::number},
                      {"movements", io::Kind::number},
                      {"actor", io::Kind::text},
                      {"closed_at", io::Kind::code},
                      {"digest", io::Kind::code}},
                     context.table_options("no closed periods"));
  for (const auto& period : store->closed_periods()) {
    rows.row({period.name, period.operations, period.movements, period.actor, format_time(period.closed_at),
              to_hex(period.digest)});
  }
  rows.finish();
  return Exit::ok;
}

// One transaction, repeated where others are in its way.
report::Closed close_now(Context& context, db::SqlStore& store, report::CloseRequest request, bool dry_run) {
  report::Closed closed;
  write_transaction(store, context.deadline(), "", [&] {
    // The catalogue's lock keeps opening stock out, which is posted under it.
    store.lock_catalog();
    store.lock_periods();
    request.now = store.clock();
    closed = report::close_period(store, request);
    return !dry_run && !closed.replayed;
  });
  return closed;
}

Exit close_month(Context& context, const CloseOptions& options) {
  std::string why;
  const auto month = report::parse_month(*options.period, why);
  if (!month) throw Error(Exit::usage, "--period: " + why);
  const auto origin = context.origin();
  const auto store = context.open_for_writing();
  const auto closed = close_now(
      context, *store, {*month, context.actor(), origin.host, origin.tool_version, 0}, options.dry_run);
  context.committed = !options.dry_run && !closed.replayed;
  const auto& period = closed.period;
  std::vector<io::Field> fields = {{"period", period.name},
                                   {"from", format_time(period.starts_at)},
                                   {"to", format_time(period.ends_at)},
                                   {"operations", period.operations},
                                   {"movements", period.movements},
                                   {"inventory_rows", closed.inventory_rows},
                                   {"digest", to_hex(period.digest)},
                                   {"closed_at", format_time(period.closed_at)},
                                   {"actor", period.actor},
                                   {"replayed", closed.replayed}};
  if (options.dry_run) fields.emplace_back("dry_run", true);
  io::print_object(context.out, context.format(), fields, context.table_options());
  return Exit::ok;
}

}  // namespace

void setup_close(CLI::App& app, Action& action) {
  auto options = std::make_shared<CloseOptions>();
  app.add_option("--period", options->period, "the month that is over, such as 2025-10")->type_name("MONTH");
  app.add_flag("--list", options->list, "list the closed periods instead");
  app.add_flag("--dry-run", options->dry_run, "do everything, report it, and undo it");
  action = [options](Context& context) {
    if (options->list) {
      if (options->period || options->dry_run) throw Error(Exit::usage, "--list takes no other option", "");
      return list_periods(context);
    }
    if (!options->period) throw Error(Exit::usage, "which period?", "--period 2025-10, or --list");
    return close_month(context, *options);
  };
}

}  // namespace invctl::cmd
