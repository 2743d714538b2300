#include "mysql_connection.hpp"

#include <cppconn/connection.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <thread>
#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/trace.hpp"
#include "stock/transactions.hpp"

namespace invctl::db {

namespace {

constexpr const char* begin_sql = "BEGIN";
// On Galera a transaction that loses certification while its client is silent is now and then rolled back
// without any statement failing (shown on 10.11: 12 in 4,000 on a hot row); what follows would be committed
// on its own. So write transactions run without autocommit, and end by releasing a savepoint that they set
// when they began: where the transaction is another one by then, that fails, and COMMIT behind it is not
// reached.
constexpr const char* set_savepoint_sql = "SAVEPOINT invctl";
constexpr const char* release_savepoint_sql = "RELEASE SAVEPOINT invctl";
constexpr int connection_lost = 2013;
constexpr int first_client_error = 2000;      // numbers from here on are the client library's own
constexpr std::size_t statements_most = 200;  // kept by one connection
// A text of this size is sent without asking how much the server takes (by default 16 MiB or more).
constexpr std::size_t packet_always_taken = 8000;

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
  timeouts_.lock_wait = options_.lock_wait;
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
  // Statements go first: they speak through the session.
  for (auto& [sql, statement] : statements_) statement->forget();
  plain_.reset();
  session_.reset();
  in_transaction_ = false;
  waiting_.clear();
  deadline_.reset();
}

void MysqlConnection::connect_to(std::size_t endpoint) {
  session_ = open_session(login_, login_.endpoints[endpoint], timeouts_);
  plain_.reset(session_->createStatement());
  autocommit_ = true;
  endpoint_ = endpoint;
  lock_wait_s_ = timeouts_.lock_wait.count();
  packet_most_ = 0;
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
}

void MysqlConnection::require_session() const {
  if (!session_) {
    throw StoreError(StoreError::Kind::lost, Exit::unavailable, "the connection to the database is lost");
  }
}

void MysqlConnection::fail(int number, const std::string& text, MysqlPhase phase, bool undone) {
  if (ends_session(number, phase)) {
    trace(TraceLevel::warn, "connection_lost", {{"server", server()}, {"why", text}});
    close_session();
  }
  try {
    throw_mysql_error(number, text, phase);
  } catch (StoreError& error) {
    error.undone = undone;
    throw;
  }
}

std::vector<MysqlConnection::Step> MysqlConnection::take_waiting() {
  std::vector<Step> steps;
  if (autocommit_ == writing()) {
    autocommit_ = !autocommit_;
    steps.push_back({autocommit_ ? "SET autocommit = 1" : "SET autocommit = 0"});
  }
  if (in_transaction_) {
    if (auto limit = lock_wait_limit(); !limit.empty()) steps.push_back({std::move(limit)});
  }
  std::move(waiting_.begin(), waiting_.end(), std::back_inserter(steps));
  waiting_.clear();
  return steps;
}

std::size_t MysqlConnection::count_that_fit(std::span<const Step> steps) {
  std::size_t size = 0;
  for (const auto& step : steps) size += step.sql.size() + 1;
  if (size <= packet_always_taken) return steps.size();
  if (packet_most_ == 0) {
    try {
      const std::unique_ptr<sql::ResultSet> answer(plain_->executeQuery("SELECT @@max_allowed_packet"));
      if (answer->next()) packet_most_ = static_cast<std::size_t>(answer->getInt64(1));
    } catch (const sql::SQLException& error) {
      fail(error.getErrorCode(), error.what(), MysqlPhase::statement);
    }
  }
  if (size < packet_most_) return steps.size();
  std::size_t fits = 0;
  size = 0;
  while (fits < steps.size() && (size += steps[fits].sql.size() + 1) < packet_most_) ++fits;
  if (fits > 0) return fits;
  throw_packet_too_large(fmt::format("a statement of {} bytes, its max_allowed_packet is {}",
                                     steps[0].sql.size(), packet_most_));
}

void MysqlConnection::flush(MysqlPhase phase) {
  const auto all = take_waiting();
  require_session();
  bool moved = false;
  for (std::span<const Step> rest = all; !rest.empty();) {
    const auto count = count_that_fit(rest);
    const bool last = count == rest.size();
    moved = send(rest.first(count), last ? phase : MysqlPhase::statement) || moved;
    rest = rest.subspan(count);
    // The last of them may be COMMIT.
    if (moved) break;
  }
  if (moved) throw_moved();
}

bool MysqlConnection::send(std::span<const Step> steps, MysqlPhase phase) {
  std::string text;
  for (const auto& step : steps) {
    if (!text.empty()) text += ';';
    text += step.sql;
  }
  bool moved = false;
  std::size_t at = 0;
  try {
    // The server stops at the first error, which is then that of the way to it.
    plain_->execute(text);
    for (; at < steps.size(); ++at) {
      const auto& step = steps[at];
      if (at > 0) plain_->getMoreResults();
      if (!step.must_be && step.rows == nullptr && !step.called_off) continue;
      std::unique_ptr<sql::ResultSet> answer(plain_->getResultSet());
      if (step.must_be) moved = moved || !answer->next() || answer->getInt64(1) != *step.must_be;
      if (step.rows != nullptr) *step.rows = std::move(answer);
    }
  } catch (const sql::SQLException& error) {
    // What the server itself answers to a statement before the last keeps it from that one, such as COMMIT.
    // The connector has no number for a connection that ends between two answers.
    const int number = error.getErrorCode() != 0 ? error.getErrorCode() : connection_lost;
    const bool undone = number < first_client_error && at + 1 < steps.size();
    fail(number, error.what(), phase, undone);
  }
  return moved;
}

void MysqlConnection::run(std::string sql, MysqlPhase phase) {
  require_session();
  waiting_.push_back({std::move(sql)});
  flush(phase);
}

void MysqlConnection::ask_later(std::string sql, std::unique_ptr<sql::ResultSet>& rows) {
  require_session();
  waiting_.push_back({.sql = std::move(sql), .rows = &rows});
}

void MysqlConnection::call_off(const std::unique_ptr<sql::ResultSet>& rows) noexcept {
  for (auto& step : waiting_) {
    if (step.rows != &rows) continue;
    step.rows = nullptr;
    step.called_off = true;
  }
}

std::int64_t MysqlConnection::update(const std::string& sql) {
  if (!waiting_.empty() || writing() || !autocommit_) {
    update_later(sql, -1);
    return query_number("SELECT ROW_COUNT()");
  }
  run(sql, MysqlPhase::statement);
  return static_cast<std::int64_t>(plain_->getUpdateCount());
}

void MysqlConnection::update_later(std::string sql, std::int64_t rows) {
  require_session();
  waiting_.push_back({std::move(sql)});
  // The connector itself counts the rows of the first statement only.
  if (rows >= 0) waiting_.push_back({"SELECT ROW_COUNT()", rows});
}

std::int64_t MysqlConnection::query_number(const std::string& sql) {
  require_session();
  std::unique_ptr<sql::ResultSet> rows;
  ask_later(sql, rows);
  flush();
  return rows->next() ? rows->getInt64(1) : 0;
}

void MysqlConnection::execute(const std::string& sql) {
  run(sql, MysqlPhase::statement);
}

// --- statements

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

std::int64_t MysqlConnection::last_insert_id() {
  return query_number("SELECT LAST_INSERT_ID()");
}

// --- transactions

// The statement that shortens the lock wait when the deadline has come nearer, or nothing: a statement that
// fails by lock timeout must do so before the client stops listening.
std::string MysqlConnection::lock_wait_limit() {
  if (!deadline_) return {};
  auto wait = std::chrono::ceil<std::chrono::seconds>(deadline_->left()).count();
  if (options_.silence.count() > 0) wait = std::min<std::int64_t>(wait, options_.silence.count() * 3 / 4);
  wait = std::max<std::int64_t>(wait, 1);
  if (wait == lock_wait_s_) return {};
  lock_wait_s_ = wait;
  return fmt::format("SET SESSION innodb_lock_wait_timeout = {0}, lock_wait_timeout = {0}", wait);
}

void MysqlConnection::begin_serializable(const Deadline& deadline) {
  require_session();
  update_later("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", -1);
  begin(deadline);
}

void MysqlConnection::begin(const Deadline& deadline) {
  require_session();
  deadline_ = deadline;
  last_deadline_ = deadline;
  in_transaction_ = true;
  update_later(begin_sql, -1);
  update_later(set_savepoint_sql, -1);
  trace(TraceLevel::debug, "begin", {});
}

void MysqlConnection::begin_snapshot() {
  update_later("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", -1);
  run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", MysqlPhase::statement);
  in_transaction_ = true;
}

void MysqlConnection::commit() {
  try {
    // What waits goes with it, and the server stops at the first that fails; but what is counted must be
    // looked at before.
    const bool counted =
        std::any_of(waiting_.begin(), waiting_.end(), [](const Step& s) { return s.must_be; });
    if (counted) flush();
    if (writing()) update_later(release_savepoint_sql, -1);
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
  const bool begun = waiting_.empty() || waiting_.front().sql != begin_sql;
  waiting_.clear();
  if (!session_ || !in_transaction_) return;
  in_transaction_ = false;
  if (!begun) return;
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

std::unique_ptr<Connection> open_mysql(const Url& url, std::chrono::milliseconds patience) {
  MysqlOptions options;
  options.full_server_patience = patience;
  // As in a write transaction, a wait must end before the silence does.
  options.lock_wait = std::clamp(std::chrono::ceil<std::chrono::seconds>(patience), std::chrono::seconds(1),
                                 options.silence * 3 / 4);
  return std::make_unique<MysqlConnection>(url, options);
}

}  // namespace invctl::db
