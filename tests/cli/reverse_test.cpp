// Reversals, from the outside.
#include <catch2/catch.hpp>

#include "cli/audit_support.hpp"

namespace reverse_test {

using namespace invctl::test;
using Catch::Contains;

TEST_CASE("a reversal posts the opposite once, links both, and can be reversed itself", "[reverse]") {
  AuditShop db;
  const auto receipt = db.operation_of({"receive", "-w", "EAST", "BOLT=5", "NUT=2"});
  const auto undone = db.must(reverse(receipt, {"--json"})).json();
  CHECK(undone.at("kind") == "reverse");
  CHECK(undone.at("reverses") == std::stoll(receipt));
  REQUIRE(undone.at("lines").size() == 2);
  CHECK(undone["lines"][0].at("delta") == -5);
  CHECK(db.on_hand("BOLT", "EAST") == 0);
  const auto second = db.run(reverse(receipt, {"--json"}));
  CHECK(second.exit == 5);
  CHECK(second.error_code() == "already_reversed");
  const auto by = std::to_string(undone.at("operation").get<std::int64_t>());
  db.must(reverse(by));
  CHECK(db.on_hand("BOLT", "EAST") == 5);
  const auto full = db.must({"history", "--operation", by, "--full", "--json"}).json();
  CHECK(full.at("reverses") == std::stoll(receipt));
  CHECK(full.at("reversed_by") == std::stoll(by) + 1);
  CHECK(full.at("reason") == "a mistake");
  CHECK(full.at("hash").get<std::string>().size() == 64);
  CHECK_THAT(db.must({"history"}).out, Contains("reversed by " + by) && Contains("reverses " + receipt));
  CHECK(db.run({"verify"}).exit == 0);
}

TEST_CASE("a reversal is refused when the stock is gone, of nothing, and of a refusal", "[reverse]") {
  AuditShop db;
  const auto receipt = db.operation_of({"receive", "-w", "EAST", "BOLT=5"});
  db.must({"ship", "-w", "EAST", "BOLT=3"});
  const auto short_of = db.run(reverse(receipt));
  CHECK(short_of.exit == 4);
  CHECK_THAT(short_of.err, Contains("only 2 of BOLT in EAST, 5 requested"));
  CHECK(db.run(reverse("999")).exit == 3);
  CHECK(db.run(reverse("x1")).exit == 2);
  CHECK(db.run({"reverse", receipt}).exit == 2);
  CHECK(db.run({"reverse", receipt, "--reason", ""}).exit == 2);
  CHECK(db.run({"ship", "-w", "EAST", "BOLT=900", "--id", "too-much"}).exit == 4);
  const auto refusal = db.text("SELECT id FROM operation WHERE idempotency_key = 'too-much'");
  const auto nothing = db.run(reverse(refusal, {"--json"}));
  CHECK(nothing.exit == 5);
  CHECK(nothing.error_code() == "nothing_to_reverse");
  CHECK(db.on_hand("BOLT", "EAST") == 2);
}

TEST_CASE("a reversal with an id is replayed, and a dry run changes nothing", "[reverse]") {
  AuditShop db;
  const auto receipt = db.operation_of({"receive", "-w", "EAST", "BOLT=5"});
  CHECK(db.must(reverse(receipt, {"--dry-run", "--json"})).json().at("operation").is_null());
  CHECK(db.on_hand("BOLT", "EAST") == 5);
  const auto first = db.must(reverse(receipt, {"--id", "undo-1", "--json"})).json();
  const auto again = db.must(reverse(receipt, {"--id", "undo-1", "--json"})).json();
  CHECK(again.at("replayed") == true);
  CHECK(again.at("operation") == first.at("operation"));
  CHECK(again.at("reverses") == first.at("reverses"));
  CHECK(db.run({"receive", "-w", "EAST", "BOLT=5", "--id", "undo-1"}).exit == 5);
  // A refusal under an id is remembered without taking the operation's only reversal.
  const auto next = db.operation_of({"receive", "-w", "EAST", "NUT=5"});
  db.must({"ship", "-w", "EAST", "NUT=1"});
  CHECK(db.run(reverse(next, {"--id", "undo-2"})).exit == 4);
  db.must({"receive", "-w", "EAST", "NUT=1"});
  CHECK(db.run(reverse(next, {"--id", "undo-2"})).exit == 4);
  CHECK(db.run(reverse(next, {"--id", "undo-3"})).exit == 0);
  CHECK(db.run({"verify"}).exit == 0);
}

TEST_CASE("a purchase that is reversed gives the stock back where it came from", "[reverse]") {
  AuditShop db;
  db.must({"receive", "-w", "EAST", "BOLT=2"});
  db.must({"receive", "-w", "WEST", "BOLT=3"});
  const auto sold = db.operation_of({"purchase", "BOLT=4", "--user", "kim"});
  CHECK(db.on_hand("BOLT", "EAST") == 1);
  db.must({"product", "retire", "NUT"});
  db.must(reverse(sold));
  CHECK(db.on_hand("BOLT", "EAST") == 2);
  CHECK(db.on_hand("BOLT", "WEST") == 3);
  CHECK(db.integer("SELECT count(*) FROM purchase") == 2);
  CHECK(db.run({"verify"}).exit == 0);
}

namespace {

// After the stress test of Formance's ledger.
void reverse_each_twice_at_once(int count) {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::minstd_rand random(seed);
  AuditShop db;
  for (const std::string where : {"EAST", "WEST"})
    db.must({"receive", "-w", where, "BOLT=100000", "NUT=100000"});
  const auto before = db.rows("SELECT warehouse_id, product_id, on_hand FROM inventory ORDER BY id");
  std::vector<std::string> operations;
  for (int i = 0; i < count; ++i) {
    const std::string where = random() % 2 == 0 ? "EAST" : "WEST";
    const auto line = (random() % 2 == 0 ? "BOLT=" : "NUT=") + std::to_string(1 + random() % 50);
    switch (random() % 3) {
      case 0:
        operations.push_back(db.operation_of({"receive", "-w", where, line}));
        break;
      case 1:
        operations.push_back(db.operation_of({"ship", "-w", where, line}));
        break;
      default:
        operations.push_back(db.operation_of({"purchase", line, "--user", "kim"}));
    }
  }
  int done = 0, refused = 0;
  for (const auto& operation : operations) {
    const auto one = db.start(reverse(operation, {"--lock-timeout", "60s"}));
    const auto other = db.start(reverse(operation, {"--lock-timeout", "60s"}));
    for (const auto exit : {one->wait().exit, other->wait().exit}) {
      done += exit == 0 ? 1 : 0;
      refused += exit == 5 ? 1 : 0;
    }
  }
  CHECK(done == count);
  CHECK(refused == count);
  CHECK(db.integer("SELECT count(*) FROM operation WHERE kind = 'reverse'") == count);
  CHECK(db.rows("SELECT warehouse_id, product_id, on_hand FROM inventory ORDER BY id") == before);
  CHECK(db.run({"verify"}).exit == 0);
}

}  // namespace

TEST_CASE("operations reversed twice at once by two processes are reversed exactly once", "[reverse]") {
  reverse_each_twice_at_once(24);
}

TEST_CASE("five hundred operations reversed twice at once are reversed five hundred times",
          "[.long][reverse]") {
  reverse_each_twice_at_once(500);
}

}  // namespace reverse_test
