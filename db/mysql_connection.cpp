#include "mysql_connection.hpp"

#include <cppconn/connection.h>
#include <cppconn/exception.h>
#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <thread>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"
#include "core/trace.hpp"
#include "stock/transactions.hpp"

namespace invctl::db {

namespace {

constexpr std::size_t statements_most = 200;  // kept by one connection; the server has a limit for all
constexpr int too_many_prepared = 1461;

// A table, index, trigger, column or constraint of this name exists.
constexpr std::array exists_already = {1050, 1060, 1061, 1359, 1826, 3822};

std::chrono::seconds connect_timeout(std::size_t hosts) {
  // A host that is down must not use up the time for the next one.
  return std::chrono::seconds(hosts > 1 ? 2 : 5);
}

void pause_for_full_server() {
  thread_local std::minstd_rand random{std::random_device{}()};
  std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution<int>(10, 100)(random)));
}

}  // namespace

MysqlConnection::MysqlConnection(const Url& url, const MysqlOptions& options)
    : login_(resolve_login(url)), options_(options) {
  timeouts_.connect = connect_timeout(login_.endpoints.size());
  timeouts_.read = options_.silence;
  const auto patience = Deadline::after(options_.full_server_patience);
  for (;;) {
    try {
      connect_from(0);
      return;
    } catch (const StoreError& error) {
      if (error.kind == StoreError::Kind::retry && !patience.passed()) {
        trace(TraceLevel::info, "server_full", {{"why", error.message}});
      } else if (error.kind == StoreError::Kind::retry) {
        throw Error(Exit::busy, error.message, error.hint);
      } else {
        throw Error(error.exit, error.message, error.hint);
      }
    }
    pause_for_full_server();
  }
}

MysqlConnection::~MysqlConnection() {
  close_session();
}

void MysqlConnection::close_session() noexcept {
  // Prepared statements go first: they speak through the session.
  for (auto& [sql, statement] : statements_) statement->forget();
  plain_.reset();
  session_.reset();
  in_transaction_ = false;
  deadline_.reset();
}

void MysqlConnection::connect_to(std::size_t endpoint) {
  session_ = open_session(login_, login_.endpoints[endpoint], timeouts_);
  plain_.reset(session_->createStatement());
  endpoint_ = endpoint;
  ++session_number_;
  lock_wait_s_ = timeouts_.lock_wait.count();
  trace(TraceLevel::debug, "connected", {{"server", server()}});
}

void MysqlConnection::connect_from(std::size_t first) {
  const auto hosts = login_.endpoints.size();
  std::string tried;
  int last = 0;
  for (std::size_t i = 0; i < hosts; ++i) {
    const auto endpoint = (first + i) % hosts;
    const auto shown = login_.endpoints[endpoint].shown();
    try {
      connect_to(endpoint);
      return;
    } catch (const sql::SQLException& error) {
      close_session();
      const int number = error.getErrorCode();
      const auto text = fmt::format("{}: {}", shown, error.what());
      if (!may_try_next_host(number)) throw_mysql_error(number, text, MysqlPhase::connect);
      if (i + 1 < hosts) {
        trace(TraceLevel::warn, "server_unavailable",
              {{"server", shown}, {"why", std::string(error.what())}});
      }
      tried += (tried.empty() ? "" : "; ") + text;
      if (!is_server_full(last)) last = number;
    }
  }
  throw_mysql_error(last, tried, MysqlPhase::connect);
}

void MysqlConnection::reconnect() {
  close_session();
  timeouts_.connect = connect_timeout(login_.endpoints.size());
  if (last_deadline_ && !last_deadline_->passed()) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(last_deadline_->left());
    timeouts_.connect = std::clamp(left, std::chrono::seconds(1), timeouts_.connect);
  }
  // After a loss the others are more likely to answer than the one that was lost.
  connect_from(login_.endpoints.size() > 1 ? endpoint_ + 1 : 0);
  if (login_.endpoints.size() == 1) return;
  // What this process wrote on another node must be seen here before anything is decided.
  try {
    plain_->execute("SET SESSION wsrep_sync_wait = 1");
  } catch (const sql::SQLException& error) {
    constexpr int unknown_variable = 1193;
    if (error.getErrorCode() != unknown_variable) {
      fail(error.getErrorCode(), error.what(), MysqlPhase::connect);
    }
  }
}

void MysqlConnection::require_session() const {
  if (!session_) {
    throw StoreError(StoreError::Kind::lost, Exit::unavailable, "the connection to the database is lost");
  }
}

void MysqlConnection::fail(int number, const std::string& text, MysqlPhase phase) {
  if (ends_session(number, phase)) {
    trace(TraceLevel::warn, "connection_lost", {{"server", server()}, {"why", text}});
    close_session();
  }
  throw_mysql_error(number, text, phase);
}

void MysqlConnection::run(const std::string& sql, MysqlPhase phase) {
  require_session();
  try {
    plain_->execute(sql);
  } catch (const sql::SQLException& error) {
    fail(error.getErrorCode(), error.what(), phase);
  }
}

