// Every strategy and every scenario through the program, with threads and with processes.
#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "harness.hpp"
#include "json_schema.hpp"

namespace simulate_strategies_test {

using namespace invctl::test;
using nlohmann::json;

namespace {

Result simulate(std::vector<std::string> args, const RunOptions& options = {}) {
  args.insert(args.begin(), {"simulate-concurrency", "--json", "--lock-timeout", "60s"});
  return run(args, options);
}

std::string first_broken(const json& report) {
  for (const auto& check : report.at("verdict").at("checks")) {
    if (!check.at("ok")) return check.at("name");
  }
  return "";
}

const std::vector<std::string> safe_strategies = {"pessimistic",  "conditional", "optimistic", "advisory",
                                                  "serializable", "reserve",     "combined",   "guards-only"};
const std::vector<std::string> modes = {"threads", "processes"};

}  // namespace

TEST_CASE("twenty buyers for ten units: every strategy sells ten, with threads and with processes") {
  for (const auto& strategy : safe_strategies) {
    for (const auto& mode : modes) {
      const auto result = simulate({"--scenario", "ten-twenty", "--strategy", strategy, "--mode", mode});
      INFO(strategy << " with " << mode << result);
      REQUIRE(result.exit == 0);
      const auto report = result.json();
      CHECK(report.at("sold") == 10);
      CHECK(report.at("sold_out") == 10);
      CHECK(report.at("oversold") == 0);
      CHECK(report.at("verdict").at("checks").size() == 15);
    }
  }
}

TEST_CASE("several rows in one order: every strategy holds where orders meet in any order of theirs") {
  for (const auto& strategy : safe_strategies) {
    const auto result = simulate({"--scenario", "multi-line", "--strategy", strategy, "--buyers", "60",
                                  "--stock", "15", "--products", "5", "--lines", "3"});
    INFO(strategy << result);
    REQUIRE(result.exit == 0);
    const auto report = result.json();
    CHECK(report.at("buyers_sold").get<int>() + report.at("sold_out").get<int>() == 60);
    CHECK(report.at("sold").get<int>() == 3 * report.at("buyers_sold").get<int>());
  }
}

TEST_CASE("every scenario holds, and its numbers are those that were asked for") {
  const std::map<std::string, std::vector<std::string>> scenarios = {
      {"spread", {"--buyers", "80", "--products", "9", "--stock", "4", "--skew", "1.5"}},
      {"in-out", {"--buyers", "60", "--window", "100ms"}},
      {"read-write", {"--buyers", "120", "--window", "100ms", "--stock", "5"}}};
  for (const auto& [scenario, numbers] : scenarios) {
    for (const auto& mode : modes) {
      auto args = numbers;
      args.insert(args.end(), {"--scenario", scenario, "--mode", mode});
      const auto result = simulate(args);
      INFO(scenario << " with " << mode << result);
      REQUIRE(result.exit == 0);
      const auto report = result.json();
      CHECK(report.at("scenario") == scenario);
      const auto answered = report.at("buyers_sold").get<int>() + report.at("sold_out").get<int>() +
                            report.at("looks").get<int>();
      CHECK(answered == report.at("buyers"));
      if (scenario == "read-write") CHECK(report.at("looks") > 20);
      if (scenario == "spread") CHECK(report.at("sold_out") > 0);
    }
  }
}

TEST_CASE("processes that are killed while they serve ask again, and each is served once") {
  const auto result = simulate({"--scenario", "crash", "--buyers", "60", "--stock", "25", "--kills", "25",
                                "--window", "300ms", "--workers", "12"});
  INFO(result);
  REQUIRE(result.exit == 0);
  const auto report = result.json();
  CHECK(report.at("mode") == "processes");
  CHECK(report.at("kills") > 0);
  CHECK(report.at("processes").get<int>() > 60);
  CHECK(report.at("sold") == 25);
  CHECK(report.at("failed") == 0);
}

TEST_CASE("a lock that expires oversells when its holder is slow; a token that the data checks stops it") {
  for (const auto& mode : modes) {
    const std::vector<std::string> slow = {
        "--scenario", "ten-twenty", "--strategy", "advisory-ttl", "--ttl",  "30ms", "--pause",   "400ms",
        "--window",   "500ms",      "--arrivals", "uniform",      "--mode", mode,   "--workers", "20"};
    const auto broken = simulate(slow);
    INFO(mode << broken);
    CHECK(broken.exit == 7);
    CHECK(first_broken(broken.json()) == "sold-what-there-was");
    auto fenced = slow;
    fenced.emplace_back("--fence");
    const auto held = simulate(fenced);
    INFO(held);
    CHECK(held.exit == 0);
    CHECK(held.json().at("sold") == 10);
    CHECK(held.json().at("retries") > 0);
  }
}

TEST_CASE("strategies are compared on the same demand by turns, and one that breaks is named") {
  const auto result = simulate({"--compare", "pessimistic,combined", "--rounds", "2", "--buyers", "60",
                                "--stock", "20", "--window", "50ms"});
  INFO(result);
  REQUIRE(result.exit == 0);
  const auto report = result.json();
  Database db;
  check_schema(db, {"simulate-concurrency"}, report);
  REQUIRE(report.at("runs").size() == 4);
  std::vector<std::string> order;
  for (const auto& one : report.at("runs")) {
    order.push_back(one.at("strategy"));
    CHECK(one.at("sold") == 20);
  }
  CHECK(order == std::vector<std::string>{"pessimistic", "combined", "pessimistic", "combined"});
  for (const auto& row : report.at("comparison")) {
    CHECK(row.at("broken_rounds") == 0);
    CHECK(row.at("throughput_per_s").at("min") <= row.at("throughput_per_s").at("median"));
    CHECK(row.at("throughput_per_s").at("median") <= row.at("throughput_per_s").at("max"));
  }
  const auto caught =
      simulate({"--compare", "pessimistic,none", "--rounds", "1", "--scenario", "ten-twenty"});
  INFO(caught);
  CHECK(caught.exit == 7);
  CHECK(caught.error().at("lines").at(0).at("strategy") == "none");
  CHECK(caught.json().at("comparison").at(0).at("broken_rounds") == 0);
  CHECK(caught.json().at("comparison").at(1).at("broken_rounds") == 1);
  const auto table = run({"simulate-concurrency", "--compare", "pessimistic,guards-only", "--rounds", "1",
                          "--scenario", "ten-twenty"});
  CHECK(table.out.find("STRATEGY") != std::string::npos);
  std::istringstream lines(table.out);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
}

TEST_CASE("in place it leaves nothing but history, and products that are retired and empty") {
  Database db;
  db.must({"warehouse", "add", "EAST", "--name", "East"});
  db.must({"product", "add", "BOLT", "--name", "Bolt", "--price", "2.50"});
  db.must({"receive", "-w", "EAST", "BOLT=10"});
  for (const auto& mode : modes) {
    const auto result = db.run({"simulate-concurrency", "--in-place", "--json", "--scenario", "ten-twenty",
                                "--stock", "15", "--mode", mode});
    INFO(mode << result);
    REQUIRE(result.exit == 0);
    CHECK(result.json().at("sold") == 15);
  }
  for (const auto& row : db.must({"stock", "--json"}).json()) {
    CHECK(row.at("on_hand") == (row.at("sku") == "BOLT" ? 10 : 0));
  }
  CHECK(db.must({"product", "list", "--json"}).json().size() == 1);
  CHECK(db.must({"warehouse", "list", "--json"}).json().size() == 1);
  const auto all = db.must({"product", "list", "--all", "--json"}).json();
  CHECK(all.size() == 3);
  for (const auto& product : all) {
    if (product.at("sku") == "BOLT") continue;
    CHECK(product.at("retired") == true);
    CHECK(product.at("on_hand") == 0);
  }
  CHECK(db.run({"verify"}).exit == 0);
}

TEST_CASE("in place, who is ended between a hold and its confirmation leaves nothing held either") {
  Database db;
  auto run = db.start({"simulate-concurrency", "--in-place", "--scenario", "ten-twenty", "--strategy",
                       "reserve", "--mode", "processes", "--think-time", "60s"});
  const auto holds = [&] { return db.must({"reservation", "list", "--json"}).json().size(); };
  for (int i = 0; i < 1000 && holds() < 10; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  REQUIRE(holds() == 10);
  run->signal(SIGINT);
  const auto result = run->wait();
  INFO(result);
  CHECK(result.exit == 130);
  CHECK(holds() == 0);
  for (const auto& row : db.must({"stock", "--json"}).json()) CHECK(row.at("on_hand") == 0);
  CHECK(db.must({"product", "list", "--json"}).json().empty());
  CHECK(db.run({"verify"}).exit == 0);
}

TEST_CASE("the demand of a file is replayed, one day of it or the busiest") {
  const TempDir dir;
  std::ofstream(dir.path("orders.csv")) << "kind,warehouse,sku,quantity,user,reason,occurred_at\n"
                                           "purchase,W,A,2,ann,,2026-01-01T10:00:00Z\n"
                                           "purchase,W,A,2,bob,,2026-01-02T10:00:00Z\n"
                                           "ship,W,B,3,,,2026-01-02T11:00:00Z\n"
                                           "receive,W,B,5,,,2026-01-02T12:00:00Z\n"
                                           "adjust,W,B,-1,,broken,2026-01-03T12:00:00Z\n";
  const auto replay = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--scenario", "replay", dir.path("orders.csv"), "--stock", "3"});
    return simulate(more);
  };
  const auto all = replay({});
  INFO(all);
  REQUIRE(all.exit == 0);
  CHECK(all.json().at("buyers") == 5);
  CHECK(all.json().at("products") == 2);
  CHECK(all.json().at("quantity").is_null());  // as the file has it
  // Two of A twice are more than three; of B there is enough or not, as the receipt comes before it or after.
  CHECK(all.json().at("sold_out") >= 1);
  CHECK(all.json().at("sold_out") <= 2);
  CHECK(replay({"--day", "busiest"}).json().at("buyers") == 3);
  CHECK(replay({"--day", "2026-01-01"}).json().at("buyers") == 1);
  const auto nothing = replay({"--day", "2025-01-01"});
  CHECK(nothing.exit == 8);
  CHECK(nothing.error().at("code") == "no_requests");
  std::ofstream(dir.path("orders.csv"), std::ios::app) << "purchase,W,A,two,ann,,\nsteal,W,A,1,ann,,\n";
  const auto bad = replay({});
  CHECK(bad.exit == 8);
  CHECK(bad.error().at("lines").size() == 2);
  CHECK(bad.error().at("lines").at(0).at("line") == 7);
}

TEST_CASE("a rate for a time is as many buyers, and a process may serve many") {
  const auto result = simulate({"--rate", "200", "--duration", "500ms", "--stock", "1000", "--mode",
                                "processes", "--workers", "5", "--per-process", "0"});
  INFO(result);
  REQUIRE(result.exit == 0);
  const auto report = result.json();
  CHECK(report.at("buyers") == 100);
  CHECK(report.at("processes") == 5);
  CHECK(report.at("sold") == 100);
  CHECK(report.at("fairness").at("jain") > 0.2);
  CHECK(report.at("fairness").at("last_winner") == 100);
}

TEST_CASE("the page is written once, holds what the report says, and never replaces a file") {
  const TempDir dir;
  const auto path = dir.path("page.html");
  const std::vector<std::string> args = {"--compare",  "pessimistic,none", "--rounds", "1",
                                         "--scenario", "ten-twenty",       "--html",   path};
  const auto result = simulate(args);
  INFO(result);
  CHECK(result.exit == 7);
  const auto page = read_file(path);
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(page.find("sold-what-there-was") != std::string::npos);
  CHECK(page.find("<script") == std::string::npos);
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::others_read) ==
        std::filesystem::perms::none);
  const auto again = simulate(args);
  CHECK(again.exit == 5);
  CHECK(again.error().at("code") == "already_exists");
}

}  // namespace simulate_strategies_test
