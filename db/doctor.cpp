#include "doctor.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "migrate.hpp"
#include "sql_store.hpp"

namespace invctl::db {

void examine_schema(Connection& connection, std::vector<Finding>& findings) {
  const int expected = newest_schema_version(connection.dialect());
  try {
    const auto settings = read_settings(connection, expected);
    findings.push_back({Finding::Level::ok, "schema",
                        fmt::format("version {}, currency {}, database {}", settings.schema_version,
                                    settings.currency, settings.uuid),
                        ""});
  } catch (const Error& error) {
    findings.push_back({Finding::Level::problem, "schema", error.message, error.hint});
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
