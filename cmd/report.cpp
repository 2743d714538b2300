#include "report.hpp"

namespace invctl::cmd {

void setup_report(CLI::App& app, Action& action) {
  app.require_subcommand(1);
  const ReportCommands commands{app, action, std::make_shared<ReportOptions>()};
  add_movement_reports(commands);
  add_stock_reports(commands);
  add_sales_reports(commands);
}

}  // namespace invctl::cmd
