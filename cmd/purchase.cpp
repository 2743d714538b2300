#include "change.hpp"

namespace invctl::cmd {

namespace {

struct PurchaseOptions : ChangeOptions {
  std::string user;
};

}  // namespace

void setup_purchase(CLI::App& app, Action& action) {
  auto options = std::make_shared<PurchaseOptions>();
  add_change_options(app, *options, "what is bought");
  app.get_option("-w")->description("sell from this warehouse only; without it the lines are allocated");
  app.add_option("--user", options->user, "who buys")->type_name("NAME")->required();
  action = [options](Context& context) {
    auto operation = make_operation(context, Kind::purchase, *options);
    operation.user = parse_code(options->user, "--user");
    // INVCTL_WAREHOUSE is where this shell works, not where its customers are served from.
    const auto warehouse =
        options->warehouse ? std::optional(WarehouseCode::parse(*options->warehouse)) : std::nullopt;
    operation.lines = parse_lines(options->lines, QuantityForm::positive, warehouse);
    return post_and_report(context, std::move(operation), options->dry_run);
  };
}

}  // namespace invctl::cmd
