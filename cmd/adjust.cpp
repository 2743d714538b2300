#include "catalog_change.hpp"
#include "change.hpp"

namespace invctl::cmd {

namespace {

struct AdjustOptions : ChangeOptions {
  std::string reason;
  bool set = false;
  std::optional<std::string> expect;
};

std::vector<Line> adjust_lines(Context& context, const AdjustOptions& options) {
  const auto form = options.set ? QuantityForm::absolute : QuantityForm::signed_;
  auto lines = parse_lines(options.lines, form, required_warehouse(context, options));
  if (!options.expect) return lines;
  if (!options.set || lines.size() != 1) {
    throw Error(Exit::usage, "--expect goes with --set and one line",
                "invctl adjust -w WH SKU=N --set --expect M");
  }
  std::string why;
  const auto expected = parse_whole(*options.expect, why);
  if (!expected) throw Error(Exit::usage, "--expect: " + why);
  lines.front().expect = expected;
  return lines;
}

}  // namespace

void setup_adjust(CLI::App& app, Action& action) {
  auto options = std::make_shared<AdjustOptions>();
  add_change_options(app, *options, "the change, +N or -N; with --set what is on hand");
  app.add_option("--reason", options->reason, "why")->type_name("TEXT");
  app.add_flag("--set", options->set, "the quantity becomes what is on hand");
  app.add_option("--expect", options->expect, "with --set: only if this is on hand now")->type_name("M");
  action = [options](Context& context) {
    if (posts_input(*options)) {
      if (options->expect) throw Error(Exit::usage, "--expect does not go with --from");
      intake::Mapping mapping;
      mapping.quantity_sets = options->set;
      if (!options->reason.empty())
        mapping.defaults[intake::index_of(intake::Field::reason)] = options->reason;
      return post_input(context, Kind::adjust, *options, std::move(mapping));
    }
    auto operation = make_operation(context, Kind::adjust, *options);
    operation.reason = text_or_nothing(options->reason, "--reason");
    if (!operation.reason) {
      throw Error(Exit::usage, "why? --reason TEXT is needed", "say why the stock is corrected");
    }
    operation.lines = adjust_lines(context, *options);
    return post_and_report(context, std::move(operation), options->dry_run);
  };
}

}  // namespace invctl::cmd
