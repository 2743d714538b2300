// A thousand buyers for a hundred units on a server, with the program's own simulator.
#include <catch2/catch.hpp>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "cli/harness.hpp"
#include "server/mysql_server.hpp"

namespace buyers_test {

using namespace invctl::test;

namespace {

Result simulate(const MysqlServer& server, std::vector<std::string> args) {
  args.insert(args.begin(), {"simulate-concurrency", "--json", "--lock-timeout", "60s"});
  return run(args, {.env = {{"INVCTL_DB", server.url("mysql")}}, .timeout = std::chrono::seconds(300)});
}

void check_sold_out_exactly(const Result& result, int buyers, int units) {
  INFO(result);
  REQUIRE(result.exit == 0);
  const auto report = result.json();
  CHECK(report.at("engine") == "mysql");
  CHECK(report.at("sold") == units);
  CHECK(report.at("buyers_sold") == units);
  CHECK(report.at("sold_out") == buyers - units);
  CHECK(report.at("oversold") == 0);
  CHECK(report.at("failed") == 0);
  CHECK(report.at("busy") == 0);
  CHECK(report.at("verdict").at("ok") == true);
}

}  // namespace

TEST_CASE(
    "a thousand buyers for a hundred units on a server: a hundred get one each, as threads and as "
    "processes") {
  const auto& server = MysqlServer::shared();
  for (const std::string mode : {"threads", "processes"}) {
    INFO(mode);
    const auto result = simulate(server, {"--mode", mode});
    check_sold_out_exactly(result, 1000, 100);
    // Acknowledged keys are counted once each by the verdict's own check.
    std::set<std::string> holding;
    const auto report = result.json();
    for (const auto& check : report.at("verdict").at("checks")) {
      if (check.at("ok")) holding.insert(check.at("name"));
    }
    CHECK(holding.count("acknowledged-once") == 1);
    CHECK(holding.count("sold-what-there-was") == 1);
  }
}

TEST_CASE("all at once, by guards alone, or through fewer connections than buyers: never one too many") {
  const auto& server = MysqlServer::shared();
  check_sold_out_exactly(
      simulate(server, {"--window", "0", "--buyers", "300", "--workers", "64", "--stock", "30"}), 300, 30);
  check_sold_out_exactly(
      simulate(server, {"--strategy", "guards-only", "--window", "0", "--buyers", "200", "--stock", "30"}),
      200, 30);
}

TEST_CASE("a server with fewer connections than buyers makes them wait, and none is failed or lied to") {
  const auto server = MysqlServer::start({"--max-connections=15"});
  const auto name = server->make_database();
  const TempDir home;
  const RunOptions options{.env = {{"HOME", home.path()}, {"INVCTL_DB", server->url(name)}},
                           .cwd = home.path()};
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"init-db"},
                                             {"warehouse", "add", "E"},
                                             {"product", "add", "B", "--price", "1"},
                                             {"receive", "-w", "E", "B=20"}}) {
    REQUIRE(run(words, options).exit == 0);
  }
  std::mutex mutex;
  std::map<int, int> exits;
  std::vector<std::thread> buyers;
  for (int i = 0; i < 40; ++i) {
    buyers.emplace_back([&, i] {
      for (int n = 0; n < 3; ++n) {
        const auto key = std::to_string(i) + "-" + std::to_string(n);
        const auto result =
            run({"purchase", "B=1", "--user", "u", "--id", key, "--lock-timeout", "60s"}, options);
        const std::scoped_lock lock(mutex);
        ++exits[result.exit];
      }
    });
  }
  for (auto& buyer : buyers) buyer.join();
  CHECK(exits == std::map<int, int>{{0, 20}, {4, 100}});
  const auto root = server->root();
  invctl::db::Query refused(*root, "SHOW GLOBAL STATUS LIKE 'Connection_errors_max_connections'");
  REQUIRE(refused.next());
  // The limit was felt; a sanitizer's processes start too slowly for that.
  if (!is_sanitized) CHECK(refused.text(1) != "0");
  CHECK(run({"verify"}, options).exit == 0);
}

TEST_CASE("negative control: reading, then writing, without a lock oversells on a server and is caught") {
  for (const std::string mode : {"threads", "processes"}) {
    const auto result = simulate(MysqlServer::shared(), {"--strategy", "none", "--mode", mode, "--buyers",
                                                         "60", "--stock", "20", "--window", "0"});
    INFO(mode << result);
    CHECK(result.exit == 7);
    const auto report = result.json();
    CHECK(report.at("oversold") > 0);
    CHECK(report.at("verdict").at("ok") == false);
    CHECK(result.error().at("code") == "invariant");
  }
}

}  // namespace buyers_test
