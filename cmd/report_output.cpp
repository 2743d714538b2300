#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "report.hpp"
#include "report/calendar.hpp"
#include "subcommand.hpp"

namespace invctl::cmd {

namespace {

constexpr std::string_view money_suffix = "_minor";

Micros parse_option(const std::string& text, std::string_view option) {
  std::string why;
  const auto time = parse_time(text, why);
  if (!time) throw Error(Exit::usage, fmt::format("{}: {}", option, why));
  return *time;
}

// A day where it is one, for people.
std::string short_time(Micros t) {
  return t % report::day_length == 0 ? report::step_name(report::Step::day, t) : format_time(t);
}

void show_money(ReportAnswer& answer, const Currency& currency) {
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    auto& column = answer.columns[i];
    if (!column.key.ends_with(money_suffix)) continue;
    if (column.title.empty()) {
      column.title = column.key.substr(0, column.key.size() - money_suffix.size());
      for (char& c : column.title) {
        c = c == '_' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      }
    }
    const auto show = [&](std::vector<io::Value>& row) {
      if (const auto* minor = std::get_if<std::int64_t>(&row[i])) row[i] = currency.format(*minor);
    };
    for (auto& row : answer.rows) show(row);
    if (answer.total) show(*answer.total);
  }
}

}  // namespace

void add_time_option(CLI::App& app, ReportOptions& options) {
  app.add_option("--time", options.time, "by which time: when it happened (the default), or was written down")
      ->type_name("occurred|recorded");
}

void add_range_options(CLI::App& app, ReportOptions& options) {
  app.add_option("--from", options.from, "from this time on")->type_name("TIME");
  app.add_option("--to", options.to, "before this time")->type_name("TIME");
  app.add_option("--period", options.period, "a year, month or day, such as 2025-10")->type_name("PERIOD");
  add_time_option(app, options);
}

void add_sku_option(CLI::App& app, ReportOptions& options) {
  app.add_option("--sku", options.sku, "only this product")->type_name("SKU");
}

report::TimeBy time_of(const ReportOptions& options) {
  const auto name = options.time.value_or("occurred");
  if (name == "occurred") return report::TimeBy::occurred;
  if (name == "recorded") return report::TimeBy::recorded;
  throw Error(Exit::usage, fmt::format("--time {} is not occurred or recorded", text::quoted(name)));
}

report::TimeRange range_of(const ReportOptions& options) {
  report::TimeRange range;
  range.by = time_of(options);
  if (options.period) {
    if (options.from || options.to) throw Error(Exit::usage, "--period says both --from and --to");
    std::string why;
    const auto period = report::parse_period(*options.period, why);
    if (!period) throw Error(Exit::usage, "--period: " + why);
    range.from = period->from;
    range.to = period->to;
  }
  if (options.from) range.from = parse_option(*options.from, "--from");
  if (options.to) range.to = parse_option(*options.to, "--to");
  if (range.from >= range.to) {
    throw Error(Exit::usage,
                fmt::format("nothing is between {} and {}", short_time(range.from), short_time(range.to)),
                "--from TIME is in the report, --to TIME is not");
  }
  return range;
}

std::string range_text(const report::TimeRange& range) {
  std::string text;
  if (range.from != report::beginning_of_time) text += " from " + short_time(range.from);
  if (range.to != report::end_of_time) text += " to before " + short_time(range.to);
  if (range.by == report::TimeBy::recorded) text += ", by when it was recorded";
  return text;
}

std::vector<io::Field> range_fields(const report::TimeRange& range) {
  const auto end = [](Micros t, Micros open) { return t == open ? io::Value() : io::Value(format_time(t)); };
  return {{"from", end(range.from, report::beginning_of_time)},
          {"to", end(range.to, report::end_of_time)},
          {"time", std::string(range.by == report::TimeBy::occurred ? "occurred" : "recorded")}};
}

void print_report(Context& context, ReportAnswer answer, const Currency& currency) {
  const auto format = context.format();
  if (format == io::Format::json) {
    io::Answer nested;
    nested.fields = std::move(answer.fields);
    nested.list_key = std::move(answer.list_key);
    nested.columns = std::move(answer.columns);
    nested.rows = std::move(answer.rows);
    io::print_json(context.out, format, io::to_json(nested));
    return;
  }
  if (format == io::Format::table) {
    show_money(answer, currency);
    if (!answer.headline.empty()) context.out.write(text::printable(answer.headline) + "\n\n");
    if (answer.total && !answer.rows.empty()) answer.rows.push_back(std::move(*answer.total));
  }
  io::RowWriter rows(context.out, format, answer.columns, context.table_options(answer.empty_note));
  for (const auto& row : answer.rows) rows.row(row);
  rows.finish();
}

CLI::App* ReportCommands::add(const char* name, const char* summary, ReportRun run) const {
  return add_command(app, action, options, name, summary,
                     [run = std::move(run)](Context& context, const ReportOptions& asked) {
                       if (asked.html) {
                         throw Error(Exit::usage, "--html is a report of its own",
                                     "`invctl report --html FILE`");
                       }
                       const auto store = context.open_for_reading();
                       ReportAnswer answer;
                       in_snapshot(*store, [&] { answer = run(*store, asked); });
                       print_report(context, std::move(answer), store->info().currency);
                       return Exit::ok;
                     });
}

}  // namespace invctl::cmd
