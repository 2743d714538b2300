#include "migrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"
#include "sql_prices.hpp"
#include "stock/transactions.hpp"

namespace invctl::db {

namespace {

constexpr const char* create_journal =
    "CREATE TABLE IF NOT EXISTS schema_migration (version INTEGER NOT NULL PRIMARY KEY, "
    "name VARCHAR(100) NOT NULL, checksum CHAR(64) NOT NULL, statements_done INTEGER NOT NULL, "
    "applied_at BIGINT NOT NULL)";

struct Applied {
  std::string checksum;
  std::int64_t statements_done = 0;
};

bool has_table(Connection& connection, std::string_view name) {
  Query query(connection, std::string(connection.dialect().table_exists));
  query.bind(name);
  return query.next() && query.integer(0) > 0;
}

// A database that no migration was applied to must be empty: tables of one name are not told apart, and who
// gave the address of another program's database did not mean it.
void check_empty(Connection& connection) {
  Query query(connection, std::string(connection.dialect().any_table));
  if (!query.next() || query.text(0) == "schema_migration") return;  // its own, of a run that was interrupted
  throw Error(
      Exit::unavailable, "foreign_schema",
      fmt::format("the database has tables of another program, such as {}", text::printable(query.text(0))),
      "give invctl a database of its own");
}

std::map<int, Applied> read_journal(Connection& connection) {
  std::map<int, Applied> applied;
  if (!has_table(connection, "schema_migration")) return applied;
  Query query(connection, "SELECT version, checksum, statements_done FROM schema_migration");
  while (query.next()) applied[static_cast<int>(query.integer(0))] = {query.text(1), query.integer(2)};
  return applied;
}

int version_of(std::string_view text) {
  int version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  return version;
}

int stored_version(Connection& connection) {
  Query query(connection, "SELECT value FROM setting WHERE name = 'schema_version'");
  return query.next() ? version_of(query.text(0)) : 0;
}

Error schema_too_new(int version, int newest) {
  return Error(
      Exit::unavailable, "schema_too_new",
      fmt::format("the database has schema version {}, this program knows up to {}", version, newest),
      "use a newer invctl");
}

void check_journal(const std::map<int, Applied>& applied, const std::vector<Migration>& migrations) {
  const int newest = migrations.empty() ? 0 : migrations.back().version;
  if (!applied.empty() && applied.rbegin()->first > newest) {
    throw schema_too_new(applied.rbegin()->first, newest);
  }
  for (const auto& migration : migrations) {
    const auto found = applied.find(migration.version);
    if (found != applied.end() && found->second.checksum != migration.checksum) {
      throw Error(
          Exit::unavailable, "schema_changed",
          fmt::format("migration {} was applied with another text than this program has", migration.name),
          "this database was made by a different build of invctl");
    }
  }
}

void put_setting(Connection& connection, std::string_view name, std::string_view value) {
  Query update(connection, "UPDATE setting SET value = ? WHERE name = ?");
  if (update.bind(value).bind(name).run() > 0) return;
  Query insert(connection, "INSERT INTO setting (name, value) VALUES (?, ?)");
  insert.bind(name).bind(value).run();
}

// A random version 4 UUID (RFC 9562).
std::string make_uuid() {
  auto bytes = random_uid();
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  auto hex = to_hex(bytes);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) hex.insert(at, "-");
  return hex;
}

// Where DDL cannot be rolled back, each statement is noted as done right after it, so that an interrupted run
// goes on with the next one. A statement that ran but was not noted finds its table or trigger there already.
void apply_migration(Connection& connection, const Migration& migration, std::int64_t done) {
  if (done < 0) {
    Query note(connection,
               "INSERT INTO schema_migration (version, name, checksum, statements_done, applied_at) "
               "VALUES (?, ?, ?, 0, ?)");
    note.bind(migration.version).bind(migration.name).bind(migration.checksum).bind(now_utc()).run();
  }
  const auto statements = connection.dialect().split_statements(migration.text);
  for (auto i = static_cast<std::size_t>(std::max<std::int64_t>(done, 0)); i < statements.size(); ++i) {
    const bool may_have_run = done >= 0 && i == static_cast<std::size_t>(done);
    connection.execute_ddl(statements[i], may_have_run);
    Query note(connection, "UPDATE schema_migration SET statements_done = ? WHERE version = ?");
    note.bind(static_cast<std::int64_t>(i + 1)).bind(migration.version).run();
  }
}

}  // namespace

