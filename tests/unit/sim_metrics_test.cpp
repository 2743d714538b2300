#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "sim/metrics.hpp"
#include "sim/scenario.hpp"

using namespace invctl;
using namespace invctl::sim;

namespace {

// Every pair, looked at one by one.
Inversions naive(const std::vector<Turn>& turns) {
  Inversions result;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    for (std::size_t j = i + 1; j < turns.size(); ++j) {
      const auto& a = turns[i];
      const auto& b = turns[j];
      if (a.arrival == b.arrival || a.service == b.service) continue;
      ++result.pairs;
      if ((a.arrival < b.arrival) != (a.service < b.service)) ++result.count;
    }
  }
  return result;
}

Answer answer(Exit exit, std::int64_t arrival_ns, std::int64_t begin_ns, std::int64_t end_ns) {
  Answer a;
  a.quantity = 2;
  a.exit = exit;
  a.arrival_ns = arrival_ns;
  a.begin_ns = begin_ns;
  a.end_ns = end_ns;
  return a;
}

}  // namespace

TEST_CASE("a percentile is the smallest measured value that so many of a hundred do not exceed") {
  std::vector<std::int64_t> hundred;
  for (std::int64_t i = 100; i >= 1; --i) hundred.push_back(i * 10);
  const auto p = percentiles(hundred);
  CHECK(p.p50 == 500);
  CHECK(p.p90 == 900);
  CHECK(p.p95 == 950);
  CHECK(p.p99 == 990);
  CHECK(p.max == 1000);

  const auto one = percentiles({7});
  CHECK(one.p50 == 7);
  CHECK(one.max == 7);
  const auto three = percentiles({30, 10, 20});
  CHECK(three.p50 == 20);
  CHECK(three.p99 == 30);
  CHECK(percentiles({}).max == 0);
}

TEST_CASE("a percentile of any list leaves at least its share of the values at or below it") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::int64_t> values(1 + random() % 300);
    for (auto& value : values) value = static_cast<std::int64_t>(random() % 1000);
    const auto p = percentiles(values);
    const auto share = [&](std::int64_t bound) {
      return std::count_if(values.begin(), values.end(), [&](auto v) { return v <= bound; });
    };
    const auto n = static_cast<std::int64_t>(values.size());
    for (const auto& [percent, value] :
         {std::pair(50, p.p50), std::pair(90, p.p90), std::pair(95, p.p95), std::pair(99, p.p99)}) {
      CHECK(share(value) * 100 >= percent * n);
      CHECK(share(value - 1) * 100 < percent * n);
    }
  }
}

TEST_CASE("inversions are counted as a look at every pair counts them") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 500; ++round) {
    // Few different values, so that ties of every sort occur.
    const auto range = 1 + random() % 40;
    std::vector<Turn> turns(random() % 60);
    for (auto& turn : turns) {
      turn.arrival = static_cast<std::int64_t>(random() % range);
      turn.service = static_cast<std::int64_t>(random() % range);
    }
    const auto expected = naive(turns);
    const auto counted = count_inversions(turns);
    CHECK(counted.count == expected.count);
    CHECK(counted.pairs == expected.pairs);
  }
}

TEST_CASE("a line that is served backwards has nothing but inversions, one in order has none") {
  std::vector<Turn> backwards;
  std::vector<Turn> in_order;
  for (std::int64_t i = 0; i < 1000; ++i) {
    backwards.push_back({i, -i});
    in_order.push_back({i, i});
  }
  CHECK(count_inversions(backwards).count == 499'500);
  CHECK(count_inversions(backwards).share() == 1.0);
  CHECK(count_inversions(in_order).count == 0);
  CHECK(count_inversions(in_order).pairs == 499'500);
  CHECK(count_inversions({}).share() == 0.0);
}

TEST_CASE("latency counts from the arrival, also where a buyer waited for a free worker") {
  const std::vector<Answer> answers{
      answer(Exit::ok, 1'000, 1'500, 2'000), answer(Exit::insufficient_stock, 1'000, 5'000, 6'000),
      answer(Exit::busy, 2'000, 2'000, 3'000), answer(Exit::unknown_outcome, 2'000, 2'000, 900'000)};
  const auto metrics = measure(answers, 1'000, 1);
  CHECK(metrics.latency.max == 5'000);
  CHECK(metrics.latency.p50 == 1'000);
  CHECK(metrics.service.max == 1'000);
  CHECK(metrics.service.p50 == 1'000);
  CHECK(metrics.buyers_sold == 1);
  CHECK(metrics.sold == 2);
  CHECK(metrics.oversold == 1);
  CHECK(metrics.sold_out == 1);
  CHECK(metrics.busy == 1);
  CHECK(metrics.failed == 1);
  CHECK(metrics.elapsed_ns == 899'000);
  CHECK(metrics.throughput == Approx(3 * 1e9 / 899'000));
}

TEST_CASE("the same seed gives the same demand, sorted and inside the window") {
  Scenario scenario;
  scenario.buyers = 500;
  for (const auto arrivals : {Arrivals::burst, Arrivals::uniform, Arrivals::poisson}) {
    scenario.arrivals = arrivals;
    const auto demand = make_demand(scenario);
    const auto again = make_demand(scenario);
    REQUIRE(demand.size() == 500);
    std::int64_t before = 0;
    for (std::size_t i = 0; i < demand.size(); ++i) {
      CHECK(demand[i].number == static_cast<std::int64_t>(i) + 1);
      CHECK(demand[i].arrival_ns >= before);
      CHECK(demand[i].arrival_ns < 1'000'000'000);
      CHECK(demand[i].arrival_ns == again[i].arrival_ns);
      before = demand[i].arrival_ns;
    }
    if (arrivals == Arrivals::burst) CHECK(before == 0);
    if (arrivals == Arrivals::uniform) CHECK(demand[1].arrival_ns == 2'000'000);
  }
  const auto first = make_demand(scenario);
  scenario.seed = 2;
  CHECK(first[0].arrival_ns != make_demand(scenario)[0].arrival_ns);
}
