// SqlStore: opening, transactions, and the pieces of SQL text that the other files share.
#include "sql_store.hpp"

#include "core/interrupt.hpp"
#include "migrate.hpp"
#include "mysql_connection.hpp"
#include "sql_text.hpp"
#include "sqlite_connection.hpp"
#include "url.hpp"

namespace invctl::db {

std::string insert_sql(const std::string& table, const std::string& columns, std::size_t column_count,
                       std::size_t n, std::string_view first) {
  const std::string row = ", (" + std::string(first) + placeholders(column_count).substr(1) + ")";
  std::string sql = "INSERT INTO " + table + " (" + columns + ") VALUES ";
  sql.reserve(sql.size() + n * row.size());
  sql.append(row, 2);
  for (std::size_t i = 1; i < n; ++i) sql += row;
  return sql;
}

SqlStore::SqlStore(std::unique_ptr<Connection> connection, Guards guards)
    : connection_(std::move(connection)), guards_(guards) {
  const auto settings = read_settings(*connection_, newest_schema_version(connection_->dialect()));
  info_.schema_version = settings.schema_version;
  info_.currency = Currency::parse(settings.currency);
  info_.uuid = settings.uuid;
}

void SqlStore::begin(const Deadline& deadline) {
  if (commit_held_) {
    commit_held_ = false;
    interrupt::release();
  }
  resolved_.reset();
  if (guards_.serializable) {
    connection_->begin_serializable(deadline);
  } else if (guards_.lock || guards_.claimed) {
    connection_->begin(deadline);
  } else {
    unlocked_since_ = deadline;
  }
}

void SqlStore::begin_writing() {
  if (unlocked_since_) connection_->begin(*unlocked_since_);
  unlocked_since_.reset();
  if (first_write_) first_write_();
}

void SqlStore::commit() {
  unlocked_since_.reset();
  // Held until the next transaction: exit 130 promises that nothing changed.
  if (!commit_held_) interrupt::hold();
  commit_held_ = true;
  connection_->commit();
}

void SqlStore::rollback() noexcept {
  unlocked_since_.reset();
  connection_->rollback();
}

void SqlStore::begin_snapshot() {
  connection_->begin_snapshot();
}
void SqlStore::reconnect() {
  connection_->reconnect();
}

std::unique_ptr<Connection> open_connection(const std::string& url, const OpenOptions& options) {
  const auto target = parse_url(url);
  if (target.engine == Url::Engine::mysql) return open_mysql(target, options.patience);
  return std::make_unique<SqliteConnection>(
      target.path,
      SqliteConnection::Options{
          .read_only = !options.write, .immutable = options.immutable, .turnstile = options.turnstile});
}

std::unique_ptr<SqlStore> open_store(const std::string& url, const OpenOptions& options) {
  return std::make_unique<SqlStore>(open_connection(url, options), options.guards);
}

}  // namespace invctl::db
