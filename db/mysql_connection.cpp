#include "mysql_connection.hpp"

#include "core/error.hpp"

namespace invctl::db {

std::unique_ptr<Connection> open_mysql(const Url&) {
  throw Error(Exit::unavailable, "this build has no MySQL driver yet", "use sqlite:FILE");
}

}  // namespace invctl::db
