#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "harness.hpp"

namespace simulate_test {

using namespace invctl::test;
using nlohmann::json;

namespace {

// Runs simulations with a TMPDIR of its own, so that what they leave behind is seen.
class Simulator {
 public:
  Simulator() { std::filesystem::create_directory(scratch()); }

  std::string scratch() const { return dir_.path("tmp"); }
  std::size_t left_behind() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(scratch())) {
      // ThreadSanitizer has a file of its own there for a moment.
      if (!entry.path().filename().string().starts_with("tsan.")) ++count;
    }
    return count;
  }
  RunOptions options() const { return {.env = {{"TMPDIR", scratch()}}, .cwd = dir_.path()}; }
  Result run(std::vector<std::string> args) const {
    return invctl::test::run(words(std::move(args)), options());
  }
  Process start(std::vector<std::string> args) const { return Process(words(std::move(args)), options()); }

 private:
  static std::vector<std::string> words(std::vector<std::string> args) {
    args.insert(args.begin(), "simulate-concurrency");
    return args;
  }
  TempDir dir_;
};

std::set<std::string> broken_checks(const json& report) {
  std::set<std::string> names;
  for (const auto& check : report.at("verdict").at("checks")) {
    if (!check.at("ok")) names.insert(check.at("name"));
  }
  return names;
}

std::vector<int> children_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  std::vector<int> children;
  for (int child = 0; file >> child;) children.push_back(child);
  return children;
}

// The children of a process once there are `count` of them.
std::vector<int> wait_for_children(int pid, std::size_t count) {
  for (int i = 0; i < 2000; ++i) {
    auto children = children_of(pid);
    if (children.size() >= count) return children;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return {};
}

}  // namespace

TEST_CASE(
    "a flash sale sells exactly the stock, with threads and with processes, locked and by guards alone") {
  const Simulator simulator;
  for (const std::string strategy : {"pessimistic", "guards-only"}) {
    for (const std::string mode : {"threads", "processes"}) {
      INFO(strategy << " with " << mode);
      const auto result = simulator.run({"--strategy", strategy, "--mode", mode, "--buyers", "100", "--stock",
                                         "30", "--window", "200ms", "--lock-timeout", "60s", "--json"});
      INFO(result);
      REQUIRE(result.exit == 0);
      CHECK(result.err.empty());
      const auto report = result.json();
      CHECK(report.at("strategy") == strategy);
      CHECK(report.at("mode") == mode);
      CHECK(report.at("engine") == "sqlite");
      CHECK(report.at("sold") == 30);
      CHECK(report.at("buyers_sold") == 30);
      CHECK(report.at("sold_out") == 70);
      CHECK(report.at("oversold") == 0);
      CHECK(report.at("busy") == 0);
      CHECK(report.at("failed") == 0);
      CHECK(report.at("processes") == (mode == "processes" ? 100 : 0));
      CHECK(report.at("verdict").at("ok") == true);
      CHECK(report.at("verdict").at("checks").size() == 15);
      CHECK(report.at("latency_ms").at("p50") <= report.at("latency_ms").at("max"));
      CHECK(report.at("latency_ms").at("max") > 0);
      CHECK(report.at("inversions").at("pairs") > 0);
    }
  }
  CHECK(simulator.left_behind() == 0);
}

TEST_CASE("without lock and guards the same sale oversells, is caught and ends with exit 7") {
  const Simulator simulator;
  for (const std::string mode : {"threads", "processes"}) {
    INFO(mode);
    const auto result = simulator.run(
        {"--strategy", "none", "--mode", mode, "--buyers", "60", "--stock", "20", "--window", "0", "--json"});
    INFO(result);
    REQUIRE(result.exit == 7);
    const auto report = result.json();
    CHECK(report.at("oversold") > 0);
    CHECK(report.at("sold") == report.at("oversold").get<int>() + 20);
    const auto broken = broken_checks(report);
    CHECK(broken.count("sold-what-there-was") == 1);
    CHECK(broken.count("versions-gapless") == 1);
    CHECK(broken.count("balance-equals-ledger") == 1);
    const auto error = result.error();
    CHECK(error.at("code") == "invariant");
    CHECK(error.at("lines").size() == broken.size());
    CHECK(error.at("lines").at(0).at("check") == "sold-what-there-was");
  }
  CHECK(simulator.left_behind() == 0);
}

