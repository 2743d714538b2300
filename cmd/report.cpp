#include "report.hpp"

namespace invctl::cmd {

void setup_report(CLI::App& app, Action& action) {
  app.require_subcommand(0, 1);
  const ReportCommands commands{app, action, std::make_shared<ReportOptions>()};
  auto& options = *commands.options;
  app.add_option("--html", options.html, "the period as one page of HTML; - is standard output")
      ->type_name("FILE");
  add_range_options(app, options);
  add_movement_reports(commands);
  add_stock_reports(commands);
  add_sales_reports(commands);
  action = [options = commands.options](Context& context) {
    if (options->html) return write_page(context, *options->html, *options);
    throw Error(Exit::usage, "which report?",
                "movements, turnover, valuation, aging, top or purchases; or --html FILE");
  };
}

}  // namespace invctl::cmd
