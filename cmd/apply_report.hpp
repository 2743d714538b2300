// How the report of `apply` looks.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "apply/report.hpp"
#include "context.hpp"

namespace invctl::cmd {

struct ApplyRun {
  std::chrono::steady_clock::duration elapsed;
  bool dry_run = false;
  std::optional<std::string> rejects;  // the file that holds what was rejected
};

// One line for people, after the rejects on stderr; an object for programs.
void print_apply_report(Context& context, const intake::Report& report, const ApplyRun& run);

}  // namespace invctl::cmd
