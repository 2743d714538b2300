// Who logs in, with which password, over which way.
#include "mysql_login.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fixture.hpp"
#include "mysql_connection.hpp"
#include "server/mysql_server.hpp"

namespace mysql_login_test {

using namespace invctl;
using namespace invctl::test;

namespace {

class Files {
 public:
  Files() : path_((std::filesystem::temp_directory_path() / "invctl-login-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary directory");
  }
  ~Files() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text, unsigned mode = 0600) const {
    const auto path = path_ + "/" + name;
    std::ofstream(path) << text;
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
    return path;
  }

 private:
  std::string path_;
};

db::MysqlLogin login(const std::string& url) {
  return db::resolve_login(db::parse_url(url));
}

class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("the password comes from the URL, the environment, a file or a defaults-file, in this order") {
  const Files files;
  const auto secret = files.write("secret", "from file\r\nsecond line\n");
  const auto defaults = files.write("my.cnf",
                                    "# a comment\n[mysqld]\npassword=server\n[client]\nuser = anna\n"
                                    "password = \"from # defaults\"  \nport=3999\nhost=db.example\n[other]\n"
                                    "user=nobody\n");
  const auto query = "?password-file=" + secret + "&defaults-file=" + defaults;
  CHECK(login("mysql://u@h/d?defaults-file=" + defaults).password == "from # defaults");
  CHECK(login("mysql://u@h/d" + query).password == "from file");
  {
    const Variable variable("INVCTL_DB_PASSWORD", "from environment");
    CHECK(login("mysql://u@h/d" + query).password == "from environment");
    CHECK(login("mysql://u:from%20url@h/d" + query).password == "from url");
  }
  CHECK(login("mysql://u@h/d").password.empty());
}

TEST_CASE("a defaults-file gives what the URL leaves open, and the URL wins") {
  const Files files;
  const auto tcp = files.write("tcp.cnf", "[client]\nuser=anna\nhost=db.example\nport=3999\n");
  auto found = login("mysql:///d?defaults-file=" + tcp);
  CHECK(found.user == "anna");
  CHECK(found.endpoints.at(0).shown() == "db.example:3999");
  found = login("mysql://bert@other:1/d?defaults-file=" + tcp);
  CHECK(found.user == "bert");
  CHECK(found.endpoints.at(0).shown() == "other:1");
  const auto local =
      files.write("local.cnf", "[client]\nsocket=/run/s.sock # the usual one\npassword='it''s'\n");
  CHECK(login("mysql:///d?defaults-file=" + local).endpoints.at(0).socket == "/run/s.sock");
  CHECK(login("mysql://h1,h2:7/d").endpoints.at(1).shown() == "h2:7");
  CHECK(login("mysql://[fd00::2]/d").endpoints.at(0).shown() == "[fd00::2]:3306");
  CHECK_FALSE(login("mysql://h/d").user.empty());
}

TEST_CASE("files with secrets are refused where everybody can read them, or where they cannot be read") {
  const Files files;
  const auto open =
      error_of([&] { login("mysql://u@h/d?password-file=" + files.write("s", "topsecret", 0644)); });
  CHECK(open.exit == Exit::usage);
  CHECK(open.hint.find("chmod 600") != std::string::npos);
  CHECK(open.message.find("topsecret") == std::string::npos);
  CHECK(error_of([&] {
          login("mysql://u@h/d?defaults-file=" + files.write("d", "[client]\n", 0604));
        }).exit == Exit::usage);
  CHECK(error_of([&] { login("mysql://u@h/d?password-file=/nonexistent"); }).exit == Exit::usage);
  CHECK(error_of([&] {
          login("mysql://u@h/d?defaults-file=" + files.write("i", "!includedir /etc\n"));
        }).exit == Exit::usage);
  CHECK(error_of([&] {
          login("mysql://u@h/d?defaults-file=" + files.write("p", "[client]\nport=x\n"));
        }).exit == Exit::ok);  // the URL's host needs no port
  CHECK(error_of([&] { login("mysql:///d?defaults-file=" + files.write("p", "[client]\nport=x\n")); }).exit ==
        Exit::usage);
  CHECK(error_of([&] { login("mysql://u@h/d?tls=verify&ca=/nonexistent"); }).exit == Exit::usage);
}

TEST_CASE("encryption is needed wherever others could listen, unless the user wrote tls=off") {
  const auto needed = [](const std::string& url) {
    const auto found = login(url);
    return found.needs_tls(found.endpoints.at(0));
  };
  CHECK_FALSE(needed("mysql://u@/d?socket=/s"));
  CHECK_FALSE(needed("mysql://u@localhost/d"));
  CHECK_FALSE(needed("mysql://u@127.0.0.1/d"));
  CHECK_FALSE(needed("mysql://u@127.9.9.9/d"));
  CHECK_FALSE(needed("mysql://u@[::1]/d"));
  CHECK(needed("mysql://u@128.0.0.1/d"));
  CHECK(needed("mysql://u@localhost.example/d"));
  CHECK(needed("mysql://u@[fd00::2]/d"));
  CHECK_FALSE(needed("mysql://u@db.example/d?tls=off"));
  CHECK(needed("mysql://u@localhost/d?tls=require"));
}

TEST_CASE("a wrong password is unavailable, with a hint and without the password", "[mysql]") {
  const TestDatabase database;
  MysqlServer::shared().execute("CREATE USER IF NOT EXISTS locked@localhost IDENTIFIED BY 'right-pw'");
  MysqlServer::shared().execute("GRANT SELECT ON " + database.name() + ".* TO locked@localhost");
  const auto url = MysqlServer::shared().url(database.name(), "locked");
  const Variable variable("INVCTL_DB_PASSWORD", "wrong-pw");
  const auto error = error_of([&] { db::open_connection(url); });
  CHECK(error.exit == Exit::unavailable);
  CHECK(error.code == "login_refused");
  CHECK(error.message.find("wrong-pw") == std::string::npos);
  CHECK(error.hint.find("INVCTL_DB_PASSWORD") != std::string::npos);
  const Variable right("INVCTL_DB_PASSWORD", "right-pw");
  CHECK_NOTHROW(db::open_connection(url));
}

TEST_CASE("a database or server that is not there is unavailable", "[mysql]") {
  const auto missing = error_of([] { db::open_connection(MysqlServer::shared().url("no_such_database")); });
  CHECK(missing.exit == Exit::unavailable);
  CHECK(missing.hint.find("CREATE DATABASE") != std::string::npos);
  CHECK(error_of([] { db::open_connection("mysql://u@/d?socket=/nonexistent/s"); }).exit ==
        Exit::unavailable);
  CHECK(error_of([] { db::open_connection("mysql://u@127.0.0.1:1/d"); }).exit == Exit::unavailable);
}

TEST_CASE("the first host that answers is used, and a full server is busy", "[mysql]") {
  const auto server = MysqlServer::start({"--max-connections=10", "--extra-port=0"});
  const auto name = server->make_database();
  const auto port = std::to_string(server->port());
  const auto url = "mysql://" + std::string(operator_user) + "@127.0.0.1:1,127.0.0.1:" + port + "/" + name;
  CHECK(number(*db::open_connection(url), "SELECT 1") == 1);
  const auto single = server->tcp_url(name, operator_user);
  std::vector<std::unique_ptr<db::Connection>> all;
  const db::MysqlOptions impatient{.full_server_patience = std::chrono::milliseconds(300),
                                   .silence = std::chrono::seconds(60)};
  const auto error = error_of([&] {
    for (int i = 0; i < 12; ++i)
      all.push_back(std::make_unique<db::MysqlConnection>(db::parse_url(single), impatient));
  });
  CHECK(error.exit == Exit::busy);
  CHECK(all.size() >= 10);
  all.clear();
  CHECK_NOTHROW(db::open_connection(single));
}

}  // namespace mysql_login_test
