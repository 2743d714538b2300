// Thresholds and alerts from the outside, and crossings while many write.
#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "cli/harness.hpp"
#include "cli/json_schema.hpp"

namespace alerts_test {

using namespace invctl::test;

namespace {

using Json = nlohmann::json;

class Shop : public Database {
 public:
  Shop() : Database("USD") {
    must({"warehouse", "add", "EAST"});
    must({"warehouse", "add", "WEST"});
    must({"product", "add", "BOLT", "--price", "1"});
    must({"product", "add", "NUT"});
  }
  // The answer of `alerts ARGS...`, which must exit so.
  Json alerts(int exit, const std::vector<std::string>& args = {}) {
    std::vector<std::string> command = {"alerts", "--json"};
    command.insert(command.end(), args.begin(), args.end());
    const auto result = run(command);
    INFO(result);
    CHECK(result.exit == exit);
    CHECK(result.err.empty());
    return result.json();
  }
  std::string cursor() const { return dir().path("alerts.cursor"); }
};

}  // namespace

TEST_CASE("alerts lists what is at or below its reorder point and exits 20, else 0", "[alerts]") {
  Shop db;
  db.must({"threshold", "set", "BOLT", "--reorder-point", "10"});
  CHECK(db.alerts(0) == Json::array());  // never there: nobody waits for it
  db.must({"receive", "-w", "EAST", "BOLT=11"});
  CHECK(db.alerts(0).empty());
  db.must({"ship", "-w", "EAST", "BOLT=1"});
  const auto at = db.alerts(20);
  check_schema(db, {"alerts"}, at);
  REQUIRE(at.size() == 1);
  CHECK(at[0].at("available") == 10);
  CHECK(at[0].at("threshold") == "product");
  // `stock --below-reorder` has the same point, and is about what is below it.
  CHECK(db.must({"stock", "--below-reorder", "--json"}).json().empty());
  db.must({"ship", "-w", "EAST", "BOLT=1"});
  CHECK(db.must({"stock", "--below-reorder", "--json"}).json().size() == 1);
  CHECK(db.alerts(0, {"-w", "WEST"}).empty());
  CHECK(db.alerts(20, {"--sku", "BOLT"}).size() == 1);
  CHECK(db.run({"alerts", "-w", "NORTH"}).exit == 3);
  db.must({"threshold", "unset", "BOLT"});
  CHECK(db.alerts(0).empty());
  CHECK(db.must({"product", "show", "BOLT", "--json"}).json().at("reorder_point").is_null());
}

TEST_CASE("a warehouse's threshold stands above the product's, as a whole", "[alerts]") {
  Shop db;
  db.must({"receive", "-w", "EAST", "BOLT=30"});
  db.must({"receive", "-w", "WEST", "BOLT=30"});
  db.must({"product", "set", "BOLT", "--reorder-point", "50"});
  db.must({"threshold", "set", "BOLT", "--target", "80"});
  const auto set =
      db.must({"threshold", "set", "BOLT", "-w", "WEST", "--reorder-point", "20", "--json"}).json();
  check_schema(db, {"threshold", "set"}, set);
  auto low = db.alerts(20);
  REQUIRE(low.size() == 1);
  CHECK(low[0].at("warehouse") == "EAST");
  CHECK(low[0].at("target") == 80);
  CHECK(db.must({"stock", "-w", "WEST", "--json"}).json().at(0).at("reorder_point") == 20);
  CHECK(db.must({"stock", "--below-reorder", "--json"}).json().size() == 1);
  // Where it was never in stock, a warehouse's own threshold asks for it.
  db.must({"threshold", "set", "NUT", "-w", "WEST", "--reorder-point", "5", "--target", "25"});
  low = db.alerts(20, {"--reorder"});
  check_schema(db, {"alerts", "--reorder"}, low);
  REQUIRE(low.size() == 2);
  CHECK(low[0].at("order") == 50);
  CHECK(low[1].at("sku") == "NUT");
  CHECK(low[1].at("order") == 25);
  const auto list = db.must({"threshold", "list", "--json"}).json();
  check_schema(db, {"threshold", "list"}, list);
  CHECK(list.size() == 3);
  CHECK(db.must({"threshold", "list", "-w", "WEST", "--sku", "BOLT", "--json"}).json().size() == 1);
  db.must({"threshold", "unset", "BOLT", "-w", "WEST"});
  CHECK(db.alerts(20, {"--sku", "BOLT"}).size() == 2);
}

TEST_CASE("what to order counts what is held, and what is on its way out, once", "[alerts]") {
  Shop db;
  db.must({"receive", "-w", "EAST", "BOLT=30", "NUT=5"});
  db.must({"threshold", "set", "BOLT", "--reorder-point", "20", "--target", "100"});
  db.must({"threshold", "set", "NUT", "--reorder-point", "5"});
  db.must({"reserve", "-w", "EAST", "BOLT=15", "--ttl", "1h"});
  const auto order = db.alerts(20, {"--reorder"});
  REQUIRE(order.size() == 1);  // NUT is at its point and has no target: nothing to order yet
  CHECK(order[0].at("order") == 85);
  CHECK(db.alerts(20).size() == 2);
  db.must({"ship", "-w", "EAST", "NUT=2"});
  CHECK(db.alerts(20, {"--reorder", "--sku", "NUT"}).at(0).at("order") == 2);
}

TEST_CASE("thresholds that make no sense are refused", "[alerts]") {
  Shop db;
  CHECK(db.run({"threshold", "set", "BOLT"}).exit == 2);
  CHECK(db.run({"threshold", "set", "BOLT", "--target", "5"}).exit == 2);
  CHECK(db.run({"threshold", "set", "BOLT", "--reorder-point", "5", "--target", "4"}).exit == 2);
  CHECK(db.run({"threshold", "set", "BOLT", "--reorder-point", "-1"}).exit == 2);
  CHECK(db.run({"threshold", "set", "SCREW", "--reorder-point", "1"}).exit == 3);
  CHECK(db.run({"threshold", "set", "BOLT", "-w", "NORTH", "--reorder-point", "1"}).exit == 3);
  CHECK(db.run({"alerts", "--reorder", "--since", "0"}).exit == 2);
  CHECK(db.run({"alerts", "--dry-run"}).exit == 2);
  CHECK(db.run({"alerts", "--since", "x"}).exit == 2);
}

TEST_CASE("alerts --since lists each crossing after a movement, down and up", "[alerts]") {
  Shop db;
  db.must({"threshold", "set", "BOLT", "--reorder-point", "5"});
  db.must({"receive", "-w", "EAST", "BOLT=10"});
  db.must({"ship", "-w", "EAST", "BOLT=5"});
  db.must({"ship", "-w", "EAST", "BOLT=1"});
  db.must({"receive", "-w", "EAST", "BOLT=2", "NUT=1"});
  const auto all = db.alerts(20, {"--since", "0"});
  check_schema(db, {"alerts", "--since"}, all);
  REQUIRE(all.size() == 2);
  CHECK(all[0].at("state") == "low");
  CHECK(all[0].at("available") == 5);
  CHECK(all[0].at("kind") == "ship");
  CHECK(all[1].at("state") == "ok");
  // Only back up: nothing is low.
  CHECK(db.alerts(0, {"--since", std::to_string(all[0].at("seq").get<std::int64_t>())}).size() == 1);
  CHECK(db.alerts(0, {"--since", std::to_string(all[1].at("seq").get<std::int64_t>())}).empty());
}

TEST_CASE("a cursor tells each crossing once, begins with what is low, and stays where it is in a dry run",
          "[alerts]") {
  Shop db;
  db.must({"threshold", "set", "BOLT", "--reorder-point", "5"});
  db.must({"receive", "-w", "EAST", "BOLT=3"});
  const std::vector<std::string> with = {"--cursor", db.cursor()};
  auto dry = with;
  dry.push_back("--dry-run");
  CHECK(db.alerts(20, dry).size() == 1);
  CHECK_FALSE(file_exists(db.cursor()));
  const auto first = db.alerts(20, with);
  check_schema(db, {"alerts", "--cursor"}, first);
  REQUIRE(first.size() == 1);
  CHECK(first[0].at("cause") == "start");
  CHECK(db.alerts(0, with).empty());
  db.must({"receive", "-w", "EAST", "BOLT=10"});
  db.must({"ship", "-w", "EAST", "BOLT=10"});
  db.must({"receive", "-w", "WEST", "BOLT=1"});  // a row that is new
  const auto second = db.alerts(20, with);
  REQUIRE(second.size() == 3);
  CHECK(second[0].at("state") == "ok");
  CHECK(second[1].at("state") == "low");
  CHECK(second[2].at("warehouse") == "WEST");
  db.must({"threshold", "set", "BOLT", "--reorder-point", "2"});
  const auto third = db.alerts(0, with);
  REQUIRE(third.size() == 1);
  CHECK(third[0].at("cause") == "threshold");
  CHECK(third[0].at("state") == "ok");
  CHECK(db.alerts(0, with).empty());
}

TEST_CASE("a cursor of something else, a spoiled one and one that is ahead are refused", "[alerts]") {
  Shop db;
  db.must({"threshold", "set", "BOLT", "--reorder-point", "5"});
  db.must({"receive", "-w", "EAST", "BOLT=3"});
  db.alerts(20, {"--cursor", db.cursor()});
  const auto refused = [&](const std::vector<std::string>& args, int exit, const std::string& code) {
    std::vector<std::string> command = {"alerts", "--json", "--cursor", db.cursor()};
    command.insert(command.end(), args.begin(), args.end());
    const auto result = db.run(command);
    INFO(result);
    CHECK(result.exit == exit);
    CHECK(result.error().at("code") == code);
  };
  refused({"--sku", "BOLT"}, 5, "other_cursor");
  Shop other;
  other.must({"receive", "-w", "EAST", "BOLT=3"});
  CHECK(other.run({"alerts", "--cursor", db.cursor()}).exit == 5);
  const auto good = read_file(db.cursor());
  const auto spoil = [&](const std::string& from, const std::string& to) {
    auto text = good;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    db.dir().write("alerts.cursor", text);
  };
  spoil("EAST\tBOLT\t1\t", "EAST\tBOLT\t7\t");
  refused({}, 5, "cursor_ahead");
  spoil("end\t1", "");
  refused({}, 8, "bad_cursor");
  spoil("EAST\tBOLT\t1\t", "EAST\tBOLT\tone\t");
  refused({}, 8, "bad_cursor");
  db.dir().write("alerts.cursor", "shopping list\n");
  refused({}, 8, "bad_cursor");
  db.dir().write("alerts.cursor", good);
  CHECK(db.alerts(0, {"--cursor", db.cursor()}).empty());
  CHECK(db.run({"alerts", "--cursor", "/nowhere/at/all"}).exit != 0);
}

TEST_CASE("an answer that cannot be written leaves the cursor where it is", "[alerts]") {
  Shop db;
  db.must({"threshold", "set", "BOLT", "--reorder-point", "5"});
  db.must({"receive", "-w", "EAST", "BOLT=3"});
  CHECK(db.run({"alerts", "--cursor", db.cursor()}, {.stdout_to = "/dev/full"}).exit == 1);
  CHECK_FALSE(file_exists(db.cursor()));
  CHECK(db.alerts(20, {"--cursor", db.cursor()}).size() == 1);
}

TEST_CASE("while many write, each crossing is told exactly once to whoever follows",
          "[alerts][concurrency]") {
  Shop db;
  std::random_device device;
  const auto seed = device();
  INFO("seed " << seed);
  db.must({"threshold", "set", "BOLT", "--reorder-point", "10"});
  db.must({"threshold", "set", "NUT", "-w", "WEST", "--reorder-point", "3"});
  db.must({"receive", "-w", "EAST", "BOLT=14"});
  db.must({"receive", "-w", "WEST", "BOLT=12", "NUT=5"});
  // Two followers share the cursor, and lose nothing to each other.
  std::atomic<bool> writing{true};
  std::vector<std::vector<Json>> told(2);
  std::vector<std::string> surprises(8);
  std::vector<std::thread> threads;
  const auto follow = [&](std::size_t follower) {
    const auto result = db.run(
        {"alerts", "--cursor", db.cursor(), "--since", "0", "--format", "ndjson", "--lock-timeout", "60s"});
    if (result.exit != 0 && result.exit != 20) surprises[6 + follower] += result.err;
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);) told[follower].push_back(Json::parse(line));
  };
  for (std::size_t worker = 0; worker < 6; ++worker) {
    threads.emplace_back([&, worker] {
      std::minstd_rand random(seed + static_cast<unsigned>(worker));
      for (int i = 0; i < 12; ++i) {
        const std::string warehouse = random() % 2 == 0 ? "EAST" : "WEST";
        const auto quantity = std::to_string(1 + random() % 4);
        std::vector<std::string> command = {random() % 2 == 0 ? "receive" : "ship", "-w", warehouse,
                                            "BOLT=" + quantity};
        if (warehouse == "WEST" && random() % 2 == 0) command.push_back("NUT=1");
        command.insert(command.end(), {"--lock-timeout", "60s"});
        const auto result = db.run(command);
        if (result.exit != 0 && result.exit != 4) surprises[worker] += result.err;
      }
    });
  }
  std::vector<std::thread> followers;
  for (std::size_t i = 0; i < 2; ++i) {
    followers.emplace_back([&, i] {
      while (writing) follow(i);
    });
  }
  for (auto& thread : threads) thread.join();
  // Whatever the seed led to, the limit is crossed some times.
  for (const std::string value : {"BOLT=50", "BOLT=0", "BOLT=50"}) {
    db.must({"adjust", "-w", "EAST", value, "--set", "--reason", "counted"});
  }
  writing = false;
  for (auto& follower : followers) follower.join();
  follow(0);
  for (const auto& surprise : surprises) CHECK(surprise.empty());

  // The model: the whole history of each row, looked at in the end.
  std::set<std::tuple<std::string, std::string, std::string>> expected;
  const auto rows = db.rows(
      "SELECT w.code, p.sku, m.version, m.on_hand_after - m.reserved_after FROM movement m "
      "JOIN inventory i ON i.id = m.inventory_id JOIN warehouse w ON w.id = i.warehouse_id "
      "JOIN product p ON p.id = i.product_id ORDER BY w.code, p.sku, m.version");
  std::map<std::string, bool> low;
  for (const auto& row : rows) {
    const auto place = row[0] + "/" + row[1];
    const bool now = std::stoll(row[3]) <= (row[1] == "NUT" ? 3 : 10);
    if (now != low[place]) expected.emplace(place, row[2], now ? "low" : "ok");
    low[place] = now;
  }
  CHECK(expected.size() >= 2);
  std::set<std::tuple<std::string, std::string, std::string>> heard;
  std::size_t count = 0;
  for (const auto& lines : told) {
    for (const auto& line : lines) {
      ++count;
      heard.emplace(line.at("warehouse").get<std::string>() + "/" + line.at("sku").get<std::string>(),
                    std::to_string(line.at("version").get<std::int64_t>()),
                    line.at("state").get<std::string>());
    }
  }
  CHECK(heard == expected);
  CHECK(count == expected.size());  // none of them twice
}

}  // namespace alerts_test
