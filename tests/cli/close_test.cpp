// `close`: what happened in a closed month is complete, and stays as it is.
#include <algorithm>
#include <catch2/catch.hpp>

#include "harness.hpp"
#include "json_schema.hpp"

namespace close_test {

using namespace invctl::test;

namespace {

void add_places(Database& db) {
  db.must({"warehouse", "add", "EAST"});
  db.must({"product", "add", "BOLT", "--price", "1.00"});
}

std::string rows_file(Database& db, const std::string& rows) {
  static int files = 0;
  return db.dir().write("rows" + std::to_string(++files) + ".csv",
                        "kind,warehouse,sku,quantity,occurred_at,unit_cost\n" + rows);
}

void post(Database& db, const std::string& rows) {
  db.must({"apply", rows_file(db, rows), "--set", "reason=counted"});
}

void post_three_months(Database& db) {
  post(db,
       "receive,EAST,BOLT,100,2025-07-02,1.00\n"
       "ship,EAST,BOLT,30,2025-08-30,\n"
       "receive,EAST,BOLT,20,2025-10-01,1.60\n");
}

Result close(Database& db, const std::string& month) {
  return db.run({"close", "--period", month, "--json"});
}

// The name of the month that it is now.
std::string this_month(Database& db) {
  db.must({"receive", "-w", "EAST", "BOLT=1", "--id", "now"});
  return db.must({"history", "--limit", "1", "--json"})
      .json()[0]
      .at("recorded_at")
      .get<std::string>()
      .substr(0, 7);
}

}  // namespace

TEST_CASE("close writes down how things stood, once, and answers the same when it is repeated", "[close]") {
  Database db;
  add_places(db);
  post_three_months(db);
  const auto first = close(db, "2025-07");
  REQUIRE(first.exit == 0);
  CHECK(schema_faults(db.must({"schema", "close"}).json(), first.json()) == std::vector<std::string>{});
  CHECK(first.json().at("replayed") == false);
  CHECK(first.json().at("movements") == 1);
  auto again = close(db, "2025-07").json();
  CHECK(again.at("replayed") == true);
  again["replayed"] = false;
  CHECK(again == first.json());
  CHECK(db.integer("SELECT on_hand FROM period_balance") == 100);
  CHECK(db.must({"close", "--list", "--format", "csv"}).out.find("2025-07,1,1,") != std::string::npos);
  const auto verify = db.must({"verify"});
  CHECK(verify.out.find("periods                         ok") != std::string::npos);
}

TEST_CASE("months are closed in order; one without operations is closed along", "[close]") {
  Database db;
  add_places(db);
  post_three_months(db);
  const auto early = close(db, "2025-08");
  CHECK(early.exit == 5);
  CHECK(early.error_code() == "predecessor_open");
  CHECK(early.err.find("close --period 2025-07") != std::string::npos);
  CHECK(close(db, "2025-07").exit == 0);
  CHECK(close(db, "2025-08").exit == 0);
  // Nothing happened in September.
  CHECK(close(db, "2025-10").exit == 0);
  const auto between = close(db, "2025-09");
  CHECK(between.exit == 5);
  CHECK(between.error_code() == "closed_beyond");
  CHECK(db.integer("SELECT count(*) FROM period") == 3);
  CHECK(db.must({"report", "movements", "--period", "2025-09", "--json"}).json().at("closing") == 70);
}

TEST_CASE("a month that is not over cannot be closed", "[close]") {
  Database db;
  add_places(db);
  const auto result = close(db, this_month(db));
  INFO(result);
  CHECK(result.exit == 5);
  CHECK(result.error_code() == "not_over");
  CHECK((close(db, "9998-12")).error_code() == "not_over");
  CHECK(db.run({"close", "--period", "2025"}).exit == 2);
  CHECK(db.run({"close"}).exit == 2);
  CHECK(db.run({"close", "--list", "--dry-run"}).exit == 2);
}

TEST_CASE("close --dry-run tells all and changes nothing", "[close]") {
  Database db;
  add_places(db);
  post_three_months(db);
  const auto tried = db.must({"close", "--period", "2025-07", "--dry-run", "--json"}).json();
  CHECK(tried.at("dry_run") == true);
  CHECK(db.integer("SELECT count(*) FROM period") == 0);
  CHECK(close(db, "2025-07").json().at("digest") == tried.at("digest"));
}

TEST_CASE("what happened in a closed month is refused, and not remembered: with another time it is posted",
          "[close]") {
  Database db;
  add_places(db);
  post_three_months(db);
  REQUIRE(close(db, "2025-07").exit == 0);
  const auto late = rows_file(db, "receive,EAST,BOLT,5,2025-07-31T23:59:59.999999Z,\n");
  const auto result = db.run({"apply", late, "--json"});
  INFO(result);
  CHECK(result.exit == 5);
  CHECK(result.error_code() == "period_closed");
  // Before the first period too.
  CHECK(db.run({"apply", rows_file(db, "receive,EAST,BOLT,5,1999-01-01,\n")}).exit == 5);
  // The first instant behind it is open.
  post(db, "receive,EAST,BOLT,5,2025-08-01,\n");

  const auto named = [&](const std::string& time) {
    return db.dir().write(
        "named.csv", "id,kind,warehouse,sku,quantity,occurred_at\nk-1,receive,EAST,BOLT,5," + time + "\n");
  };
  CHECK(db.run({"apply", named("2025-07-01")}).exit == 5);
  CHECK(db.must({"apply", named("2025-08-02"), "--json"}).json().at("operations").at("applied") == 1);
  // What was posted before is replayed, however old it is.
  REQUIRE(close(db, "2025-08").exit == 0);
  CHECK(db.must({"apply", named("2025-08-02"), "--json"}).json().at("operations").at("replayed") == 1);

  const auto rejects = db.dir().path("rejects.csv");
  const auto mixed = rows_file(db, "receive,EAST,BOLT,6,2025-08-01,\nreceive,EAST,BOLT,6,2025-09-01,\n");
  CHECK(db.run({"apply", mixed, "--on-error", "skip", "--rejects", rejects}).exit == 12);
  CHECK(read_file(rejects).find("period_closed") != std::string::npos);
}

TEST_CASE("what was done in a closed month can be undone now, and counts now", "[close]") {
  Database db;
  add_places(db);
  post_three_months(db);
  for (const std::string month : {"2025-07", "2025-08", "2025-10"}) REQUIRE(close(db, month).exit == 0);
  db.must({"reverse", "2", "--reason", "came back"});
  CHECK(db.must({"report", "movements", "--period", "2025-08", "--json"}).json().at("out") == 30);
  CHECK(db.must({"report", "movements", "--json"}).json().at("closing") == 120);
  db.must({"verify"});
}

TEST_CASE("reports over closed months are those over open ones, and a tampered one is noticed", "[close]") {
  Database db;
  add_places(db);
  post_three_months(db);
  const std::vector<std::vector<std::string>> questions = {
      {"report", "movements", "--period", "2025-08", "--by", "sku"},
      {"report", "movements"},
      {"report", "valuation", "--at", "2025-09-01"},
      {"report", "valuation", "--method", "fifo"},
      {"report", "aging", "--at", "2025-12-01"},
      {"report", "turnover", "--period", "2025-08"}};
  std::vector<std::string> before;
  for (const auto& question : questions) before.push_back(db.must(question).out);
  for (const std::string month : {"2025-07", "2025-08", "2025-10"}) REQUIRE(close(db, month).exit == 0);
  for (std::size_t i = 0; i < questions.size(); ++i) CHECK(db.must(questions[i]).out == before[i]);

  SECTION("a balance") {
    CHECK_THROWS(db.execute("UPDATE period_balance SET on_hand = on_hand + 1"));
    db.execute("DROP TRIGGER period_balance_no_update");
    db.execute("UPDATE period_balance SET on_hand = on_hand + 1 WHERE on_hand = 70");
    CHECK(db.run({"report", "movements", "--period", "2025-08"}).exit == 7);
    CHECK(db.run({"report", "movements", "--period", "2025-10"}).exit == 7);
  }
  SECTION("a cost") {
    db.execute("DROP TRIGGER period_cost_no_update");
    db.execute("UPDATE period_cost SET value_minor = value_minor + 1");
  }
  SECTION("a layer") {
    db.execute("DROP TRIGGER period_layer_no_update");
    db.execute("UPDATE period_layer SET unit_cost_minor = 1 WHERE unit_cost_minor = 160");
  }
  SECTION("a digest") {
    db.execute("DROP TRIGGER period_no_update");
    db.execute("UPDATE period SET movements = movements + 1 WHERE name = '2025-10'");
  }
  const auto verify = db.run({"verify", "--json"});
  INFO(verify);
  CHECK(verify.exit == 7);
  CHECK(verify.json().at("violations")[0].at("check") == "periods");
  CHECK(db.run({"verify", "--check", "hash-chain"}).exit == 0);
}

TEST_CASE("a month that ten close at once is closed once, and no late posting slips in beside them",
          "[close]") {
  Database db;
  add_places(db);
  post_three_months(db);
  std::vector<std::unique_ptr<Process>> closing;
  std::vector<std::unique_ptr<Process>> posting;
  for (int i = 0; i < 10; ++i) {
    const auto late = rows_file(db, "receive,EAST,BOLT," + std::to_string(i + 1) + ",2025-07-20,\n");
    posting.push_back(db.start({"apply", late, "--lock-timeout", "60s"}));
    closing.push_back(db.start({"close", "--period", "2025-07", "--json", "--lock-timeout", "60s"}));
  }
  int fresh = 0;
  std::vector<std::string> digests;
  for (auto& process : closing) {
    const auto result = process->wait();
    INFO(result);
    REQUIRE(result.exit == 0);
    fresh += result.json().at("replayed") == false ? 1 : 0;
    digests.push_back(result.json().at("digest"));
  }
  CHECK(fresh == 1);
  CHECK(std::count(digests.begin(), digests.end(), digests.front()) == 10);
  for (auto& process : posting) {
    const auto exit = process->wait().exit;
    CHECK((exit == 0 || exit == 5));
  }
  const auto verify = db.run({"verify"});
  INFO(verify);
  CHECK(verify.exit == 0);
  CHECK(db.run({"report", "movements", "--period", "2025-07"}).exit == 0);
}

}  // namespace close_test
