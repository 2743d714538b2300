#include "change.hpp"

namespace invctl::cmd {

void setup_ship(CLI::App& app, Action& action) {
  auto options = std::make_shared<ChangeOptions>();
  add_change_options(app, *options, "the stock that goes out");
  add_scan_option(app, *options);
  action = [options](Context& context) {
    if (posts_input(*options)) return post_input(context, Kind::ship, *options, {});
    return post_lines(context, Kind::ship, *options);
  };
}

}  // namespace invctl::cmd
