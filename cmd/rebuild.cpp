#include "stock/rebuild.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "command.hpp"
#include "core/text.hpp"
#include "filters.hpp"

namespace invctl::cmd {

namespace {

struct RebuildOptions {
  bool check = false, apply = false;
};

bool is_right(const RebuildReport& report) {
  return report.differences.empty() && report.holds.empty();
}

std::string headline(const RebuildReport& report) {
  const auto looked = fmt::format("{} of {}", text::count(report.movements, "movement"),
                                  text::count(report.balances, "inventory row"));
  if (is_right(report)) return looked + ": every balance is what the ledger says";
  std::vector<std::string> wrong;
  const auto add = [&](std::size_t count, const char* what) {
    if (count > 0) wrong.push_back(text::count(static_cast<long long>(count), what));
  };
  add(report.differences.size(), "balance");
  add(report.holds.size(), "hold");
  return fmt::format("{}: {} {}", looked, text::join(wrong, " and "),
                     report.applied ? "put right" : "not what the ledger says");
}

io::Answer to_answer(const RebuildReport& report) {
  io::Answer answer;
  answer.headline = headline(report);
  answer.fields = {{"ok", is_right(report) || report.applied},
                   {"applied", report.applied},
                   {"inventory_rows", report.balances},
                   {"movements", report.movements},
                   {"holds", static_cast<std::int64_t>(report.holds.size())}};
  answer.list_key = "differences";
  answer.columns = {{"warehouse", io::Kind::code},   {"sku", io::Kind::code},
                    {"on_hand", io::Kind::number},   {"ledger_on_hand", io::Kind::number},
                    {"reserved", io::Kind::number},  {"ledger_reserved", io::Kind::number},
                    {"version", io::Kind::number},   {"ledger_version", io::Kind::number},
                    {"opening", io::Kind::number},   {"ledger_opening", io::Kind::number},
                    {"head_differs", io::Kind::code}};
  for (const auto& [stored, ledger] : report.differences) {
    const auto& row = stored.row;
    answer.rows.push_back({stored.warehouse, stored.sku, row.on_hand, ledger.on_hand, row.reserved,
                           ledger.reserved, row.version, ledger.version, optional_value(row.opening),
                           optional_value(ledger.opening), row.head != ledger.head});
  }
  return answer;
}

}  // namespace

void setup_rebuild(CLI::App& app, Action& action) {
  auto options = std::make_shared<RebuildOptions>();
  auto* check =
      app.add_flag("--check", options->check, "compare only (the default); exit 7 where they differ");
  auto* apply = app.add_flag("--apply", options->apply, "put the balances right, from the ledger");
  apply->excludes(check);
  action = [options](Context& context) {
    const auto store = options->apply ? context.open_for_writing() : context.open_for_reading();
    const auto report =
        options->apply ? rebuild_balances(*store, context.deadline()) : compare_balances(*store);
    context.committed = report.applied;
    io::print_answer(context.out, context.format(), to_answer(report), context.table_options());
    if (report.applied || is_right(report)) return Exit::ok;
    try {
      context.out.close();
    } catch (const io::OutputError&) {
      // A reader who has left does not make it right.
      context.out.discard();
    }
    throw Error(Exit::invariant, headline(report), "`invctl rebuild --apply` puts them right");
  };
}

}  // namespace invctl::cmd
