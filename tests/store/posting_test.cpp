// Posting through the ledger on a real database.
#include <catch2/catch.hpp>
#include <set>

#include "fixture.hpp"

namespace posting_test {

using namespace invctl;
using namespace invctl::test;

namespace {

std::vector<Outcome> post_all(db::SqlStore& store, std::vector<Operation> operations, bool dry_run = false) {
  Ledger ledger(store, test_origin);
  return ledger.post(operations, {.lock_timeout = std::chrono::seconds(20), .dry_run = dry_run});
}

}  // namespace

TEST_CASE("batches of every size write each operation with an id of its own") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 2, 40);
  const auto reader = database.connect_as_owner();
  std::int64_t expected = 0;
  for (const int size : {1, 2, 3, 64, 65, 500, 513}) {
    CAPTURE(size);
    std::vector<Operation> batch;
    for (int i = 0; i < size; ++i) {
      auto operation = make(Kind::receive, i % 2 == 0 ? "A" : "B", "P" + std::to_string(i % 40 + 1), i + 1,
                            "n" + std::to_string(size) + "-" + std::to_string(i));
      // Some operations have several lines.
      if (i % 3 == 0) operation.lines.push_back(make(Kind::receive, "A", "P7", 2).lines[0]);
      operation.reference = "배치 📦";
      batch.push_back(std::move(operation));
    }
    const auto outcomes = post_all(*store, batch);
    std::set<std::int64_t> ids;
    for (int i = 0; i < size; ++i) {
      const auto& receipt = outcomes.at(static_cast<std::size_t>(i)).receipt;
      REQUIRE(receipt);
      ids.insert(receipt->operation);
      db::Query query(*reader, "SELECT id, reference FROM operation WHERE idempotency_key = ?");
      REQUIRE(query.bind("n" + std::to_string(size) + "-" + std::to_string(i)).next());
      CHECK(query.integer(0) == receipt->operation);
      CHECK(query.text(1) == "배치 📦");
    }
    CHECK(ids.size() == static_cast<std::size_t>(size));
    expected += size;
    CHECK(number(*reader, "SELECT count(*) FROM operation") == expected);
  }
  CHECK(ledger_faults(*reader) == std::vector<std::string>());
}

TEST_CASE("an operation keeps every field, and the absent ones stay absent") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  auto full = make(Kind::receive, "A", "P1", 5, "full");
  full.reference = std::string(1000, 'r');
  full.reason = "";
  full.note = "a\\b 'quoted' \"double\" 한글 \xF0\x9F\x9A\x9A";
  full.occurred_at = 1'700'000'000'000'001;
  post_all(*store, {full, make(Kind::receive, "A", "P1", 1, "bare")});
  const auto reader = database.connect_as_owner();
  db::Query query(
      *reader,
      "SELECT reference, reason, note, occurred_at, actor, host, tool_version, result, reverses_id "
      "FROM operation ORDER BY id");
  REQUIRE(query.next());
  CHECK(query.text(0) == *full.reference);
  CHECK(query.optional_text(1) == full.reason);
  CHECK(query.text(2) == *full.note);
  CHECK(query.integer(3) == *full.occurred_at);
  CHECK(query.text(4) == "tester");
  CHECK(query.text(5) == "test-host");
  CHECK(query.text(6) == "0.0.0");
  CHECK(query.is_null(7));
  CHECK(query.is_null(8));
  REQUIRE(query.next());
  CHECK(query.is_null(0));
  CHECK(query.is_null(1));
  CHECK(query.is_null(2));
}

TEST_CASE("quantities up to 64 bits are stored as they are, and one more is an overflow") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 2);
  const auto most = INT64_MAX;
  REQUIRE(post(*store, make(Kind::receive, "A", "P1", most)).receipt);
  const auto more = post(*store, make(Kind::receive, "A", "P1", 1));
  REQUIRE(more.rejection);
  CHECK(more.rejection->exit == Exit::conflict);
  const auto reader = database.connect_as_owner();
  CHECK(number(*reader, "SELECT on_hand FROM inventory") == most);
  CHECK(number(*reader, "SELECT on_hand_delta FROM movement") == most);
  REQUIRE(post(*store, make(Kind::ship, "A", "P1", most)).receipt);
  CHECK(number(*reader, "SELECT on_hand FROM inventory") == 0);
}

