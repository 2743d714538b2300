#include "mysql_login.hpp"

#include <arpa/inet.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <mysql_connection.h>
#include <mysql_driver.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>

#include "core/error.hpp"
#include "core/text.hpp"
#include "mysql_tls.hpp"

namespace invctl::db {

namespace {

constexpr std::size_t secret_file_most = std::size_t{64} * 1024;

std::string read_secret_file(const std::string& path, std::string_view what) {
  const auto refuse = [&](const std::string& why, const std::string& hint = {}) {
    throw Error(Exit::usage, fmt::format("{} {}: {}", what, text::printable(path), why), hint);
  };
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) refuse(std::strerror(errno));
  struct stat info {};
  const bool regular = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  std::string content(secret_file_most + 1, '\0');
  std::size_t size = 0;
  ssize_t got = 0;
  while (size < content.size() && (got = read(fd, content.data() + size, content.size() - size)) > 0) {
    size += static_cast<std::size_t>(got);
  }
  const int failed = got < 0 ? errno : 0;
  close(fd);
  if (failed != 0) refuse(std::strerror(failed));
  if (regular && (info.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    refuse("every user of this machine can read or write it", "chmod 600 " + text::printable(path));
  }
  if (size > secret_file_most) refuse("it is too large to hold a password");
  content.resize(size);
  return content;
}

std::string first_line(const std::string& content) {
  auto line = content.substr(0, content.find('\n'));
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

// A value as my.cnf writes it: quotes are taken off, backslash escapes decoded, and where it is not quoted a
// # begins a comment.
std::string option_value(std::string_view raw) {
  raw = text::trim(raw);
  if (raw.size() >= 2 && (raw.front() == '"' || raw.front() == '\'') &&
      raw.find(raw.front(), 1) != std::string_view::npos) {
    raw = raw.substr(1, raw.rfind(raw.front()) - 1);
  } else {
    raw = text::trim(raw.substr(0, raw.find('#')));
  }
  static const std::map<char, char> escapes = {{'b', '\b'}, {'t', '\t'},  {'n', '\n'}, {'r', '\r'},
                                               {'s', ' '},  {'\\', '\\'}, {'"', '"'},  {'\'', '\''}};
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto escaped = raw[i] == '\\' && i + 1 < raw.size() ? escapes.find(raw[i + 1]) : escapes.end();
    if (escaped == escapes.end()) {
      out += raw[i];
    } else {
      out += escaped->second;
      ++i;
    }
  }
  return out;
}

std::map<std::string, std::string> read_client_options(const std::string& path) {
  std::map<std::string, std::string> options;
  bool ours = false;
  const auto content = read_secret_file(path, "defaults-file");
  for (const auto raw : text::split(content, '\n')) {
    const auto line = text::trim(raw);
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
    if (line.starts_with('!')) {
      throw Error(
          Exit::usage,
          fmt::format("defaults-file {}: {} is not followed", text::printable(path), text::printable(line)),
          "name the file that has the [client] section");
    }
    if (line.starts_with('[')) {
      ours = text::trim(line.substr(0, line.find(']') + 1)) == "[client]";
      continue;
    }
    const auto equals = line.find('=');
    if (!ours || equals == std::string_view::npos) continue;
    options[std::string(text::trim(line.substr(0, equals)))] = option_value(line.substr(equals + 1));
  }
  return options;
}

std::uint16_t parse_port(const std::string& value, const std::string& path) {
  std::uint16_t port = 0;
  const auto result = std::from_chars(value.data(), value.data() + value.size(), port);
  if (result.ec != std::errc() || result.ptr != value.data() + value.size() || port == 0) {
    throw Error(Exit::usage, fmt::format("defaults-file {}: {} is not a port", text::printable(path),
                                         text::quoted(value)));
  }
  return port;
}

std::string os_user() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return entry.pw_name;
  }
  throw Error(Exit::usage, "the database's address names no user, and this user has no name",
              "write mysql://user@host/database");
}

