#include "stock/seal.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "command.hpp"
#include "core/text.hpp"
#include "filters.hpp"

namespace invctl::cmd {

namespace {

struct SealOptions {
  std::optional<std::string> name;
  bool list = false;
};

Exit list_seals(Context& context) {
  const auto store = context.open_for_reading();
  io::RowWriter rows(context.out, context.format(),
                     {{"name", io::Kind::code},
                      {"seal", io::Kind::code},
                      {"movements", io::Kind::number},
                      {"inventory_rows", io::Kind::number, "ROWS"},
                      {"actor", io::Kind::text},
                      {"recorded_at", io::Kind::code}},
                     context.table_options("no seals"));
  for (const auto& seal : store->seals()) {
    rows.row({optional_value(seal.name), seal_text(seal.movements, seal.digest), seal.movements,
              seal.inventory_rows, seal.actor, format_time(seal.recorded_at)});
  }
  rows.finish();
  return Exit::ok;
}

Exit seal_now(Context& context, const SealOptions& options) {
  SealRecord record;
  if (options.name) record.name = parse_code(*options.name, "--name");
  record.actor = context.actor();
  const auto origin = context.origin();
  record.host = origin.host;
  record.tool_version = origin.tool_version;
  const auto store = context.open_for_writing();
  const auto [seal, replayed] = make_seal(*store, record, context.deadline());
  context.committed = true;
  const auto shown = seal_text(seal.movements, seal.digest);
  io::print_object(context.out, context.format(),
                   {{"seal", shown},
                    {"name", optional_value(seal.name)},
                    {"movements", seal.movements},
                    {"inventory_rows", seal.inventory_rows},
                    {"recorded_at", format_time(seal.recorded_at)},
                    {"replayed", replayed}},
                   context.table_options());
  context.note(
      "keep the seal where this database's keeper cannot change it; `invctl verify --seal` checks it");
  return Exit::ok;
}

}  // namespace

void setup_seal(CLI::App& app, Action& action) {
  auto options = std::make_shared<SealOptions>();
  app.add_option("--name", options->name, "a name, such as the day: the same state under it is sealed once")
      ->type_name("N");
  app.add_flag("--list", options->list, "list the seals instead");
  action = [options](Context& context) {
    if (options->list && options->name) throw Error(Exit::usage, "--list takes no --name", "");
    return options->list ? list_seals(context) : seal_now(context, *options);
  };
}

}  // namespace invctl::cmd
