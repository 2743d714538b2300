#include "doctor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "migrate.hpp"
#include "schema_check.hpp"
#include "sql_store.hpp"

namespace invctl::db {

namespace {

void examine_parts(Connection& connection, std::vector<Finding>& findings) {
  const auto check = check_schema(connection);
  std::vector<std::string> gaps;
  bool empty = true;
  for (const auto& gap : check.gaps) gaps.push_back(gap.message());
  for (const auto& part : parts_of_schema(connection.dialect())) {
    empty = empty && (part.kind != SchemaPart::Kind::table ||
                      std::find(gaps.begin(), gaps.end(), part.message()) != gaps.end());
  }
  if (empty) return;  // there is no database to be damaged
  if (!gaps.empty()) {
    findings.push_back({Finding::Level::problem, "tables", text::join(gaps, "; "),
                        "somebody else changed the database: put it back as it was, or restore a backup"});
  } else if (check.sees_triggers) {
    findings.push_back({Finding::Level::ok, "tables", "as invctl made them, with their triggers", ""});
  } else {
    findings.push_back({Finding::Level::ok, "tables", "as invctl made them",
                        "whether the triggers are there is shown to the admin account alone"});
  }
}

}  // namespace

void examine_schema(Connection& connection, std::vector<Finding>& findings) {
  const int expected = newest_schema_version(connection.dialect());
  try {
    const auto settings = read_settings(connection, expected);
    findings.push_back({Finding::Level::ok, "schema",
                        fmt::format("version {}, currency {}, database {}", settings.schema_version,
                                    settings.currency, settings.uuid),
                        ""});
    examine_parts(connection, findings);
  } catch (const Error& error) {
    findings.push_back({Finding::Level::problem, "schema", error.message, error.hint});
    if (error.code == "not_initialised") examine_parts(connection, findings);
  }
}

std::vector<Finding> examine(const std::string& url_text) {
  std::vector<Finding> findings;
  const auto url = parse_url(url_text);
  try {
    const auto connection = open_connection(url_text, {.write = true});
    findings.push_back({Finding::Level::ok, "connection", redact_url(url_text), ""});
    examine_schema(*connection, findings);
    if (url.engine == Url::Engine::sqlite) {
      examine_sqlite(*connection, url, findings);
    } else {
      examine_mysql(*connection, url, findings);
    }
  } catch (const Error& error) {
    findings.push_back({Finding::Level::problem, "connection", error.message, error.hint});
  }
  return findings;
}

}  // namespace invctl::db
