// Prices from the outside: setting, listing, looking back, and what a sale costs.
#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "cli/harness.hpp"
#include "cli/json_schema.hpp"

namespace price_test {

using namespace invctl::test;
using Catch::Contains;

namespace {

using Json = nlohmann::json;

class Shop : public Database {
 public:
  Shop() : Database("USD") {
    must({"warehouse", "add", "EAST"});
    must({"product", "add", "BOLT", "--price", "2.50", "--category", "fixings"});
    must({"product", "add", "NUT", "--price", "1"});
    must({"product", "add", "GLUE"});
    must({"receive", "-w", "EAST", "BOLT=100", "NUT=100", "GLUE=100"});
  }
  Json history(const std::string& sku) { return must({"price", "history", sku, "--json"}).json(); }
  Json price(const std::string& sku) { return must({"price", "list", "--sku", sku, "--json"}).json().at(0); }
  std::int64_t paid(const std::string& sku) {
    return must({"purchase", sku + "=1", "--user", "kim", "--json"})
        .json()
        .at("total_minor")
        .get<std::int64_t>();
  }
  // A moment by the database's clock, so many seconds from now.
  std::string in_seconds(int seconds) {
    const bool server = backend_name() != "sqlite";
    return text(server ? "SELECT DATE_FORMAT(UTC_TIMESTAMP(6) + INTERVAL " + std::to_string(seconds) +
                             " SECOND, '%Y-%m-%dT%H:%i:%s.%fZ')"
                       : "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now', '" + std::to_string(seconds) +
                             " seconds') || 'Z'");
  }
  void verify() {
    const auto result = run({"verify"});
    INFO(result);
    CHECK(result.exit == 0);
  }
};

}  // namespace

TEST_CASE("price set changes the price at once, and the history tells who, why and from what", "[price]") {
  Shop db;
  const auto set = db.must({"price", "set", "BOLT", "2.75", "--reason", "new supplier", "--json"}).json();
  check_schema(db, {"price", "set"}, set);
  CHECK(set.at("lines").at(0).at("old_price_minor") == 250);
  CHECK(set.at("lines").at(0).at("new_price_minor") == 275);
  CHECK(set.at("recorded_at") == set.at("effective_at"));
  CHECK(db.must({"product", "show", "BOLT", "--json"}).json().at("price_minor") == 275);
  CHECK(db.paid("BOLT") == 275);
  const auto history = db.history("BOLT");
  check_schema(db, {"price", "history"}, history);
  REQUIRE(history.size() == 2);
  CHECK(history[0].at("version") == 2);
  CHECK(history[0].at("reason") == "new supplier");
  CHECK(history[1].at("reason") == "product add");
  CHECK(history[1].at("old_price_minor").is_null());
  db.verify();
}

TEST_CASE("several prices are set together, or none of them", "[price]") {
  Shop db;
  const auto set =
      db.must({"price", "set", "NUT=1.20", "BOLT=3", "GLUE=9.99", "--reason", "list", "--json"}).json();
  REQUIRE(set.at("lines").size() == 3);
  CHECK(set.at("lines").at(0).at("sku") == "NUT");
  CHECK(db.paid("GLUE") == 999);
  db.must({"price", "set", "NUT", "1.30", "BOLT", "3.10", "--reason", "pairs"});
  CHECK(db.price("BOLT").at("price_minor") == 310);
  const auto unknown = db.run({"price", "set", "NUT=5", "SCREW=1", "NAIL=1", "--reason", "x", "--json"});
  CHECK(unknown.exit == 3);
  CHECK(unknown.error().at("lines").size() == 2);
  CHECK(db.price("NUT").at("price_minor") == 130);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"NUT=1.234"},
                                                {"NUT=-1"},
                                                {"NUT="},
                                                {"NUT"},
                                                {"NUT=1", "NUT=2"},
                                                {"NUT", "x"},
                                                {}}) {
    std::vector<std::string> command = {"price", "set"};
    command.insert(command.end(), words.begin(), words.end());
    command.insert(command.end(), {"--reason", "x"});
    const auto result = db.run(command);
    INFO(result);
    CHECK(result.exit == 2);
  }
  CHECK(db.run({"price", "set", "NUT=1"}).exit == 2);
  CHECK(db.run({"price", "set", "NUT=1", "--reason", ""}).exit == 2);
  db.verify();
}