std::vector<Migration> migrations_of(const Dialect& dialect, const std::vector<SchemaFile>& files) {
  std::vector<Migration> migrations;
  const std::string suffix = fmt::format(".{}.sql", dialect.name);
  for (const auto& file : files) {
    if (!file.name.ends_with(suffix)) continue;
    Migration migration;
    migration.name = std::string(file.name.substr(0, file.name.size() - suffix.size()));
    std::from_chars(migration.name.data(), migration.name.data() + 4, migration.version);
    migration.text = std::string(file.text);
    migration.checksum = to_hex(sha256(file.text));
    migrations.push_back(std::move(migration));
  }
  std::sort(migrations.begin(), migrations.end(),
            [](const Migration& a, const Migration& b) { return a.version < b.version; });
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].version != static_cast<int>(i) + 1) {
      throw Error(Exit::internal, fmt::format("migration {} is out of sequence", migrations[i].name));
    }
  }
  return migrations;
}

int newest_schema_version(const Dialect& dialect) {
  const std::string suffix = fmt::format(".{}.sql", dialect.name);
  int newest = 0;
  for (const auto& file : schema_files()) newest += file.name.ends_with(suffix) ? 1 : 0;
  return newest;
}

MigrationReport migrate(Connection& connection, const std::vector<Migration>& migrations,
                        const Currency& currency, const Deadline& deadline, bool dry_run) {
  const MigrationLock lock(connection, deadline);
  const auto applied = read_journal(connection);
  check_journal(applied, migrations);
  if (applied.empty()) check_empty(connection);
  MigrationReport report;
  report.from = applied.empty() ? 0 : applied.rbegin()->first;
  report.to = report.from;
  bool fresh = true;
  if (has_table(connection, "setting")) {
    // A newer program may mark a database by its settings alone.
    const int newest = migrations.empty() ? 0 : migrations.back().version;
    if (const int stored = stored_version(connection); stored > newest) throw schema_too_new(stored, newest);
    Query query(connection, "SELECT value FROM setting WHERE name = 'database_uuid'");
    fresh = !query.next();
  }
  // An account that may not create tables is told that all is up to date, where it is.
  if (!dry_run && applied.empty()) connection.execute(create_journal);
  for (const auto& migration : migrations) {
    const auto found = applied.find(migration.version);
    const auto total =
        static_cast<std::int64_t>(connection.dialect().split_statements(migration.text).size());
    if (found != applied.end() && found->second.statements_done >= total) continue;
    report.applied.push_back(migration.name);
    report.to = migration.version;
    if (!dry_run)
      apply_migration(connection, migration, found == applied.end() ? -1 : found->second.statements_done);
  }
  // An interrupted run may have got as far as the last statement, and no further.
  const bool complete = report.applied.empty() && !fresh && stored_version(connection) == report.to;
  if (complete && !dry_run) connection.make_durable();
  if (dry_run || complete) return report;
  if (has_table(connection, "price_line")) record_first_prices(connection, deadline);
  if (fresh) {
    put_setting(connection, "currency", currency.code());
    put_setting(connection, "database_uuid", make_uuid());
  }
  // Last, because a database without it counts as not initialised.
  put_setting(connection, "schema_version", std::to_string(report.to));
  lock.commit();
  return report;
}

Settings read_settings(Connection& connection, int expected_version) {
  Settings settings;
  try {
    Query query(connection, "SELECT name, value FROM setting");
    while (query.next()) {
      const auto name = query.text(0);
      const auto value = query.text(1);
      if (name == "schema_version") settings.schema_version = version_of(value);
      if (name == "currency") settings.currency = value;
      if (name == "database_uuid") settings.uuid = value;
    }
  } catch (const StoreError&) {
    throw;
  } catch (const Error& error) {
    const bool no_table = error.exit == Exit::internal || error.code == "schema_damaged";
    if (!no_table || has_table(connection, "setting")) throw;
  }
  if (settings.schema_version == 0) {
    throw Error(Exit::unavailable, "not_initialised", "this is not an initialised invctl database",
                "create it with `invctl init-db`");
  }
  if (settings.schema_version < expected_version) {
    throw Error(Exit::unavailable, "schema_too_old",
                fmt::format("the database has schema version {}, this program needs {}",
                            settings.schema_version, expected_version),
                "`invctl init-db` upgrades it");
  }
  if (settings.schema_version > expected_version) {
    throw schema_too_new(settings.schema_version, expected_version);
  }
  return settings;
}

}  // namespace invctl::db
