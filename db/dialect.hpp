// Everything in which the engines' SQL differs. The rest of db/ is one text for all of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace invctl::db {

struct Dialect {
  std::string_view name;  // as in the schema files: "sqlite", "mysql"

  // A write transaction excludes every other one, so that rows need no locks of their own and ids may be
  // counted on from the highest. (SQLite: the whole file is locked.)
  bool exclusive_writer;

  std::string_view for_update;      // after a SELECT that locks its rows
  std::string_view by_primary_key;  // after a table name: find the rows through the primary key

  // The database's clock as microseconds since 1970.
  std::string_view now;

  std::string_view table_exists;  // a query that counts the tables of a name

  // How many rows one statement writes or changes at most. A statement costs a round trip on a server and
  // nearly nothing in process; long ones are slow to prepare.
  std::size_t rows_per_insert;
  std::size_t rows_per_update;

  // How many operations or rows are read at a time where a table is read whole; 0: all, because rows come one
  // by one. A server's client library buffers the answer.
  std::size_t rows_per_page;

  // The statements of a schema file. Triggers hold semicolons: their bodies end at END;.
  std::vector<std::string> split_statements(std::string_view sql) const;
};

extern const Dialect sqlite_dialect;
extern const Dialect mysql_dialect;

}  // namespace invctl::db
