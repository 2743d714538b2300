#include "change.hpp"

namespace invctl::cmd {

void setup_ship(CLI::App& app, Action& action) {
  auto options = std::make_shared<ChangeOptions>();
  add_change_options(app, *options, "the stock that goes out");
  action = [options](Context& context) {
    if (posts_input(*options)) return post_input(context, Kind::ship, *options, {});
    auto operation = make_operation(context, Kind::ship, *options);
    operation.lines =
        parse_lines(options->lines, QuantityForm::positive, required_warehouse(context, *options));
    return post_and_report(context, std::move(operation), options->dry_run);
  };
}

}  // namespace invctl::cmd
