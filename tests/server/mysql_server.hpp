// The MySQL or MariaDB server that tests use: one for a whole run of ctest, or a private one that a test may
// kill, restart and configure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connection.hpp"

namespace invctl::test {

class MysqlServer {
 public:
  // The server of this run of ctest. INVCTL_TEST_MYSQL_URL_BASE (a URL without a database, such as
  // mysql://root@/?socket=/run/mysqld/mysqld.sock) names one that runs already; otherwise
  // INVCTL_TEST_MARIADB_DIR is where mariadb_fixture.sh left the address of the one it started.
  static MysqlServer& shared();

  // Why there is no shared server, or nothing. A test program then says SKIPPED.
  static std::optional<std::string> missing();

  // A server of one's own; `options` are added to its command line. `data_in`: its data are in this
  // directory.
  static std::unique_ptr<MysqlServer> start(const std::vector<std::string>& options = {},
                                            const std::string& data_in = {});

  ~MysqlServer();
  MysqlServer(const MysqlServer&) = delete;
  MysqlServer& operator=(const MysqlServer&) = delete;

  // mysql://user@.../database?socket=...; more parameters may be appended with &.
  std::string url(const std::string& database, const std::string& user = "root") const;
  std::string tcp_url(const std::string& database, const std::string& user,
                      const std::string& host = "127.0.0.1") const;

  // The path of its unix socket.
  std::string socket() const;

  // As root, in no database of the tests.
  std::unique_ptr<db::Connection> root() const;
  void execute(const std::string& sql) const;

  // An empty database with a name of its own, and an account `operator` that may read it but not yet write
  // (see grant_posting). Both go away with drop_database().
  std::string make_database() const;
  void drop_database(const std::string& name) const;
  // What `init-db --print-grants operator` says, for an initialised database: the ledger's tables can be
  // added to, not changed.
  void grant_posting(const std::string& database) const;
  // Runs what `init-db --print-grants` printed, but for the password and for the host, which is this machine.
  void run_grants(const std::string& printed) const;

  // Only for a server of one's own.
  int pid() const;
  int port() const;
  void kill_hard() const;  // SIGKILL, and waits for its end
  void restart() const;    // on the data it had
  void restart(
      const std::vector<std::string>& options) const;  // and with other options than it was started with

 private:
  MysqlServer(std::string url_base, std::string directory, bool own);

  std::string url_base_;   // "mysql://root@/?socket=..."
  std::string directory_;  // of the fixture script; empty for a server that somebody else started
  bool own_;
};

// The statements that `init-db --print-grants` printed, for an account without a password on this host.
std::vector<std::string> grant_statements(const std::string& printed, const std::string& host);

// The accounts that post and that make the schema, as --print-grants names them.
inline constexpr const char* operator_user = "invctl_operator";
inline constexpr const char* admin_user = "invctl_admin";

}  // namespace invctl::test
