#include <catch2/catch.hpp>

#include "cli/harness.hpp"

namespace change_test {

using namespace invctl::test;
using Catch::Contains;

namespace {

// A database with warehouses EAST and WEST and the products BOLT (price 1500) and NUT (no price).
class Shop : public Database {
 public:
  Shop() : Database("KRW") {
    must({"warehouse", "add", "EAST"});
    must({"warehouse", "add", "WEST"});
    must({"product", "add", "BOLT", "--price", "1500"});
    must({"product", "add", "NUT"});
  }
  std::int64_t on_hand(const std::string& sku, const std::string& warehouse) {
    for (const auto& row : must({"stock", "--sku", sku, "-w", warehouse, "--json"}).json()) {
      return row.at("on_hand").get<std::int64_t>();
    }
    return 0;
  }
  std::int64_t count(const std::string& table) { return integer("SELECT count(*) FROM " + table); }
};

}  // namespace

TEST_CASE("a change reports each line before and after, and stores exactly that", "[change]") {
  Shop db;
  const auto answer =
      db.must({"receive", "-w", "EAST", "BOLT=5", "NUT=2", "BOLT=3", "--ref", "PO-1", "--json"}).json();
  CHECK(answer.at("kind") == "receive");
  CHECK(answer.at("replayed") == false);
  CHECK(answer.at("reference") == "PO-1");
  REQUIRE(answer.at("lines").size() == 2);
  CHECK(answer["lines"][0] == nlohmann::json({{"warehouse", "EAST"},
                                              {"sku", "BOLT"},
                                              {"delta", 8},
                                              {"before", 0},
                                              {"on_hand", 8},
                                              {"reserved", 0},
                                              {"available", 8}}));
  CHECK(db.on_hand("BOLT", "EAST") == 8);
  CHECK(db.count("movement") == 2);
  CHECK(db.count("operation") == 1);
  CHECK(db.integer("SELECT count(*) FROM operation WHERE reference = 'PO-1' AND outcome = 'accepted'") == 1);
}

TEST_CASE("ship refuses to go below zero, names every short line and changes nothing", "[change]") {
  Shop db;
  db.must({"receive", "-w", "EAST", "BOLT=5", "NUT=2"});
  const auto refused = db.run({"ship", "-w", "EAST", "BOLT=6", "NUT=3"});
  CHECK(refused.exit == 4);
  CHECK(refused.out.empty());
  CHECK(refused.err ==
        "invctl: ship: only 5 of BOLT in EAST, 6 requested\ninvctl: ship: only 2 of NUT in EAST, 3 "
        "requested\n");
  const auto one_short = db.run({"ship", "-w", "EAST", "BOLT=1", "NUT=3", "--json"});
  CHECK(one_short.exit == 4);
  CHECK(one_short.error().at("lines").size() == 1);
  CHECK(one_short.error()["lines"][0].at("available") == 2);
  CHECK(db.on_hand("BOLT", "EAST") == 5);
  CHECK(db.on_hand("NUT", "EAST") == 2);
  CHECK(db.count("operation") == 1);
}

TEST_CASE("a refused operation leaves no row behind, not even an empty one", "[change]") {
  Shop db;
  CHECK(db.run({"ship", "-w", "WEST", "BOLT=1"}).exit == 4);
  CHECK(db.count("inventory") == 0);
  CHECK(db.count("operation") == 0);
}

TEST_CASE("unknown codes are exit 3, all of them named", "[change]") {
  Shop db;
  const auto result = db.run({"receive", "-w", "EAST", "ALPHA=1", "BOLT=1", "OMEGA=2", "--json"});
  CHECK(result.exit == 3);
  CHECK(result.error().at("lines").size() == 2);
  CHECK(db.run({"receive", "-w", "NORTH", "BOLT=1"}).exit == 3);
  CHECK(db.count("movement") == 0);
}

TEST_CASE("quantities are decimal whole numbers and nothing else", "[change]") {
  Shop db;
  for (const char* bad :
       {"0", "-1", "+5", "9223372036854775808", "1e3", "1.0", "", "\u0663", " 1", "1 ", "0x10"}) {
    INFO("quantity '" << bad << "'");
    const auto result = db.run({"receive", "-w", "EAST", std::string("BOLT=") + bad});
    CHECK(result.exit == 2);
    CHECK_THAT(result.err, Contains("invctl: receive: BOLT="));
  }
  CHECK(db.must({"receive", "-w", "EAST", "BOLT=010", "--json"}).json()["lines"][0]["delta"] == 10);
  CHECK(db.must({"receive", "-w", "WEST", "BOLT=9223372036854775807", "--json"})
            .json()["lines"][0]["on_hand"] == 9223372036854775807LL);
  const auto overflow = db.run({"receive", "-w", "WEST", "BOLT=1", "--json"});
  CHECK(overflow.exit == 5);
  CHECK(overflow.error_code() == "overflow");
  CHECK(db.run({"receive", "-w", "EAST", "BOLT=9223372036854775807", "BOLT=1"}).exit == 2);
}

TEST_CASE("all malformed lines are reported at once", "[change]") {
  Shop db;
  const auto result = db.run({"receive", "-w", "EAST", "BOLT", "NUT=x", "=3", "--json"});
  CHECK(result.exit == 2);
  CHECK(result.error().at("lines").size() == 3);
}

TEST_CASE("codes of 64 bytes work, of 65 do not, and a dash in front needs --", "[change]") {
  Shop db;
  const std::string longest(64, 'x');
  db.must({"product", "add", longest});
  db.must({"receive", "-w", "EAST", longest + "=1"});
  CHECK(db.run({"receive", "-w", "EAST", longest + "y=1"}).exit == 2);
  db.must({"product", "add", "--", "-DASH"});
  db.must({"receive", "-w", "EAST", "--", "-DASH=4"});
  CHECK(db.on_hand("-DASH", "EAST") == 4);
  for (const char* bad : {"a\tb", "a\nb", "a\x1b[31mb", "\xff", " a", "a "}) {
    INFO(bad);
    const auto result = db.run({"product", "add", bad});
    CHECK(result.exit == 2);
    CHECK(result.err.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("NFC and NFD are the same code", "[change]") {
  Shop db;
  db.must({"product", "add", "caf\u00e9"});
  db.must({"receive", "-w", "EAST", "cafe\u0301=2"});
  CHECK(db.on_hand("caf\u00e9", "EAST") == 2);
  CHECK(db.run({"product", "add", "cafe\u0301"}).exit == 5);
}

TEST_CASE("codes are compared byte by byte", "[change]") {
  Shop db;
  db.must({"product", "add", "15056BL"});
  db.must({"product", "add", "15056bl"});
  db.must({"receive", "-w", "EAST", "15056bl=2"});
  CHECK(db.on_hand("15056bl", "EAST") == 2);
  CHECK(db.on_hand("15056BL", "EAST") == 0);
}

TEST_CASE("adjust adds, takes away, sets, and compares before it sets", "[change]") {
  Shop db;
  db.must({"adjust", "-w", "EAST", "BOLT=+7", "--reason", "found"});
  db.must({"adjust", "-w", "EAST", "BOLT=-2", "--reason", "broken"});
  CHECK(db.on_hand("BOLT", "EAST") == 5);
  db.must({"adjust", "-w", "EAST", "BOLT=9", "--set", "--expect", "5", "--reason", "counted"});
  CHECK(db.on_hand("BOLT", "EAST") == 9);
  const auto stale =
      db.run({"adjust", "-w", "EAST", "BOLT=1", "--set", "--expect", "5", "--reason", "counted", "--json"});
  CHECK(stale.exit == 5);
  CHECK(stale.error_code() == "precondition_failed");
  db.must({"adjust", "-w", "EAST", "BOLT=9", "--set", "--reason", "counted again"});
  CHECK(db.integer("SELECT count(*) FROM movement WHERE on_hand_delta = 0") == 1);
  CHECK(db.run({"adjust", "-w", "EAST", "BOLT=-10", "--reason", "x"}).exit == 4);
  CHECK(db.run({"adjust", "-w", "EAST", "BOLT=5", "--reason", "x"}).exit == 2);
  CHECK(db.run({"adjust", "-w", "EAST", "BOLT=+0", "--reason", "x"}).exit == 2);
  CHECK(db.run({"adjust", "-w", "EAST", "BOLT=+1"}).exit == 2);
  CHECK(db.run({"adjust", "-w", "EAST", "BOLT=+1", "--reason", ""}).exit == 2);
  CHECK(db.run({"adjust", "-w", "EAST", "BOLT=+1", "--expect", "1", "--reason", "x"}).exit == 2);
}

TEST_CASE("the same request with the same id is done once and answered again", "[change]") {
  Shop db;
  const auto first = db.must({"receive", "-w", "EAST", "BOLT=5", "--id", "K1", "--json"}).json();
  auto second =
      db.must({"receive", "-w", "EAST", "BOLT=5", "--id", "K1", "--json", "--actor", "someone-else"}).json();
  CHECK(second.at("replayed") == true);
  second["replayed"] = false;
  CHECK(second == first);
  CHECK(db.on_hand("BOLT", "EAST") == 5);
  const auto other = db.run({"receive", "-w", "EAST", "BOLT=6", "--id", "K1", "--json"});
  CHECK(other.exit == 5);
  CHECK(other.error_code() == "key_reused");
}

TEST_CASE("a refusal under an id is remembered, even when there is stock again", "[change]") {
  Shop db;
  const std::vector<std::string> request = {"ship", "-w", "EAST", "BOLT=3", "--id", "S1"};
  const auto refused = db.run(request);
  CHECK(refused.exit == 4);
  db.must({"receive", "-w", "EAST", "BOLT=5"});
  const auto again = db.run(request);
  CHECK(again.exit == 4);
  // Which says that it is no news: what is there now is another number.
  CHECK(again.err ==
        refused.err +
            "hint: answered so before under this id, whatever is there now; a new --id asks anew\n");
  CHECK(db.on_hand("BOLT", "EAST") == 5);
  // What is wrong with the request itself is not an answer about stock: nothing is remembered.
  CHECK(db.run({"ship", "-w", "EAST", "GHOST=1", "--id", "S2"}).exit == 3);
  db.must({"product", "add", "GHOST"});
  CHECK(db.run({"ship", "-w", "EAST", "GHOST=1", "--id", "S2"}).exit == 4);
}

TEST_CASE("a dry run reports the same and changes nothing, not even an id", "[change]") {
  Shop db;
  const auto dry = db.must({"receive", "-w", "EAST", "BOLT=5", "--id", "D1", "--dry-run", "--json"}).json();
  CHECK(dry.at("dry_run") == true);
  CHECK(dry.at("operation").is_null());
  CHECK(dry["lines"][0]["on_hand"] == 5);
  CHECK(db.count("operation") == 0);
  CHECK(db.run({"ship", "-w", "EAST", "BOLT=5", "--id", "D1", "--dry-run"}).exit == 4);
  CHECK(db.count("operation") == 0);
  CHECK(db.must({"receive", "-w", "EAST", "BOLT=5", "--id", "D1", "--json"}).json().at("replayed") == false);
}

TEST_CASE("a purchase costs price times quantity and is stored with its price", "[purchase]") {
  Shop db;
  db.must({"receive", "-w", "EAST", "BOLT=5"});
  const auto answer = db.must({"purchase", "BOLT=3", "--user", "kim", "--json"}).json();
  CHECK(answer.at("total_minor") == 4500);
  CHECK(answer.at("currency") == "KRW");
  CHECK(answer.at("user") == "kim");
  CHECK(answer["lines"][0].at("unit_price_minor") == 1500);
  CHECK(answer["lines"][0].at("amount_minor") == 4500);
  CHECK(db.rows("SELECT user_name, quantity, unit_price_minor, total_minor FROM purchase") ==
        Rows{{"kim", "3", "1500", "4500"}});
  const auto unpriced = db.run({"purchase", "NUT=1", "--user", "kim", "--json"});
  CHECK(unpriced.exit == 5);
  CHECK(unpriced.error_code() == "no_price");
  CHECK(db.run({"purchase", "BOLT=1"}).exit == 2);
}

TEST_CASE("a purchase is served by the warehouse with most, and split only when none has enough",
          "[purchase]") {
  Shop db;
  db.must({"warehouse", "add", "NORTH"});
  db.must({"receive", "-w", "EAST", "BOLT=4"});
  db.must({"receive", "-w", "WEST", "BOLT=6"});
  db.must({"receive", "-w", "NORTH", "BOLT=4"});
  const auto one = db.must({"purchase", "BOLT=4", "--user", "a", "--json"}).json().at("lines");
  REQUIRE(one.size() == 1);
  CHECK(one[0].at("warehouse") == "WEST");  // 6, 4, 4: the most
  const auto split = db.must({"purchase", "BOLT=9", "--user", "a", "--json"}).json().at("lines");
  REQUIRE(split.size() == 3);  // 4 EAST, 4 NORTH, 2 WEST: most first, then by code
  CHECK(split[0].at("warehouse") == "EAST");
  CHECK(split[1].at("warehouse") == "NORTH");
  CHECK(split[2].at("delta") == -1);
  CHECK(db.run({"purchase", "BOLT=2", "--user", "a"}).exit == 4);
  CHECK(db.run({"purchase", "BOLT=1", "--user", "a", "-w", "EAST"}).exit == 4);
  db.must({"purchase", "BOLT=1", "--user", "a", "-w", "WEST"});
}

TEST_CASE("INVCTL_WAREHOUSE is the default of -w, but does not narrow a purchase", "[purchase]") {
  Shop db;
  db.must({"receive", "BOLT=2"}, {.env = {{"INVCTL_WAREHOUSE", "EAST"}}});
  CHECK(db.on_hand("BOLT", "EAST") == 2);
  const auto answer =
      db.must({"purchase", "BOLT=1", "--user", "u", "--json"}, {.env = {{"INVCTL_WAREHOUSE", "WEST"}}});
  CHECK(answer.json()["lines"][0]["warehouse"] == "EAST");
  CHECK(db.run({"receive", "BOLT=1"}).exit == 2);
}

TEST_CASE("retired products and warehouses take nothing in and sell nothing", "[catalog]") {
  Shop db;
  db.must({"receive", "-w", "EAST", "BOLT=1"});
  const auto stocked = db.run({"product", "retire", "BOLT", "--json"});
  CHECK(stocked.exit == 5);
  CHECK(stocked.error_code() == "not_empty");
  CHECK(db.run({"warehouse", "retire", "EAST"}).exit == 5);
  db.must({"ship", "-w", "EAST", "BOLT=1"});
  db.must({"product", "retire", "BOLT"});
  CHECK(db.run({"receive", "-w", "EAST", "BOLT=1", "--json"}).error_code() == "retired");
  db.must({"product", "retire", "BOLT", "--undo"});
  db.must({"warehouse", "retire", "WEST"});
  CHECK(db.run({"receive", "-w", "WEST", "BOLT=1"}).exit == 5);
  CHECK(db.must({"warehouse", "list", "--json"}).json().size() == 1);
  CHECK(db.must({"warehouse", "list", "--all", "--json"}).json().size() == 2);
}

TEST_CASE("a code that exists is not added twice", "[catalog]") {
  Shop db;
  CHECK(db.run({"product", "add", "BOLT", "--json"}).error_code() == "already_exists");
  CHECK(db.run({"warehouse", "add", "EAST", "--json"}).error_code() == "already_exists");
  CHECK(db.run({"product", "set", "GHOST", "--price", "1"}).exit == 3);
  CHECK(db.run({"product", "set", "BOLT", "--price", "1.5"}).exit == 2);  // KRW has no decimals
  db.must({"product", "set", "BOLT", "--price", "1.0"});
  CHECK(db.must({"product", "show", "BOLT", "--json"}).json().at("price_minor") == 1);
  db.must({"product", "set", "BOLT", "--price", ""});
  CHECK(db.must({"product", "show", "BOLT", "--json"}).json().at("price_minor").is_null());
}

TEST_CASE("history that shows only the newest movements says so", "[history]") {
  Shop db;
  std::string rows = "kind,warehouse,sku,quantity\n";
  for (int i = 0; i < 100; ++i) rows += "receive,EAST,BOLT,1\n";
  db.must({"apply", db.dir().write("a.csv", rows)});
  const auto all = db.must({"history", "--json"});
  CHECK(all.json().size() == 100);
  CHECK(all.err.empty());
  db.must({"receive", "-w", "EAST", "NUT=1"});
  const auto newest = db.must({"history", "--json"});
  CHECK(newest.json().size() == 100);
  CHECK(newest.json()[0].at("sku") == "NUT");
  CHECK(newest.err ==
        "invctl: warning: only the newest 100 are shown; --limit N shows as many as you say, --before SEQ "
        "the next "
        "page\n");
  CHECK(db.must({"history", "--limit", "101", "--json"}).json().size() == 101);
}

TEST_CASE("history filters, pages by seq and shows newest first", "[history]") {
  Shop db;
  for (int i = 1; i <= 5; ++i)
    db.must({"receive", "-w", "EAST", "BOLT=" + std::to_string(i), "--ref", "R" + std::to_string(i)});
  db.must({"receive", "-w", "WEST", "NUT=1"});
  db.must({"purchase", "BOLT=1", "--user", "kim"});
  const auto all = db.must({"history", "--json"}).json();
  REQUIRE(all.size() == 7);
  CHECK(all[0].at("kind") == "purchase");
  for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1].at("seq") > all[i].at("seq"));
  const auto page = db.must({"history", "--limit", "2", "--json"}).json();
  REQUIRE(page.size() == 2);
  const auto next =
      db.must({"history", "--limit", "2", "--before", page[1].at("seq").dump(), "--json"}).json();
  CHECK(next[0] == all[2]);
  CHECK(db.must({"history", "--sku", "BOLT", "-w", "EAST", "--json"}).json().size() == 6);
  CHECK(db.must({"history", "--kind", "purchase", "--json"}).json().size() == 1);
  CHECK(db.must({"history", "--user", "kim", "--json"}).json().size() == 1);
  CHECK(db.must({"history", "--ref", "R3", "--json"}).json().size() == 1);
  CHECK(db.must({"history", "--since", "2100-01-01", "--json"}).json().empty());
  CHECK(db.must({"history", "--until", "2000-01-01", "--format", "csv"}).out ==
        "seq,operation,kind,warehouse,sku,delta,reserved_delta,on_hand,reserved,actor,reference,reason,"
        "recorded_at\n");
  CHECK(db.run({"history", "--sku", "GHOST"}).exit == 3);
  CHECK(db.run({"history", "--kind", "recieve"}).exit == 2);
  CHECK(db.must({"history", "--limit", "2"}).err.empty());
  CHECK(db.run({"history", "--since", "yesterday"}).exit == 2);
}

}  // namespace change_test
