// Who logs in, where, and how far the way there is trusted.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "url.hpp"

namespace sql {
class Connection;
}

namespace invctl::db {

struct MysqlEndpoint {
  std::string host;  // empty with a socket
  std::uint16_t port = 3306;
  std::string socket;

  // Reached without a wire that others could listen to: a socket, localhost or a loopback address.
  bool is_local() const;
  std::string shown() const;  // "db1:3307", "[::1]:3306", "/run/mysqld/mysqld.sock"
};

struct MysqlLogin {
  std::string user, password, database, ca_file;
  Url::Tls tls = Url::Tls::automatic;
  std::vector<MysqlEndpoint> endpoints;  // in the order in which they are tried; never empty

  // Whether a session over this endpoint must be encrypted. It must wherever others could listen, unless the
  // user wrote tls=off.
  bool needs_tls(const MysqlEndpoint& endpoint) const;
};

// Completes what a URL leaves open: the user (defaults-file, else the OS user), the password
// (URL, else INVCTL_DB_PASSWORD, else password-file, else defaults-file), the server (defaults-file, else
// localhost). A defaults-file is read as the mysql client does: user, password, host, port and socket of its
// [client] section. Throws Error(usage) for a file that cannot be read, holds a password that every user of
// the machine can read, or includes others.
MysqlLogin resolve_login(const Url& url);

struct MysqlTimeouts {
  std::chrono::seconds connect{5};
  std::chrono::seconds read{0};  // the longest silence of a server during one statement; 0: no limit
  std::chrono::seconds lock_wait{5};
};

// A session that is ready for use: READ COMMITTED, UTC, utf8mb4, strict mode, matched-row counts, no LOAD
// DATA LOCAL, encrypted and checked as the login says. Throws sql::SQLException, numbered, and Error where
// encryption is needed but was not agreed.
std::unique_ptr<sql::Connection> open_session(const MysqlLogin& login, const MysqlEndpoint& endpoint,
                                              const MysqlTimeouts& timeouts);

}  // namespace invctl::db
