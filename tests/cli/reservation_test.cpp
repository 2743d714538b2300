// Stock that is held, moved and given back, from the outside.
#include <catch2/catch.hpp>

#include "cli/json_schema.hpp"
#include "cli/reservation_support.hpp"

namespace reservation_test {

using namespace invctl::test;
using Catch::Contains;

TEST_CASE("a transfer moves stock in one operation, or not at all", "[transfer]") {
  ReservationShop db;
  const auto moved =
      db.must({"transfer", "--from", "EAST", "--to", "WEST", "BOLT=3", "NUT=4", "--json"}).json();
  check_schema(db, {"transfer"}, moved);
  CHECK(moved.at("lines").size() == 4);
  CHECK(db.stock("BOLT").at("on_hand") == 7);
  CHECK(db.stock("BOLT", "WEST").at("on_hand") == 3);
  CHECK(db.stock("NUT", "WEST").at("on_hand") == 4);

  const auto refused = db.run({"transfer", "--from", "EAST", "--to", "WEST", "BOLT=8", "NUT=1", "--json"});
  CHECK(refused.exit == 4);
  CHECK(refused.error().at("lines").size() == 2);
  CHECK(db.stock("BOLT", "WEST").at("on_hand") == 3);
  CHECK(db.run({"transfer", "--from", "EAST", "--to", "EAST", "BOLT=1"}).exit == 2);
  CHECK(db.run({"transfer", "--from", "EAST", "--to", "NORTH", "BOLT=1"}).exit == 3);

  db.must({"reverse", std::to_string(moved.at("operation").get<std::int64_t>()), "--reason", "wrong"});
  CHECK(db.stock("BOLT").at("on_hand") == 10);
  CHECK(db.stock("BOLT", "WEST").at("on_hand") == 0);
  db.verify();
}

TEST_CASE("stock leaves a retired warehouse by transfer, and never comes into one", "[transfer]") {
  ReservationShop db;
  db.must({"warehouse", "retire", "WEST"});
  const auto refused = db.run({"transfer", "--from", "EAST", "--to", "WEST", "BOLT=1", "--json"});
  CHECK(refused.exit == 5);
  CHECK(refused.error_code() == "retired");
  CHECK(db.stock("BOLT").at("on_hand") == 10);
}

TEST_CASE("what is reserved is on hand, but not available to others", "[reserve]") {
  ReservationShop db;
  const auto held =
      db.must({"reserve", "-w", "EAST", "BOLT=6", "NUT=4", "--ttl", "1h", "--for", "order-7", "--json"})
          .json();
  check_schema(db, {"reserve"}, held);
  CHECK(held.at("reservation") == held.at("operation"));
  CHECK(held.at("reference") == "order-7");
  CHECK(db.stock("BOLT").at("on_hand") == 10);
  CHECK(db.stock("BOLT").at("reserved") == 6);
  CHECK(db.stock("BOLT").at("available") == 4);
  CHECK(db.run({"ship", "-w", "EAST", "BOLT=5"}).exit == 4);
  CHECK(db.run({"reserve", "-w", "EAST", "BOLT=5"}).exit == 4);
  CHECK(db.run({"adjust", "-w", "EAST", "BOLT=5", "--set", "--reason", "count"}).exit == 4);
  db.must({"ship", "-w", "EAST", "BOLT=4"});

  const auto list = db.must({"reservation", "list", "--for", "order-7", "--json"}).json();
  check_schema(db, {"reservation", "list"}, list);
  REQUIRE(list.size() == 2);
  CHECK(list[0].at("quantity") == 6);
  CHECK(list[0].at("expired") == false);
  CHECK(db.must({"reservation", "list", "--sku", "NUT", "--json"}).json().size() == 1);
  CHECK(db.must({"reservation", "list", "-w", "WEST", "--json"}).json().empty());
  CHECK(db.run({"reservation", "list", "--sku", "NONE"}).exit == 3);
  db.verify();
}

TEST_CASE("a confirmation ships what was held, or sells it, once", "[reserve]") {
  ReservationShop db;
  const auto shipped = db.reserve({"BOLT=6", "--id", "hold-1"});
  const auto answer = db.must({"confirm", shipped, "--id", "ship-1", "--json"}).json();
  check_schema(db, {"confirm"}, answer);
  CHECK(answer.at("lines").at(0).at("delta") == -6);
  CHECK(answer.at("lines").at(0).at("reserved_delta") == -6);
  CHECK(db.stock("BOLT").at("on_hand") == 4);
  CHECK(db.stock("BOLT").at("reserved") == 0);
  CHECK(db.must({"confirm", shipped, "--id", "ship-1", "--json"}).json().at("replayed") == true);
  const auto again = db.run({"confirm", shipped, "--json"});
  CHECK(again.exit == 5);
  CHECK(again.error_code() == "reservation_ended");
  CHECK(db.state(shipped) == "confirmed");

  const auto sold = db.reserve({"BOLT=2", "NUT=3"});
  const auto sale = db.must({"confirm", sold, "--user", "kim", "--json"}).json();
  check_schema(db, {"confirm"}, sale);
  CHECK(sale.at("total_minor") == 2 * 1500 + 3 * 200);
  CHECK(db.integer("SELECT count(*) FROM purchase WHERE user_name = 'kim'") == 2);
  db.verify();
}

TEST_CASE("less than held can be confirmed, and the rest goes back", "[reserve]") {
  ReservationShop db;
  const auto held = db.reserve({"BOLT=6", "NUT=4"});
  const auto too_much = db.run({"confirm", held, "BOLT=7", "--json"});
  CHECK(too_much.exit == 4);
  CHECK_THAT(too_much.err, Contains("holds only 6 of BOLT in EAST, 7 requested"));
  CHECK(db.run({"confirm", held, "SCREW=1"}).exit == 3);
  CHECK(db.stock("BOLT").at("reserved") == 6);
  const auto sale = db.must({"confirm", held, "BOLT=2", "--user", "kim", "--json"}).json();
  check_schema(db, {"confirm"}, sale);
  CHECK(sale.at("total_minor") == 3000);
  CHECK(db.stock("BOLT").at("on_hand") == 8);
  CHECK(db.stock("BOLT").at("available") == 8);
  CHECK(db.stock("NUT").at("available") == 4);
  CHECK(db.integer("SELECT count(*) FROM purchase") == 1);
  db.verify();
}

TEST_CASE("a release gives all back; what is ended cannot be ended again", "[reserve]") {
  ReservationShop db;
  const auto held = db.reserve({"BOLT=6"});
  check_schema(db, {"release"}, db.must({"release", held, "--json"}).json());
  CHECK(db.stock("BOLT").at("available") == 10);
  for (const std::string verb : {"release", "confirm"}) {
    const auto late = db.run({verb, held, "--json"});
    CHECK(late.exit == 5);
    CHECK_THAT(late.err, Contains("was released before"));
  }
  CHECK(db.run({"extend", held, "--ttl", "1h"}).exit == 5);
  CHECK(db.state(held) == "released");
  CHECK(db.run({"release", "999"}).exit == 3);
  CHECK(db.run({"release", "1"}).exit == 3);  // an operation, but no reservation
  CHECK(db.run({"release", "x"}).exit == 2);
  const auto refused = db.run({"reverse", held, "--reason", "r"});
  CHECK(refused.exit == 5);
  CHECK_THAT(refused.err, Contains("release"));
  db.verify();
}

TEST_CASE("what has expired is available at once, and given back by the next change", "[reserve]") {
  ReservationShop db;
  const std::chrono::milliseconds ttl(is_sanitized ? 5000 : 300);
  const auto held = db.reserve({"BOLT=8", "--ttl", std::to_string(ttl.count()) + "ms"});
  const auto other = db.reserve({"BOLT=2", "--ttl", "1h"});
  CHECK(db.stock("BOLT").at("available") == 0);
  wait_past(ttl + std::chrono::milliseconds(50));
  CHECK(db.stock("BOLT").at("available") == 8);
  CHECK(db.stock("BOLT").at("reserved") == 2);
  CHECK(db.state(held) == "expired");
  CHECK(db.integer("SELECT reserved FROM inventory WHERE on_hand = 10") == 10);

  // A change that is refused gives it back all the same.
  CHECK(db.run({"ship", "-w", "EAST", "BOLT=9"}).exit == 4);
  CHECK(db.integer("SELECT reserved FROM inventory WHERE on_hand = 10") == 2);
  CHECK(db.integer("SELECT count(*) FROM operation WHERE kind = 'expire'") == 1);

  const auto late = db.run({"confirm", held, "--id", "late", "--json"});
  CHECK(late.exit == 5);
  CHECK(late.error_code() == "reservation_expired");
  CHECK(db.run({"confirm", held, "--id", "late", "--json"}).exit == 5);
  db.must({"ship", "-w", "EAST", "BOLT=8"});
  db.must({"confirm", other});
  CHECK(db.stock("BOLT").at("on_hand") == 0);
  db.verify();
}

TEST_CASE("a confirmation that comes too late is refused although nobody touched the row before",
          "[reserve]") {
  ReservationShop db;
  const auto held = db.reserve({"BOLT=8", "NUT=1", "--ttl", "100ms"});
  wait_past(std::chrono::milliseconds(150));
  const auto late = db.run({"confirm", held, "--json"});
  CHECK(late.exit == 5);
  CHECK(late.error_code() == "reservation_expired");
  CHECK(db.stock("BOLT").at("on_hand") == 10);
  CHECK(db.integer("SELECT count(*) FROM hold") == 0);
  CHECK(db.run({"extend", held, "--ttl", "1h"}).exit == 5);
  db.verify();
}

TEST_CASE("an extension lets it hold for longer", "[reserve]") {
  ReservationShop db;
  const auto held = db.reserve({"BOLT=8", "--ttl", "400ms"});
  check_schema(db, {"extend"}, db.must({"extend", held, "--ttl", "1h", "--json"}).json());
  wait_past(std::chrono::milliseconds(450));
  CHECK(db.run({"ship", "-w", "EAST", "BOLT=3"}).exit == 4);
  db.must({"confirm", held});
  CHECK(db.stock("BOLT").at("on_hand") == 2);
  const auto story = db.must({"reservation", "show", held, "--json"}).json();
  check_schema(db, {"reservation", "show"}, story);
  REQUIRE(story.at("movements").size() == 3);
  CHECK(story["movements"][1].at("kind") == "extend");
  db.verify();
}

TEST_CASE("a purchase takes from its own reservation first and never waits on it", "[reserve]") {
  ReservationShop db;
  const auto held = db.reserve({"BOLT=6"});
  const auto other = db.reserve({"BOLT=3"});
  const auto sale = db.must({"purchase", "BOLT=4", "--user", "kim", "--reservation", held, "--json"}).json();
  check_schema(db, {"purchase"}, sale);
  CHECK(sale.at("lines").at(0).at("reserved_delta") == -4);
  CHECK(db.stock("BOLT").at("reserved") == 5);
  // The two that it still holds, and the one that is nobody's.
  CHECK(db.run({"purchase", "BOLT=4", "--user", "kim", "--reservation", held}).exit == 4);
  db.must({"purchase", "BOLT=3", "--user", "kim", "--reservation", held});
  CHECK(db.stock("BOLT").at("on_hand") == 3);
  CHECK(db.stock("BOLT").at("reserved") == 3);
  CHECK(db.state(held) == "used up");
  const auto none = db.run({"purchase", "BOLT=1", "--user", "kim", "--reservation", held, "--json"});
  CHECK(none.exit == 5);
  CHECK(none.error_code() == "not_held");
  CHECK(db.run({"purchase", "BOLT=1", "--user", "kim", "--reservation", other, "-w", "WEST"}).exit == 2);
  db.verify();
}

TEST_CASE("a purchase from a reservation may also take what that does not hold", "[reserve]") {
  ReservationShop db;
  db.must({"product", "add", "SCREW", "--price", "10"});
  db.must({"receive", "-w", "EAST", "SCREW=3"});
  const auto held = db.reserve({"BOLT=6", "NUT=1"});
  const auto sale =
      db.must({"purchase", "BOLT=1", "SCREW=1", "--user", "kim", "--reservation", held, "--json"}).json();
  CHECK(sale.at("lines").at(0).at("reserved_delta") == -1);
  CHECK(sale.at("lines").at(1).at("reserved_delta") == 0);
  db.must({"purchase", "BOLT=5", "--user", "kim", "--reservation", held});
  db.must({"purchase", "BOLT=1", "NUT=1", "--user", "kim", "--reservation", held});
  CHECK(db.state(held) == "used up");
  const auto open = db.reserve({"BOLT=1"});
  const auto none = db.run({"purchase", "SCREW=1", "--user", "kim", "--reservation", open, "--json"});
  CHECK(none.exit == 5);
  CHECK(none.error_code() == "not_held");
  db.verify();
}

TEST_CASE("what has no price is not sold from a reservation either", "[reserve]") {
  ReservationShop db;
  db.must({"product", "add", "GIFT"});
  db.must({"receive", "-w", "EAST", "GIFT=2"});
  const auto held = db.reserve({"GIFT=2"});
  const auto refused = db.run({"confirm", held, "--user", "kim", "--json"});
  CHECK(refused.exit == 5);
  CHECK(refused.error_code() == "no_price");
  CHECK(db.stock("GIFT").at("on_hand") == 2);
  db.must({"confirm", held});
  CHECK(db.stock("GIFT").at("on_hand") == 0);
  db.verify();
}

TEST_CASE("quantities whose sum does not fit are held line by line", "[reserve]") {
  ReservationShop db;
  const std::string most = "9223372036854775807";
  const auto partial =
      db.run({"reserve", "-w", "EAST", "BOLT=" + most, "NUT=" + most, "--allow-partial", "--json"});
  CHECK(partial.exit == 12);
  db.must({"product", "add", "SAND"});
  db.must({"product", "add", "DUST"});
  db.must({"receive", "-w", "EAST", "SAND=9000000000000000000", "DUST=9000000000000000000"});
  CHECK(db.state(db.reserve({"SAND=9000000000000000000", "DUST=9000000000000000000"})) == "open");
}

TEST_CASE("one that has expired in part goes on expiring though the clock is set back", "[reserve]") {
  ReservationShop db;
  const auto held = db.reserve({"BOLT=2", "NUT=1", "--ttl", "50ms"});
  wait_past(std::chrono::milliseconds(80));
  db.must({"ship", "-w", "EAST", "BOLT=1"});
  db.execute("UPDATE hold SET expires_at = expires_at + 3600000000");  // as the clock would have it
  const auto late = db.run({"release", held, "--json"});
  CHECK(late.exit == 5);
  CHECK(db.integer("SELECT count(*) FROM hold") == 0);
  CHECK(db.stock("NUT").at("available") == 4);
  db.verify();
}

TEST_CASE("verify of one product looks at its holds too", "[reserve]") {
  ReservationShop db;
  db.reserve({"BOLT=6"});
  db.execute("UPDATE hold SET quantity = 5");
  CHECK(db.run({"verify", "--sku", "BOLT"}).exit == 7);
  CHECK(db.run({"verify", "--sku", "NUT"}).exit == 0);
}

TEST_CASE("a partial reservation tells every line, and holds not nothing at all", "[reserve]") {
  ReservationShop db;
  const auto partial =
      db.run({"reserve", "-w", "EAST", "BOLT=12", "NUT=2", "--allow-partial", "--id", "p", "--json"});
  INFO(partial);
  REQUIRE(partial.exit == 12);
  CHECK(partial.err == "invctl: warning: 10 of 12 BOLT are held in EAST\n");
  CHECK(partial.json().at("lines").at(0).at("reserved_delta") == 10);
  CHECK(partial.json().at("lines").at(1).at("reserved_delta") == 2);
  const auto replayed =
      db.run({"reserve", "-w", "EAST", "BOLT=12", "NUT=2", "--allow-partial", "--id", "p", "--json"});
  CHECK(replayed.exit == 12);
  CHECK(replayed.json().at("replayed") == true);
  const auto one = db.run({"reserve", "-w", "EAST", "BOLT=1", "NUT=1", "--allow-partial", "--json"});
  CHECK(one.exit == 12);
  CHECK(one.json().at("lines").size() == 2);
  CHECK(db.run({"reserve", "-w", "EAST", "BOLT=1", "--allow-partial"}).exit == 4);
  CHECK(db.run({"reserve", "-w", "EAST", "NUT=1", "--allow-partial"}).exit == 0);
  db.verify();
}

TEST_CASE("a reservation's time is checked before anything is done", "[reserve]") {
  ReservationShop db;
  for (const std::string ttl : {"0s", "-1s", "5", "x", "4000d"}) {
    const auto refused = db.run({"reserve", "-w", "EAST", "BOLT=1", "--ttl", ttl});
    INFO(ttl << '\n' << refused);
    CHECK(refused.exit == 2);
  }
  CHECK(db.run({"reserve", "-w", "EAST", "BOLT=0"}).exit == 2);
  CHECK(db.integer("SELECT count(*) FROM hold") == 0);
}

TEST_CASE("a dry run of each step leaves everything as it was", "[reserve]") {
  ReservationShop db;
  const auto held = db.reserve({"BOLT=6"});
  const auto operations = db.integer("SELECT count(*) FROM operation");
  const auto dry = db.must({"reserve", "-w", "EAST", "BOLT=1", "--dry-run", "--json"}).json();
  check_schema(db, {"reserve"}, dry);
  CHECK(dry.at("reservation").is_null());
  db.must({"confirm", held, "--dry-run"});
  db.must({"release", held, "--dry-run"});
  db.must({"extend", held, "--ttl", "1h", "--dry-run"});
  CHECK(db.integer("SELECT count(*) FROM operation") == operations);
  CHECK(db.stock("BOLT").at("reserved") == 6);
}

TEST_CASE("verify sees a hold that is not the ledger's, and rebuild puts it right", "[reserve]") {
  ReservationShop db;
  db.reserve({"BOLT=6"});
  db.reserve({"NUT=2"});
  db.verify();
  for (const std::string damage :
       {"UPDATE hold SET quantity = quantity + 1", "UPDATE hold SET expires_at = expires_at + 1",
        "DELETE FROM hold WHERE quantity = 2"}) {
    INFO(damage);
    db.execute(damage);
    const auto found = db.run({"verify", "--check", "holds-match"});
    CHECK(found.exit == 7);
    CHECK_THAT(found.err + found.out, Contains("holds-match"));
    CHECK(db.run({"rebuild", "--check"}).exit == 7);
    db.must({"rebuild", "--apply"});
    db.verify();
  }
}

TEST_CASE("an export carries reservations to another database", "[reserve]") {
  ReservationShop db;
  const auto held = db.reserve({"BOLT=6", "--ttl", "1h", "--for", "order-9"});
  db.must({"purchase", "BOLT=1", "--user", "kim", "--reservation", held});
  const auto gone = db.reserve({"NUT=1"});
  db.must({"release", gone});
  const auto file = db.dir().path("ledger.ndjson");
  db.must({"export", file});
  Database copy("KRW");
  copy.must({"import", file});
  CHECK(copy.run({"verify"}).exit == 0);
  const auto list = copy.must({"reservation", "list", "--json"}).json();
  REQUIRE(list.size() == 1);
  CHECK(list[0].at("quantity") == 5);
  CHECK(list[0].at("reference") == "order-9");
  const auto number = std::to_string(list[0].at("reservation").get<std::int64_t>());
  copy.must({"confirm", number});
  CHECK(copy.run({"verify"}).exit == 0);
}

}  // namespace reservation_test