TEST_CASE("a change above the limit is exit 5 unless it is forced, and exactly the limit is allowed",
          "[price]") {
  Shop db;
  const auto above =
      db.run({"price", "set", "BOLT=3.26", "NUT=1.01", "--max-change", "30%", "--reason", "x", "--json"});
  CHECK(above.exit == 5);
  CHECK(above.error_code() == "price_limit");
  CHECK(above.error().at("lines").size() == 1);
  CHECK(db.price("NUT").at("price_minor") == 100);
  db.must({"price", "set", "BOLT=3.25", "--max-change", "30%", "--reason", "x"});
  CHECK(db.run({"price", "set", "BOLT=9", "--reason", "x"}, {.env = {{"INVCTL_MAX_PRICE_CHANGE", "30%"}}})
            .exit == 5);
  db.must({"price", "set", "BOLT=9", "--reason", "x", "--force"},
          {.env = {{"INVCTL_MAX_PRICE_CHANGE", "30%"}}});
  db.must({"price", "set", "GLUE=9", "--reason", "x", "--max-change", "0%"});  // from no price
  CHECK(db.run({"price", "set", "BOLT=9", "--reason", "x", "--max-change", "much"}).exit == 2);
  CHECK(db.paid("BOLT") == 900);
  db.verify();
}

TEST_CASE("a price from a time to come on is what a sale costs from that moment, and no sooner", "[price]") {
  Shop db;
  const auto moment = db.in_seconds(3);
  const auto set =
      db.must({"price", "set", "BOLT=4", "--reason", "soon", "--effective", moment, "--json"}).json();
  CHECK(set.at("lines").at(0).at("old_price_minor") == 250);
  CHECK(db.paid("BOLT") == 250);
  const auto before = db.price("BOLT");
  check_schema(db, {"price", "list"}, Json::array({before}));
  CHECK(before.at("price_minor") == 250);
  CHECK(before.at("next_price_minor") == 400);
  CHECK(db.must({"price", "list", "--upcoming", "--json"}).json().size() == 1);
  CHECK(db.history("BOLT").at(0).at("upcoming") == true);
  db.verify();
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (db.price("BOLT").at("price_minor") != 400 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  CHECK(db.paid("BOLT") == 400);
  CHECK(db.must({"product", "show", "BOLT", "--json"}).json().at("price_minor") == 400);
  CHECK(db.must({"product", "list", "--category", "fixings", "--json"}).json().at(0).at("price_minor") ==
        400);
  CHECK(db.price("BOLT").at("next_price_minor").is_null());
  // A batch asks at the same clock.
  const auto file = db.dir().write("orders.csv", "sku,quantity,user\nBOLT,1,lee\n");
  db.must({"apply", file, "--set", "kind=purchase", "--set", "warehouse=EAST"});
  CHECK(db.integer("SELECT unit_price_minor FROM purchase WHERE user_name = 'lee'") == 400);
  CHECK(db.integer("SELECT count(*) FROM purchase WHERE unit_price_minor = 250") == 1);
  // The next change of the product takes the price that came into effect into its row.
  db.verify();
  db.must({"product", "set", "BOLT", "--name", "Bolt"});
  CHECK(db.integer("SELECT price_minor FROM product WHERE sku = 'BOLT'") == 400);
  db.verify();
}

TEST_CASE("of several prices to come each takes its turn, and one set at once is replaced by them",
          "[price]") {
  Shop db;
  db.must({"price", "set", "BOLT=5", "--reason", "later", "--effective", db.in_seconds(7200)});
  const auto nearer =
      db.must({"price", "set", "BOLT=3", "--reason", "sooner", "--effective", db.in_seconds(3600), "--json"})
          .json();
  CHECK(nearer.at("lines").at(0).at("old_price_minor") == 250);
  const auto last =
      db.must({"price", "set", "BOLT=6", "--reason", "last", "--effective", db.in_seconds(10800), "--json"})
          .json();
  CHECK(last.at("lines").at(0).at("old_price_minor") == 500);
  db.must({"price", "set", "BOLT=2.60", "--reason", "now"});
  const auto price = db.price("BOLT");
  CHECK(price.at("price_minor") == 260);
  CHECK(price.at("next_price_minor") == 300);
  db.verify();
  const auto past =
      db.run({"price", "set", "BOLT=1", "--reason", "x", "--effective", db.in_seconds(-1), "--json"});
  CHECK(past.exit == 5);
  CHECK(past.error_code() == "effective_in_the_past");
  CHECK(db.run({"price", "set", "BOLT=1", "--reason", "x", "--effective", "tomorrow"}).exit == 2);
}

TEST_CASE("the same id sets a price once; another request under it is refused; a dry run sets none",
          "[price]") {
  Shop db;
  const std::vector<std::string> command = {"price", "set",  "BOLT=3", "NUT=2", "--reason",
                                            "x",     "--id", "p-1",    "--json"};
  auto dry = command;
  dry.push_back("--dry-run");
  CHECK(db.must(dry).json().at("dry_run") == true);
  CHECK(db.history("BOLT").size() == 1);
  const auto first = db.must(command).json();
  db.must({"price", "set", "BOLT=3.50", "--reason", "y"});
  auto again = db.must(command).json();
  CHECK(again.at("replayed") == true);
  again["replayed"] = false;
  CHECK(again == first);
  CHECK(db.price("BOLT").at("price_minor") == 350);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"BOLT=4", "NUT=2"}, {"BOLT=3"}, {"BOLT=3", "GLUE=2"}}) {
    std::vector<std::string> other = {"price", "set", "--reason", "x", "--id", "p-1", "--json"};
    other.insert(other.end(), words.begin(), words.end());
    const auto result = db.run(other);
    CHECK(result.exit == 5);
    CHECK(result.error_code() == "key_reused");
  }
  CHECK(db.history("BOLT").size() == 3);
}

