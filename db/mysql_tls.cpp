// Connector/C++ has no option that the client library would take as "TLS or nothing" (only with certificates
// checked, tls=verify), so its one call to mysql_real_connect is led through here: by the linker (--wrap, in
// cmake/Dependencies.cmake) where the libraries are archives, else by a function of that name in the program,
// which the dynamic linker finds first.
#include "mysql_tls.hpp"

#include <dlfcn.h>
#include <mariadb/mysql.h>

namespace invctl::db {

namespace {

struct Rule {
  bool needed = false;
  bool refused = false;
};
thread_local Rule rule;

using Connect = MYSQL* (*)(MYSQL*, const char*, const char*, const char*, const char*, unsigned int,
                           const char*, unsigned long);

MYSQL* connect_by_rule(Connect connect, MYSQL* session, const char* host, const char* user,
                       const char* password, const char* database, unsigned int port, const char* socket,
                       unsigned long flags) {
  // With a fingerprint to compare, even an empty one, which compares nothing, the library refuses a server
  // without TLS (MariaDB Connector/C 3.3, send_client_reply_packet). The tests see that it still does.
  if (rule.needed) mysql_optionsv(session, MARIADB_OPT_TLS_PEER_FP, "");
  MYSQL* connected = connect(session, host, user, password, database, port, socket, flags);
  if (rule.needed && connected == nullptr && session->server_capabilities != 0 &&
      (session->server_capabilities & CLIENT_SSL) == 0) {
    rule.refused = true;
  }
  return connected;
}

}  // namespace

TlsBeforeLogin::TlsBeforeLogin(bool needed) {
  rule = {.needed = needed};
}

TlsBeforeLogin::~TlsBeforeLogin() {
  rule = {};
}

bool TlsBeforeLogin::refused() const {
  return rule.refused;
}

}  // namespace invctl::db

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the names are the linker's.
extern "C" {

#ifdef INVCTL_WRAPPED_CLIENT

MYSQL* __real_mysql_real_connect(MYSQL* session, const char* host, const char* user, const char* password,
                                 const char* database, unsigned int port, const char* socket,
                                 unsigned long flags);
MYSQL* __wrap_mysql_real_connect(MYSQL* session, const char* host, const char* user, const char* password,
                                 const char* database, unsigned int port, const char* socket,
                                 unsigned long flags);

MYSQL* __wrap_mysql_real_connect(MYSQL* session, const char* host, const char* user, const char* password,
                                 const char* database, unsigned int port, const char* socket,
                                 unsigned long flags) {
  return invctl::db::connect_by_rule(__real_mysql_real_connect, session, host, user, password, database, port,
                                     socket, flags);
}

#else

MYSQL* mysql_real_connect(MYSQL* session, const char* host, const char* user, const char* password,
                          const char* database, unsigned int port, const char* socket, unsigned long flags) {
  static const auto next = reinterpret_cast<invctl::db::Connect>(dlsym(RTLD_NEXT, "mysql_real_connect"));
  if (next == nullptr) return nullptr;
  return invctl::db::connect_by_rule(next, session, host, user, password, database, port, socket, flags);
}

#endif

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
