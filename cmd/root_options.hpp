// The options that every command understands, before or after its name.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "context.hpp"

namespace invctl::cmd {

void add_root_options(CLI::App& app, Context& context);

// --single-instance, of the commands that cron runs.
void add_instance_option(CLI::App& app, std::optional<std::string>& name);

}  // namespace invctl::cmd