TEST_CASE("a thousand buyers for a hundred units: a hundred get one each") {
  const Simulator simulator;
  const auto threads = simulator.run({"--lock-timeout", "60s", "--json"});
  INFO(threads);
  REQUIRE(threads.exit == 0);
  CHECK(threads.json().at("sold") == 100);
  CHECK(threads.json().at("sold_out") == 900);

  const auto processes = simulator.run({"--mode", "processes", "--lock-timeout", "60s", "--json"});
  INFO(processes);
  REQUIRE(processes.exit == 0);
  CHECK(processes.json().at("sold") == 100);
  CHECK(processes.json().at("sold_out") == 900);
  CHECK(processes.json().at("processes") == 1000);
}

TEST_CASE("a hundred processes at once share a hundred units, one each") {
  const Simulator simulator;
  const auto result = simulator.run({"--mode", "processes", "--buyers", "100", "--stock", "100", "--window",
                                     "0", "--lock-timeout", "60s", "--json"});
  INFO(result);
  REQUIRE(result.exit == 0);
  CHECK(result.json().at("sold") == 100);
  CHECK(result.json().at("workers") == 100);
  CHECK(result.json().at("inversions").at("pairs") == 0);  // nobody came before another
}

TEST_CASE("processes are served in the order of their arrival, but for a few") {
  const Simulator simulator;
  const auto result = simulator.run({"--mode", "processes", "--buyers", "100", "--stock", "100", "--arrivals",
                                     "uniform", "--window", "1s", "--lock-timeout", "60s", "--json"});
  INFO(result);
  REQUIRE(result.exit == 0);
  const auto inversions = result.json().at("inversions");
  WARN("inversions of 100 processes 10 ms apart: " << inversions.dump());
  CHECK(inversions.at("pairs") == 4950);
  // Where a process takes long to start it comes later than it was sent.
  CHECK(inversions.at("share") < (is_sanitized ? 0.5 : 0.1));
}

TEST_CASE("twenty real purchases of one unit each out of ten: ten succeed and ten are told that it is gone") {
  Database db;
  db.must({"warehouse", "add", "EAST", "--name", "East"});
  db.must({"product", "add", "BOLT", "--name", "Bolt", "--price", "2.50"});
  db.must({"receive", "-w", "EAST", "BOLT=10"});
  std::vector<std::unique_ptr<Process>> buyers;
  for (int i = 0; i < 20; ++i) {
    buyers.push_back(db.start(
        {"purchase", "BOLT=1", "--user", "buyer-" + std::to_string(i), "--lock-timeout", "60s", "--json"}));
  }
  int sold = 0;
  int refused = 0;
  std::set<std::int64_t> operations;
  for (auto& buyer : buyers) {
    const auto result = buyer->wait();
    INFO(result);
    if (result.exit == 0) {
      ++sold;
      operations.insert(result.json().at("operation").get<std::int64_t>());
    } else {
      REQUIRE(result.exit == 4);
      CHECK(result.error().at("code") == "insufficient_stock");
      ++refused;
    }
  }
  CHECK(sold == 10);
  CHECK(refused == 10);
  CHECK(operations.size() == 10);
  CHECK(db.integer("SELECT on_hand FROM inventory") == 0);
  CHECK(db.integer("SELECT count(*) FROM purchase") == 10);
  CHECK(db.integer("SELECT count(*) FROM movement") == 11);
  CHECK(db.integer("SELECT count(DISTINCT version) FROM movement") == 11);
  CHECK(db.integer("SELECT max(version) FROM movement") == 11);
}

TEST_CASE("a quantity that does not divide the stock leaves the rest") {
  const Simulator simulator;
  const auto result =
      simulator.run({"--buyers", "20", "--stock", "10", "--quantity", "3", "--window", "0", "--json"});
  INFO(result);
  REQUIRE(result.exit == 0);
  CHECK(result.json().at("buyers_sold") == 3);
  CHECK(result.json().at("sold") == 9);
}

TEST_CASE("with nothing in stock everybody is refused, and with enough nobody is") {
  const Simulator simulator;
  const auto nothing = simulator.run({"--buyers", "10", "--stock", "0", "--window", "0", "--json"});
  CHECK(nothing.exit == 0);
  CHECK(nothing.json().at("sold_out") == 10);
  const auto enough = simulator.run({"--buyers", "10", "--stock", "50", "--window", "0", "--json"});
  CHECK(enough.exit == 0);
  CHECK(enough.json().at("sold") == 10);
}

