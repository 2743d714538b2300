// A shop on a server of its own, which a test may fill, lock and restart.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/harness.hpp"
#include "crash/script.hpp"
#include "server/cli_backend.hpp"
#include "server/mysql_server.hpp"

namespace invctl::test {

class OwnShop {
 public:
  explicit OwnShop(const std::vector<std::string>& options = {}, const std::string& data_in = {})
      : server(MysqlServer::start(options, data_in)), name(server->make_database()) {
    must({"init-db"}, "root");
    server->run_grants(must({"init-db", "--print-grants", "operator"}, "root").out);
  }
  // With a warehouse E and a product B, of which there are a thousand.
  void stock_up() const {
    must({"warehouse", "add", "E"});
    must({"product", "add", "B", "--price", "1"});
    must({"receive", "-w", "E", "B=1000", "--id", "opening"});
  }

  Result run(const Words& words, const std::string& user = operator_user, RunOptions options = {}) const {
    return test::run(words, complete(user, std::move(options)));
  }
  Result must(const Words& words, const std::string& user = operator_user) const {
    auto result = run(words, user);
    if (result.exit != 0) throw std::runtime_error(words.front() + ": " + result.err);
    return result;
  }
  std::unique_ptr<Process> start(const Words& words, RunOptions options = {}) const {
    return std::make_unique<Process>(words, complete(operator_user, std::move(options)));
  }

  std::string root_url() const { return server->url(name); }
  Rows rows(const std::string& sql) const { return rows_at(root_url(), sql); }
  void execute(const std::string& sql) const { execute_at(root_url(), sql); }
  std::int64_t integer(const std::string& sql) const { return std::stoll(rows(sql).at(0).at(0)); }
  std::int64_t stored(const std::string& key) const {
    return integer("SELECT COUNT(*) FROM operation WHERE idempotency_key = '" + key + "'");
  }
  std::int64_t on_hand() const { return integer("SELECT SUM(on_hand) FROM inventory"); }
  bool is_sound() const { return run({"verify"}, "root").exit == 0; }

  std::unique_ptr<MysqlServer> server;
  std::string name;
  TempDir dir;

 private:
  RunOptions complete(const std::string& user, RunOptions options) const {
    Environment env = {{"HOME", dir.path()}, {"INVCTL_DB", server->url(name, user)}};
    env.insert(env.end(), options.env.begin(), options.env.end());
    options.env = std::move(env);
    if (options.cwd.empty()) options.cwd = dir.path();
    return options;
  }
};

inline Words receive_one(const std::string& key, const std::string& patience) {
  return {"receive", "-w", "E", "B=1", "--id", key, "--lock-timeout", patience, "--json"};
}

}  // namespace invctl::test