TEST_CASE("every way by which a price changes leaves a row in its history", "[price]") {
  Shop db;
  db.must({"product", "set", "BOLT", "--price", "2.60"});
  db.must({"product", "set", "BOLT", "--name", "Bolt"});  // no change of the price
  db.must({"product", "set", "NUT", "--price", ""});
  CHECK(db.history("NUT").at(0).at("new_price_minor").is_null());
  CHECK(db.run({"purchase", "NUT=1", "--user", "kim"}).exit == 5);
  const auto csv = db.dir().write("products.csv", "sku,price\nBOLT,2.70\nGLUE,5\nNAIL,0.05\nPIN,\n");
  db.must({"seed-from-csv", "--products", csv});
  db.must({"seed-from-csv", "--products", csv});
  const auto bolt = db.history("BOLT");
  REQUIRE(bolt.size() == 3);
  CHECK(bolt[0].at("reason") == "seed-from-csv products.csv");
  CHECK(bolt[0].at("old_price_minor") == 260);
  CHECK(db.history("GLUE").size() == 1);
  CHECK(db.history("NAIL").size() == 1);
  CHECK(db.history("PIN").empty());
  CHECK(db.integer("SELECT count(*) FROM price_change WHERE reason LIKE 'seed%'") == 2);
  db.verify();
}

TEST_CASE("the history is read page by page, newest first", "[price]") {
  Shop db;
  for (int i = 0; i < 5; ++i) db.must({"price", "set", "BOLT=" + std::to_string(i + 1), "--reason", "x"});
  const auto page = db.must({"price", "history", "BOLT", "--limit", "2", "--json"}).json();
  REQUIRE(page.size() == 2);
  CHECK(page[0].at("version") == 6);
  const auto next = db.must({"price", "history", "BOLT", "--limit", "9", "--before", "5", "--json"}).json();
  REQUIRE(next.size() == 4);
  CHECK(next[0].at("version") == 4);
  CHECK(db.run({"price", "history", "NOTHING"}).exit == 3);
  CHECK(db.run({"price", "history", "BOLT", "--limit", "x"}).exit == 2);
}

