// What the reports share: their options, and printing them.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "report/span.hpp"

namespace invctl::cmd {

struct ReportOptions {
  std::optional<std::string> from, to, period, time, by, warehouse, sku, user, at, method, limit, html;
};

// Options that several reports have; `options` outlives the app.
void add_range_options(CLI::App& app, ReportOptions& options);  // --from, --to, --period, --time
void add_time_option(CLI::App& app, ReportOptions& options);
void add_sku_option(CLI::App& app, ReportOptions& options);

// The range that --from, --to, --period and --time name. Throws Error(usage).
report::TimeRange range_of(const ReportOptions& options);
report::TimeBy time_of(const ReportOptions& options);
// "from 2025-10-01 to 2025-11-01": for headlines.
std::string range_text(const report::TimeRange& range);
// The ends of a range as values of an answer: null where it is open.
std::vector<io::Field> range_fields(const report::TimeRange& range);

// A report. json: an object of the fields and the list; csv, tsv and ndjson: the list alone. A table has a
// headline, and a total where there is one. Columns whose key ends in _minor are money: minor units for
// programs, the currency's own for people.
struct ReportAnswer {
  std::string headline;
  std::vector<io::Field> fields;
  std::string list_key;
  std::vector<io::Column> columns;
  std::vector<std::vector<io::Value>> rows;
  std::optional<std::vector<io::Value>> total;
  std::string empty_note;
};
void print_report(Context& context, ReportAnswer answer, const Currency& currency);

// What one report does: reads inside one snapshot of `store` and says what is to be printed.
using ReportRun = std::function<ReportAnswer(db::SqlStore& store, const ReportOptions& options)>;

// Declares the subcommands.
struct ReportCommands {
  CLI::App& app;
  Action& action;
  std::shared_ptr<ReportOptions> options;

  CLI::App* add(const char* name, const char* summary, ReportRun run) const;
};
// Writes the period as one page of HTML to a new file, or to standard output for `-`.
Exit write_page(Context& context, const std::string& path, const ReportOptions& options);
void add_movement_reports(const ReportCommands& commands);
void add_stock_reports(const ReportCommands& commands);
void add_sales_reports(const ReportCommands& commands);

}  // namespace invctl::cmd
