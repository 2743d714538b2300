// What only a seal can tell of a ledger that was tampered with.
#include <catch2/catch.hpp>

#include "ledger8.hpp"

namespace verify_seal_test {

using namespace invctl;
using namespace invctl::test;

TEST_CASE("a tail that was cut off so that all else fits is named by the seal") {
  Ledger8 ledger;
  SealRecord record;
  record.actor = "auditor";
  const auto sealed = make_seal(ledger.store(), record, Deadline::after(std::chrono::seconds(20))).seal;
  CHECK(sealed.movements == 9);
  post(ledger.store(), make(Kind::receive, "A", "P1", 6, "later"));
  CHECK(ledger.after({}).empty());
  // Cut off operation 8 and what came later, and put the balance right.
  const std::vector<std::string> cut = {"DELETE FROM movement WHERE id > 8",
                                        "DELETE FROM operation WHERE id > 7",
                                        "UPDATE inventory SET on_hand = 50, version = 6, head_hash = (SELECT "
                                        "hash FROM movement WHERE inventory_id = 1 AND version = 6) "
                                        "WHERE id = 1"};
  const auto violations = ledger.after(cut);
  INFO(told(violations));
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].check == "seals");
  CHECK(violations[0].key == "version 7 of P1 in A");
  CHECK(violations[0].actual == "none");
}

TEST_CASE("a tail that was made anew, hashes and all, is sound in itself and named by the seal") {
  Ledger8 ledger;
  SealRecord record;
  record.actor = "auditor";
  make_seal(ledger.store(), record, Deadline::after(std::chrono::seconds(20)));
  ledger.sql("DELETE FROM movement WHERE id > 8");
  ledger.sql("DELETE FROM operation WHERE id > 7");
  ledger.sql(
      "UPDATE inventory SET on_hand = 50, version = 6, head_hash = (SELECT hash FROM movement WHERE "
      "inventory_id "
      "= 1 AND version = 6) WHERE id = 1");
  post(ledger.store(), make(Kind::receive, "A", "P1", 6, "another history"));
  CHECK(verify_ledger(ledger.store()).violations.empty());
  const auto violations = ledger.after({});
  INFO(told(violations));
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].check == "seals");
  CHECK(violations[0].key == "version 7 of P1 in A");
  CHECK(violations[0].actual != "none");
}

TEST_CASE("a seal that was kept elsewhere proves the ledger though the stored one is gone") {
  Ledger8 ledger;
  SealRecord record;
  record.actor = "auditor";
  const auto sealed = make_seal(ledger.store(), record, Deadline::after(std::chrono::seconds(20))).seal;
  post(ledger.store(), make(Kind::receive, "B", "P1", 6, "later"));
  for (const std::string table : {"seal", "seal_line"}) ledger.drop_triggers(table);
  ledger.sql("DELETE FROM seal_line");
  ledger.sql("DELETE FROM seal");
  VerifyScope scope;
  scope.heads_after = sealed.movements;
  auto report = verify_ledger(ledger.store(), scope);
  REQUIRE(report.heads);
  CHECK(seal_digest(*report.heads) == sealed.digest);
  CHECK(seal_digest(report.heads_now) != sealed.digest);
  // Without the last sealed operation there is no such state any more.
  ledger.sql("DELETE FROM movement WHERE operation_id = 8");
  ledger.sql("DELETE FROM operation WHERE id = 8");
  report = verify_ledger(ledger.store(), scope);
  CHECK((!report.heads || seal_digest(*report.heads) != sealed.digest));
}

TEST_CASE("seals cannot be rewritten, and a second seal holds only what moved") {
  TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 2);
  post(*store, make(Kind::receive, "A", "P1", 5, "1"));
  post(*store, make(Kind::receive, "A", "P2", 5, "2"));
  SealRecord record;
  record.actor = "auditor";
  record.name = "first";
  const auto deadline = Deadline::after(std::chrono::seconds(20));
  const auto first = make_seal(*store, record, deadline);
  CHECK_FALSE(first.replayed);
  CHECK(make_seal(*store, record, deadline).replayed);
  post(*store, make(Kind::ship, "A", "P1", 1, "3"));
  CHECK_THROWS_AS(make_seal(*store, record, deadline), Error);
  record.name = "second";
  make_seal(*store, record, deadline);
  CHECK(number(store->connection(), "SELECT count(*) FROM seal_line") == 3);
  CHECK(check_seals(*store, {}, std::nullopt).violations.empty());
  CHECK(check_seals(*store, {}, SealText{std::nullopt, first.seal.digest}).wanted_holds);
  const auto owner = database.connect_as_owner();
  for (const std::string table : {"seal", "seal_line"}) {
    CHECK_THROWS_AS(owner->execute("UPDATE " + table + " SET id = id + 1"), Error);
    CHECK_THROWS_AS(owner->execute("DELETE FROM " + table), Error);
    CHECK_THROWS_AS(owner->execute("REPLACE INTO " + table + " SELECT * FROM " + table), Error);
  }
}

}  // namespace verify_seal_test