TEST_CASE("prices set by many processes at once are a chain: each begins where the one before ended",
          "[price][concurrency]") {
  Shop db;
  constexpr int workers = 6;
  constexpr int each = 4;
  std::vector<std::thread> threads;
  std::vector<std::string> failures(workers);
  for (int worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      for (int i = 0; i < each; ++i) {
        const auto price = std::to_string(worker + 1) + "." + std::to_string(10 + i);
        // In both orders, so that who locks product by product would meet a deadlock.
        std::vector<std::string> command = {"price", "set", "BOLT=" + price, "NUT=" + price};
        if (worker % 2 == 1) std::swap(command[2], command[3]);
        command.insert(command.end(), {"--reason", "race", "--lock-timeout", "60s"});
        const auto result = db.run(command);
        if (result.exit != 0) failures[static_cast<std::size_t>(worker)] += result.err;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& failure : failures) CHECK(failure.empty());
  for (const std::string sku : {"BOLT", "NUT"}) {
    const auto history = db.must({"price", "history", sku, "--limit", "1000", "--json"}).json();
    REQUIRE(history.size() == workers * each + 1);
    for (std::size_t i = 0; i + 1 < history.size(); ++i) {
      CHECK(history[i].at("old_price_minor") == history[i + 1].at("new_price_minor"));
    }
    CHECK(db.price(sku).at("price_minor") == history[0].at("new_price_minor"));
  }
  db.verify();
}

TEST_CASE("the same request sent by many at once under one id is done once, and all hear the same",
          "[price][concurrency]") {
  Shop db;
  constexpr std::size_t senders = 5;
  std::vector<Result> results(senders);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < senders; ++i) {
    threads.emplace_back([&, i] {
      results[i] = db.run(
          {"price", "set", "BOLT=3", "--reason", "x", "--id", "once", "--json", "--lock-timeout", "60s"});
    });
  }
  for (auto& thread : threads) thread.join();
  std::size_t fresh = 0;
  for (const auto& result : results) {
    INFO(result);
    REQUIRE(result.exit == 0);
    fresh += result.json().at("replayed") == false ? 1 : 0;
    CHECK(result.json().at("recorded_at") == results[0].json().at("recorded_at"));
  }
  CHECK(fresh == 1);
  CHECK(db.history("BOLT").size() == 2);
}

TEST_CASE("verify sees every price that was changed behind the program's back", "[price]") {
  Shop db;
  db.must({"price", "set", "BOLT=3", "--reason", "x"});
  db.must({"price", "set", "BOLT=4", "--reason", "soon", "--effective", db.in_seconds(3600)});
  db.verify();
  for (const std::string table : {"price_change", "price_line"}) {
    for (const std::string what : {"update", "delete"}) db.execute("DROP TRIGGER " + table + "_no_" + what);
  }
  const std::string bolt = "(SELECT id FROM product WHERE sku = 'BOLT')";
  struct Tampering {
    std::string change, undo, check;
  };
  const std::vector<Tampering> all = {
      {"UPDATE product SET price_minor = 299 WHERE sku = 'BOLT'",
       "UPDATE product SET price_minor = 300 WHERE sku = 'BOLT'", "prices-match"},
      {"UPDATE product SET price_version = 2 WHERE sku = 'BOLT'",
       "UPDATE product SET price_version = 3 WHERE sku = 'BOLT'", "prices-match"},
      {"UPDATE product SET next_price_at = next_price_at + 1 WHERE sku = 'BOLT'",
       "UPDATE product SET next_price_at = next_price_at - 1 WHERE sku = 'BOLT'", "prices-match"},
      {"UPDATE price_line SET old_minor = 1 WHERE version = 2 AND product_id = " + bolt,
       "UPDATE price_line SET old_minor = 250 WHERE version = 2 AND product_id = " + bolt, "hash-chain"},
      {"UPDATE price_line SET old_minor = 1 WHERE version = 2 AND product_id = " + bolt,
       "UPDATE price_line SET old_minor = 250 WHERE version = 2 AND product_id = " + bolt, "prices-match"},
      {"UPDATE price_line SET version = 9 WHERE version = 2 AND product_id = " + bolt,
       "UPDATE price_line SET version = 2 WHERE version = 9 AND product_id = " + bolt, "prices-match"},
      {"UPDATE price_change SET reason = 'y' WHERE reason = 'x'",
       "UPDATE price_change SET reason = 'x' WHERE reason = 'y'", "hash-chain"},
      {"UPDATE price_change SET effective_at = effective_at - 7200000000 WHERE reason = 'soon'",
       "UPDATE price_change SET effective_at = effective_at + 7200000000 WHERE reason = 'soon'",
       "prices-match"},
      {"UPDATE price_change SET line_count = 2 WHERE reason = 'x'",
       "UPDATE price_change SET line_count = 1 WHERE reason = 'x'", "prices-match"},
      {"DELETE FROM price_line WHERE version = 3 AND product_id = " + bolt, "", "prices-match"},
  };
  for (const auto& tampering : all) {
    CAPTURE(tampering.change);
    db.execute(tampering.change);
    const auto found = db.run({"verify", "--check", tampering.check});
    INFO(found);
    CHECK(found.exit == 7);
    CHECK(db.run({"verify", "--check", tampering.check, "--sku", "NUT"}).exit == 0);
    if (tampering.undo.empty()) continue;
    db.execute(tampering.undo);
    CHECK(db.run({"verify", "--check", "prices-match", "--check", "hash-chain"}).exit == 0);
  }
  if (backend_name() == "sqlite") CHECK(db.run({"backup", db.dir().path("copy.db")}).exit == 7);
}

