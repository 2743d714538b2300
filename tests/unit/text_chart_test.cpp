// Charts of a simulation in a terminal.
#include "sim/text_chart.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <regex>

#include "core/text.hpp"
#include "property.hpp"

namespace text_chart_test {

using namespace invctl;
using namespace invctl::sim;
using invctl::test::Random;

namespace {

constexpr std::int64_t us = 1'000, ms = 1'000'000, s = 1'000'000'000;
constexpr auto largest = std::numeric_limits<std::int64_t>::max();

using Lines = std::vector<std::string>;

// What the column of answers adds up to.
std::size_t answers_in(const Lines& lines) {
  static const std::regex counts("([0-9,]+)  +[0-9.]+ %$");
  std::size_t sum = 0;
  for (const auto& line : lines) {
    std::smatch match;
    if (!std::regex_search(line, match, counts)) continue;
    auto digits = match[1].str();
    std::erase(digits, ',');
    sum += std::stoul(digits);
  }
  return sum;
}

}  // namespace

TEST_CASE("a latency is written in the unit that fits it, to three digits") {
  CHECK(latency_text(0) == "0 s");
  CHECK(latency_text(1) == "1 ns");
  CHECK(latency_text(999) == "999 ns");
  CHECK(latency_text(1000) == "1 µs");
  CHECK(latency_text(1234) == "1.23 µs");
  CHECK(latency_text(12'345) == "12.3 µs");
  CHECK(latency_text(200 * us) == "200 µs");
  CHECK(latency_text(999'499) == "999 µs");
  CHECK(latency_text(999'500) == "1 ms");
  CHECK(latency_text(9'994'999) == "9.99 ms");
  CHECK(latency_text(9'996'000) == "10 ms");
  CHECK(latency_text(1'500 * ms) == "1.5 s");
  CHECK(latency_text(3600 * s) == "3600 s");
  CHECK(latency_text(largest) == "9223372037 s");
}

TEST_CASE("a latency histogram shows ranges, bars, answers and the share so far") {
  std::vector<std::int64_t> values;
  values.insert(values.end(), 50, 150 * us);
  values.insert(values.end(), 100, 400 * us);
  values.insert(values.end(), 40, 3 * ms);
  values.insert(values.end(), 10, 90 * ms);
  const Lines expected{
      " latency                          answers   so far",
      "≤ 200 µs  ███████████                  50   25.0 %",
      "≤ 500 µs  ██████████████████████      100   75.0 %",
      "  ≤ 1 ms                                0   75.0 %",
      "  ≤ 2 ms                                0   75.0 %",
      "  ≤ 5 ms  ████████▊                    40   95.0 %",
      " ≤ 10 ms                                0   95.0 %",
      " ≤ 20 ms                                0   95.0 %",
      " ≤ 50 ms                                0   95.0 %",
      "≤ 100 ms  ██▏                          10  100.0 %",
  };
  CHECK(latency_histogram(values, 50) == expected);
  CHECK(latency_histogram(values, 30).at(2) == "≤ 500 µs  ███████████   75.0 %");
  CHECK(latency_histogram(values, 20).at(2) == "≤ 500 µs  ██████████");
  CHECK(latency_histogram({}, 80).empty());
}

TEST_CASE("a latency histogram has few rows, narrow or wide, and counts every answer once") {
  Random random;
  INFO(random);
  for (int i = 0; i < 500; ++i) {
    std::vector<std::int64_t> values;
    const auto most = 1 + random.magnitude(3600 * s);
    const auto n = random.between(1, 300);
    for (std::int64_t k = 0; k < n; ++k) values.push_back(random.magnitude(most));
    std::sort(values.begin(), values.end());
    for (const std::size_t width : {20U, 27U, 40U, 80U, 200U}) {
      const auto lines = latency_histogram(values, width);
      INFO("width " << width << ", from " << values.front() << " to " << values.back());
      REQUIRE(lines.size() >= 2);
      REQUIRE(lines.size() <= 13);
      for (const auto& line : lines) {
        INFO(line);
        REQUIRE(text::display_width(line) <= width);
      }
      if (width >= 80) {
        REQUIRE(answers_in(lines) == values.size());
        REQUIRE(lines.back().ends_with("100.0 %"));
      }
    }
  }
}

TEST_CASE("answers that took equally long are one row, and ones of no time at all are in the first") {
  CHECK(latency_histogram(std::vector<std::int64_t>{0}, 40).size() == 2);
  CHECK(latency_histogram(std::vector<std::int64_t>{0}, 40).at(1).starts_with(" ≤ 1 µs  █"));
  CHECK(latency_histogram(std::vector<std::int64_t>(7, 3 * ms), 40).size() == 2);
  CHECK(latency_histogram(std::vector<std::int64_t>{0, largest}, 80).back().find("█  ") != std::string::npos);
  // A narrow spread is looked at closely.
  std::vector<std::int64_t> close;
  for (int i = 100; i < 300; ++i) close.push_back(i * us);
  CHECK(latency_histogram(close, 80).size() == 7);
  // The last of ten thousand is not lost, and 100 % is not claimed before it.
  std::vector<std::int64_t> tail(9'999, ms);
  tail.push_back(9 * s);
  const auto lines = latency_histogram(tail, 80);
  CHECK(lines.at(1).ends_with("9,999   99.9 %"));
  CHECK(lines.back().find("▏") != std::string::npos);
}

TEST_CASE("a sparkline is as wide as it should be, tells zero from little, and shows means") {
  const auto line = [](std::vector<std::int64_t> values, std::size_t width) {
    return sparkline(values, width);
  };
  CHECK(line({1, 2, 3, 4, 5, 6, 7, 8}, 8) == "▁▂▃▄▅▆▇█");
  CHECK(line({0, 1, 1000}, 3) == "·▁█");
  CHECK(line({0, 0}, 4) == "····");
  CHECK(line({0, 8, 4, 4}, 2) == "██");
  CHECK(line({5, 0}, 4) == "██··");
  CHECK(line({}, 4).empty());
  CHECK(line({1}, 0).empty());
  CHECK(line({-3, 3}, 2) == "·█");
  CHECK(line({largest, largest, largest, 0}, 2) == "█▄");
  Random random;
  INFO(random);
  for (int i = 0; i < 200; ++i) {
    std::vector<std::int64_t> values;
    for (auto n = random.between(1, 3000); n > 0; --n) values.push_back(random.magnitude(largest));
    for (const std::size_t width : {1U, 20U, 79U})
      REQUIRE(text::display_width(sparkline(values, width)) == width);
  }
}

}  // namespace text_chart_test
