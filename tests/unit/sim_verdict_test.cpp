// The verdict on made-up runs: a run that was right passes, and each way in which one can be wrong is caught
// by the check that is named after it. A verdict that cannot fail would prove nothing.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "fake_ledger.hpp"
#include "sim/verdict.hpp"

namespace sim_verdict_test {

using namespace invctl;
using namespace invctl::sim;
using test::FakeLedger;

namespace {

// Five buyers for three units: 1, 2 and 3 get one each, one after the other.
struct Run {
  Scenario scenario;
  std::vector<Answer> answers;
  FakeLedger ledger{3};

  Run() {
    scenario.site.skus = {"ITEM-1"};
    scenario.site.stock = 3;
    for (std::int64_t buyer = 1; buyer <= 5; ++buyer) {
      Answer answer;
      answer.number = buyer;
      answer.units = 1;
      answer.arrival_ns = buyer * 100;
      answer.begin_ns = buyer * 100 + 10;
      answer.end_ns = buyer * 100 + 50;
      answer.exit = buyer <= 3 ? Exit::ok : Exit::insufficient_stock;
      answer.lines = {{"ITEM-1", buyer <= 3 ? 3 - buyer : 0}};
      scenario.requests.push_back({.number = buyer, .arrival_ns = buyer * 100, .items = {{"ITEM-1", 1}}});
      if (buyer <= 3) {
        answer.key = "key-" + std::to_string(buyer);
        ledger.sell(buyer);
      }
      answers.push_back(answer);
    }
  }

