#include "change.hpp"

namespace invctl::cmd {

namespace {

struct PurchaseOptions : ChangeOptions {
  std::optional<std::string> user;
};

}  // namespace

void setup_purchase(CLI::App& app, Action& action) {
  auto options = std::make_shared<PurchaseOptions>();
  add_change_options(app, *options, "what is bought");
  app.get_option("-w")->description("sell from this warehouse only; without it the lines are allocated");
  app.add_option("--user", options->user, "who buys")->type_name("NAME");
  action = [options](Context& context) {
    if (posts_input(*options)) {
      intake::Mapping mapping;
      if (options->user) mapping.defaults[intake::index_of(intake::Field::user)] = options->user;
      return post_input(context, Kind::purchase, *options, std::move(mapping));
    }
    if (!options->user) throw Error(Exit::usage, "who buys?", "--user NAME");
    auto operation = make_operation(context, Kind::purchase, *options);
    operation.user = parse_code(*options->user, "--user");
    // INVCTL_WAREHOUSE is where this shell works, not where its customers are served from.
    const auto warehouse =
        options->warehouse ? std::optional(WarehouseCode::parse(*options->warehouse)) : std::nullopt;
    operation.lines = parse_lines(options->lines, QuantityForm::positive, warehouse);
    return post_and_report(context, std::move(operation), options->dry_run);
  };
}

}  // namespace invctl::cmd
