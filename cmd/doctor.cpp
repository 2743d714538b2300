#include "doctor.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "command.hpp"

namespace invctl::cmd {

namespace {

std::string level_name(db::Finding::Level level) {
  switch (level) {
    case db::Finding::Level::ok:
      return "ok";
    case db::Finding::Level::warning:
      return "warning";
    case db::Finding::Level::problem:
      break;
  }
  return "problem";
}

}  // namespace

void setup_doctor(CLI::App&, Action& action) {
  action = [](Context& context) {
    const auto findings = db::examine(context.db_url());
    io::RowWriter rows(context.out, context.format(),
                       {{"level", io::Kind::code},
                        {"check", io::Kind::code},
                        {"value", io::Kind::text},
                        {"advice", io::Kind::text}},
                       context.table_options());
    for (const auto& finding : findings) {
      rows.row({level_name(finding.level), finding.check, finding.value,
                finding.advice.empty() ? io::Value() : io::Value(finding.advice)});
    }
    rows.finish();
    const bool broken = std::any_of(findings.begin(), findings.end(), [](const db::Finding& finding) {
      return finding.level == db::Finding::Level::problem;
    });
    return broken ? Exit::unavailable : Exit::ok;
  };
}

}  // namespace invctl::cmd
