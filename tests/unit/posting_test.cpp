// One transaction: what is replayed, refused, remembered and written.
#include <catch2/catch.hpp>
#include <limits>

#include "memory_store.hpp"
#include "stock/ledger.hpp"
#include "stock/rejection.hpp"
#include "stock_support.hpp"

namespace posting_test {

using namespace invctl;
using namespace invctl::test;

namespace {

const Origin origin{"host-1", "0.1.0"};

MemoryStore shop() {
  MemoryStore store;
  store.add_warehouse("EAST");
  store.add_warehouse("WEST");
  store.add_warehouse("OLD", true);
  store.add_product("BOLT", 250);
  store.add_product("NUT", std::nullopt);
  return store;
}

std::vector<Outcome> post(MemoryStore& store, std::vector<Operation> operations, bool dry_run = false) {
  Ledger ledger(store, origin);
  return ledger.post(operations, {std::chrono::milliseconds(200), dry_run});
}

Outcome post(MemoryStore& store, Operation operation) {
  return post(store, std::vector<Operation>{std::move(operation)}).at(0);
}

void stock_up(MemoryStore& store, const std::string& warehouse, const std::string& sku, Quantity quantity) {
  REQUIRE(post(store, operation(Kind::receive, {line(warehouse, sku, quantity)})).receipt.has_value());
}

std::string code(const Outcome& outcome) {
  CHECK(outcome.receipt.has_value() != outcome.rejection.has_value());
  return outcome.rejection ? outcome.rejection->code : "";
}

std::string written(const Receipt& receipt) {
  std::string out = std::to_string(receipt.operation) + " " + std::string(kind_name(receipt.kind)) + " " +
                    receipt.key + " by " + receipt.actor + " ref " + receipt.reference.value_or("-") +
                    " user " + receipt.user.value_or("-") + " at " + std::to_string(receipt.recorded_at) +
                    " total " + (receipt.total_minor ? std::to_string(*receipt.total_minor) : "-");
  for (const auto& l : receipt.lines) {
    out += "\n" + l.warehouse + "/" + l.sku + " " + std::to_string(l.before) + " " + std::to_string(l.delta) +
           " " + std::to_string(l.on_hand) + " " + std::to_string(l.reserved) + " " +
           std::to_string(l.available()) + " " +
           (l.unit_price_minor ? std::to_string(*l.unit_price_minor) : "-") + " " +
           (l.amount_minor ? std::to_string(*l.amount_minor) : "-");
  }
  return out;
}

}  // namespace

TEST_CASE("a receipt says what happened, line by line") {
  auto store = shop();
  stock_up(store, "EAST", "BOLT", 10);
  auto purchase = operation(Kind::purchase, {line("", "BOLT", 2), line("EAST", "BOLT", 3)}, "K");
  purchase.reference = "order 7";
  const auto outcome = post(store, purchase);
  REQUIRE(code(outcome).empty());
  CHECK_FALSE(outcome.replayed);
  const auto& receipt = *outcome.receipt;
  CHECK(receipt.operation == 1002);
  CHECK(receipt.key == "K");
  CHECK(receipt.reference == "order 7");
  CHECK(receipt.user == "alice");
  CHECK(receipt.actor == "tester");
  CHECK(receipt.total_minor == 1250);
  REQUIRE(receipt.lines.size() == 2);
  CHECK(receipt.lines[0].before == 10);
  CHECK(receipt.lines[0].delta == -3);
  CHECK(receipt.lines[0].on_hand == 7);
  CHECK(receipt.lines[0].amount_minor == 750);
  CHECK(receipt.lines[1].before == 7);
  CHECK(receipt.lines[1].on_hand == 5);
  CHECK(receipt.lines[1].unit_price_minor == 250);
}

TEST_CASE("what is stored says who, where, when and why") {
  auto store = shop();
  auto o = operation(Kind::adjust, {set_line("EAST", "BOLT", 5, 0)}, "K");
  o.reference = "R";
  o.note = "N";
  o.occurred_at = 77;
  const auto before = now_utc();
  post(store, o);
  const auto& record = store.stored().operations.at(0).record;
  CHECK(record.key == "K");
  CHECK(record.actor == "tester");
  CHECK(record.reason == "count");
  CHECK(record.reference == "R");
  CHECK(record.note == "N");
  CHECK(record.occurred_at == 77);
  CHECK(record.recorded_at >= before);
  CHECK(record.recorded_at <= now_utc());
  CHECK(record.host == "host-1");
  CHECK(record.tool_version == "0.1.0");
  CHECK(record.accepted);
  CHECK_FALSE(record.result.has_value());
  CHECK(record.uid != Uid{});
  CHECK(store.row("EAST", "BOLT").version == 1);
  CHECK_FALSE(store.row("EAST", "BOLT").opening.has_value());
  auto unlabelled = operation(Kind::opening, {line("WEST", "NUT", 4)});
  post(store, unlabelled);
  CHECK(store.stored().operations.at(1).record.occurred_at ==
        store.stored().operations.at(1).record.recorded_at);
  CHECK(store.row("WEST", "NUT").opening == 4);
}

TEST_CASE("the same request under the same key is answered again and changes nothing") {
  auto store = shop();
  stock_up(store, "EAST", "BOLT", 10);
  auto purchase = operation(Kind::purchase, {line("", "BOLT", 2)}, "K");
  purchase.reference = "R";
  const auto first = post(store, purchase);
  stock_up(store, "EAST", "BOLT", 5);
  auto again = purchase;
  again.actor = "somebody else";
  again.note = "retried";
  again.occurred_at = 5;
  const auto second = post(store, again);
  REQUIRE(second.receipt.has_value());
  CHECK(second.replayed);
  CHECK(written(*second.receipt) == written(*first.receipt));
  CHECK(store.row("EAST", "BOLT").on_hand == 13);
  CHECK(store.stored().operations.size() == 3);
  CHECK(store.counts.commits == 3);  // the replay had nothing to commit
}

TEST_CASE("another request under a key that is taken is a conflict, and is not remembered itself") {
  auto store = shop();
  stock_up(store, "EAST", "BOLT", 10);
  post(store, operation(Kind::ship, {line("EAST", "BOLT", 2)}, "K"));
  const auto other = post(store, operation(Kind::ship, {line("EAST", "BOLT", 3)}, "K"));
  CHECK(code(other) == "key_reused");
  CHECK(other.rejection->exit == Exit::conflict);
  CHECK_FALSE(other.replayed);
  CHECK(store.row("EAST", "BOLT").on_hand == 8);
  CHECK(post(store, operation(Kind::ship, {line("EAST", "BOLT", 2)}, "K")).replayed);
  CHECK(store.stored().operations.size() == 2);
  CHECK(
      post(store, operation(Kind::ship, {line("EAST", "BOLT", 3)}, "k")).receipt.has_value());  // another key
}

TEST_CASE("a refusal with exit 4 or 5 under the caller's key is final") {
  auto store = shop();
  stock_up(store, "EAST", "BOLT", 1);
  const auto short_one = operation(Kind::ship, {line("EAST", "BOLT", 2)}, "K4");
  const auto no_price = operation(Kind::purchase, {line("EAST", "NUT", 1)}, "K5");
  const auto first4 = post(store, short_one);
  const auto first5 = post(store, no_price);
  CHECK(code(first4) == "insufficient_stock");
  CHECK(code(first5) == "no_price");
  CHECK_FALSE(first4.replayed);

  stock_up(store, "EAST", "BOLT", 100);
  const auto second4 = post(store, short_one);
  CHECK(second4.replayed);
  CHECK(code(second4) == "insufficient_stock");
  CHECK(second4.rejection->exit == Exit::insufficient_stock);
  CHECK(rejection_to_json(*second4.rejection) == rejection_to_json(*first4.rejection));
  CHECK(post(store, no_price).replayed);
  CHECK(store.row("EAST", "BOLT").on_hand == 101);

  const auto& record = store.stored().operations.at(1).record;
  CHECK_FALSE(record.accepted);
  CHECK(record.result == rejection_to_json(*first4.rejection));
  CHECK(store.stored().operations.at(1).movements.empty());
}

TEST_CASE("any other refusal leaves nothing behind, and can succeed later under the same key") {
  auto store = shop();
  const auto unknown = operation(Kind::receive, {line("EAST", "CHEESE", 2)}, "K3");
  CHECK(code(post(store, unknown)) == "not_found");
  CHECK(code(post(store, operation(Kind::ship, {line("EAST", "BOLT", 2)}))) == "insufficient_stock");
  CHECK(store.stored().operations.empty());
  CHECK(store.stored().rows.empty());  // not even rows of zeros
  CHECK(store.counts.appends == 0);
  CHECK(store.counts.commits == 0);
  store.add_product("CHEESE", 1);
  const auto later = post(store, unknown);
  CHECK(code(later).empty());
  CHECK_FALSE(later.replayed);
}

TEST_CASE("keys of the program's own are made, shown, and looked up only when a caller gives them back") {
  auto store = shop();
  const auto first = post(store, operation(Kind::receive, {line("EAST", "BOLT", 5)}));
  REQUIRE(first.receipt.has_value());
  CHECK(is_auto_key(first.receipt->key));
  CHECK(store.counts.keys_looked_up.empty());

  // After exit 10 a user repeats with the id that was shown; the stock may be gone by then.
  const auto ship = post(store, operation(Kind::ship, {line("EAST", "BOLT", 5)}));
  const auto repeated = post(store, operation(Kind::ship, {line("EAST", "BOLT", 5)}, ship.receipt->key));
  CHECK(repeated.replayed);
  CHECK(code(repeated).empty());
  CHECK(store.counts.keys_looked_up == std::vector<std::string>{ship.receipt->key});
}

TEST_CASE("the same operations posted again by a program are answered, not done again") {
  auto store = shop();
  Ledger ledger(store, origin);
  std::vector<Operation> batch{operation(Kind::receive, {line("EAST", "BOLT", 5)})};
  CHECK_FALSE(ledger.post(batch, {}).at(0).replayed);
  CHECK(ledger.post(batch, {}).at(0).replayed);
  CHECK(store.row("EAST", "BOLT").on_hand == 5);
}

TEST_CASE("only 32 hexadecimal digits after auto- make a key the program's own") {
  Operation o;
  ensure_key(o);
  CHECK(is_auto_key(*o.key));
  CHECK(o.key_is_new);
  const auto made = *o.key;
  ensure_key(o);
  CHECK(o.key == made);
  CHECK_FALSE(o.key_is_new);
  CHECK_FALSE(is_auto_key("auto-nightly-import-2026-01-01-berlin"));
  CHECK_FALSE(is_auto_key("auto-"));
  CHECK_FALSE(is_auto_key("auto-0123456789abcdef0123456789abcdeF"));
  CHECK_FALSE(is_auto_key(made + "0"));
  CHECK_FALSE(is_auto_key(made.substr(1)));

  // Refusals under such a look-alike are remembered, as under any key of a caller's.
  auto store = shop();
  post(store, operation(Kind::ship, {line("EAST", "BOLT", 1)}, "auto-nightly-import-2026-01-01-berlin"));
  CHECK(store.stored().operations.size() == 1);
}

TEST_CASE("the same key twice in one batch is done once") {
  auto store = shop();
  stock_up(store, "EAST", "BOLT", 10);
  const auto ship = operation(Kind::ship, {line("EAST", "BOLT", 4)}, "K");
  const auto other = operation(Kind::ship, {line("EAST", "BOLT", 5)}, "K");
  const auto outcomes = post(store, {ship, ship, other, ship});
  CHECK(code(outcomes[0]).empty());
  CHECK_FALSE(outcomes[0].replayed);
  CHECK(outcomes[1].replayed);
  CHECK(written(*outcomes[1].receipt) == written(*outcomes[0].receipt));
  CHECK(code(outcomes[2]) == "key_reused");
  CHECK_FALSE(outcomes[2].replayed);
  CHECK(outcomes[3].replayed);
  CHECK(store.row("EAST", "BOLT").on_hand == 6);
}

TEST_CASE("the same key twice in one batch repeats a refusal that is remembered, and only such a one") {
  auto store = shop();
  const auto too_many = operation(Kind::ship, {line("EAST", "BOLT", 4)}, "K");
  const auto unknown = operation(Kind::ship, {line("EAST", "CHEESE", 4)}, "L");
  const auto outcomes =
      post(store, {too_many, operation(Kind::receive, {line("EAST", "BOLT", 9)}), too_many, unknown, unknown,
                   operation(Kind::receive, {line("EAST", "BOLT", 1)}, "L")});
  CHECK(code(outcomes[0]) == "insufficient_stock");
  CHECK(code(outcomes[2]) == "insufficient_stock");
  CHECK(outcomes[2].replayed);
  CHECK(code(outcomes[3]) == "not_found");
  CHECK(code(outcomes[4]) == "not_found");
  CHECK_FALSE(outcomes[4].replayed);
  CHECK(code(outcomes[5]).empty());  // L was never stored, so it is free
  CHECK(store.row("EAST", "BOLT").on_hand == 10);
}

TEST_CASE("operations of a batch see each other in order, and one that fails leaves the others") {
  auto store = shop();
  const auto outcomes =
      post(store, {operation(Kind::ship, {line("EAST", "BOLT", 1)}),
                   operation(Kind::receive, {line("EAST", "BOLT", 3), line("WEST", "BOLT", 1)}),
                   operation(Kind::ship, {line("EAST", "BOLT", 2), line("WEST", "BOLT", 2)}),
                   operation(Kind::ship, {line("EAST", "BOLT", 3)}),
                   operation(Kind::ship, {line("EAST", "BOLT", 1)})});
  CHECK(code(outcomes[0]) == "insufficient_stock");
  CHECK(code(outcomes[1]).empty());
  CHECK(code(outcomes[2]) == "insufficient_stock");
  CHECK(code(outcomes[3]).empty());
  CHECK(code(outcomes[4]) == "insufficient_stock");
  CHECK(store.row("EAST", "BOLT").on_hand == 0);
  CHECK(store.row("EAST", "BOLT").version == 2);
  CHECK(store.row("WEST", "BOLT").on_hand == 1);
  CHECK(store.counts.commits == 1);
}

TEST_CASE("a dry run gives the same answers and leaves nothing, not even a remembered refusal") {
  auto store = shop();
  stock_up(store, "EAST", "BOLT", 3);
  const std::vector<Operation> batch{operation(Kind::ship, {line("EAST", "BOLT", 2)}, "A"),
                                     operation(Kind::ship, {line("EAST", "BOLT", 2)}, "B")};
  const auto rehearsed = post(store, batch, true);
  CHECK(code(rehearsed[0]).empty());
  CHECK(rehearsed[0].receipt->lines.at(0).on_hand == 1);
  CHECK(code(rehearsed[1]) == "insufficient_stock");
  CHECK(store.stored().operations.size() == 1);
  CHECK(store.row("EAST", "BOLT").on_hand == 3);
  CHECK(store.counts.commits == 1);
  CHECK(store.counts.rollbacks == 1);
  const auto real = post(store, batch);
  CHECK_FALSE(real[0].replayed);
  CHECK_FALSE(real[1].replayed);
  CHECK(post(store, batch, true)[0].replayed);
}

TEST_CASE("a malformed operation is refused before a transaction begins") {
  auto store = shop();
  for (const auto& bad : {operation(Kind::ship, {line("EAST", "BOLT", -5)}), operation(Kind::receive, {}),
                          operation(Kind::ship, {line("", "BOLT", 1)}),
                          operation(Kind::adjust, {set_line("EAST", "BOLT", -1)})}) {
    CHECK_THROWS_AS(post(store, bad), Error);
  }
  CHECK(store.counts.begins == 0);
}

TEST_CASE("chunks of one posting share a transaction, its locks and its book") {
  auto store = shop();
  stock_up(store, "EAST", "BOLT", 1);
  std::vector<Operation> operations;
  for (int i = 0; i < 6; ++i) {
    operations.push_back(i % 2 == 0
                             ? operation(Kind::receive, {line("WEST", "BOLT", 2)}, "R" + std::to_string(i))
                             : operation(Kind::ship, {line("WEST", "BOLT", 1)}, "S" + std::to_string(i)));
  }
  operations.push_back(operations.front());  // a key of an earlier chunk
  {
    Posting posting(store, origin, operations, Deadline::after(std::chrono::seconds(1)));
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const auto outcome = posting.post(std::span(operations).subspan(i, 1)).at(0);
      CHECK(code(outcome).empty());
      CHECK(outcome.replayed == (i == 6));
    }
    CHECK(posting.wrote());
    CHECK(store.stored().operations.size() == 1);
    posting.commit();
  }
  CHECK(store.row("WEST", "BOLT").on_hand == 3);
  CHECK(store.row("WEST", "BOLT").version == 6);
  CHECK(store.counts.begins == 2);
  CHECK(store.counts.commits == 2);
}

