// TLS before the login: where encryption is asked for, a server that does not offer it gets no byte of it.
#pragma once

namespace invctl::db {

// While one lives, what this thread connects to must encrypt: the client library refuses a server whose
// greeting does not offer TLS, before it answers. Without this it answers in plain text, and a server that
// then asks for mysql_clear_password, or for the password encrypted to a key it sends itself, has the
// password. Certificates are not checked here (MysqlLogin::tls verify does).
class TlsBeforeLogin {
 public:
  explicit TlsBeforeLogin(bool needed);
  ~TlsBeforeLogin();
  TlsBeforeLogin(const TlsBeforeLogin&) = delete;
  TlsBeforeLogin& operator=(const TlsBeforeLogin&) = delete;

  // Whether a server was refused for this since the scope began.
  [[nodiscard]] bool refused() const;
};

}  // namespace invctl::db
