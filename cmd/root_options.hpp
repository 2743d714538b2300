// The options that every command understands, before or after its name.
#pragma once

#include <CLI/CLI.hpp>

#include "context.hpp"

namespace invctl::cmd {

void add_root_options(CLI::App& app, Context& context);

}  // namespace invctl::cmd
