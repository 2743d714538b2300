// Where a database is: the text behind --db, taken apart and shown without its secrets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace invctl::db {

struct Host {
  std::string name;
  std::uint16_t port = 3306;
};

struct Url {
  enum class Engine { sqlite, mysql };
  enum class Tls { automatic, off, require, verify };

  Engine engine = Engine::sqlite;
  std::string path;  // sqlite: the file

  std::string user;                     // mysql from here on; empty: the defaults-file's or the OS user
  std::optional<std::string> password;  // only where it was written in the URL
  std::vector<Host> hosts;              // tried in order; empty with a socket
  std::string socket;
  std::string database;
  Tls tls = Tls::automatic;
  std::string ca_file, password_file, defaults_file;
};

// `sqlite:PATH`, a bare path, or `mysql://user@host:port,host2/database?param=value&...`; `mariadb://` is the
// same. Percent escapes are decoded in the parts of a mysql URL. Throws Error(usage).
Url parse_url(std::string_view text);

// The text with any password replaced by ***. Never throws, whatever the text.
std::string redact_url(std::string_view text);

}  // namespace invctl::db
