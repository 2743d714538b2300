// `receive --unit-cost`: stored with the movement, part of the request, hashed, carried by export and import.
#include <catch2/catch.hpp>

#include "harness.hpp"

namespace unit_cost_test {

using namespace invctl::test;

namespace {

void add_places(Database& db) {
  db.must({"warehouse", "add", "EAST"});
  db.must({"product", "add", "BOLT"});
  db.must({"product", "add", "NUT"});
}

}  // namespace

TEST_CASE("receive --unit-cost is told, stored and shown", "[cost]") {
  Database db;
  add_places(db);
  const auto answer = db.must({"receive", "-w", "EAST", "BOLT=2", "NUT=3", "--unit-cost", "1.25",
                               "--unit-cost", "NUT=0.1", "--id", "r-1", "--json"})
                          .json();
  CHECK(answer.at("lines")[0].at("unit_cost_minor") == 125);
  CHECK(answer.at("lines")[1].at("unit_cost_minor") == 10);
  const auto full = db.must({"history", "--operation", "1", "--full", "--json"}).json();
  CHECK(full.at("lines")[0].at("unit_cost_minor") == 125);
  CHECK_FALSE(db.must({"receive", "-w", "EAST", "BOLT=2", "--json"})
                  .json()
                  .at("lines")[0]
                  .contains("unit_cost_minor"));
  db.must({"verify"});
}

TEST_CASE("the same id with another cost is another request, with none it is the one of old", "[cost]") {
  Database db;
  add_places(db);
  db.must({"receive", "-w", "EAST", "BOLT=2", "--unit-cost", "1.25", "--id", "r-1"});
  const auto again =
      db.must({"receive", "-w", "EAST", "BOLT=2", "--unit-cost", "1.250", "--id", "r-1", "--json"}).json();
  CHECK(again.at("replayed") == true);
  CHECK(again.at("lines")[0].at("unit_cost_minor") == 125);
  CHECK(db.run({"receive", "-w", "EAST", "BOLT=2", "--unit-cost", "1.26", "--id", "r-1"}).exit == 5);
  CHECK(db.run({"receive", "-w", "EAST", "BOLT=2", "--id", "r-1"}).exit == 5);

  // SHA-256 of invctl-request-1, receive, \N, \N, \N, 1, EAST, BOLT, delta, 2, \N: what it was before costs.
  db.must({"receive", "-w", "EAST", "BOLT=2", "--id", "r-2"});
  CHECK(db.must({"history", "--operation", "2", "--full", "--json"}).json().at("request_hash") ==
        "5cb779e956cacf5021bd10c9b37d5bc453a1aada4a147f7e6ee1f4e041c3fddc");
}

TEST_CASE("a cost that cannot be is refused before anything is posted", "[cost]") {
  Database db;
  add_places(db);
  for (const std::string cost : {"1.255", "-1", "abc", "", "NUT=1", "1,25", "99999999999999999999"}) {
    const auto result = db.run({"receive", "-w", "EAST", "BOLT=2", "--unit-cost=" + cost});
    INFO(result);
    CHECK(result.exit == 2);
  }
  CHECK(db.run({"receive", "-w", "EAST", "BOLT=2", "--unit-cost", "1", "--unit-cost", "2"}).exit == 2);
  CHECK(db.integer("SELECT count(*) FROM operation") == 0);
}

TEST_CASE("verify notices a cost that was changed", "[cost]") {
  Database db;
  add_places(db);
  db.must({"receive", "-w", "EAST", "BOLT=2", "--unit-cost", "1.25"});
  db.must({"receive", "-w", "EAST", "BOLT=2"});
  const auto tamper = [&](const std::string& value, const std::string& which) {
    db.execute("DROP TRIGGER movement_no_update");
    db.execute("UPDATE movement SET unit_cost_minor = " + value + " WHERE version = " + which);
    const auto result = db.run({"verify", "--json"});
    INFO(result);
    CHECK(result.exit == 7);
    CHECK(result.json().at("violations")[0].at("check") == "hash-chain");
  };
  SECTION("raised") {
    tamper("126", "1");
  }
  SECTION("taken away") {
    tamper("NULL", "1");
  }
  SECTION("put on what had none") {
    tamper("0", "2");
  }
}

TEST_CASE("apply reads unit costs of receipts, and only of these", "[cost]") {
  Database db;
  add_places(db);
  const auto file = db.dir().write("rows.csv",
                                   "kind,warehouse,sku,quantity,Cost\nreceive,EAST,BOLT,5,0.75\n"
                                   "ship,EAST,BOLT,1,not a cost\n");
  db.must({"apply", file, "--map", "unit_cost=Cost"});
  CHECK(db.integer("SELECT unit_cost_minor FROM movement WHERE version = 1") == 75);
  CHECK(db.integer("SELECT count(*) FROM movement WHERE unit_cost_minor IS NULL") == 1);
  const auto bad = db.dir().write("bad.csv", "warehouse,sku,quantity,unit_cost\nEAST,BOLT,5,0.755\n");
  const auto result = db.run({"receive", "--from", bad});
  INFO(result);
  CHECK(result.exit == 8);
  CHECK(result.err.find("bad.csv:2:13: unit_cost") != std::string::npos);
  const auto two =
      db.dir().write("two.csv", "n,warehouse,sku,quantity,unit_cost\n1,EAST,BOLT,5,1\n1,EAST,BOLT,5,2\n");
  CHECK(db.run({"receive", "--from", two, "--group-by", "n"}).exit == 8);
  const auto plain = db.dir().write("plain.csv", "warehouse,sku,quantity\nEAST,NUT,5\n");
  db.must({"receive", "--from", plain, "--unit-cost", "0.40"});
  CHECK(db.integer("SELECT max(unit_cost_minor) FROM movement WHERE inventory_id = (SELECT max(id) FROM "
                   "inventory)") == 40);
}

TEST_CASE("an export carries unit costs, and import brings the same hashes", "[cost]") {
  Database db;
  add_places(db);
  db.must({"receive", "-w", "EAST", "BOLT=2", "--unit-cost", "1.25"});
  db.must({"ship", "-w", "EAST", "BOLT=1"});
  const auto file = db.dir().path("ledger.ndjson");
  db.must({"export", file});
  CHECK(read_file(file).find("\"unit_cost_minor\":125") != std::string::npos);
  db.must({"verify", file});
  Database other;
  other.must({"import", file});
  other.must({"verify"});
  CHECK(other.must({"report", "valuation", "--json"}).json().at("value_minor") == 125);
  const auto heads = "SELECT head_hash FROM inventory";
  CHECK(other.rows(heads) == db.rows(heads));
}

}  // namespace unit_cost_test
