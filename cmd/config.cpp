#include <CLI/CLI.hpp>

#include "command.hpp"
#include "url.hpp"

namespace invctl::cmd {

void setup_config(CLI::App&, Action& action) {
  action = [](Context& context) {
    io::RowWriter rows(context.out, context.format(),
                       {{"name", io::Kind::code}, {"value", io::Kind::code}, {"origin", io::Kind::code}},
                       context.table_options());
    for (const auto& [info, value] : context.settings.list(db::redact_url)) {
      rows.row({std::string(info->name), value.text ? io::Value(*value.text) : io::Value(), value.origin});
    }
    rows.finish();
    return Exit::ok;
  };
}

}  // namespace invctl::cmd
