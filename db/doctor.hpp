// `invctl doctor`: looks at a database and its server and says what keeps it from being safe or from working.
#pragma once

#include <string>
#include <vector>

#include "connection.hpp"
#include "url.hpp"

namespace invctl::db {

struct Finding {
  enum class Level {
    ok,
    warning,  // it works, but less safely than it could
    problem,  // it does not work
  };
  Level level = Level::ok;
  std::string check;   // stable name, such as "journal" or "tls"
  std::string value;   // what was found
  std::string advice;  // what to do; empty where nothing is wrong
};

// Never throws for what it finds: a database that cannot be opened is a finding too.
std::vector<Finding> examine(const std::string& url);

// The parts of examine(), one per engine; `connection` is open.
void examine_schema(Connection& connection, std::vector<Finding>& findings);
void examine_sqlite(Connection& connection, const Url& url, std::vector<Finding>& findings);
void examine_mysql(Connection& connection, const Url& url, std::vector<Finding>& findings);

}  // namespace invctl::db
