// The one error type of the program. Every failure that a user can meet is an Error with an exit code from
// the table below, a stable code for scripts, a message for people and, where one helps, a hint.
// cmd/run.cpp holds the only catch that turns it into text or JSON.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace invctl {

// What happened to the database, as the exit code says it (design section 5).
enum class Exit : int {
  ok = 0,
  internal = 1,
  usage = 2,
  not_found = 3,
  insufficient_stock = 4,
  conflict = 5,
  busy = 6,
  invariant = 7,
  bad_input = 8,
  unavailable = 9,
  unknown_outcome = 10,
  not_permitted = 11,
  partial = 12,
  unreported = 13,
  alert = 20,
};

// The table's name of an exit code, such as "insufficient_stock".
std::string_view exit_name(Exit exit);

using FieldValue = std::variant<std::monostate, std::int64_t, std::string, bool>;

// One failing line of an operation or a file: what to tell a person, and the same as named values.
struct ErrorLine {
  std::string message;
  std::vector<std::pair<std::string, FieldValue>> fields;
};

class Error : public std::exception {
 public:
  // `code` is the stable name a script branches on; it defaults to the exit code's own name.
  Error(Exit exit, std::string message, std::string hint = {});
  Error(Exit exit, std::string code, std::string message, std::string hint);

  const char* what() const noexcept override { return message.c_str(); }
  Error& add_line(ErrorLine line) &;
  Error&& add_line(ErrorLine line) &&;

  Exit exit;
  std::string code;
  std::string message;           // lower case, no full stop, names the value and what would work
  std::string hint;              // empty: none
  std::vector<ErrorLine> lines;  // every failing line, in input order; may be empty
};

}  // namespace invctl
