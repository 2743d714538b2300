#include "mysql_server.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "core/text.hpp"
#include "grants.hpp"
#include "mysql_connection.hpp"
#include "server/server_process.hpp"

namespace invctl::test {

namespace {

const char* fixture_script = PROJECT_DIR "/tests/server/mariadb_fixture.sh";

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
}

void run_script(const std::string& command, const std::string& directory,
                const std::vector<std::string>& options = {}) {
  std::vector<std::string> words = {command, directory};
  words.insert(words.end(), options.begin(), options.end());
  run_program(fixture_script, words);
}

std::string socket_url(const std::string& socket) {
  return "mysql://root@/?socket=" + socket;
}

}  // namespace

MysqlServer::MysqlServer(std::string url_base, std::string directory, bool own)
    : url_base_(std::move(url_base)), directory_(std::move(directory)), own_(own) {}

std::optional<std::string> MysqlServer::missing() {
  if (variable("INVCTL_TEST_MYSQL_URL_BASE")) return std::nullopt;
  const auto directory = variable("INVCTL_TEST_MARIADB_DIR");
  if (!directory) return "INVCTL_TEST_MARIADB_DIR is not set: run this through ctest";
  if (const auto why = first_line(*directory + "/skipped")) return why;
  if (!first_line(*directory + "/socket")) throw std::runtime_error("no server was started in " + *directory);
  return std::nullopt;
}

MysqlServer& MysqlServer::shared() {
  static MysqlServer server = [] {
    if (const auto base = variable("INVCTL_TEST_MYSQL_URL_BASE")) return MysqlServer(*base, "", false);
    const auto directory = variable("INVCTL_TEST_MARIADB_DIR").value();
    return MysqlServer(socket_url(first_line(directory + "/socket").value()), directory, false);
  }();
  return server;
}

std::unique_ptr<MysqlServer> MysqlServer::start(const std::vector<std::string>& options,
                                                const std::string& data_in) {
  std::string directory = (std::filesystem::temp_directory_path() / "invctl-server-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) throw std::runtime_error("no temporary directory");
  if (data_in.empty()) {
    run_script("start", directory, options);
  } else {
    // The template that its data are copied from stays where it is.
    const auto cache = variable("XDG_CACHE_HOME").value_or(variable("TMPDIR").value_or("/tmp"));
    std::vector<std::string> words = {"XDG_CACHE_HOME=" + cache, "TMPDIR=" + data_in, fixture_script, "start",
                                      directory};
    words.insert(words.end(), options.begin(), options.end());
    run_program("/usr/bin/env", words);
  }
  return std::unique_ptr<MysqlServer>(
      new MysqlServer(socket_url(first_line(directory + "/socket").value()), directory, true));
}

MysqlServer::~MysqlServer() {
  if (!own_) return;
  try {
    run_script("stop", directory_);
    std::filesystem::remove_all(directory_);
  } catch (const std::exception&) {
    // Its files stay behind; the test has its result.
  }
}

std::string MysqlServer::url(const std::string& database, const std::string& user) const {
  auto url = url_base_;
  const auto question = url.find('?');
  url.insert(question == std::string::npos ? url.size() : question, database);
  const auto from = url.find("://") + 3;
  return url.replace(from, url.find('@') - from, user);
}

std::string MysqlServer::tcp_url(const std::string& database, const std::string& user,
                                 const std::string& host) const {
  return "mysql://" + user + "@" + host + ":" + std::to_string(port()) + "/" + database;
}

std::string MysqlServer::socket() const {
  return db::parse_url(url("mysql")).socket;
}

std::unique_ptr<db::Connection> MysqlServer::root() const {
  return db::open_mysql(db::parse_url(url("mysql")));
}

void MysqlServer::execute(const std::string& sql) const {
  root()->execute(sql);
}

std::string MysqlServer::make_database() const {
  static std::atomic<int> count = 0;
  const auto name = "test_" + std::to_string(getpid()) + "_" + std::to_string(++count);
  const auto connection = root();
  connection->execute("DROP DATABASE IF EXISTS " + name);
  connection->execute("CREATE DATABASE " + name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    const auto account = std::string("'") + operator_user + "'@'" + host + "'";
    connection->execute("CREATE USER IF NOT EXISTS " + account);
    connection->execute("GRANT SELECT ON " + name + ".* TO " + account);
  }
  return name;
}

void MysqlServer::grant_posting(const std::string& database) const {
  run_grants(db::grants_sql("operator", database));
}

void MysqlServer::run_grants(const std::string& printed) const {
  const auto connection = root();
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    for (const auto& sql : grant_statements(printed, host)) connection->execute(sql);
  }
}

std::vector<std::string> grant_statements(const std::string& printed, const std::string& host) {
  std::vector<std::string> statements;
  for (const auto line : text::split(printed, '\n')) {
    if (line.empty() || line.starts_with("--")) continue;
    auto sql = std::string(line.substr(0, line.rfind(';')));
    sql.replace(sql.find("'%'"), 3, "'" + host + "'");
    statements.push_back(sql.substr(0, sql.find(" IDENTIFIED BY")));
  }
  return statements;
}

void MysqlServer::drop_database(const std::string& name) const {
  // Called by destructors, and what stays behind goes away with the server. MariaDB 10.11 leaves a copy of a
  // trigger file (purchase.TRG-) where two sessions create triggers at once, and then cannot remove the
  // directory (1010): so it happens when two test programs run beside each other.
  try {
    execute("DROP DATABASE IF EXISTS " + name);
  } catch (const std::exception& error) {
    std::cerr << "note: " << error.what() << '\n';
  }
}

int MysqlServer::pid() const {
  return std::stoi(first_line(directory_ + "/pid").value());
}

int MysqlServer::port() const {
  return std::stoi(first_line(directory_ + "/port").value());
}

void MysqlServer::kill_hard() const {
  kill_and_wait(pid());
}

void MysqlServer::restart() const {
  run_script("restart", directory_);
}

void MysqlServer::restart(const std::vector<std::string>& options) const {
  std::ofstream file(directory_ + "/options");
  for (const auto& option : options) file << option << '\n';
  file.close();
  restart();
}

}  // namespace invctl::test
