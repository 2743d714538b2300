// Creating and upgrading the schema by numbered migrations, each applied once and remembered with its
// checksum.
#pragma once

#include <string>
#include <vector>

#include "connection.hpp"
#include "core/types.hpp"
#include "schema_files.hpp"

namespace invctl::db {

struct Migration {
  int version = 0;
  std::string name;  // "0001_ledger"
  std::string text;
  std::string checksum;  // SHA-256 of the text, hexadecimal
};

// The migrations of one dialect, ascending; versions are 1, 2, 3, ...
std::vector<Migration> migrations_of(const Dialect& dialect, const std::vector<SchemaFile>& files);

// The version that the embedded migrations of a dialect lead to; does not read their texts.
int newest_schema_version(const Dialect& dialect);

struct MigrationReport {
  int from = 0;  // 0: the database was empty
  int to = 0;
  std::vector<std::string> applied;  // names, in order; with dry_run those that would be
};

// Brings the database up to the last of `migrations`. Throws Error(unavailable) where the database is newer,
// where a migration that was applied has another text now, or where the tables are not ours. An interrupted
// run is continued where it stopped. `currency` is stored when the database is created.
MigrationReport migrate(Connection& connection, const std::vector<Migration>& migrations,
                        const Currency& currency, const Deadline& deadline, bool dry_run);

// The schema version of an initialised database; throws Error(unavailable) where it is none, or where this
// program's version differs (`expected`), saying what to do.
struct Settings {
  int schema_version = 0;
  std::string currency, uuid;
};
Settings read_settings(Connection& connection, int expected_version);

}  // namespace invctl::db
