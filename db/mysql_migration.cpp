// MysqlConnection: what only a migration needs. The server commits each statement that changes the schema on
// its own.
#include <cppconn/exception.h>
#include <cppconn/statement.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"
#include "mysql_connection.hpp"
#include "schema_check.hpp"
#include "stock/transactions.hpp"

namespace invctl::db {

namespace {

// A table, index, trigger, column or constraint of this name exists.
constexpr std::array exists_already = {1050, 1060, 1061, 1359, 1826, 3822};

}  // namespace

void MysqlConnection::execute_ddl(const std::string& sql, bool may_have_run) {
  require_session();
  try {
    // Without the semicolon at its end, after which a server that takes several statements looks for another.
    plain_->execute(sql.substr(0, sql.find_last_not_of("; \n") + 1));
  } catch (const sql::SQLException& error) {
    const bool exists =
        std::find(exists_already.begin(), exists_already.end(), error.getErrorCode()) != exists_already.end();
    if (may_have_run && exists) return;
    fail(error.getErrorCode(), error.what(), MysqlPhase::statement);
  }
}

std::string MysqlConnection::migration_lock_name() const {
  // At most 64 characters: a database's name alone may be as long.
  const auto name = "invctl-" + login_.database;
  return name.size() <= 64 && text::is_ascii(name) && name.find('\'') == std::string::npos &&
                 name.find('\\') == std::string::npos
             ? name
             : "invctl-" + to_hex(sha256(login_.database)).substr(0, 32);
}

void MysqlConnection::begin_migration(const Deadline& deadline) {
  close_session();
  timeouts_.read = std::chrono::seconds(0);
  connect_from(endpoint_);
  deadline_ = deadline;
  if (const auto limit = lock_wait_limit(); !limit.empty()) run(limit, MysqlPhase::statement);
  deadline_.reset();
  const auto seconds = std::max<std::int64_t>(lock_wait_s_, 1);
  if (query_number(fmt::format("SELECT GET_LOCK('{}', {})", migration_lock_name(), seconds)) != 1) {
    throw StoreError(StoreError::Kind::retry, Exit::busy, "another init-db is at work on this database",
                     "safe to repeat when it has finished");
  }
  try {
    refuse_other_engines();
  } catch (...) {
    end_migration(false);
    throw;
  }
}

void MysqlConnection::end_migration(bool) {
  timeouts_.read = options_.silence;
  if (session_) query_number(fmt::format("SELECT RELEASE_LOCK('{}')", migration_lock_name()));
}

void MysqlConnection::refuse_other_engines() {
  std::vector<std::string> tables{"schema_migration"};
  for (const auto& part : parts_of_schema(dialect())) {
    if (part.kind == SchemaPart::Kind::table) tables.push_back(part.name);
  }
  Query query(
      *this,
      fmt::format("SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE() "
                  "AND table_type = 'BASE TABLE' AND engine <> 'InnoDB' AND table_name IN ({})",
                  placeholders(tables.size())));
  for (const auto& table : tables) query.bind(table);
  if (!query.next()) return;
  throw Error(
      Exit::unavailable, "not_transactional",
      fmt::format("table {} is stored by {}, which has no transactions", query.text(0), query.text(1)),
      fmt::format("ALTER TABLE {} ENGINE = InnoDB", query.text(0)));
}

}  // namespace invctl::db