TEST_CASE("a key that was used is replayed with the stored receipt, by any connection") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 2, 3);
  post(*store, make(Kind::receive, "A", "P2", 9));
  post(*store, make(Kind::receive, "B", "P2", 5));
  const auto buy = make(Kind::purchase, "", "P2", 12, "k1");
  const auto first = post(*store, buy);
  REQUIRE(first.receipt);
  CHECK(first.receipt->lines.size() == 2);
  CHECK_FALSE(first.replayed);

  const auto other = database.open();
  const auto again = post(*other, buy);
  REQUIRE(again.receipt);
  CHECK(again.replayed);
  CHECK(again.receipt->operation == first.receipt->operation);
  CHECK(again.receipt->total_minor == first.receipt->total_minor);
  REQUIRE(again.receipt->lines.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(again.receipt->lines[i].warehouse == first.receipt->lines[i].warehouse);
    CHECK(again.receipt->lines[i].on_hand == first.receipt->lines[i].on_hand);
    CHECK(again.receipt->lines[i].before == first.receipt->lines[i].before);
    CHECK(again.receipt->lines[i].amount_minor == first.receipt->lines[i].amount_minor);
  }
  auto changed = buy;
  changed.lines[0].quantity = 1;
  const auto reused = post(*other, changed);
  REQUIRE(reused.rejection);
  CHECK(reused.rejection->code == "key_reused");
  CHECK(number(*database.connect(), "SELECT count(*) FROM purchase") == 2);
}

TEST_CASE("a refusal under a key of the caller's is remembered, whatever the stock becomes") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  const auto want = make(Kind::ship, "A", "P1", 3, "wanted");
  const auto first = post(*store, want);
  REQUIRE(first.rejection);
  CHECK(first.rejection->exit == Exit::insufficient_stock);
  post(*store, make(Kind::receive, "A", "P1", 10));
  const auto again = post(*store, want);
  REQUIRE(again.rejection);
  CHECK(again.replayed);
  CHECK(again.rejection->exit == first.rejection->exit);
  CHECK(again.rejection->message == first.rejection->message);
  CHECK(again.rejection->lines.size() == first.rejection->lines.size());
  const auto reader = database.connect_as_owner();
  CHECK(number(*reader, "SELECT count(*) FROM operation WHERE outcome = 'rejected'") == 1);
  CHECK(number(*reader, "SELECT count(*) FROM movement") == 1);
  CHECK(ledger_faults(*reader).empty());
}

TEST_CASE("a refused operation without a key, and a dry run, leave nothing behind") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  CHECK(post(*store, make(Kind::ship, "A", "P1", 1)).rejection);
  CHECK(post_all(*store, {make(Kind::receive, "A", "P1", 1, "dry")}, true).at(0).receipt);
  const auto reader = database.connect_as_owner();
  for (const std::string table : {"operation", "movement", "purchase", "inventory"}) {
    CHECK(number(*reader, "SELECT count(*) FROM " + table) == 0);
  }
}

TEST_CASE("one batch may hold the same key twice, refusals and purchases over several warehouses") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 3, 2);
  post_all(*store, {make(Kind::receive, "A", "P1", 5), make(Kind::receive, "B", "P1", 4),
                    make(Kind::receive, "C", "P1", 3)});
  const auto outcomes =
      post_all(*store, {make(Kind::purchase, "", "P1", 8, "x"), make(Kind::purchase, "", "P1", 8, "x"),
                        make(Kind::purchase, "", "P1", 5, "y"), make(Kind::purchase, "", "P1", 4, "z"),
                        make(Kind::ship, "A", "P2", 1)});
  REQUIRE(outcomes[0].receipt);
  CHECK(outcomes[1].replayed);
  CHECK(outcomes[1].receipt->operation == outcomes[0].receipt->operation);
  CHECK(outcomes[2].rejection->exit == Exit::insufficient_stock);
  CHECK(outcomes[3].receipt);
  CHECK(outcomes[4].rejection->exit == Exit::insufficient_stock);
  const auto reader = database.connect_as_owner();
  CHECK(number(*reader, "SELECT sum(on_hand) FROM inventory") == 0);
  CHECK(ledger_faults(*reader).empty());
}

