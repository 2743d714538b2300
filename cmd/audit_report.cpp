#include "audit_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "io/json_text.hpp"

namespace invctl::cmd {

namespace {

using Json = nlohmann::ordered_json;

const std::vector<io::Column>& violation_columns() {
  static const std::vector<io::Column> columns{{"check", io::Kind::code},
                                               {"table", io::Kind::code},
                                               {"key", io::Kind::code},
                                               {"expected", io::Kind::code},
                                               {"actual", io::Kind::code}};
  return columns;
}

std::int64_t count_of(const AuditAnswer& answer, const std::string& check) {
  return std::count_if(answer.violations.begin(), answer.violations.end(),
                       [&](const Violation& violation) { return violation.check == check; });
}

Json to_json(const AuditAnswer& answer) {
  Json json = {{"ok", answer.violations.empty()}};
  for (const auto& [name, value] : answer.counts) json[name] = io::to_json(value);
  json["checks"] = Json::array();
  for (const auto& check : answer.checks) {
    const auto violations = count_of(answer, check);
    json["checks"].push_back({{"name", check}, {"ok", violations == 0}, {"violations", violations}});
  }
  json["violations"] = Json::array();
  for (const auto& violation : answer.violations) {
    json["violations"].push_back({{"check", violation.check},
                                  {"table", violation.table},
                                  {"key", violation.key},
                                  {"expected", violation.expected},
                                  {"actual", violation.actual}});
  }
  return json;
}

void print_violations(Context& context, io::Format format, const AuditAnswer& answer) {
  io::RowWriter rows(context.out, format, violation_columns(), context.table_options());
  for (const auto& violation : answer.violations) {
    rows.row({violation.check, violation.table, violation.key, violation.expected, violation.actual});
  }
  rows.finish();
}

void print_table(Context& context, const AuditAnswer& answer) {
  context.out.write(answer.headline + "\n\n");
  io::RowWriter rows(context.out, io::Format::table, {{"check", io::Kind::code}, {"result", io::Kind::code}},
                     context.table_options());
  for (const auto& check : answer.checks) {
    const auto violations = count_of(answer, check);
    rows.row({check, violations == 0 ? std::string("ok") : text::count(violations, "violation")});
  }
  rows.finish();
  if (answer.violations.empty()) return;
  context.out.write("\n");
  print_violations(context, io::Format::table, answer);
}

Error broken(const AuditAnswer& answer) {
  std::vector<std::string> names;
  for (const auto& check : answer.checks) {
    if (count_of(answer, check) > 0) names.push_back(check);
  }
  return Error(
      Exit::invariant,
      fmt::format("{}: {}", text::count(static_cast<long long>(answer.violations.size()), "violation"),
                  text::join(names, ", ")),
      "");
}

}  // namespace

Exit answer_audit(Context& context, const AuditAnswer& answer) {
  const auto format = context.format();
  if (io::is_json(format)) {
    io::print_json(context.out, format, to_json(answer));
  } else if (format == io::Format::table) {
    print_table(context, answer);
  } else {
    print_violations(context, format, answer);
  }
  if (answer.violations.empty()) return Exit::ok;
  try {
    context.out.close();
  } catch (const io::OutputError&) {
    // A reader who has left does not make it right.
    context.out.discard();
  }
  throw broken(answer);
}

}  // namespace invctl::cmd
