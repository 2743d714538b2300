// Stocktaking, from the outside.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <memory>
#include <set>
#include <thread>

#include "cli/harness.hpp"
#include "cli/json_schema.hpp"

namespace count_test {

using namespace invctl::test;
using Catch::Contains;

namespace {

using Json = nlohmann::json;

class Shop : public Database {
 public:
  Shop() : Database("KRW") {
    must({"warehouse", "add", "EAST"});
    must({"warehouse", "add", "WEST"});
    must({"product", "add", "BOLT", "--name", "볼트"});
    must({"product", "add", "NUT", "--barcode", "4006381333931"});
    must({"product", "add", "NEW"});
    must({"receive", "-w", "EAST", "BOLT=10", "NUT=4"});
    must({"receive", "-w", "WEST", "BOLT=7"});
  }
  std::string open(std::vector<std::string> args = {}) {
    std::vector<std::string> command = {"count", "open", "-w", "EAST", "--json"};
    command.insert(command.end(), args.begin(), args.end());
    return std::to_string(must(command).json().at("count").get<std::int64_t>());
  }
  Json show(const std::string& count) { return must({"count", "show", count, "--json"}).json(); }
  std::int64_t on_hand(const std::string& sku, const std::string& warehouse = "EAST") {
    const auto rows = must({"stock", "--sku", sku, "-w", warehouse, "--json"}).json();
    return rows.empty() ? 0 : rows.at(0).at("on_hand").get<std::int64_t>();
  }
  void verify() { CHECK(run({"verify"}).exit == 0); }
};

}  // namespace

TEST_CASE("a count posts what differs, once, and leaves a movement for what does not", "[count]") {
  Shop db;
  const auto opened = db.must({"count", "open", "-w", "EAST", "--note", "autumn", "--json"}).json();
  check_schema(db, {"count", "open"}, opened);
  CHECK(opened.at("state") == "open");
  CHECK(opened.at("lines") == 2);
  CHECK(opened.at("counted") == 0);
  const auto count = std::to_string(opened.at("count").get<std::int64_t>());

  const auto entered = db.must({"count", "enter", count, "BOLT=8", "NUT=4", "--json"}).json();
  check_schema(db, {"count", "enter"}, entered);
  CHECK(entered.at("lines").at(0).at("counted") == 8);
  const auto shown = db.show(count);
  check_schema(db, {"count", "show"}, shown);
  CHECK(shown.at("lines").at(0).at("variance") == -2);
  CHECK(shown.at("lines").at(1).at("variance") == 0);
  CHECK(db.on_hand("BOLT") == 10);

  const auto trial = db.must({"count", "close", count, "--dry-run", "--json"}).json();
  CHECK(trial.at("lines").at(0).at("delta") == -2);
  CHECK(db.show(count).at("state") == "open");
  CHECK(db.on_hand("BOLT") == 10);

  const auto closed = db.must({"count", "close", count, "--json"}).json();
  check_schema(db, {"count", "close"}, closed);
  CHECK(closed.at("kind") == "count");
  CHECK(closed.at("lines").size() == 2);
  CHECK(db.on_hand("BOLT") == 8);
  CHECK(db.show(count).at("state") == "closed");
  CHECK(db.show(count).at("operation") == closed.at("operation"));
  const auto history = db.must({"history", "--kind", "count", "--json"}).json();
  CHECK(history.size() == 2);
  CHECK(history.at(0).at("reason") == "stocktaking");

  // Again: the same answer, whatever happened since.
  db.must({"ship", "-w", "EAST", "BOLT=1"});
  const auto again = db.must({"count", "close", count, "--json"}).json();
  CHECK(again.at("operation") == closed.at("operation"));
  CHECK(again.at("replayed") == true);
  CHECK(db.on_hand("BOLT") == 7);
  const auto otherwise = db.run({"count", "close", count, "--policy", "as-counted", "--json"});
  CHECK(otherwise.exit == 5);
  CHECK(otherwise.error_code() == "count_ended");
  const auto late = db.run({"count", "enter", count, "BOLT=1", "--json"});
  CHECK(late.exit == 5);
  CHECK(late.error_code() == "count_ended");
  CHECK(db.run({"count", "cancel", count}).exit == 5);
  db.verify();
}

TEST_CASE("a strict count refuses what moved, lists it, and does not mind what is only held", "[count]") {
  Shop db;
  const auto count = db.open();
  db.must({"count", "enter", count, "BOLT=10", "NUT=4"});
  db.must({"reserve", "-w", "EAST", "BOLT=3", "--ttl", "1h"});
  CHECK(db.show(count).at("lines").at(0).at("moved") == false);
  db.must({"count", "close", count, "--dry-run"});
  db.must({"receive", "-w", "EAST", "NUT=1"});
  db.must({"ship", "-w", "EAST", "BOLT=1"});
  const auto refused = db.run({"count", "close", count, "--json"});
  CHECK(refused.exit == 5);
  CHECK(refused.error_code() == "moved");
  CHECK(refused.error().at("lines").size() == 2);
  CHECK(db.show(count).at("state") == "open");
  CHECK(db.on_hand("BOLT") == 9);
  // It is not remembered: counted anew it can be closed another way.
  db.must({"count", "close", count, "--policy", "rebase"});
  CHECK(db.on_hand("BOLT") == 9);
  CHECK(db.on_hand("NUT") == 5);
  db.verify();
}

TEST_CASE("rebase posts the difference to the snapshot, as-counted what was counted", "[count]") {
  Shop db;
  const auto rebased = db.open();
  db.must({"count", "enter", rebased, "BOLT=9"});
  db.must({"ship", "-w", "EAST", "BOLT=3"});
  db.must({"count", "close", rebased, "--policy", "rebase"});
  CHECK(db.on_hand("BOLT") == 6);  // 10 - 3, and one was missing
  const auto counted = db.open();
  db.must({"ship", "-w", "EAST", "BOLT=2"});
  db.must({"count", "enter", counted, "BOLT=5"});
  db.must({"count", "close", counted, "--policy", "as-counted"});
  CHECK(db.on_hand("BOLT") == 5);
  CHECK(db.on_hand("NUT") == 4);  // was not counted
  db.verify();
}

TEST_CASE("a count never takes what is promised to others", "[count]") {
  Shop db;
  db.must({"reserve", "-w", "EAST", "BOLT=6", "--ttl", "1h"});
  const auto count = db.open();
  db.must({"count", "enter", count, "BOLT=5"});
  for (const auto* policy : {"strict", "rebase", "as-counted"}) {
    const auto refused = db.run({"count", "close", count, "--policy", policy, "--json"});
    CHECK(refused.exit == 4);
    CHECK(db.on_hand("BOLT") == 10);
  }
  db.verify();
}

TEST_CASE("a difference larger than allowed is refused, and every such one is listed", "[count]") {
  Shop db;
  const auto count = db.open();
  db.must({"count", "enter", count, "BOLT=7", "NUT=9"});
  const auto refused = db.run({"count", "close", count, "--max-variance", "2", "--json"});
  CHECK(refused.exit == 5);
  CHECK(refused.error_code() == "variance");
  CHECK(refused.error().at("lines").size() == 2);
  CHECK(db.on_hand("BOLT") == 10);
  CHECK(db.run({"count", "close", count, "--max-variance", "4", "--dry-run"}).exit == 5);
  CHECK(db.run({"count", "close", count, "--max-variance", "-1"}).exit == 2);
  CHECK(db.run({"count", "close", count, "--policy", "lenient"}).exit == 2);
  db.must({"count", "close", count, "--max-variance", "5"});
  CHECK(db.on_hand("NUT") == 9);
}

TEST_CASE("entries replace or add, and one id is entered once", "[count]") {
  Shop db;
  const auto count = db.open();
  const auto counted = [&](const std::string& sku) {
    const auto shown = db.show(count);
    for (const auto& line : shown.at("lines")) {
      if (line.at("sku") == sku) return line.at("counted");
    }
    return Json("absent");
  };
  db.must({"count", "enter", count, "BOLT=3"});
  db.must({"count", "enter", count, "BOLT=4", "--add"});
  CHECK(counted("BOLT") == 7);
  CHECK(counted("NUT").is_null());
  db.must({"count", "enter", count, "BOLT=5"});
  CHECK(counted("BOLT") == 5);
  db.must({"count", "enter", count, "BOLT=2", "NUT=1", "--add", "--id", "shelf-7"});
  const auto again =
      db.must({"count", "enter", count, "NUT=1", "BOLT=2", "--add", "--id", "shelf-7", "--json"}).json();
  CHECK(again.at("replayed") == true);
  CHECK(counted("BOLT") == 7);
  const auto other = db.run({"count", "enter", count, "BOLT=3", "--add", "--id", "shelf-7", "--json"});
  CHECK(other.exit == 5);
  CHECK(other.error_code() == "key_reused");
  // A product without a row, and one that does not exist.
  db.must({"count", "enter", count, "NEW=2"});
  CHECK(counted("NEW") == 2);
  const auto unknown = db.run({"count", "enter", count, "NUT=9", "NONE=1", "--json"});
  CHECK(unknown.exit == 3);
  CHECK(unknown.error().at("lines").at(0).at("sku") == "NONE");
  CHECK(counted("NUT") == 1);
  CHECK(db.run({"count", "enter", count, "NUT=9223372036854775807", "--add"}).exit == 5);
  CHECK(db.run({"count", "enter", count, "NUT=-1"}).exit == 2);
  CHECK(db.run({"count", "enter", "99", "NUT=1"}).exit == 3);
  // Who entered what stays.
  CHECK(db.integer("SELECT count(*) FROM count_entry") == 6);
  CHECK_THROWS(db.execute("UPDATE count_entry SET quantity = 1"));
  CHECK_THROWS(db.execute("DELETE FROM count_entry"));
  db.must({"count", "close", count});
  CHECK(db.on_hand("NEW") == 2);
  db.verify();
}

TEST_CASE("a sheet goes out as CSV and comes back filled in", "[count]") {
  Shop db;
  const auto count = db.open();
  const auto sheet = db.must({"count", "sheet", count, "--format", "csv"}).out;
  CHECK(sheet ==
        "warehouse,sku,name,unit,barcode,counted\nEAST,BOLT,볼트,,,\nEAST,NUT,NUT,,4006381333931,\n");
  CHECK(db.must({"count", "sheet", count}).out.find("10") == std::string::npos);  // counted blind
  const auto filled =
      db.dir().write("filled.csv", "warehouse,sku,counted\nEAST,BOLT,4\nEAST,NUT,\nEAST,BOLT,5\n");
  const auto loaded = db.must({"count", "load", count, filled, "--json"}).json();
  check_schema(db, {"count", "load"}, loaded);
  CHECK(loaded.at("lines").size() == 1);
  CHECK(loaded.at("lines").at(0).at("counted") == 9);

  const auto bad = db.dir().write("bad.csv", "sku,counted\nBOLT,1\nNUT,x\n,3\nNUT,-1\nBOLT\n");
  const auto refused = db.run({"count", "load", count, bad, "--json"});
  CHECK(refused.exit == 8);
  CHECK(refused.error().at("lines").size() == 4);
  CHECK(refused.error().at("lines").at(0).at("message").get<std::string>().find("bad.csv:3:") !=
        std::string::npos);
  CHECK(db.show(count).at("lines").at(0).at("counted") == 9);
  const auto foreign = db.dir().write("foreign.csv", "Artikel;Menge\nNUT;6\n");
  db.must({"count", "load", count, foreign, "--map", "sku=Artikel", "--map", "counted=Menge", "--delimiter",
           ";"});
  CHECK(db.show(count).at("lines").at(1).at("counted") == 6);
  CHECK(db.run({"count", "load", count, db.dir().write("none.csv", "sku,counted\nBOLT,\n")}).exit == 2);
}

TEST_CASE("what was not counted is left, or was not there", "[count]") {
  Shop db;
  const auto count = db.open();
  CHECK(db.run({"count", "close", count}).exit == 5);  // nothing was counted
  db.must({"count", "enter", count, "BOLT=10"});
  db.must({"count", "close", count, "--uncounted-is-zero", "--policy", "as-counted"});
  CHECK(db.on_hand("NUT") == 0);
  CHECK(db.on_hand("BOLT") == 10);
  const auto some = db.open({"--sku", "NUT"});
  CHECK(db.show(some).at("rows") == 1);
  // What joins the sheet later is remembered as it stands then.
  db.must({"count", "enter", some, "BOLT=10", "NUT=0"});
  db.must({"count", "close", some});
  CHECK(db.on_hand("BOLT") == 10);
  CHECK(db.run({"count", "open", "-w", "EAST", "--sku", "NONE"}).exit == 3);
  CHECK(db.run({"count", "open", "-w", "NORTH"}).exit == 3);
  db.verify();
}

TEST_CASE("a cancelled count posts nothing", "[count]") {
  Shop db;
  const auto count = db.open();
  db.must({"count", "enter", count, "BOLT=1"});
  CHECK(db.must({"count", "cancel", count, "--json"}).json().at("state") == "cancelled");
  db.must({"count", "cancel", count});
  CHECK(db.run({"count", "close", count}).exit == 5);
  CHECK(db.on_hand("BOLT") == 10);
  const auto list = db.must({"count", "list", "--json"}).json();
  check_schema(db, {"count", "list"}, list);
  CHECK(list.size() == 1);
}

TEST_CASE("a count closed by many at once is posted once", "[count]") {
  Shop db;
  const auto count = db.open();
  db.must({"count", "enter", count, "BOLT=8", "NUT=5"});
  std::vector<std::unique_ptr<Process>> closers;
  for (int i = 0; i < 8; ++i) closers.push_back(db.start({"count", "close", count, "--json"}));
  std::set<std::int64_t> operations;
  int first = 0;
  for (auto& closer : closers) {
    const auto result = closer->wait();
    REQUIRE(result.exit == 0);
    operations.insert(result.json().at("operation").get<std::int64_t>());
    first += result.json().at("replayed") == false;
  }
  CHECK(operations.size() == 1);
  CHECK(first == 1);
  CHECK(db.integer("SELECT count(*) FROM operation WHERE kind = 'count'") == 1);
  CHECK(db.on_hand("BOLT") == 8);
  db.verify();
}

namespace {

// Two hundred shipments a second, each an operation of its own, for two seconds.
class Dock {
 public:
  static constexpr int shipments = 400;

