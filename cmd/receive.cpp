#include "change.hpp"

namespace invctl::cmd {

void setup_receive(CLI::App& app, Action& action) {
  auto options = std::make_shared<ChangeOptions>();
  add_change_options(app, *options, "the stock that comes in");
  add_scan_option(app, *options);
  action = [options](Context& context) {
    if (posts_input(*options)) return post_input(context, Kind::receive, *options, {});
    return post_lines(context, Kind::receive, *options);
  };
}

}  // namespace invctl::cmd