TEST_CASE("a worker that is killed is a buyer without an answer, and the run ends with exit 7") {
  const Simulator simulator;
  // The second buyer comes after five seconds: until then his process waits.
  auto run = simulator.start({"--mode", "processes", "--buyers", "2", "--stock", "2", "--window", "10s",
                              "--arrivals", "uniform", "--json"});
  REQUIRE(wait_for_children(run.pid(), 2).size() == 2);
  auto waiting = children_of(run.pid());
  while (waiting.size() == 2) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    waiting = children_of(run.pid());
  }
  REQUIRE(waiting.size() == 1);  // the first has bought and gone
  ::kill(waiting.front(), SIGKILL);
  const auto result = run.wait();
  INFO(result);
  REQUIRE(result.exit == 7);
  CHECK(result.json().at("failed") == 1);
  CHECK(result.json().at("sold") == 1);
  CHECK(broken_checks(result.json()) == std::set<std::string>{"everyone-answered"});
  CHECK(result.err.find("killed by signal 9") != std::string::npos);
  CHECK(simulator.left_behind() == 0);
}

TEST_CASE("a signal ends a run at once, with its workers and without a trace") {
  const Simulator simulator;
  for (const std::string mode : {"threads", "processes"}) {
    for (const int number : {SIGINT, SIGTERM}) {
      INFO(mode << ", signal " << number);
      auto run = simulator.start({"--mode", mode, "--buyers", "20", "--window", "60s"});
      const auto children = mode == "processes" ? wait_for_children(run.pid(), 20) : std::vector<int>();
      for (int i = 0; i < 2000 && simulator.left_behind() == 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      REQUIRE(simulator.left_behind() == 1);
      run.signal(number);
      const auto result = run.wait();
      INFO(result);
      CHECK(result.exit == 128 + number);
      CHECK(result.out.empty());
      CHECK(simulator.left_behind() == 0);
      for (const int child : children) CHECK(::kill(child, 0) != 0);
    }
  }
}

TEST_CASE("--keep leaves the database behind, says where, and it can be looked at") {
  const Simulator simulator;
  const auto result = simulator.run({"--buyers", "5", "--stock", "3", "--window", "0", "--keep", "--json"});
  INFO(result);
  REQUIRE(result.exit == 0);
  const std::string url = result.json().at("database");
  CHECK(url.find(simulator.scratch()) != std::string::npos);
  CHECK(simulator.left_behind() == 1);
  const auto history = run({"history", "--db", url, "--json"});
  REQUIRE(history.exit == 0);
  CHECK(history.json().size() == 4);
  const auto status = std::filesystem::status(std::filesystem::path(url.substr(7)).parent_path());
  CHECK(status.permissions() == std::filesystem::perms::owner_all);
}

TEST_CASE("the user's own database is neither needed, nor created, nor touched") {
  if (backend_name() != "sqlite") return;
  const Simulator simulator;
  const TempDir dir;
  const auto absent = "sqlite:" + dir.path("absent.db");
  CHECK(simulator.run({"--db", absent, "--buyers", "5", "--window", "0"}).exit == 0);
  CHECK_FALSE(file_exists(dir.path("absent.db")));

  Database db;
  const auto before = read_file(db.url().substr(db.url().find(':') + 1));
  CHECK(simulator.run({"--db", db.url(), "--buyers", "5", "--window", "0"}).exit == 0);
  CHECK(read_file(db.url().substr(db.url().find(':') + 1)) == before);
  CHECK(simulator.left_behind() == 0);
}

TEST_CASE("the seed decides when everybody comes") {
  const Simulator simulator;
  const auto first = simulator.run({"--buyers", "5", "--window", "10ms", "--seed", "7", "--json"});
  REQUIRE(first.exit == 0);
  CHECK(first.json().at("seed") == 7);
  CHECK(first.json().at("arrivals") == "poisson");
}

TEST_CASE("a simulation that cannot be is refused, with what would work") {
  const Simulator simulator;
  const std::vector<std::vector<std::string>> wrong = {{"--scenario", "black-friday"},
                                                       {"--strategy", "guard-only"},
                                                       {"--mode", "fibres"},
                                                       {"--buyers", "0"},
                                                       {"--buyers", "-1"},
                                                       {"--buyers", "1e3"},
                                                       {"--buyers", "1000001"},
                                                       {"--stock", "-1"},
                                                       {"--stock", "9223372036854775807"},
                                                       {"--quantity", "0"},
                                                       {"--workers", "0"},
                                                       {"--workers", "1001"},
                                                       {"--window", "soon"},
                                                       {"--window", "2h"},
                                                       {"--think", "5"},
                                                       {"--arrivals", "never"},
                                                       {"--seed", "18446744073709551616"},
                                                       {"--in-place", "--strategy", "none"},
                                                       {"--in-place", "--keep"},
                                                       {"--rate", "5"},
                                                       {"--rate", "5", "--duration", "1s", "--buyers", "5"},
                                                       {"--compare", "pessimistic,pessimistic"},
                                                       {"--rounds", "3"},
                                                       {"--lines", "2"},
                                                       {"--skew", "-1"},
                                                       {"--skew", "nan"},
                                                       {"--per-process", "2"},
                                                       {"--scenario", "replay"},
                                                       {"--file", "x.csv"},
                                                       {"--day", "busiest"},
                                                       {"--ttl", "0"},
                                                       {"--kills", "1001"},
                                                       {"--kills", "1", "--mode", "threads"},
                                                       {"--strategy", "none", "--compare", "pessimistic"},
                                                       {"--fence"},
                                                       {"--ttl", "5s"},
                                                       {"--map", "sku=A"},
                                                       {"orders.csv"},
                                                       {"--scenario", "replay", "x.csv", "--buyers", "5"}};
  for (const auto& words : wrong) {
    auto args = words;
    args.push_back("--json");
    const auto result = simulator.run(args);
    INFO(result);
    CHECK(result.exit == 2);
    CHECK(result.out.empty());
    CHECK(result.error().at("exit") == 2);
  }
  CHECK(simulator.run({"--strategy", "guard-only"}).err.find("did you mean guards-only?") !=
        std::string::npos);
  CHECK(simulator.left_behind() == 0);
}

TEST_CASE("a place for the scratch database that does not exist is unavailable") {
  const Simulator simulator;
  auto options = simulator.options();
  options.env = {{"TMPDIR", simulator.scratch() + "/nowhere"}};
  const auto result = run({"simulate-concurrency", "--buyers", "1"}, options);
  CHECK(result.exit == 9);
  CHECK(result.err.find("TMPDIR") != std::string::npos);
}

TEST_CASE("a violation is exit 7 even where the report cannot be written") {
  const Simulator simulator;
  auto options = simulator.options();
  options.stdout_to = "/dev/full";
  const auto result =
      run({"simulate-concurrency", "--strategy", "none", "--buyers", "30", "--stock", "10", "--window", "0"},
          options);
  INFO(result);
  CHECK(result.exit == 7);
  CHECK(run({"simulate-concurrency", "--buyers", "3", "--window", "0"}, options).exit == 1);
}

TEST_CASE("the report says the same in every format") {
  const Simulator simulator;
  const std::vector<std::string> common = {"--buyers", "12", "--stock", "5", "--window", "0", "--format"};
  const auto formatted = [&](const std::string& format) {
    auto args = common;
    args.push_back(format);
    const auto result = simulator.run(args);
    REQUIRE(result.exit == 0);
    return result.out;
  };
  const auto csv = formatted("csv");
  CHECK(csv.starts_with("measure,value\n"));
  CHECK(csv.find("\nsold,5\n") != std::string::npos);
  CHECK(csv.find("\nlatency_ms.p99,") != std::string::npos);
  CHECK(csv.find("\nverdict.ok,true\n") != std::string::npos);
  CHECK(formatted("tsv").find("\nsold_out\t7\n") != std::string::npos);
  const auto ndjson = formatted("ndjson");
  CHECK(std::count(ndjson.begin(), ndjson.end(), '\n') == 1);
  const auto table = formatted("table");
  CHECK(table.starts_with("flash-sale: 12 buyers at once for 5 units under pessimistic\n"));
  CHECK(table.find("sold-what-there-was") != std::string::npos);

  // Every key of the answer is one that the schema names, and the other way round.
  const auto schema = run({"schema", "simulate-concurrency"}).json();
  const auto answer = json::parse(ndjson);
  std::set<std::string> described;
  std::set<std::string> given;
  for (const auto& item : schema.at("anyOf").at(0).at("properties").items()) described.insert(item.key());
  for (const auto& item : answer.items()) given.insert(item.key());
  CHECK(described == given);
}

}  // namespace simulate_test
