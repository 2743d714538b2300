// The MySQL and MariaDB driver, over MySQL Connector/C++.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "connection.hpp"
#include "mysql_errors.hpp"
#include "mysql_login.hpp"
#include "mysql_statement.hpp"
#include "url.hpp"

namespace sql {
class Connection;
class ResultSet;
class Statement;
}  // namespace sql

namespace invctl::db {

struct MysqlOptions {
  // How long opening goes on while a server has no connection free.
  std::chrono::milliseconds full_server_patience{5000};
  std::chrono::seconds lock_wait{5};  // of statements outside write transactions
  // The longest silence of a server before the connection counts as lost. Lock waits end before it, because
  // a wait that is cut off at COMMIT would leave the outcome unknown.
  std::chrono::seconds silence{120};
};

class MysqlConnection : public Connection {
 public:
  // Connects to the first of the URL's hosts that answers and is ready. Throws Error: usage, unavailable,
  // not_permitted, or busy where every host is full for the time allowed.
  explicit MysqlConnection(const Url& url, const MysqlOptions& options = {});
  ~MysqlConnection() override;

  const Dialect& dialect() const override { return mysql_dialect; }
  Statement& statement(const std::string& sql) override;
  void execute(const std::string& sql) override;
  void execute_ddl(const std::string& sql, bool may_have_run) override;
  // A named lock of this database on this server (a Galera cluster's other nodes do not see it: there the
  // journal's primary key stops the second migration). The session is replaced by one that waits for an ALTER
  // TABLE as long as it takes. Throws Error(unavailable) where a table of ours is not InnoDB's.
  void begin_migration(const Deadline& deadline) override;
  void end_migration(bool commit) override;
  std::int64_t last_insert_id() override;

  // Each lock wait is bounded by what is left of the deadline, in whole seconds, at least one.
  void begin(const Deadline& deadline) override;
  void begin_serializable(const Deadline& deadline) override;
  void begin_snapshot() override;
  void commit() override;
  void rollback() noexcept override;

  std::optional<std::string> durability_gap() override;
  // Tries the hosts after the one that was lost first.
  void reconnect() override;

  // The host that answers, as text.
  std::string server() const { return login_.endpoints[endpoint_].shown(); }

  // For MysqlStatement.
  std::int64_t update(const std::string& sql);
  void update_later(std::string sql, std::int64_t rows);
  // The answer is put into `rows`, which stays where it is until then or until it is called off.
  void ask_later(std::string sql, std::unique_ptr<sql::ResultSet>& rows);
  void call_off(const std::unique_ptr<sql::ResultSet>& rows) noexcept;
  // Sends all that waits, in one round trip.
  void flush(MysqlPhase phase = MysqlPhase::statement);
  // Notes whether the session is over and throws the program's error.
  [[noreturn]] void fail(int number, const std::string& text, MysqlPhase phase, bool undone = false);

 private:
  // A statement of several that are sent as one text.
  struct Step {
    std::string sql;
    std::optional<std::int64_t> must_be{};            // it asks for one number, which must be this
    std::unique_ptr<sql::ResultSet>* rows = nullptr;  // where its answer goes
    bool called_off = false;                          // nobody wants the answer any more
  };

  void connect_from(std::size_t first);
  void connect_to(std::size_t endpoint);
  void close_session() noexcept;
  void require_session() const;
  std::string lock_wait_limit();
  bool writing() const { return in_transaction_ && deadline_.has_value(); }
  // What waits, behind the settings that it needs.
  std::vector<Step> take_waiting();
  // Sends these in one text. Whether a row was not as it was read.
  bool send(std::span<const Step> steps, MysqlPhase phase);
  // How many of the steps the server takes in one text, at least one. Throws Error(unavailable) where it does
  // not even take the first.
  std::size_t count_that_fit(std::span<const Step> steps);
  void run(std::string sql, MysqlPhase phase);
  std::int64_t query_number(const std::string& sql);
  void drop_idle_statements();
  std::string migration_lock_name() const;
  void refuse_other_engines();

  MysqlLogin login_;
  MysqlOptions options_;
  MysqlTimeouts timeouts_;
  std::size_t endpoint_ = 0;
  std::unique_ptr<sql::Connection> session_;  // null while the connection is lost
  std::unique_ptr<sql::Statement> plain_;     // through which every text is sent
  std::int64_t lock_wait_s_ = 0;              // as the server has it
  std::size_t packet_most_ = 0;               // the longest text that it takes; 0: not asked for yet
  bool in_transaction_ = false;
  std::vector<Step> waiting_;              // goes with the next statement
  bool autocommit_ = true;                 // as the server has it
  std::optional<Deadline> deadline_;       // of the write transaction
  std::optional<Deadline> last_deadline_;  // the same, kept when it ends: a reconnect is part of that work
  std::unordered_map<std::string, std::unique_ptr<MysqlStatement>> statements_;
};

// `patience`: as OpenOptions has it.
std::unique_ptr<Connection> open_mysql(const Url& url,
                                       std::chrono::milliseconds patience = std::chrono::seconds(5));

}  // namespace invctl::db