TEST_CASE("a posting that is not committed did not happen") {
  auto store = shop();
  std::vector<Operation> operations{operation(Kind::receive, {line("WEST", "BOLT", 2)}, "R")};
  {
    Posting posting(store, origin, operations, Deadline::after(std::chrono::seconds(1)));
    CHECK(code(posting.post(operations).at(0)).empty());
  }
  CHECK(store.stored().operations.empty());
  CHECK(store.stored().rows.empty());
  CHECK(store.counts.rollbacks == 1);
}

TEST_CASE("operations of one batch have ids and uids of their own") {
  auto store = shop();
  std::vector<Operation> operations(50, operation(Kind::receive, {line("WEST", "BOLT", 2)}));
  const auto outcomes = post(store, operations);
  std::set<std::int64_t> ids;
  std::set<Uid> uids;
  for (const auto& outcome : outcomes) ids.insert(outcome.receipt->operation);
  for (const auto& stored : store.stored().operations) uids.insert(stored.record.uid);
  CHECK(ids.size() == 50);
  CHECK(uids.size() == 50);
}

TEST_CASE("a malformed operation is refused by a posting of chunks too") {
  auto store = shop();
  const std::vector<Operation> operations{operation(Kind::ship, {line("EAST", "BOLT", -5)}, "K")};
  Posting posting(store, origin, operations, Deadline::after(std::chrono::seconds(1)));
  CHECK_THROWS_AS(posting.post(operations), Error);
  CHECK_FALSE(posting.wrote());
}

}  // namespace posting_test
