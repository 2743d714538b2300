#include "mysql_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "core/text.hpp"
#include "stock/transactions.hpp"

namespace invctl::db {

namespace {

template <std::size_t N>
bool is_one_of(int number, const std::array<int, N>& numbers) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

// Numbers from 2000 on are the client library's own.
constexpr std::array unreachable = {2002, 2003, 2005, 2006, 2012, 2013, 2055, 1047, 1053, 1129,
                                    1130, 1158, 1159, 1160, 1161, 1184, 1927, 4031, 1152};
constexpr std::array full = {1040, 1203, 1226};
constexpr std::array repeatable = {1213, 1205, 1020, 3572, 1206, 1317, 1461, 1615, 1637, 1969, 3024, 3058};
// What this program sends has no faults of syntax. A Galera node that rolls a transaction back while it opens
// a table keeps the table's triggers half read, and says this to everybody who meets that copy of it
// afterwards (shown on MariaDB 10.11: 194 of 1,000 buyers of a hot row). Another node has no such copy.
constexpr int damaged_trigger = 1064;
// A row that refers to one of the same transaction which is not there any more: it was rolled back silently.
constexpr std::array refers_to_nothing = {1216, 1452};
// At the end of a transaction: it is not the one that was begun (1305, its savepoint is gone), or a row was
// not as it was read, so that the operation's id is NULL (1048, Dialect::note_operation).
constexpr std::array moved_at_commit = {1305, 1048};
// Where these stop a commit, it may be half done.
constexpr std::array doubtful_at_commit = {1180, 1317, 1969, 3024};
constexpr std::array denied = {1142, 1143, 1044, 1227, 1370};
constexpr std::array login_refused = {1045, 1251, 1524, 1698, 1820, 1862, 2059, 3118, 4151};
constexpr std::array read_only = {1290, 1792, 1836, 3102, 1015, 1036};
// A table, a column or a key is not there, or not as this program knows it. Whether there ever was one says
// read_settings().
constexpr std::array schema_damaged = {1146, 1054, 1046, 1136, 1176, 1364, 1932, 1033, 1017, 1356};
constexpr std::array no_room = {1021, 1114, 1026, 1030, 3, 20};

[[noreturn]] void throw_final(int number, const std::string& shown) {
  if (is_one_of(number, denied)) {
    throw Error(Exit::not_permitted, shown, "`invctl init-db --print-grants` prints what an account needs");
  }
  if (is_one_of(number, login_refused)) {
    throw Error(Exit::unavailable, "login_refused", shown,
                "the password comes from INVCTL_DB_PASSWORD, password-file=FILE or defaults-file=FILE");
  }
  if (is_one_of(number, read_only)) {
    throw Error(Exit::unavailable, "read_only", "the server takes no changes: " + shown,
                "write to the primary server");
  }
  if (is_one_of(number, schema_damaged)) {
    throw Error(Exit::unavailable, "schema_damaged", "the database is not as invctl made it: " + shown,
                "`invctl doctor` says what is missing");
  }
  if (is_one_of(number, no_room)) {
    throw Error(Exit::internal, "disk_full", "the server could not store it: " + shown,
                "make room on the server; then it is safe to repeat");
  }
  switch (number) {
    case 1153:
    case 2020:
      throw_packet_too_large(shown);
    case 4025:
    case 3819:
      throw Error(Exit::insufficient_stock, "a constraint of the database refuses the change");
    case 1690:
    case 1264:
      throw Error(Exit::conflict, "overflow", "a number would not fit 64 bits", "");
    case 1419:
      throw Error(
          Exit::not_permitted, shown,
          "the ledger's triggers need SET GLOBAL log_bin_trust_function_creators = 1 while init-db runs");
    case 1644:
      throw Error(Exit::not_permitted, "append_only", shown, "");
    case 2026:
    case 3159:
      throw Error(Exit::unavailable, "tls_failed", shown,
                  "tls=require encrypts, tls=verify with ca=FILE also checks who answers");
    case 1049:
      throw Error(Exit::unavailable, shown,
                  "an administrator creates it: CREATE DATABASE name CHARACTER SET utf8mb4");
    default:
      throw Error(Exit::internal, shown);
  }
}

}  // namespace

void throw_packet_too_large(const std::string& shown) {
  throw Error(Exit::unavailable, "packet_too_large", "the server does not take so much at once: " + shown,
              "an administrator raises it: SET GLOBAL max_allowed_packet = 16777216");
}

bool ends_session(int number, MysqlPhase phase) {
  return is_one_of(number, unreachable) || number == damaged_trigger ||
         (phase == MysqlPhase::commit && is_one_of(number, doubtful_at_commit));
}

bool is_server_full(int number) {
  return is_one_of(number, full);
}

bool may_try_next_host(int number) {
  return is_one_of(number, unreachable) || is_one_of(number, full);
}

void throw_mysql_error(int number, const std::string& text, MysqlPhase phase) {
  auto shown = fmt::format("{} (MySQL {})", text::printable(text), number);
  if (number == damaged_trigger) {
    throw StoreError(StoreError::Kind::lost, Exit::unavailable,
                     "the server cannot run its own triggers: " + shown,
                     "FLUSH TABLES on that server; where the address names several, the next one is tried");
  }
  if (ends_session(number, phase)) {
    throw StoreError(StoreError::Kind::lost, Exit::unavailable,
                     (phase == MysqlPhase::connect ? "cannot connect: " : "the connection broke: ") + shown);
  }
  if (is_server_full(number)) {
    throw StoreError(StoreError::Kind::retry, Exit::busy, "the server takes no more connections: " + shown,
                     "safe to repeat; --lock-timeout waits longer");
  }
  if (is_one_of(number, repeatable) || is_one_of(number, refers_to_nothing) ||
      (phase == MysqlPhase::commit && is_one_of(number, moved_at_commit))) {
    StoreError error(StoreError::Kind::retry, Exit::busy, "the database is busy: " + shown,
                     "safe to repeat; --lock-timeout waits longer");
    error.deadlock = number == 1213;
    throw error;
  }
  if (number == 1062 || number == 1586) {
    throw StoreError(StoreError::Kind::duplicate, Exit::conflict, "a unique key is taken");
  }
  throw_final(number, shown);
}

}  // namespace invctl::db