std::int64_t MysqlConnection::query_number(const std::string& sql) {
  require_session();
  try {
    const std::unique_ptr<sql::ResultSet> rows(plain_->executeQuery(sql));
    return rows->next() ? rows->getInt64(1) : 0;
  } catch (const sql::SQLException& error) {
    fail(error.getErrorCode(), error.what(), MysqlPhase::statement);
  }
}

void MysqlConnection::execute(const std::string& sql) {
  before_statement();
  run(sql, MysqlPhase::statement);
}

void MysqlConnection::execute_ddl(const std::string& sql, bool may_have_run) {
  require_session();
  try {
    plain_->execute(sql);
  } catch (const sql::SQLException& error) {
    const bool exists =
        std::find(exists_already.begin(), exists_already.end(), error.getErrorCode()) != exists_already.end();
    if (may_have_run && exists) return;
    fail(error.getErrorCode(), error.what(), MysqlPhase::statement);
  }
}

// --- prepared statements

Statement& MysqlConnection::statement(const std::string& sql) {
  require_session();
  const auto found = statements_.find(sql);
  if (found != statements_.end()) {
    found->second->use();
    return *found->second;
  }
  if (statements_.size() >= statements_most) drop_idle_statements();
  auto& made = statements_[sql];
  made = std::make_unique<MysqlStatement>(*this, sql);
  made->use();
  return *made;
}

void MysqlConnection::drop_idle_statements() {
  std::erase_if(statements_, [](const auto& entry) { return !entry.second->in_use(); });
}

std::unique_ptr<sql::PreparedStatement> MysqlConnection::prepare(const std::string& sql) {
  require_session();
  try {
    return std::unique_ptr<sql::PreparedStatement>(session_->prepareStatement(sql));
  } catch (const sql::SQLException& error) {
    if (error.getErrorCode() != too_many_prepared) throw;
    drop_idle_statements();
  }
  return std::unique_ptr<sql::PreparedStatement>(session_->prepareStatement(sql));
}

std::int64_t MysqlConnection::last_insert_id() {
  return query_number("SELECT LAST_INSERT_ID()");
}

// --- transactions

// A statement that fails by lock timeout must do so before the client stops listening.
void MysqlConnection::limit_lock_wait() {
  if (!deadline_) return;
  auto wait = std::chrono::ceil<std::chrono::seconds>(deadline_->left()).count();
  if (options_.silence.count() > 0) wait = std::min<std::int64_t>(wait, options_.silence.count() * 3 / 4);
  wait = std::max<std::int64_t>(wait, 1);
  if (wait == lock_wait_s_) return;
  run(fmt::format("SET SESSION innodb_lock_wait_timeout = {0}, lock_wait_timeout = {0}", wait),
      MysqlPhase::statement);
  lock_wait_s_ = wait;
}

void MysqlConnection::before_statement() {
  require_session();
  if (in_transaction_) limit_lock_wait();
}

void MysqlConnection::begin(const Deadline& deadline) {
  deadline_ = deadline;
  last_deadline_ = deadline;
  limit_lock_wait();
  run("BEGIN", MysqlPhase::statement);
  in_transaction_ = true;
  trace(TraceLevel::debug, "begin", {});
}

void MysqlConnection::begin_snapshot() {
  run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", MysqlPhase::statement);
  run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", MysqlPhase::statement);
  in_transaction_ = true;
}

void MysqlConnection::commit() {
  try {
    run("COMMIT", MysqlPhase::commit);
  } catch (...) {
    rollback();
    throw;
  }
  in_transaction_ = false;
  deadline_.reset();
  trace(TraceLevel::debug, "commit", {});
}

void MysqlConnection::rollback() noexcept {
  deadline_.reset();
  if (!session_ || !in_transaction_) return;
  in_transaction_ = false;
  try {
    plain_->execute("ROLLBACK");
  } catch (const sql::SQLException&) {
    close_session();  // the server rolls back what a session leaves behind
  }
}

std::optional<std::string> MysqlConnection::durability_gap() {
  const auto flush = query_number("SELECT @@innodb_flush_log_at_trx_commit");
  if (flush == 1) return std::nullopt;
  return fmt::format("innodb_flush_log_at_trx_commit is {}: a crash of the server can lose reported changes",
                     flush);
}

// --- migrations

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
  limit_lock_wait();
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
  Query query(
      *this,
      "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE() "
      "AND table_type = 'BASE TABLE' AND engine <> 'InnoDB' AND table_name IN ('setting', "
      "'warehouse', 'product', 'inventory', 'operation', 'movement', 'purchase', 'schema_migration')");
  if (!query.next()) return;
  throw Error(
      Exit::unavailable, "not_transactional",
      fmt::format("table {} is stored by {}, which has no transactions", query.text(0), query.text(1)),
      fmt::format("ALTER TABLE {} ENGINE = InnoDB", query.text(0)));
}

std::unique_ptr<Connection> open_mysql(const Url& url) {
  return std::make_unique<MysqlConnection>(url);
}

}  // namespace invctl::db
