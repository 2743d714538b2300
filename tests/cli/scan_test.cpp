// Barcode scanners, from the outside.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>

#include "cli/harness.hpp"

namespace scan_test {

using namespace invctl::test;
using Catch::Contains;

namespace {

class Shop : public Database {
 public:
  Shop() : Database("KRW") {
    must({"warehouse", "add", "EAST"});
    must({"product", "add", "PEN", "--name", "펜", "--barcode", "4006381333931"});
    must({"product", "add", "SCREW M4", "--barcode", "96385074"});
    must({"receive", "-w", "EAST", "PEN=10"});
  }
  Result scan(std::vector<std::string> args, const std::string& lines) {
    RunOptions options;
    options.stdin_text = lines;
    return run(args, options);
  }
  std::int64_t on_hand(const std::string& sku) {
    const auto rows = must({"stock", "--sku", sku, "-w", "EAST", "--json"}).json();
    return rows.empty() ? 0 : rows.at(0).at("on_hand").get<std::int64_t>();
  }
};

}  // namespace

TEST_CASE("scans add up to one operation, and each is told at once", "[scan]") {
  Shop db;
  const auto result = db.scan({"receive", "-w", "EAST", "--scan", "--ref", "PO-7", "--json"},
                              "4006381333931\r\n\r\n3*96385074\nPEN\n(01)04006381333931(30)6\n");
  REQUIRE(result.exit == 0);
  CHECK(result.json().at("lines").size() == 2);
  CHECK(result.json().at("reference") == "PO-7");
  CHECK(db.on_hand("PEN") == 18);
  CHECK(db.on_hand("SCREW M4") == 3);
  CHECK_THAT(result.err, Contains("PEN  펜  +1 = 1\n") && Contains("SCREW M4  SCREW M4  +3 = 3\n"));
  CHECK_THAT(result.err, Contains("PEN  펜  +6 = 8\n"));
  CHECK(db.integer("SELECT count(*) FROM operation") == 2);
  const auto quiet = db.scan({"ship", "-w", "EAST", "--scan", "-q"}, "PEN");  // without a line end
  CHECK(quiet.exit == 0);
  CHECK(quiet.err.empty());
  CHECK(db.on_hand("PEN") == 17);
}

TEST_CASE("what is not known is told at once, keeps everything from being posted, and loses nothing",
          "[scan]") {
  Shop db;
  const auto result = db.scan({"receive", "-w", "EAST", "--scan", "--note", "dock 2", "--json"},
                              "PEN\n4006381333948\n2*96385074\n4006381333930\n\xff\n");
  CHECK(result.exit == 8);
  CHECK_THAT(result.err, Contains("stdin:2: no product \"4006381333948\"") && Contains("stdin:4: ") &&
                             Contains("check digit is wrong") && Contains("stdin:5: it is not UTF-8"));
  CHECK(result.error().at("lines").size() == 3);
  CHECK_THAT(result.err,
             Contains("without scanning again: invctl receive -w EAST --note 'dock 2' PEN=1 'SCREW M4=2'\n"));
  CHECK(db.on_hand("PEN") == 10);
  // Taken back, the rest is posted.
  const auto corrected = db.scan({"receive", "-w", "EAST", "--scan"}, "PEN\nNONE\nundo\nPEN\nundo\n3*PEN\n");
  CHECK(corrected.exit == 0);
  CHECK(db.on_hand("PEN") == 14);
  CHECK(db.scan({"receive", "-w", "EAST", "--scan"}, "PEN\nundo\nundo\n").exit == 2);
  CHECK(db.scan({"receive", "-w", "EAST", "--scan"}, "").exit == 2);
  CHECK(db.scan({"receive", "-w", "EAST", "--scan", "PEN=1"}, "PEN").exit == 2);
  CHECK(db.scan({"receive", "-w", "EAST", "--scan"}, std::string(5000, 'x')).exit == 8);
}

TEST_CASE("scans that cannot be posted are told, to be posted another time", "[scan]") {
  Shop db;
  const auto result = db.scan({"ship", "-w", "EAST", "--scan", "--id", "K 1"}, "11*PEN\n");
  CHECK(result.exit == 4);
  CHECK_THAT(result.err, Contains("without scanning again: invctl ship -w EAST --id 'K 1' PEN=11\n"));
  CHECK(db.on_hand("PEN") == 10);
}

TEST_CASE("a product added while others scan is known", "[scan]") {
  Shop db;
  const auto path = db.dir().path("scanner");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  RunOptions options;
  options.wrapper = {"sh", "-c", "exec \"$@\" < '" + path + "'", "sh"};
  const auto scanner = db.start({"receive", "-w", "EAST", "--scan"}, options);
  const auto out = std::unique_ptr<FILE, int (*)(FILE*)>(std::fopen(path.c_str(), "w"), std::fclose);
  REQUIRE(out);
  std::fputs("PEN\n", out.get());
  std::fflush(out.get());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  db.must({"product", "add", "LATE", "--barcode", "5901234123457"});
  std::fputs("5901234123457\n", out.get());
  std::fflush(out.get());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  scanner->signal(SIGINT);
  const auto result = scanner->wait();
  CHECK(result.exit == 130);
  CHECK_THAT(result.err, Contains("LATE  LATE  +1 = 1"));
  CHECK_THAT(result.err, Contains("without scanning again: invctl receive -w EAST PEN=1 LATE=1\n"));
  CHECK(db.on_hand("PEN") == 10);
}

TEST_CASE("a count takes scans too", "[scan]") {
  Shop db;
  db.must({"count", "open", "-w", "EAST"});
  REQUIRE(db.scan({"count", "enter", "1", "--scan"}, "4006381333931\n8*PEN\n").exit == 0);
  const auto more = db.scan({"count", "enter", "1", "--scan", "--add", "--json"}, "PEN\n");
  CHECK(more.json().at("lines").at(0).at("counted") == 10);
  CHECK(db.run({"count", "enter", "1"}).exit == 2);
  CHECK(db.run({"count", "enter", "1", "PEN=1", "--scan"}).exit == 2);
  db.must({"count", "close", "1"});
  CHECK(db.on_hand("PEN") == 10);
}

}  // namespace scan_test
