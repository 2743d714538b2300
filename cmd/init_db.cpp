#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "command.hpp"
#include "core/text.hpp"
#include "grants.hpp"
#include "migrate.hpp"
#include "sqlite_connection.hpp"
#include "url.hpp"

namespace invctl::cmd {

namespace {

struct InitOptions {
  std::optional<std::string> currency;
  bool dry_run = false;
  std::optional<std::string> grants_role;
};

bool is_missing_file(const db::Url& url) {
  return url.engine == db::Url::Engine::sqlite && access(url.path.c_str(), F_OK) != 0;
}

Exit print_grants(Context& context, const std::string& role) {
  const auto url = db::parse_url(context.db_url());
  if (url.engine == db::Url::Engine::sqlite) {
    throw Error(Exit::usage, "SQLite has no accounts", "who may open the file decides: chmod");
  }
  context.out.write(db::grants_sql(role, url.database));
  return Exit::ok;
}

// What a dry run would do to a database that does not exist yet: all migrations.
db::MigrationReport plan_fresh() {
  db::MigrationReport report;
  for (const auto& migration : db::migrations_of(db::sqlite_dialect, db::schema_files())) {
    report.applied.push_back(migration.name);
    report.to = migration.version;
  }
  return report;
}

db::MigrationReport run_migrations(Context& context, const db::Url& url, const InitOptions& options,
                                   const Currency& currency) {
  if (url.engine == db::Url::Engine::sqlite) {
    if (options.dry_run && is_missing_file(url)) return plan_fresh();
    if (!options.dry_run) db::SqliteConnection::create_file(url.path);
  }
  const auto connection =
      db::open_connection(context.db_url(), {.patience = context.settings.duration("lock-timeout")});
  auto report = db::migrate(*connection, db::migrations_of(connection->dialect(), db::schema_files()),
                            currency, context.deadline(), options.dry_run);
  if (!options.dry_run || report.from > 0) {
    if (!options.currency || report.applied.size() == static_cast<std::size_t>(report.to)) return report;
    const auto settings = db::read_settings(*connection, options.dry_run ? report.from : report.to);
    if (settings.currency != currency.code()) {
      throw Error(Exit::conflict,
                  fmt::format("the database's currency is {}, not {}", settings.currency, currency.code()),
                  "the currency is chosen once, when the database is created");
    }
  }
  return report;
}

std::string summary(const db::MigrationReport& report, const std::string& where, bool dry_run) {
  if (report.applied.empty()) return fmt::format("{} is up to date (schema version {})", where, report.to);
  const auto names = text::join(report.applied, ", ");
  if (dry_run) return fmt::format("{}: would apply {}", where, names);
  return fmt::format("{} {} (schema version {}: {})", report.from == 0 ? "created" : "upgraded", where,
                     report.to, names);
}

}  // namespace

void setup_init_db(CLI::App& app, Action& action) {
  auto options = std::make_shared<InitOptions>();
  app.add_option("--currency", options->currency, "ISO 4217 code of all prices, chosen once (default USD)")
      ->type_name("CODE");
  app.add_flag("--dry-run", options->dry_run, "list the migrations that would be applied");
  app.add_option("--print-grants", options->grants_role,
                 "print the SQL of an account with the rights of this role, and do nothing")
      ->type_name("viewer|operator|admin");
  action = [options](Context& context) {
    if (options->grants_role) return print_grants(context, *options->grants_role);
    const auto currency = Currency::parse(options->currency.value_or("USD"));
    const auto url_text = context.db_url();
    const auto report = run_migrations(context, db::parse_url(url_text), *options, currency);
    context.committed = !options->dry_run && !report.applied.empty();
    const auto shown = db::redact_url(url_text);
    const auto format = context.format();
    io::Answer answer;
    answer.headline = summary(report, text::printable(shown), options->dry_run);
    answer.fields = {{"database", shown},
                     {"from", std::int64_t{report.from}},
                     {"to", std::int64_t{report.to}},
                     {"dry_run", options->dry_run}};
    answer.list_key = "applied";
    answer.columns = {{"migration", io::Kind::code}};
    for (const auto& name : report.applied) answer.rows.push_back({name});
    if (format == io::Format::table) {
      context.out.write(answer.headline + "\n");
    } else {
      io::print_answer(context.out, format, answer);
    }
    return Exit::ok;
  };
}

}  // namespace invctl::cmd
