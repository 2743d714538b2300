#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "sim/metrics.hpp"

namespace sim_metrics_test {

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
  a.units = 2;
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
  const auto metrics = measure(answers, 1'000);
  CHECK(metrics.latency.max == 5'000);
  CHECK(metrics.latency.p50 == 1'000);
  CHECK(metrics.service.max == 1'000);
  CHECK(metrics.service.p50 == 1'000);
  CHECK(metrics.accepted == 1);
  CHECK(metrics.sold == 2);
  CHECK(metrics.sold_out == 1);
  CHECK(metrics.busy == 1);
  CHECK(metrics.failed == 1);
  CHECK(metrics.elapsed_ns == 899'000);
  CHECK(metrics.throughput == Approx(3 * 1e9 / 899'000));
}

TEST_CASE("a run that grows slower shows it: those who came late waited longer than those who came early") {
  const std::vector<Answer> answers{answer(Exit::ok, 0, 0, 10), answer(Exit::ok, 40, 40, 55),
                                    answer(Exit::ok, 60, 60, 100), answer(Exit::unknown_outcome, 70, 70, 71)};
  const auto metrics = measure(answers, 0);
  CHECK(metrics.early.max == 15);
  CHECK(metrics.early.p50 == 10);
  CHECK(metrics.late.max == 40);
}

TEST_CASE("looks are answers, but neither sold nor winners; receipts are accepted, but not sold") {
  auto look = answer(Exit::ok, 0, 0, 10);
  look.kind = Request::Kind::look;
  look.number = 9;
  auto receipt = answer(Exit::ok, 0, 0, 20);
  receipt.kind = Request::Kind::receive;
  receipt.number = 3;
  const std::vector<Answer> answers{look, receipt};
  const auto metrics = measure(answers, 0);
  CHECK(metrics.looks == 1);
  CHECK(metrics.accepted == 1);
  CHECK(metrics.sold == 0);
  CHECK(metrics.last_winner == 3);
  CHECK(metrics.latencies == std::vector<std::int64_t>{10, 20});
}

TEST_CASE("every answer is in one step of the timeline, but those that failed") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<Answer> answers;
    for (std::size_t i = random() % 50; i > 0; --i) {
      const auto exit = random() % 4 == 0 ? Exit::unknown_outcome : Exit::ok;
      answers.push_back(answer(exit, 5, 5, 5 + static_cast<std::int64_t>(random() % 1'000'000)));
    }
    const auto metrics = measure(answers, 5);
    std::int64_t sum = 0;
    for (const auto count : metrics.timeline.answers) sum += count;
    CHECK(sum == static_cast<std::int64_t>(metrics.latencies.size()));
    CHECK(metrics.timeline.answers.size() <= 61);
  }
}

TEST_CASE("Jain's index is 1 for equal shares and 1/n where one has everything") {
  CHECK(jain_index(std::vector<std::int64_t>{5, 5, 5, 5}) == Approx(1));
  CHECK(jain_index(std::vector<std::int64_t>{8, 0, 0, 0}) == Approx(0.25));
  CHECK(jain_index(std::vector<std::int64_t>{1, 2, 3}) == Approx(36.0 / 42));
  CHECK(jain_index({}) == 1);
  CHECK(jain_index(std::vector<std::int64_t>{0, 0}) == 1);
  auto one = answer(Exit::ok, 0, 0, 1);
  std::vector<Answer> answers(4, one);
  for (std::size_t i = 0; i < 4; ++i) answers[i].worker = i < 3 ? 1 : 2;
  CHECK(measure(answers, 0).jain == Approx(16.0 / 20));
}

}  // namespace sim_metrics_test
