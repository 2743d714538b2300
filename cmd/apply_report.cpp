#include "apply_report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "io/progress.hpp"

namespace invctl::cmd {

namespace {

double seconds(const ApplyRun& run) {
  return std::round(std::chrono::duration<double>(run.elapsed).count() * 1000) / 1000;
}

double per_second(std::int64_t n, double seconds) {
  return seconds > 0 ? std::round(static_cast<double>(n) / seconds) : 0;
}

nlohmann::ordered_json to_json(const intake::Counts& counts) {
  return {{"applied", counts.applied}, {"replayed", counts.replayed}, {"rejected", counts.rejected}};
}

nlohmann::ordered_json to_json(const intake::Report& report, const ApplyRun& run) {
  nlohmann::ordered_json answer;
  answer["file"] = report.file;
  answer["rows"] = report.rows;
  answer["skipped_rows"] = report.skipped_rows;
  answer["operations"] = to_json(report.operations);
  answer["kinds"] = nlohmann::ordered_json::object();
  for (const auto& [kind, counts] : report.kinds)
    answer["kinds"][std::string(kind_name(kind))] = to_json(counts);
  answer["movements"] = report.movements;
  answer["elapsed_s"] = seconds(run);
  answer["operations_per_s"] =
      per_second(report.operations.applied + report.operations.replayed, seconds(run));
  answer["dry_run"] = run.dry_run;
  answer["rejects"] = nlohmann::ordered_json::array();
  for (const auto& reject : report.rejects) {
    answer["rejects"].push_back({{"line", reject.line}, {"code", reject.code}, {"message", reject.message}});
  }
  return answer;
}

// What was rejected is told to people on stderr; those who read JSON have it in the report.
void warn_of_rejects(Context& context, const intake::Report& report, const ApplyRun& run) {
  std::vector<std::string> messages;
  messages.reserve(report.rejects.size());
  for (const auto& reject : report.rejects) messages.push_back(reject.message);
  const auto in_file = run.rejects && !run.dry_run ? "; all are in " + text::printable(*run.rejects) : "";
  context.warn_of(messages, static_cast<std::size_t>(report.operations.rejected), " rejected" + in_file,
                  !run.rejects);
}

std::string summary(Context& context, const intake::Report& report, const ApplyRun& run) {
  const auto applied = report.operations.applied;
  auto line = fmt::format(
      "{}: {} {} applied, {} replayed, {} rejected ({} {}{}) in {:.1f} s", context.command,
      io::with_thousands(applied), applied == 1 ? "operation" : "operations",
      io::with_thousands(report.operations.replayed), io::with_thousands(report.operations.rejected),
      io::with_thousands(report.rows), report.rows == 1 ? "row" : "rows",
      report.skipped_rows > 0 ? fmt::format(", {} skipped", io::with_thousands(report.skipped_rows)) : "",
      seconds(run));
  if (run.dry_run) line += " (dry run: nothing is changed)";
  return line + "\n";
}

}  // namespace

void print_apply_report(Context& context, const intake::Report& report, const ApplyRun& run) {
  const auto format = context.format();
  if (report.rows == 0) context.warn(text::printable(report.file) + " holds no rows");
  if (io::is_json(format)) return io::print_json(context.out, format, to_json(report, run));
  warn_of_rejects(context, report, run);
  if (format == io::Format::table) return context.out.write(summary(context, report, run));
  io::print_object(context.out, format,
                   {{"file", report.file},
                    {"rows", report.rows},
                    {"skipped_rows", report.skipped_rows},
                    {"applied", report.operations.applied},
                    {"replayed", report.operations.replayed},
                    {"rejected", report.operations.rejected},
                    {"movements", report.movements},
                    {"elapsed_s", fmt::format("{:.3f}", seconds(run))}});
}

}  // namespace invctl::cmd