TEST_CASE("a key that is taken while the batch is written makes it look again and replay") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 2);
  // The twin touches another row, so no lock keeps the two apart; only the key does.
  const auto twin = database.open();
  std::vector<Operation> mine = {make(Kind::receive, "A", "P1", 1, "twin")};
  normalise_lines(mine[0].lines);
  if (on_mysql()) {
    Posting posting(*store, test_origin, mine, Deadline::after(std::chrono::seconds(5)));
    REQUIRE(post(*twin, make(Kind::receive, "A", "P2", 1, "twin")).receipt);
    // The look-up sees the twin if it reads after the commit; the key stops the write if it does not.
    const auto outcome = posting.post(mine).at(0);
    REQUIRE(outcome.rejection);
    CHECK(outcome.rejection->code == "key_reused");
  } else {
    REQUIRE(post(*twin, make(Kind::receive, "A", "P2", 1, "twin")).receipt);
    CHECK(post(*store, mine[0]).rejection->code == "key_reused");
  }
  CHECK(number(*database.connect(), "SELECT count(*) FROM operation") == 1);
}

TEST_CASE("appending a key that exists is a duplicate, and rolls back without a trace") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 1, "taken"));
  AppendBatch batch;
  OperationRecord record;
  record.uid = random_uid();
  record.key = "taken";
  batch.operations.push_back(record);
  store->begin(Deadline::after(std::chrono::seconds(5)));
  try {
    store->append(batch);
    FAIL("it was accepted");
  } catch (const StoreError& error) {
    CHECK(error.kind == StoreError::Kind::duplicate);
  }
  store->rollback();
  CHECK(number(*database.connect(), "SELECT count(*) FROM operation") == 1);
  CHECK(post(*store, make(Kind::receive, "A", "P1", 1)).receipt);
}

TEST_CASE("a posting of several chunks is one transaction: all of it or nothing") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 2, 10);
  std::vector<Operation> all;
  for (int i = 0; i < 30; ++i) {
    all.push_back(make(Kind::receive, i % 2 == 0 ? "A" : "B", "P" + std::to_string(i % 10 + 1), 1));
    ensure_key(all.back());
  }
  const bool ahead = GENERATE(false, true);
  const auto chunk = [&](std::size_t i) { return std::span(all).subspan(10 * i, 10); };
  const auto run = [&](bool commit) {
    Posting posting(*store, test_origin, all, Deadline::after(std::chrono::seconds(20)));
    if (ahead) {
      // The later ones are drafted before the first has created its rows.
      std::vector<Posting::Draft> drafts;
      for (std::size_t i = 0; i < 3; ++i) drafts.push_back(posting.draft(chunk(i)));
      for (std::size_t i = 0; i < 3; ++i) {
        for (const auto& outcome : posting.post(drafts[i], chunk(i))) REQUIRE(outcome.receipt);
      }
    } else {
      for (std::size_t i = 0; i < 3; ++i) {
        for (const auto& outcome : posting.post(chunk(i))) REQUIRE(outcome.receipt);
      }
    }
    if (commit) posting.commit();
  };
  run(false);
  const auto reader = database.connect_as_owner();
  CHECK(number(*reader, "SELECT count(*) FROM operation") == 0);
  run(true);
  CHECK(number(*reader, "SELECT count(*) FROM operation") == 30);
  CHECK(number(*reader, "SELECT sum(on_hand) FROM inventory") == 30);
  CHECK(ledger_faults(*reader).empty());
}

}  // namespace posting_test
