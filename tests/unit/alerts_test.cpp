// Crossings against a model that looks at the whole history at once.
#include "stock/alerts.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "unit/property.hpp"

namespace alerts_test {

using namespace invctl;
using namespace invctl::test;

namespace {

StockLevel level_of(const std::vector<Quantity>& history, std::optional<Quantity> point) {
  StockLevel level;
  level.warehouse = "EAST";
  level.sku = "BOLT";
  level.version = static_cast<std::int64_t>(history.size());
  level.available = history.empty() ? 0 : history.back();
  level.reorder_point = point;
  return level;
}

// The movements from version `from` + 1 on.
std::vector<LevelStep> steps_of(const std::vector<Quantity>& history, std::size_t from) {
  std::vector<LevelStep> steps;
  for (auto i = from; i < history.size(); ++i) {
    LevelStep step;
    step.version = static_cast<std::int64_t>(i) + 1;
    step.seq = step.version * 10;
    step.available_before = i == 0 ? 0 : history[i - 1];
    step.available = history[i];
    steps.push_back(step);
  }
  return steps;
}

std::vector<std::pair<std::int64_t, bool>> versions_of(const std::vector<Crossing>& crossings) {
  std::vector<std::pair<std::int64_t, bool>> versions;
  for (const auto& crossing : crossings) versions.emplace_back(crossing.version, crossing.low);
  return versions;
}

}  // namespace

TEST_CASE("a row is low at its reorder point, not only below") {
  CHECK(is_low(5, 5));
  CHECK(is_low(0, 0));
  CHECK_FALSE(is_low(6, 5));
  CHECK_FALSE(is_low(0, std::nullopt));
}

TEST_CASE("falling, staying low and rising tell one crossing each way") {
  const std::vector<Quantity> history = {20, 6, 5, 4, 0, 5, 6, 7, 5};
  Watch watch;
  std::vector<Crossing> told;
  follow(watch, level_of(history, 5), steps_of(history, 0), told);
  CHECK(versions_of(told) == std::vector<std::pair<std::int64_t, bool>>{{3, true}, {7, false}, {9, true}});
  CHECK(told[0].seq == 30);
  CHECK(told[0].cause == "movement");
  CHECK(watch.version == 9);
  follow(watch, level_of(history, 5), {}, told);
  CHECK(told.size() == 3);
}

TEST_CASE("a threshold that was changed is told once, with the next movement or alone") {
  const std::vector<Quantity> history = {20, 10};
  Watch watch{2, false};
  std::vector<Crossing> told;
  follow(watch, level_of(history, 10), {}, told);
  REQUIRE(told.size() == 1);
  CHECK(told[0].low);
  CHECK(told[0].cause == "threshold");
  CHECK_FALSE(told[0].seq);
  follow(watch, level_of(history, std::nullopt), {}, told);
  REQUIRE(told.size() == 2);
  CHECK_FALSE(told[1].low);
}

TEST_CASE("a missing version is a fault, never passed over") {
  const std::vector<Quantity> history = {20, 10, 3};
  Watch watch;
  std::vector<Crossing> told;
  CHECK_THROWS_AS(follow(watch, level_of(history, 5), steps_of(history, 1), told), Error);
}

TEST_CASE("however a history is cut into runs, every crossing is told exactly once", "[property]") {
  Random random;
  INFO(random);
  std::size_t crossings = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto point = random.between(0, 8);
    std::vector<Quantity> history;
    for (auto n = random.between(0, 40); n > 0; --n) history.push_back(random.between(0, 16));
    // The model: the states of the whole history, and where they change. Before the first it is not low.
    std::vector<std::pair<std::int64_t, bool>> expected;
    bool low = false;
    for (std::size_t i = 0; i < history.size(); ++i) {
      if ((history[i] <= point) != low) expected.emplace_back(static_cast<std::int64_t>(i) + 1, !low);
      low = history[i] <= point;
    }
    Watch watch;
    std::vector<Crossing> told;
    for (std::size_t end = 0;;) {
      const std::vector<Quantity> so_far(history.begin(), history.begin() + static_cast<std::ptrdiff_t>(end));
      if (!so_far.empty()) {
        follow(watch, level_of(so_far, point), steps_of(so_far, static_cast<std::size_t>(watch.version)),
               told);
      }
      if (end == history.size()) break;
      end += static_cast<std::size_t>(random.between(1, static_cast<std::int64_t>(history.size() - end)));
    }
    REQUIRE(versions_of(told) == expected);
    // Movement by movement, without any memory, it is the same.
    std::vector<Crossing> alone;
    for (const auto& step : steps_of(history, 0)) {
      if (auto crossing = crossing_of(level_of(history, point), step)) alone.push_back(*crossing);
    }
    REQUIRE(versions_of(alone) == expected);
    crossings += expected.size();
  }
  CHECK(crossings > 1000);
}

TEST_CASE("with thresholds that change between runs, what was told is always what is so", "[property]") {
  Random random;
  INFO(random);
  for (int round = 0; round < 1000; ++round) {
    std::vector<Quantity> history;
    Watch watch;
    std::vector<Crossing> told;
    for (int run = 0; run < 8; ++run) {
      const auto point = random.one_in(5) ? std::nullopt : std::optional(random.between(0, 8));
      for (auto n = random.between(history.empty() ? 1 : 0, 5); n > 0; --n)
        history.push_back(random.between(0, 16));
      follow(watch, level_of(history, point), steps_of(history, static_cast<std::size_t>(watch.version)),
             told);
      REQUIRE((!told.empty() && told.back().low) == (point && history.back() <= *point));
    }
    // Low and not low take turns, the first is low.
    for (std::size_t i = 0; i < told.size(); ++i) REQUIRE(told[i].low == (i % 2 == 0));
  }
}

TEST_CASE("what to order reaches the target, else the reorder point, and is never counted below it") {
  AlertEntry entry;
  entry.on_hand = 7;
  entry.reserved = 3;
  entry.reorder_point = 10;
  CHECK(to_order(entry) == 6);
  entry.target = 50;
  CHECK(to_order(entry) == 46);
  entry.target = 5;  // the point was raised since
  CHECK(to_order(entry) == 6);
}

}  // namespace alerts_test
