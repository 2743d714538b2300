#include "stock/reverse.hpp"

#include <fmt/format.h>

#include "catalog_change.hpp"
#include "change.hpp"
#include "core/text.hpp"

namespace invctl::cmd {

namespace {

struct ReverseOptions {
  std::string operation, reason;
  ChangeOptions change;
};

std::int64_t parse_operation(const std::string& word) {
  std::string why;
  const auto id = parse_whole(word, why);
  if (!id) throw Error(Exit::usage, why, "the number that `invctl history` shows under OP");
  return *id;
}

}  // namespace

void setup_reverse(CLI::App& app, Action& action) {
  auto options = std::make_shared<ReverseOptions>();
  app.add_option("operation", options->operation, "the operation to undo, as `history` numbers it")
      ->type_name("OPERATION")
      ->required();
  app.add_option("--reason", options->reason, "why: stored with the reversal")->type_name("TEXT")->required();
  add_request_options(app, options->change);
  action = [options](Context& context) {
    const auto id = parse_operation(options->operation);
    const auto reason = text_or_nothing(options->reason, "--reason");
    if (!reason) throw Error(Exit::usage, "--reason is empty", "say why it is undone");
    auto asked = make_operation(context, Kind::reverse, options->change);
    const auto store = context.open_for_writing();
    auto operation = reversal_of(*store, id);
    operation.key = asked.key;
    operation.actor = asked.actor;
    operation.reference = asked.reference;
    operation.note = asked.note;
    operation.reason = reason;
    return post_and_report(context, *store, std::move(operation), options->change.dry_run);
  };
}

}  // namespace invctl::cmd
