#include "server/galera_cluster.hpp"

#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <stdexcept>

#include "mysql_connection.hpp"
#include "server/server_process.hpp"

namespace invctl::test {

namespace {

const char* fixture_script = PROJECT_DIR "/tests/server/galera_fixture.sh";

}  // namespace

GaleraCluster::GaleraCluster()
    : directory_((std::filesystem::temp_directory_path() / "invctl-cluster-XXXXXX").string()) {
  if (mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("no temporary directory");
  script({"start", directory_});
  if (const auto why = first_line(directory_ + "/skipped")) throw std::runtime_error("SKIPPED: " + *why);
}

GaleraCluster::~GaleraCluster() {
  try {
    script({"stop", directory_});
    std::filesystem::remove_all(directory_);
  } catch (const std::exception&) {
    // Its files stay behind; the test has its result.
  }
}

void GaleraCluster::script(const std::vector<std::string>& words) const {
  run_program(fixture_script, words);
}

std::string GaleraCluster::url(const std::string& database, const std::vector<int>& nodes,
                               const std::string& user) const {
  std::string hosts;
  for (const int node : nodes) {
    if (!hosts.empty()) hosts += ",";
    hosts += "127.0.0.1:" + first_line(directory_ + "/" + std::to_string(node) + "/port").value();
  }
  return "mysql://" + user + "@" + hosts + "/" + database;
}

std::unique_ptr<db::Connection> GaleraCluster::root(int node) const {
  const auto socket = first_line(directory_ + "/" + std::to_string(node) + "/socket").value();
  return db::open_mysql(db::parse_url("mysql://root@/mysql?socket=" + socket));
}

std::int64_t GaleraCluster::number(int node, const std::string& sql) const {
  const auto connection = root(node);
  // What other nodes have acknowledged is waited for.
  connection->execute("SET SESSION wsrep_sync_wait = 1");
  db::Query query(*connection, sql);
  if (!query.next()) throw std::runtime_error("no row: " + sql);
  return query.integer(0);
}

std::string GaleraCluster::status(int node, const std::string& name) const {
  const auto connection = root(node);
  db::Query query(*connection, "SHOW STATUS LIKE '" + name + "'");
  return query.next() ? query.text(1) : "";
}

void GaleraCluster::kill_hard(int node) const {
  kill_and_wait(std::stoi(first_line(directory_ + "/" + std::to_string(node) + "/pid").value()));
}

void GaleraCluster::join(int node) const {
  script({"join", directory_, std::to_string(node)});
}

void GaleraCluster::become_primary(int node) const {
  root(node)->execute("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'");
}

}  // namespace invctl::test