// Debug builds of the client library count its threads: each one that connects says hello and goodbye.
class ThreadScope {
 public:
  explicit ThreadScope(sql::mysql::MySQL_Driver* driver) : driver_(driver) { driver_->threadInit(); }
  ~ThreadScope() { driver_->threadEnd(); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  sql::mysql::MySQL_Driver* driver_;
};

sql::mysql::MySQL_Driver* driver_of_this_thread() {
  static std::once_flag once;
  static sql::mysql::MySQL_Driver* driver = nullptr;
  std::call_once(once, [] { driver = sql::mysql::get_driver_instance(); });
  thread_local const ThreadScope scope(driver);
  return driver;
}

// One statement for all of it: each would be a round trip. The comments are conditional: MariaDB executes the
// first and MySQL 8 the second name of the same variable.
std::string session_settings(const MysqlTimeouts& timeouts) {
  return fmt::format(
      "SET SESSION sql_mode = 'TRADITIONAL,ONLY_FULL_GROUP_BY', time_zone = '+00:00', "
      "/*M!100000 tx_isolation *//*!80000 transaction_isolation */ = 'READ-COMMITTED', "
      "default_storage_engine = InnoDB, innodb_lock_wait_timeout = {0}, lock_wait_timeout = {0}",
      timeouts.lock_wait.count());
}

sql::ConnectOptionsMap connect_options(const MysqlLogin& login, const MysqlEndpoint& endpoint,
                                       const MysqlTimeouts& timeouts) {
  const auto seconds = [](std::chrono::seconds s) { return static_cast<int>(s.count()); };
  sql::ConnectOptionsMap options;
  // With a socket no port may be set: the connector would take it for TCP.
  options["hostName"] = sql::SQLString((endpoint.socket.empty() ? "tcp://" : "unix://") + endpoint.shown());
  options["userName"] = sql::SQLString(login.user);
  options["password"] = sql::SQLString(login.password);
  options["schema"] = sql::SQLString(login.database);
  options["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  options["characterSetResults"] = sql::SQLString("utf8mb4");
  options["CLIENT_FOUND_ROWS"] = true;
  options["CLIENT_MULTI_STATEMENTS"] = true;  // statements that can go together do
  options["OPT_LOCAL_INFILE"] = 0;            // on by default, and then a hostile server may ask for files
  options["OPT_RECONNECT"] = false;           // a silent reconnect would lose a transaction without a word
  options["OPT_CONNECT_TIMEOUT"] = seconds(timeouts.connect);
  if (timeouts.read.count() > 0) {
    options["OPT_READ_TIMEOUT"] = seconds(timeouts.read);
    options["OPT_WRITE_TIMEOUT"] = seconds(timeouts.read);
  }
  if (login.needs_tls(endpoint)) {
    options["sslEnforce"] = true;
    if (login.tls == Url::Tls::verify) {
      options["sslVerify"] = true;
      options["sslCA"] = sql::SQLString(login.ca_file);
    }
  }
  options["postInit"] = sql::SQLString(session_settings(timeouts));
  return options;
}

[[noreturn]] void refuse_plaintext(const MysqlLogin& login, const MysqlEndpoint& endpoint) {
  const auto what = fmt::format("{} does not encrypt the connection", text::printable(endpoint.shown()));
  if (login.tls == Url::Tls::automatic) {
    throw Error(Exit::usage, "tls_missing", what + ", which goes over a network",
                "set up TLS on the server, or write tls=off in the address to accept that others can listen");
  }
  throw Error(Exit::unavailable, "tls_missing", what, "set up TLS on the server");
}

// Asks what connecting does not tell: whether TLS is in force (TlsBeforeLogin refused who does not offer it;
// a client library that knows no such rule falls back to plain text without a word) and whether a Galera node
// has joined its cluster.
void check_session(sql::Connection& session, const MysqlLogin& login, const MysqlEndpoint& endpoint) {
  const bool many = login.endpoints.size() > 1;
  if (!many && !login.needs_tls(endpoint)) return;
  const std::unique_ptr<sql::Statement> statement(session.createStatement());
  const std::unique_ptr<sql::ResultSet> rows(statement->executeQuery(
      "SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_cipher', 'wsrep_ready', 'wsrep_provider_name')"));
  std::map<std::string, std::string> status;
  while (rows->next()) status[text::lower_ascii(std::string(rows->getString(1)))] = rows->getString(2);
  if (login.needs_tls(endpoint) && status["ssl_cipher"].empty()) refuse_plaintext(login, endpoint);
  if (!many || status["wsrep_provider_name"].empty()) return;
  if (status["wsrep_ready"] != "ON") {
    throw sql::SQLException("this node is not part of the cluster's primary component", "08S01", 1047);
  }
  // What was acknowledged by another node a moment ago, to this process or to any other, is seen here: a read
  // waits until the node has caught up. Otherwise a new product would be unknown to who asks the next node.
  statement->execute("SET SESSION wsrep_sync_wait = 1");
}

}  // namespace

bool MysqlEndpoint::is_local() const {
  if (!socket.empty() || host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string MysqlEndpoint::shown() const {
  if (!socket.empty()) return socket;
  const bool ipv6 = host.find(':') != std::string::npos;
  return ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

bool MysqlLogin::needs_tls(const MysqlEndpoint& endpoint) const {
  switch (tls) {
    case Url::Tls::off:
      return false;
    case Url::Tls::automatic:
      return !endpoint.is_local();
    case Url::Tls::require:
    case Url::Tls::verify:
      return true;
  }
  return true;
}

MysqlLogin resolve_login(const Url& url) {
  std::map<std::string, std::string> defaults;
  if (!url.defaults_file.empty()) defaults = read_client_options(url.defaults_file);
  const auto from_defaults = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = defaults.find(name);
    return found == defaults.end() ? std::nullopt : std::optional(found->second);
  };

  MysqlLogin login;
  login.database = url.database;
  login.tls = url.tls;
  login.ca_file = url.ca_file;
  login.user = !url.user.empty() ? url.user : from_defaults("user").value_or("");
  if (login.user.empty()) login.user = os_user();

  if (url.password) {
    login.password = *url.password;
  } else if (const char* variable = std::getenv("INVCTL_DB_PASSWORD")) {
    login.password = variable;
  } else if (!url.password_file.empty()) {
    login.password = first_line(read_secret_file(url.password_file, "password-file"));
  } else {
    login.password = from_defaults("password").value_or("");
  }

  if (!url.socket.empty()) {
    login.endpoints.push_back({.host = "", .socket = url.socket});
  } else if (!url.hosts.empty()) {
    for (const auto& host : url.hosts) {
      login.endpoints.push_back({.host = host.name, .port = host.port, .socket = ""});
    }
  } else if (const auto socket = from_defaults("socket");
             socket && from_defaults("host").value_or("localhost") == "localhost") {
    login.endpoints.push_back({.host = "", .socket = *socket});
  } else {
    MysqlEndpoint endpoint{.host = from_defaults("host").value_or("localhost"), .socket = ""};
    if (const auto port = from_defaults("port")) endpoint.port = parse_port(*port, url.defaults_file);
    login.endpoints.push_back(std::move(endpoint));
  }

  if (login.tls == Url::Tls::verify && access(login.ca_file.c_str(), R_OK) != 0) {
    throw Error(Exit::usage,
                fmt::format("ca file {}: {}", text::printable(login.ca_file), std::strerror(errno)));
  }
  return login;
}

std::unique_ptr<sql::Connection> open_session(const MysqlLogin& login, const MysqlEndpoint& endpoint,
                                              const MysqlTimeouts& timeouts) {
  auto options = connect_options(login, endpoint, timeouts);
  const TlsBeforeLogin rule(login.needs_tls(endpoint));
  try {
    std::unique_ptr<sql::Connection> session(driver_of_this_thread()->connect(options));
    check_session(*session, login, endpoint);
    return session;
  } catch (const sql::SQLException&) {
    if (rule.refused()) refuse_plaintext(login, endpoint);
    throw;
  }
}

}  // namespace invctl::db
