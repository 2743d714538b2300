// Whether a database still has the tables, columns and triggers that the migrations made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"

namespace invctl::db {

struct SchemaPart {
  enum class Kind { table, column, trigger } kind = Kind::table;
  std::string name;         // "movement", "movement.hash", "movement_no_update"
  std::string type;         // of a column, in small letters, without the width at which an integer is shown
  std::string wanted = {};  // where it is of another type: the one that it should have

  std::string_view kind_name() const;
  std::string message() const;  // "column movement.hash is missing", "... is int, not bigint"
};

// All that the migrations of an engine make, in their order.
std::vector<SchemaPart> parts_of_schema(const Dialect& dialect);

struct SchemaCheck {
  std::vector<SchemaPart> gaps;  // what is missing or of another type; of a missing table nothing else
  bool sees_triggers = true;     // a server shows them only to accounts with the right TRIGGER
};
SchemaCheck check_schema(Connection& connection);

}  // namespace invctl::db
