// `report`: what the program says of a small history that can be checked by hand.
#include <catch2/catch.hpp>

#include "harness.hpp"
#include "json_schema.hpp"

namespace report_test {

using namespace invctl::test;

namespace {

void add_places(Database& db) {
  db.must({"warehouse", "add", "EAST"});
  db.must({"warehouse", "add", "WEST"});
  db.must({"product", "add", "BOLT", "--name", "Bolt", "--price", "2.00"});
  db.must({"product", "add", "NUT", "--name", "Nut", "--price", "0.50"});
}

// One row: kind, warehouse, SKU, quantity, time and unit cost; the rest is filled in.
void post(Database& db, const std::string& rows) {
  static int files = 0;
  const auto file = db.dir().write("rows" + std::to_string(++files) + ".csv",
                                   "kind,warehouse,sku,quantity,occurred_at,unit_cost\n" + rows);
  db.must({"apply", file, "--set", "reason=counted", "--set", "user=kim"});
}

nlohmann::json report(Database& db, std::vector<std::string> words) {
  words.insert(words.begin(), "report");
  words.emplace_back("--json");
  return db.must(words).json();
}

nlohmann::json find(const nlohmann::json& rows, const std::string& key, const std::string& value) {
  for (const auto& row : rows) {
    if (row.at(key) == value) return row;
  }
  FAIL("no " << value << " in " << rows.dump());
  return {};
}

void fits_schema(Database& db, const std::string& name, const nlohmann::json& answer) {
  std::vector<std::string> question = {"schema", "report"};
  for (std::size_t at = 0; at < name.size();) {
    const auto space = std::min(name.find(' ', at), name.size());
    question.push_back(name.substr(at, space - at));
    at = space + 1;
  }
  CHECK(schema_faults(db.must(question).json(), answer) == std::vector<std::string>{});
}

void post_two_months(Database& db) {
  post(db,
       "receive,EAST,BOLT,100,2025-09-02,1.00\n"
       "receive,WEST,NUT,50,2025-09-03,\n"
       "ship,EAST,BOLT,30,2025-09-30T23:59:59.999999Z,\n"
       "receive,EAST,BOLT,20,2025-10-01,1.60\n"
       "adjust,WEST,NUT,-5,2025-10-15,\n"
       "purchase,EAST,BOLT,4,2025-10-31T23:59:59Z,\n");
}

}  // namespace

TEST_CASE("report movements: opening + in - out = closing, by every kind of group", "[report]") {
  Database db;
  add_places(db);
  post_two_months(db);

  const auto months = report(db, {"movements"});
  fits_schema(db, "movements", months);
  CHECK(months.at("opening") == 0);
  CHECK(months.at("in") == 170);
  CHECK(months.at("out") == 39);
  CHECK(months.at("closing") == 131);
  REQUIRE(months.at("groups").size() == 2);
  CHECK(months.at("groups")[0] ==
        nlohmann::json::parse(
            R"({"group":"2025-09","movements":3,"opening":0,"in":150,"out":30,"closing":120})"));
  CHECK(months.at("groups")[1] ==
        nlohmann::json::parse(
            R"({"group":"2025-10","movements":3,"opening":120,"in":20,"out":9,"closing":131})"));

  const auto october = report(db, {"movements", "--period", "2025-10", "--by", "sku"});
  CHECK(october.at("opening") == 120);
  CHECK(find(october.at("groups"), "group", "NUT") ==
        nlohmann::json::parse(R"({"group":"NUT","movements":1,"opening":50,"in":0,"out":5,"closing":45})"));

  const auto east = report(db, {"movements", "-w", "EAST", "--by", "warehouse"});
  REQUIRE(east.at("groups").size() == 1);
  CHECK(east.at("closing") == 86);

  const auto kinds = report(db, {"movements", "--by", "kind"});
  CHECK(find(kinds.at("groups"), "group", "receive").at("in") == 170);
  CHECK(find(kinds.at("groups"), "group", "receive").at("opening").is_null());

  const auto reasons = report(db, {"movements", "--by", "reason"});
  CHECK(reasons.at("groups")[0].at("group").is_null());
  CHECK(find(reasons.at("groups"), "group", "counted").at("out") == 5);

  const auto weeks = report(db, {"movements", "--by", "week"});
  CHECK(weeks.at("groups")[0].at("group") == "2025-W36");
  CHECK(report(db, {"movements", "--by", "day"}).at("groups").size() == 6);

  // Everything was written down just now.
  const auto recorded = report(db, {"movements", "--time", "recorded", "--by", "day"});
  CHECK(recorded.at("groups").size() <= 2);
  CHECK(recorded.at("closing") == 131);
}

TEST_CASE("a report is a list in CSV, TSV and NDJSON, and has a total where people read it", "[report]") {
  Database db;
  add_places(db);
  post_two_months(db);
  CHECK(db.must({"report", "movements", "--format", "csv"}).out ==
        "group,movements,opening,in,out,closing\n2025-09,3,0,150,30,120\n2025-10,3,120,20,9,131\n");
  CHECK(db.must({"report", "movements", "--format", "tsv", "--by", "kind"}).out ==
        "group\tmovements\topening\tin\tout\tclosing\nadjust\t1\t\t0\t5\t\npurchase\t1\t\t0\t4\t\n"
        "receive\t3\t\t170\t0\t\nship\t1\t\t0\t30\t\n");
  CHECK(db.must({"report", "movements", "--format", "ndjson", "--period", "2025-09"}).out ==
        "{\"group\":\"2025-09\",\"movements\":3,\"opening\":0,\"in\":150,\"out\":30,\"closing\":120}\n");
  CHECK(db.must({"report", "movements", "--period", "2025-10"}).out ==
        "movements from 2025-10-01 to before 2025-11-01: 120 on hand + 20 in - 9 out = 131 on hand\n\n"
        "MONTH    MOVEMENTS  OPENING  IN  OUT  CLOSING\n"
        "2025-10          3      120  20    9      131\n"
        "total            3      120  20    9      131\n");
}

TEST_CASE("a report that does not foot is not shown: exit 7, and the row is named", "[report]") {
  Database db;
  add_places(db);
  post_two_months(db);
  db.execute("UPDATE inventory SET on_hand = on_hand + 1 WHERE on_hand = 45");
  const std::vector<std::vector<std::string>> questions = {
      {"report", "movements"},
      {"report", "movements", "--time", "recorded", "--by", "kind"},
      {"report", "valuation"},
      {"report", "aging"},
      {"report", "turnover"}};
  for (auto asked : questions) {
    asked.emplace_back("--json");
    const auto result = db.run(asked);
    INFO(result);
    CHECK(result.exit == 7);
    CHECK(result.out.empty());
    REQUIRE(result.error().at("code") == "does_not_foot");
    CHECK(result.error().at("lines")[0].at("sku") == "NUT");
    CHECK(result.error().at("lines")[0].at("closing") == 46);
  }
}

TEST_CASE("report says what is wrong with a question", "[report]") {
  Database db;
  const auto refused = [&](std::vector<std::string> words, const std::string& part) {
    words.insert(words.begin(), "report");
    const auto result = db.run(words);
    INFO(result);
    CHECK((result.exit == 2 || result.exit == 3));
    CHECK(result.err.find(part) != std::string::npos);
    CHECK(result.out.empty());
  };
  refused({}, "which report?");
  refused({"movements", "--by", "moon"}, "day, week, month, sku, warehouse, kind or reason");
  refused({"movements", "--period", "2025-13"}, "2025-10");
  refused({"movements", "--period", "2025", "--from", "2025-01-01"}, "--period");
  refused({"movements", "--from", "2025-02-01", "--to", "2025-02-01"}, "nothing is between");
  refused({"movements", "--time", "now"}, "occurred or recorded");
  refused({"movements", "--sku", "NONE"}, "no product NONE");
  refused({"valuation", "--method", "lifo"}, "average or fifo");
  refused({"valuation", "--at", "soon"}, "--at");
  refused({"top", "--by", "colour"}, "quantity, revenue or operations");
  refused({"top", "--limit", "-1"}, "--limit");
  CHECK(db.must({"report", "movements", "--json"}).json().at("groups").empty());
  CHECK(db.must({"report", "valuation", "--json"}).json().at("products").empty());
  CHECK(db.must({"report", "turnover", "--json"}).json().at("products").empty());
}

TEST_CASE("report valuation: first in first out and the moving average, to the minor unit", "[report]") {
  Database db;
  add_places(db);
  // 10 at 1.00 and 5 at 2.01: 20.05 for 15.
  post(db,
       "receive,EAST,BOLT,10,2025-01-01,1.00\n"
       "receive,WEST,BOLT,5,2025-01-02,2.01\n"
       "ship,EAST,BOLT,4,2025-01-03,\n");
  db.must({"transfer", "--from", "EAST", "--to", "WEST", "BOLT=3"});
  const auto fifo = report(db, {"valuation", "--method", "fifo"});
  fits_schema(db, "valuation", fifo);
  CHECK(fifo.at("value_minor") == 6 * 100 + 5 * 201);
  const auto average = report(db, {"valuation"});
  // 4 of 15 leave with 2005 x 4 / 15 = 534.67, rounded to 535.
  CHECK(average.at("value_minor") == 2005 - 535);
  CHECK(average.at("products")[0].at("unit_cost") == "1.336364");
  CHECK(average.at("products")[0].at("on_hand") == 11);
  CHECK(report(db, {"valuation", "--at", "2025-01-02"}).at("value_minor") == 1000);
  CHECK(report(db, {"valuation", "--at", "2024-01-02"}).at("products").empty());
}

TEST_CASE("what comes in without a cost takes the newest or the average; where there is none it is counted",
          "[report]") {
  Database db;
  add_places(db);
  post(db,
       "receive,EAST,NUT,7,2025-01-01,\n"
       "receive,EAST,BOLT,2,2025-01-01,1.00\n"
       "receive,EAST,BOLT,1,2025-01-02,1.01\n"
       "adjust,EAST,BOLT,1,2025-01-03,\n");
  const auto fifo = report(db, {"valuation", "--method", "fifo"});
  CHECK(find(fifo.at("products"), "sku", "NUT").at("uncosted") == 7);
  CHECK(find(fifo.at("products"), "sku", "NUT").at("unit_cost").is_null());
  CHECK(find(fifo.at("products"), "sku", "BOLT").at("value_minor") == 301 + 101);
  // 301 / 3 = 100.33: one more is 100.
  CHECK(find(report(db, {"valuation"}).at("products"), "sku", "BOLT").at("value_minor") == 401);
}

TEST_CASE("a reversed receipt leaves from its own layer", "[report]") {
  Database db;
  add_places(db);
  db.must({"receive", "-w", "EAST", "BOLT=10", "--unit-cost", "2.00"});
  const auto wrong =
      db.must({"receive", "-w", "EAST", "BOLT=10", "--unit-cost", "9.00", "--json"}).json().at("operation");
  db.must({"reverse", wrong.dump(), "--reason", "typed wrong"});
  CHECK(report(db, {"valuation", "--method", "fifo"}).at("value_minor") == 2000);
  CHECK(report(db, {"valuation"}).at("value_minor") == 2000);
}

TEST_CASE("stock that went out by its label before it came in is owed, and not hidden", "[report]") {
  Database db;
  add_places(db);
  post(db,
       "receive,EAST,BOLT,10,2025-05-01,1.00\n"
       "ship,EAST,BOLT,4,2025-04-01,\n");
  const auto april = report(db, {"valuation", "--at", "2025-04-15"});
  CHECK(april.at("products")[0].at("on_hand") == -4);
  CHECK(april.at("products")[0].at("owed") == 4);
  CHECK(april.at("value_minor") == 0);
  CHECK(report(db, {"movements", "--period", "2025-04"}).at("closing") == -4);
  CHECK(report(db, {"valuation"}).at("value_minor") == 600);
}

TEST_CASE("report aging counts what is left, oldest first out", "[report]") {
  Database db;
  add_places(db);
  post(db,
       "receive,EAST,BOLT,10,2025-01-01,\n"
       "receive,EAST,BOLT,5,2025-03-01,\n"
       "receive,WEST,BOLT,2,2025-03-31,\n"
       "ship,EAST,BOLT,4,2025-04-01,\n");
  const auto aging = report(db, {"aging", "--at", "2025-04-02"});
  fits_schema(db, "aging", aging);
  const auto& bolt = aging.at("products")[0];
  CHECK(bolt.at("on_hand") == 13);
  CHECK(bolt.at("days_30") == 2);
  CHECK(bolt.at("days_60") == 5);
  CHECK(bolt.at("days_90") == 0);
  CHECK(bolt.at("days_180") == 6);
  CHECK(bolt.at("oldest") == "2025-01-01T00:00:00.000000Z");
}

TEST_CASE("report turnover weighs what is on hand by the time it is there", "[report]") {
  Database db;
  add_places(db);
  // 100 for the first half of April, 40 for the second: 70 on average; 60 sold.
  post(db,
       "receive,EAST,BOLT,100,2025-04-01,\n"
       "ship,EAST,BOLT,60,2025-04-16,\n");
  const auto turnover = report(db, {"turnover", "--period", "2025-04"});
  fits_schema(db, "turnover", turnover);
  const auto& bolt = turnover.at("products")[0];
  CHECK(bolt.at("sold") == 60);
  CHECK(bolt.at("average") == "70.00");
  CHECK(bolt.at("turns") == "0.86");
  CHECK(bolt.at("days") == "35.00");
  // An adjustment is no sale.
  post(db, "adjust,EAST,BOLT,-10,2025-05-01,\n");
  const auto may = report(db, {"turnover", "--period", "2025-05"}).at("products")[0];
  CHECK(may.at("sold") == 0);
  CHECK(may.at("days").is_null());
}

TEST_CASE("report top and report purchases know what was undone", "[report]") {
  Database db;
  add_places(db);
  post(db,
       "receive,EAST,BOLT,100,2025-04-01,\n"
       "receive,EAST,NUT,100,2025-04-01,\n"
       "purchase,EAST,BOLT,3,2025-04-02,\n"
       "ship,EAST,NUT,9,2025-04-02,\n");
  db.must({"purchase", "BOLT=5", "--user", "lee"});
  const auto undone = db.must({"purchase", "NUT=50", "--user", "lee", "--json"}).json().at("operation");
  const auto reversal = db.must({"reverse", undone.dump(), "--reason", "sent back", "--json"}).json();
  const auto top = report(db, {"top"});
  fits_schema(db, "top", top);
  CHECK(find(top.at("products"), "sku", "NUT").at("quantity") == 9);
  CHECK(find(top.at("products"), "sku", "NUT").at("operations") == 2);
  CHECK(find(top.at("products"), "sku", "BOLT").at("revenue_minor") == 1600);
  CHECK(top.at("products")[0].at("sku") == "NUT");
  CHECK(report(db, {"top", "--by", "revenue", "--limit", "1"}).at("products")[0].at("sku") == "BOLT");

  const auto users = report(db, {"purchases"});
  fits_schema(db, "purchases", users);
  CHECK(find(users.at("users"), "user", "kim").at("total_minor") == 600);
  CHECK(find(users.at("users"), "user", "lee").at("total_minor") == 1000);
  const auto lee = report(db, {"purchases", "--user", "lee"});
  fits_schema(db, "purchases user", lee);
  CHECK(lee.at("total_minor") == 1000);
  REQUIRE(lee.at("lines").size() == 3);
  CHECK(lee.at("lines")[2].at("quantity") == -50);

  // The reversal of the reversal sells it again.
  db.must({"reverse", reversal.at("operation").dump(), "--reason", "kept after all"});
  CHECK(find(report(db, {"purchases"}).at("users"), "user", "lee").at("total_minor") == 3500);
  CHECK(find(report(db, {"top"}).at("products"), "sku", "NUT").at("quantity") == 59);
}

}  // namespace report_test