  Verdict verdict() { return judge(scenario, answers, read_ledger(ledger, "SIM")); }
};

std::vector<std::string> broken(const Verdict& verdict) {
  std::vector<std::string> names;
  for (const auto& check : verdict.checks) {
    if (!check.ok) names.push_back(check.name);
  }
  return names;
}

bool breaks(Run& run, const std::string& check) {
  const auto names = broken(run.verdict());
  return std::find(names.begin(), names.end(), check) != names.end();
}

}  // namespace

TEST_CASE("a run in which everything is right passes every check") {
  Run run;
  const auto verdict = run.verdict();
  CHECK(verdict.ok());
  CHECK(verdict.first_failure() == nullptr);
  CHECK(verdict.checks.size() == 15);
  CHECK(broken(verdict).empty());
  const auto fair = fairness(run.scenario, run.answers, read_ledger(run.ledger, "SIM"));
  CHECK(fair.count == 0);
  CHECK(fair.pairs == 9);  // of ten pairs, the two who were refused have no order
}

TEST_CASE("selling more than there was is caught") {
  Run run;
  run.answers[3].exit = Exit::ok;
  run.answers[3].key = "key-4";
  run.ledger.sell(4);
  const auto verdict = run.verdict();
  REQUIRE_FALSE(verdict.ok());
  CHECK(verdict.first_failure()->name == "sold-what-there-was");
  CHECK(verdict.first_failure()->detail == "4 of 3 units were sold: 1 too many");
  CHECK(breaks(run, "non-negative"));
}

TEST_CASE("refusing a buyer while there is stock is caught") {
  Run run;
  run.scenario.site.stock = 4;
  FakeLedger four(4);
  for (std::int64_t buyer = 1; buyer <= 3; ++buyer) {
    four.sell(buyer);
    run.answers[static_cast<std::size_t>(buyer) - 1].lines.front().quantity = 4 - buyer;
  }
  const auto verdict = judge(run.scenario, run.answers, read_ledger(four, "SIM"));
  CHECK(broken(verdict) == std::vector<std::string>{"sold-what-there-was", "answers-match"});

  SECTION("but not where others gave up: they were to have it") {
    run.answers[4].exit = Exit::busy;
    run.answers[3].exit = Exit::busy;
    CHECK(judge(run.scenario, run.answers, read_ledger(four, "SIM")).ok());
  }
}

TEST_CASE("a purchase that was acknowledged and is not in the ledger is caught") {
  Run run;
  FakeLedger lost(3);
  lost.sell(1);
  lost.sell(2);
  run.ledger.operation_rows = lost.operation_rows;
  run.ledger.movement_rows = lost.movement_rows;
  run.ledger.balance = lost.balance;
  // And who came after it was refused although there is one left.
  CHECK(broken(run.verdict()) == std::vector<std::string>{"acknowledged-once", "answers-match"});
}

TEST_CASE("a purchase that is in the ledger twice, under another key or of another quantity is caught") {
  Run run;
  SECTION("twice") {
    run.scenario.site.stock = 4;
    FakeLedger twice(4);
    for (const std::int64_t buyer : {1, 2, 3, 1}) twice.sell(buyer);
    const auto names = broken(judge(run.scenario, run.answers, read_ledger(twice, "SIM")));
    CHECK(names.front() == "acknowledged-once");
  }
  SECTION("another key") {
    run.answers[0].key = "key-of-somebody-else";
    CHECK(broken(run.verdict()) == std::vector<std::string>{"acknowledged-once"});
  }
  SECTION("another quantity") {
    run.answers[0].units = 2;
    CHECK(breaks(run, "acknowledged-once"));
  }
}

TEST_CASE("a purchase of somebody who was refused, or of a stranger, is caught") {
  Run run;
  SECTION("refused") {
    run.answers[0].exit = Exit::insufficient_stock;
    // Two are what he saw at most, and they were enough for him.
    CHECK(broken(run.verdict()) == std::vector<std::string>{"refused-absent", "answers-match"});
  }
  SECTION("gave up") {
    run.answers[0].exit = Exit::busy;
    CHECK(broken(run.verdict()) == std::vector<std::string>{"refused-absent"});
  }
  SECTION("stranger") {
    run.ledger.sell(99, 0);
    CHECK(broken(run.verdict()) == std::vector<std::string>{"refused-absent"});
  }
}

TEST_CASE("a buyer without an answer, with two or with a failure is caught") {
  Run run;
  SECTION("none") {
    run.answers.pop_back();
  }
  SECTION("two") {
    run.answers.push_back(run.answers.back());
  }
  SECTION("a stranger's") {
    run.answers.push_back(run.answers.back());
    run.answers.back().number = 6;
  }
  SECTION("a failure") {
    run.answers.back().exit = Exit::unknown_outcome;
    run.answers.back().message = "its process was killed by signal 9";
  }
  CHECK(breaks(run, "everyone-answered"));
}

TEST_CASE("a buyer who died after his purchase was stored counts as sold, and as unanswered") {
  Run run;
  run.answers[2].exit = Exit::unknown_outcome;
  run.answers[2].key.clear();
  CHECK(broken(run.verdict()) == std::vector<std::string>{"everyone-answered"});
}

TEST_CASE("a later version for somebody who was answered before another began is caught") {
  Run run;
  std::swap(run.answers[0].begin_ns, run.answers[2].begin_ns);
  std::swap(run.answers[0].end_ns, run.answers[2].end_ns);
  CHECK(broken(run.verdict()) == std::vector<std::string>{"real-time-order", "one-order"});
}

TEST_CASE("an answer that was never true is caught: what is left, what was refused, what was seen") {
  Run run;
  SECTION("what is left after a purchase") {
    run.answers[1].lines.front().quantity = 2;
    CHECK(run.verdict().first_failure()->detail ==
          "buyer-2 was told that 2 of ITEM-1 are left, by the movements before it there are 1");
  }
  SECTION("a purchase that says nothing") {
    run.answers[1].lines.clear();
  }
  SECTION("a refusal of what there never was") {
    run.answers[3].lines.front().quantity = 7;
  }
  SECTION("a refusal without a reason") {
    run.answers[3].lines.clear();
  }
  SECTION(
      "a refusal before the stock was gone: it must have seen what is true between its begin and its end") {
    run.answers[3].begin_ns = run.answers[3].end_ns = 205;
  }
  SECTION("a look at what was gone before it began") {
    run.answers[4].kind = run.scenario.requests[4].kind = Request::Kind::look;
    run.answers[4].exit = Exit::ok;
    run.answers[4].lines.front().quantity = 1;
  }
  SECTION("a look at what was not yet taken when it ended") {
    run.answers[4].kind = run.scenario.requests[4].kind = Request::Kind::look;
    run.answers[4].exit = Exit::ok;
    run.answers[4].begin_ns = 120;
    run.answers[4].end_ns = 130;
  }
  CHECK(broken(run.verdict()) == std::vector<std::string>{"answers-match"});
}

TEST_CASE("a look may see any stock that there was while it looked, and a refusal any that was too small") {
  Run run;
  auto& look = run.answers[4];
  look.kind = run.scenario.requests[4].kind = Request::Kind::look;
  look.exit = Exit::ok;
  look.begin_ns = 155;  // after the first had been answered
  look.end_ns = 220;    // while the second was served
  for (const std::int64_t seen : {2, 1}) {
    look.lines.front().quantity = seen;
    CHECK(run.verdict().ok());
  }
  for (const std::int64_t never : {3, 0}) {
    look.lines.front().quantity = never;
    CHECK(broken(run.verdict()) == std::vector<std::string>{"answers-match"});
  }
}

TEST_CASE("the buyer who comes first and is served last makes an inversion with each of the others") {
  Run run;
  run.answers[0].arrival_ns = 10'000;
  const auto fair = fairness(run.scenario, run.answers, read_ledger(run.ledger, "SIM"));
  CHECK(fair.count == 4);  // two who bought and two who were refused came before him
}

TEST_CASE("every field of a movement, an operation and a balance that is changed is caught") {
  Run run;
  auto& movement = run.ledger.movement_rows[2];
  auto& record = movement.record;
  auto& operation = run.ledger.operation_rows[2];
  auto& balance = run.ledger.balance.row;
  std::string check = "hash-chain";
  SECTION("movement line") {
    record.line = 2;
  }
  SECTION("movement kind") {
    movement.kind = "ship";
  }
  SECTION("movement of an unknown kind") {
    movement.kind = "theft";
  }
  SECTION("movement of another operation") {
    movement.operation_id = run.ledger.operation_rows[1].record.id;
  }
  SECTION("movement without its operation") {
    movement.operation_id = 99;
    check = "operations-complete";
  }
  SECTION("movement hash") {
    record.hash[0] ^= 1;
  }
  SECTION("movement delta") {
    record.on_hand_delta = -2;
    check = "after-equals-before-plus-delta";
    CHECK(breaks(run, "balance-equals-ledger"));
  }
  SECTION("movement after") {
    record.on_hand_after = 7;
    check = "after-equals-before-plus-delta";
  }
  SECTION("movement reserved") {
    record.reserved_delta = record.reserved_after = 1;
    check = "balance-equals-ledger";
  }
  SECTION("movement below zero") {
    record.on_hand_after = -1;
    check = "non-negative";
  }
  SECTION("movement version") {
    record.version = 2;
    check = "versions-gapless";
  }
  SECTION("movement from the future") {
    run.ledger.movement_rows.back().record.version = 9;
    check = "versions-gapless";
  }
  SECTION("movement of a row that is not there") {
    movement.inventory_id = 5;
    check = "balance-equals-ledger";
  }
  SECTION("movement removed") {
    run.ledger.movement_rows.erase(run.ledger.movement_rows.begin() + 2);
    check = "versions-gapless";
  }
  SECTION("tail cut off") {
    run.ledger.movement_rows.pop_back();
    check = "balance-equals-ledger";
  }
  SECTION("operation actor") {
    operation.record.actor = "somebody";
  }
  SECTION("operation key") {
    operation.record.key = "another";
  }
  SECTION("operation outcome") {
    operation.outcome = "unknown";
  }
  SECTION("operation note") {
    operation.record.note = "added";
  }
  SECTION("purchase price") {
    operation.purchases[0].unit_price_minor = 1;
  }
  SECTION("purchase user") {
    operation.purchases[0].user = name_of(5);
  }
  SECTION("balance on hand") {
    balance.on_hand = 1;
    check = "balance-equals-ledger";
  }
  SECTION("balance reserved above on hand") {
    balance.reserved = 1;
    check = "non-negative";
  }
  SECTION("balance version") {
    balance.version = 5;
    check = "balance-equals-ledger";
  }
  SECTION("balance head") {
    balance.head[31] ^= 1;
  }
  CHECK(breaks(run, check));
}

TEST_CASE("operations whose ids do not follow their versions are as good as those that do") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  Run run;
  std::shuffle(run.ledger.operation_rows.begin(), run.ledger.operation_rows.end(), std::mt19937(seed));
  CHECK(run.verdict().ok());
}

}  // namespace sim_verdict_test