  explicit Dock(Shop& db) : db_(db) {
    const auto fifo = db.dir().path("dock");
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    RunOptions options;
    options.wrapper = {"sh", "-c", "exec \"$@\" < '" + fifo + "'", "sh"};
    process_ = db.start({"apply", "-", "--ack"}, options);
    truck_ = std::thread([fifo] {
      std::ofstream orders(fifo);
      const auto begin = std::chrono::steady_clock::now();
      for (int i = 0; i < shipments; ++i) {
        std::this_thread::sleep_until(begin + i * std::chrono::milliseconds(5));
        orders << R"({"kind":"ship","warehouse":"EAST","sku":"BOLT","quantity":1,"id":"s)" << i << "\"}"
               << std::endl;
      }
    });
  }
  ~Dock() { truck_.join(); }
  Dock(const Dock&) = delete;
  Dock& operator=(const Dock&) = delete;

  void wait_for_less_than(std::int64_t on_hand) const {
    for (int i = 0; i < 500 && db_.on_hand("BOLT") >= on_hand; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  Result end() const { return process_->wait(); }

 private:
  Shop& db_;
  std::unique_ptr<Process> process_;
  std::thread truck_;
};

}  // namespace

// The dock does not stop for the people who count. Whatever moves meanwhile, the ledger and the balance
// agree.
TEST_CASE("a count during two hundred shipments a second ends with the balance that its policy promises",
          "[count]") {
  const std::string policy = GENERATE("strict", "rebase", "as-counted");
  Shop db;
  db.must({"receive", "-w", "EAST", "BOLT=9990"});  // 10,000
  const Dock dock(db);
  dock.wait_for_less_than(10000);
  const auto count = db.open();
  const auto snapshot = db.show(count).at("lines").at(0).at("snapshot").get<std::int64_t>();
  dock.wait_for_less_than(snapshot);
  // Ten were missing when the count was opened.
  db.must({"count", "enter", count, "BOLT=" + std::to_string(snapshot - 10)});
  const auto closed = db.run({"count", "close", count, "--policy", policy, "--json"});
  const auto shipped = dock.end();
  INFO(policy << ", snapshot " << snapshot << ": " << closed << shipped.exit << shipped.err);
  REQUIRE(shipped.exit == 0);
  CHECK(db.integer("SELECT count(*) FROM operation WHERE kind = 'ship'") == Dock::shipments);
  if (policy == "strict") {
    CHECK(closed.exit == 5);
    CHECK(closed.error().at("code") == "moved");
    CHECK(db.on_hand("BOLT") == 10000 - Dock::shipments);
  } else {
    REQUIRE(closed.exit == 0);
    const auto line = closed.json().at("lines").at(0);
    const auto before = line.at("before").get<std::int64_t>();
    CHECK(before < snapshot);                 // it moved meanwhile,
    CHECK(before > 10000 - Dock::shipments);  // and went on moving
    const auto delta = policy == "rebase" ? -10 : snapshot - 10 - before;
    CHECK(line.at("delta") == delta);
    CHECK(db.on_hand("BOLT") == 10000 - Dock::shipments + delta);
  }
  db.verify();
}

}  // namespace count_test