TEST_CASE("an export carries prices and thresholds to another database, and is checked on the way",
          "[price]") {
  Shop db;
  db.must({"price", "set", "BOLT=3", "--reason", "x", "--id", "p-1"});
  db.must({"price", "set", "BOLT=4", "--reason", "soon", "--effective", db.in_seconds(3600)});
  db.must({"threshold", "set", "NUT", "-w", "EAST", "--reorder-point", "5", "--target", "9"});
  db.must({"threshold", "set", "BOLT", "--reorder-point", "5", "--target", "50"});
  const auto file = db.dir().path("ledger.ndjson");
  db.must({"export", file});
  Database copy("USD");
  copy.must({"import", file});
  CHECK(copy.run({"verify"}).exit == 0);
  CHECK(copy.must({"price", "history", "BOLT", "--json"}).json() == db.history("BOLT"));
  CHECK(copy.must({"price", "list", "--json"}).json() == db.must({"price", "list", "--json"}).json());
  CHECK(copy.must({"threshold", "list", "--json"}).json() == db.must({"threshold", "list", "--json"}).json());
  const auto second = copy.dir().path("again.ndjson");
  copy.must({"export", second});
  const auto body = [](const std::string& path) {
    const auto text = read_file(path);
    return text.substr(text.find('\n'));
  };
  CHECK(body(second) == body(file));
  auto spoiled = read_file(file);
  const auto at = spoiled.find("\"new_minor\":300");
  REQUIRE(at != std::string::npos);
  spoiled.replace(at, 15, "\"new_minor\":301");
  const auto bad = db.dir().write("bad.ndjson", spoiled);
  CHECK(db.run({"verify", bad}).exit == 7);
  Database other("USD");
  CHECK(other.run({"import", bad}).exit == 8);
}

TEST_CASE("an export from before prices were recorded is taken in, and its prices begin then", "[price]") {
  Shop db;
  const auto file = db.dir().path("ledger.ndjson");
  db.must({"export", file});
  std::string old_form;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("{\"price\"")) continue;
    auto json = nlohmann::ordered_json::parse(line);
    if (json.contains("product")) json["product"].erase("price_version");
    if (json.contains("end")) {
      json["end"].erase("prices");
      json["end"].erase("thresholds");
    }
    old_form += json.dump() + "\n";
  }
  const auto old_file = db.dir().write("old.ndjson", old_form);
  CHECK(db.run({"verify", old_file}).exit == 0);
  Database copy("USD");
  copy.must({"import", old_file});
  CHECK(copy.run({"verify"}).exit == 0);
  CHECK(copy.must({"price", "history", "BOLT", "--json"}).json().at(0).at("actor") == "import");
}

}  // namespace price_test
