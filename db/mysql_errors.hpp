// The program's errors for those of MySQL and MariaDB, by their numbers: texts and SQLSTATEs differ between
// servers and versions, numbers do not (ARCHITECTURE.md has the table).
#pragma once

#include <string>

namespace invctl::db {

enum class MysqlPhase {
  connect,
  statement,
  commit,  // some failures leave it open here whether the transaction was stored
};

// Whether the session is over after this error, so that only a new connection can go on.
bool ends_session(int number, MysqlPhase phase);

// Whether a server refuses a login only because it is full: worth another try a moment later.
bool is_server_full(int number);

// Whether another server of the list may be tried after this error of connecting; a refused login or a
// failed TLS handshake is final.
bool may_try_next_host(int number);

// Where a server takes no text as long as this one: it was not sent, or not read.
[[noreturn]] void throw_packet_too_large(const std::string& shown);

// Throws StoreError where the transaction can be repeated (retry, duplicate, lost), Error for all else.
// `text` is the server's message; it never holds a password.
[[noreturn]] void throw_mysql_error(int number, const std::string& text, MysqlPhase phase);

}  // namespace invctl::db
