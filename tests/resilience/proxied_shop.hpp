// A shop that is reached through a proxy, which can break its connections.
#pragma once

#include <string>
#include <vector>

#include "cli/harness.hpp"
#include "server/mysql_server.hpp"
#include "server/tcp_proxy.hpp"

namespace invctl::test {

inline constexpr int always = 1'000'000;

// A database on the server, and a proxy through which the program reaches it.
class ProxiedDatabase : public Database {
 public:
  ProxiedDatabase() : Database("USD", "mysql"), proxy(MysqlServer::shared().socket()) {}

  std::string name() const {
    const auto from = url().find("@/") + 2;
    return url().substr(from, url().find('?') - from);
  }
  std::string address(const std::string& hosts) const {
    return std::string("mysql://") + operator_user + "@" + hosts + "/" + name();
  }
  std::string proxied() const { return "127.0.0.1:" + std::to_string(proxy.port()); }
  Result through(const std::vector<std::string>& args) { return through(proxied(), args); }
  Result through(const std::string& hosts, const std::vector<std::string>& args) {
    return run(args, {.env = {{"INVCTL_DB", address(hosts)}}});
  }

  std::int64_t stored(const std::string& key) {
    return integer("SELECT COUNT(*) FROM operation WHERE idempotency_key = '" + key + "'");
  }
  std::int64_t on_hand() { return integer("SELECT SUM(on_hand) FROM inventory"); }

  TcpProxy proxy;
};

class ProxiedShop : public ProxiedDatabase {
 public:
  ProxiedShop() {
    must({"warehouse", "add", "E"});
    must({"product", "add", "B", "--price", "1"});
    must({"receive", "-w", "E", "B=1000", "--id", "opening"});
  }
};

}  // namespace invctl::test
