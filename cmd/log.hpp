// The log: what --log-level, --log-file and --log-format ask for, through spdlog.
#pragma once

#include "context.hpp"

namespace invctl::cmd {

// Installs the trace sink. At the default level (warn) nothing of spdlog is touched until something is
// logged.
void start_log(Context& context);

}  // namespace invctl::cmd
