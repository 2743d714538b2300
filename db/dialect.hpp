// Everything in which the engines' SQL differs. The rest of db/ is one text for all of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace invctl::db {

// How many rows one statement writes at most. `any`: as many as there are; else a power of two, largest
// first, so that any number of rows is written by a few statements out of a few that are kept prepared.
struct PieceSize {
  std::size_t most;
  bool any;
};

struct Dialect {
  std::string_view name;  // as in the schema files: "sqlite", "mysql"

  // A write transaction excludes every other one, so that rows need no locks of their own and ids may be
  // counted on from the highest. (SQLite: the whole file is locked.)
  bool exclusive_writer;

  std::string_view for_update;      // after a SELECT that locks its rows
  std::string_view for_share;       // after one that keeps others from changing them
  std::string_view by_primary_key;  // after a table name: find the rows through the primary key

  // A join that reads the table on its left first, whatever the planner thinks of it.
  std::string_view ordered_join;

  // The database's clock as microseconds since 1970.
  std::string_view now;

  std::string_view table_exists;  // a query that counts the tables of a name
  std::string_view any_table;     // a query for the name of a table, where there is one

  // A statement costs a round trip on a server and nearly nothing in process; long ones are slow to prepare.
  PieceSize rows_per_insert;
  PieceSize rows_per_update;

  // The least id that the last INSERT gave, as an expression for the statement after it; empty where ids are
  // known before. They are read back from there on and told apart by their keys, because how they go on is
  // not certain (a Galera node steps by more than one, and others insert meanwhile).
  std::string_view first_new_id;

  // For an operation that is written and committed in one round trip, before its id is known here: a
  // statement that notes the id, directly after the conditional update and with the number of rows ({}) that
  // this must have matched; and the expression for it, which no row takes where they did not match. Empty
  // where ids are known before.
  std::string_view note_operation;
  std::string_view noted_operation;

  // How many rows the statement before has matched, as a query.
  std::string_view rows_matched;

  // How many operations or rows are read at a time where a table is read whole; 0: all, because rows come one
  // by one. A server's client library buffers the answer.
  std::size_t rows_per_page;

  // The statements of a schema file. Triggers hold semicolons: their bodies end at END;.
  std::vector<std::string> split_statements(std::string_view sql) const;
};

extern const Dialect sqlite_dialect;
extern const Dialect mysql_dialect;

}  // namespace invctl::db
