// The model on histories that were drawn or made up: what can have been so passes, what cannot is caught.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "sim/model.hpp"

namespace sim_model_test {

using namespace invctl;
using namespace invctl::sim;

TEST_CASE("orders of several rows that come before each other have no order, and it is said who") {
  LedgerView ledger;
  const auto operation = [&](std::int64_t id, const std::string& request, std::int64_t x, std::int64_t y) {
    LedgerOperation made{id, request, "key", Kind::purchase, {}};
    made.movements.push_back({"X", x, -1, 0, 5 - x, 0});
    made.movements.push_back({"Y", y, -1, 0, 5 - y, 0});
    ledger.operations.push_back(std::move(made));
  };
  ledger.operations.push_back({1, "", "stock", Kind::receive, {{"X", 1, 4, 0, 4, 0}, {"Y", 1, 4, 0, 4, 0}}});
  operation(2, name_of(1), 2, 3);
  operation(3, name_of(2), 3, 2);
  std::vector<Answer> answers(2);
  for (std::size_t i = 0; i < 2; ++i) {
    answers[i].number = static_cast<std::int64_t>(i) + 1;
    answers[i].exit = Exit::ok;
    answers[i].end_ns = 100;
  }
  const auto cycle = Model(answers, ledger).find_cycle();
  REQUIRE(cycle);
  CHECK((*cycle == "in no order can buyer-1 come before buyer-2 come before buyer-1" ||
         *cycle == "in no order can buyer-2 come before buyer-1 come before buyer-2"));
  std::swap(ledger.operations[2].movements[0].version, ledger.operations[1].movements[0].version);
  CHECK_FALSE(Model(answers, ledger).find_cycle());
}

// A serial history of a few rows, told with intervals that overlap: whatever is drawn, it is right; and one
// answer that is changed, or two versions that are exchanged, make it wrong.
TEST_CASE("histories that were drawn serially hold, and do not once they are spoiled") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    LedgerView ledger;
    std::vector<Answer> answers;
    std::map<std::string, std::pair<std::int64_t, Quantity>> rows;  // version, on hand
    LedgerOperation stock{1, "", "stock", Kind::receive, {}};
    for (const std::string sku : {"A", "B", "C"}) {
      rows[sku] = {1, 50};
      stock.movements.push_back({sku, 1, 50, 0, 50, 0});
    }
    ledger.operations.push_back(stock);
    for (std::int64_t number = 1; number <= 40; ++number) {
      Answer answer;
      answer.number = number;
      answer.begin_ns = number * 10 - static_cast<std::int64_t>(random() % 30);
      answer.end_ns = number * 10 + static_cast<std::int64_t>(random() % 30);
      answer.exit = Exit::ok;
      LedgerOperation operation{number + 1, name_of(number), "key", Kind::purchase, {}};
      for (auto& [sku, row] : rows) {
        if (random() % 2 == 0 && !(sku == "C" && operation.movements.empty())) continue;
        row.second -= 1;
        operation.movements.push_back({sku, ++row.first, -1, 0, row.second, 0});
        answer.lines.push_back({sku, row.second});
      }
      ledger.operations.push_back(std::move(operation));
      answers.push_back(std::move(answer));
    }
    {
      const Model model(answers, ledger);
      CHECK_FALSE(model.find_cycle());
      CHECK_FALSE(model.find_wrong_balance());
      for (const auto& answer : answers) CHECK_FALSE(model.check(answer, {}));
    }
    auto spoiled = answers;
    spoiled[random() % 40].lines.front().quantity += 1;
    const Model model(spoiled, ledger);
    CHECK(std::any_of(spoiled.begin(), spoiled.end(),
                      [&](const Answer& answer) { return model.check(answer, {}).has_value(); }));
    // The first and the last cannot change places: they never overlap.
    auto& first = ledger.operations[1].movements.front();
    for (auto& movement : ledger.operations.back().movements) {
      if (movement.sku != first.sku) continue;
      std::swap(movement.version, first.version);
      CHECK(Model(answers, ledger).find_cycle());
    }
  }
}

}  // namespace sim_model_test
