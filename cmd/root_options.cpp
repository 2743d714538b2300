#include "root_options.hpp"

namespace invctl::cmd {

namespace {

void add_setting(CLI::App& app, Context& context, const std::string& flags, const std::string& name,
                 const std::string& type_name, const std::string& help) {
  app.add_option_function<std::string>(
         flags, [&context, name](const std::string& value) { context.settings.set_flag(name, value); }, help)
      ->type_name(type_name)
      ->group("Everywhere");
}

void add_switch(CLI::App& app, Context& context, const std::string& flags, const std::string& name,
                const std::string& value, const std::string& help) {
  app.add_flag_callback(
         flags,
         [&context, name, value, flags] {
           context.settings.set_flag(name, value, flags.substr(flags.find("--")));
         },
         help)
      ->group("Everywhere");
}

}  // namespace

void add_root_options(CLI::App& app, Context& context) {
  app.set_version_flag("--version", std::string("invctl ") + version)->group("Everywhere");
  add_setting(app, context, "--db", "db", "URL", "the database: sqlite:FILE or mysql://user@host/database");
  app.add_option_function<std::string>(
         "--config", [&context](const std::string& file) { context.settings.set_config_file(file); },
         "read this file instead of the user's config.toml")
      ->type_name("FILE")
      ->group("Everywhere");
  add_setting(app, context, "--format", "format", "NAME", "table, json, ndjson, csv or tsv");
  add_switch(app, context, "--json", "format", "json", "the same as --format json");
  add_switch(app, context, "-q,--quiet", "quiet", "true", "no remarks and no progress on stderr");
  add_switch(app, context, "-v,--verbose", "verbose", "true", "tell more on stderr");
  add_setting(app, context, "--color", "color", "WHEN", "auto, always or never; NO_COLOR is honoured");
  add_setting(app, context, "--lock-timeout", "lock-timeout", "DURATION",
              "how long to wait for other changes, such as 500ms or 5s");
  add_setting(app, context, "--actor", "actor", "NAME", "who does it: stored with every change");
  add_setting(app, context, "--log-level", "log-level", "LEVEL", "debug, info, warn, error or off");
  add_setting(app, context, "--log-file", "log-file", "FILE", "append the log to a file instead of stderr");
  add_setting(app, context, "--log-format", "log-format", "NAME", "text or json");
  add_setting(app, context, "--slow-query", "slow-query", "DURATION", "log statements that take longer");
}

void add_instance_option(CLI::App& app, std::optional<std::string>& name) {
  app.add_option("--single-instance", name, "exit 6 at once when another run with this name is still going")
      ->type_name("NAME");
}

}  // namespace invctl::cmd
