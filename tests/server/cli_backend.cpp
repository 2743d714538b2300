// The command tests' databases on a MySQL or MariaDB server: INVCTL_TEST_BACKEND=mysql.
#include "server/cli_backend.hpp"

#include <cppconn/connection.h>
#include <cppconn/datatype.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>

#include <stdexcept>

#include "cli/harness.hpp"
#include "mysql_login.hpp"
#include "server/mysql_server.hpp"

namespace invctl::test {

namespace {

std::string hexadecimal(const std::string& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::unique_ptr<sql::Connection> open_at(const std::string& url) {
  const auto login = db::resolve_login(db::parse_url(url));
  return db::open_session(login, login.endpoints.at(0), {});
}

}  // namespace

Rows rows_at(const std::string& url, const std::string& sql) {
  const auto session = open_at(url);
  const std::unique_ptr<sql::Statement> statement(session->createStatement());
  const std::unique_ptr<sql::ResultSet> found(statement->executeQuery(sql));
  auto* columns = found->getMetaData();
  Rows rows;
  while (found->next()) {
    auto& row = rows.emplace_back();
    for (unsigned i = 1; i <= columns->getColumnCount(); ++i) {
      const std::string value = found->getString(i);
      const auto type = columns->getColumnType(i);
      const bool binary = type == sql::DataType::BINARY || type == sql::DataType::VARBINARY;
      row.push_back(found->isNull(i) ? "NULL" : binary ? hexadecimal(value) : value);
    }
  }
  return rows;
}

void execute_at(const std::string& url, const std::string& sql) {
  const auto session = open_at(url);
  const std::unique_ptr<sql::Statement> statement(session->createStatement());
  statement->execute(sql);
}

namespace {

class MysqlBackend : public Backend {
 public:
  MysqlBackend() {
    if (const auto why = MysqlServer::missing()) throw std::runtime_error("SKIPPED: " + *why);
    name_ = MysqlServer::shared().make_database();
    grant_as_printed("admin");
  }
  ~MysqlBackend() override { MysqlServer::shared().drop_database(name_); }

  std::string url() const override { return MysqlServer::shared().url(name_, operator_user); }
  std::string admin_url() const override { return MysqlServer::shared().url(name_, admin_user); }
  void grant() override { grant_as_printed("operator"); }

  Rows rows(const std::string& sql) override { return rows_at(root_url(), sql); }
  void execute(const std::string& sql) override { execute_at(root_url(), sql); }

 private:
  void grant_as_printed(const std::string& role) const {
    const auto printed = run({"--db", url(), "init-db", "--print-grants", role});
    if (printed.exit != 0) throw std::runtime_error("init-db --print-grants: " + printed.err);
    MysqlServer::shared().run_grants(printed.out);
  }

  // What a test looks at or does behind the program's back is root's.
  std::string root_url() const { return MysqlServer::shared().url(name_); }

  std::string name_;
};

[[maybe_unused]] const bool registered =
    register_backend("mysql", [](const TempDir&) { return std::make_unique<MysqlBackend>(); });

}  // namespace

}  // namespace invctl::test
