// What stock has cost, and the calendar of reports: pure functions at their edges.
#include "report/costing.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "core/error.hpp"
#include "core/time.hpp"
#include "report/calendar.hpp"

namespace costing_test {

using namespace invctl;
using namespace invctl::report;

namespace {

constexpr auto largest = std::numeric_limits<std::int64_t>::max();

Micros time(const std::string& text) {
  std::string why;
  return parse_time(text, why).value();
}

}  // namespace

TEST_CASE("a share of a value is rounded to the nearest whole, halves to even, and loses nothing") {
  CHECK(share_of(10, 1, 4) == 2);  // 2.5
  CHECK(share_of(30, 1, 4) == 8);  // 7.5
  CHECK(share_of(10, 3, 4) == 8);  // 7.5
  CHECK(share_of(100, 1, 3) == 33);
  CHECK(share_of(200, 1, 3) == 67);
  CHECK(share_of(0, 5, 7) == 0);
  CHECK(share_of(largest, largest, largest) == largest);
  CHECK_THROWS_AS(share_of(largest, 2, 1), Error);

  CostState state;
  take_in(state, 7, 143, 0, 1);
  Minor left = 0;
  while (state.pooled > 0) {
    const auto before = state.value;
    take_out(state, 1, std::nullopt);
    left += before - state.value;
  }
  CHECK(left == 7 * 143);
  CHECK(state.empty());
  CHECK(state.value == 0);
}

TEST_CASE("sums that do not fit 64 bits are refused and not wrapped") {
  CostState state;
  take_in(state, largest, 1, 0, 1);
  CHECK_THROWS_AS(take_in(state, 1, 1, 0, 2), Error);
  CostState dear;
  CHECK_THROWS_AS(take_in(dear, 2, largest, 0, 1), Error);
  CostState owing;
  take_out(owing, largest, std::nullopt);
  CHECK(on_hand(owing) == -largest);
  CHECK_THROWS_AS(take_out(owing, 1, std::nullopt), Error);
}

TEST_CASE("what is owed is paid by the next receipts, at nobody's cost") {
  CostState state;
  take_out(state, 5, std::nullopt);
  take_in(state, 3, 100, 0, 1);
  CHECK(state.owed == 2);
  CHECK(state.layers.empty());
  take_in(state, 3, 100, 0, 2);
  CHECK(state.owed == 0);
  CHECK(state.value == 100);
  CHECK(value_first_in_first_out(state).value == 100);
}

TEST_CASE("a reversed receipt takes its own units out, and what is missing of them from the front") {
  CostState state;
  take_in(state, 4, 10, 0, 1);
  take_in(state, 4, 30, 0, 2);
  take_in(state, 4, 50, 0, 3);
  SECTION("all of it is there") {
    take_out(state, 4, 2);
    CHECK(value_first_in_first_out(state).value == 4 * 10 + 4 * 50);
    CHECK(state.value == 4 * 10 + 4 * 50);
  }
  SECTION("some of it is gone") {
    take_out(state, 6, std::nullopt);
    take_out(state, 4, 2);
    CHECK(value_first_in_first_out(state).value == 2 * 50);
    CHECK(on_hand(state) == 2);
  }
  SECTION("all of it is gone") {
    take_out(state, 8, std::nullopt);
    take_out(state, 4, 2);
    CHECK(state.empty());
    CHECK(state.value == 0);
  }
}

TEST_CASE("a ratio is written with its decimals, also below one, below zero and beyond 64 bits") {
  CHECK(ratio_text(1, 3, 2) == "0.33");
  CHECK(ratio_text(2, 3, 2) == "0.67");
  CHECK(ratio_text(1, 8, 2) == "0.12");
  CHECK(ratio_text(3, 8, 2) == "0.38");
  CHECK(ratio_text(-1, 3, 2) == "-0.33");
  CHECK(ratio_text(-1, 1000, 2) == "0.00");
  CHECK(ratio_text(7, 1, 0) == "7");
  CHECK(ratio_text(static_cast<__int128>(largest) * 100, 1, 2) == "922337203685477580700.00");
  CHECK(unit_cost_text(Currency::parse("GBP"), 1000, 3, 4) == "3.333333");
  CHECK(unit_cost_text(Currency::parse("KRW"), 1000, 3, 4) == "333.3333");
  CHECK_FALSE(unit_cost_text(Currency::parse("KRW"), 0, 0, 4));
}

TEST_CASE("days, ISO weeks and months of a time, also before 1970") {
  const auto names = [](const std::string& text) {
    const auto t = time(text);
    return step_name(Step::day, t) + " " + step_name(Step::week, t) + " " + step_name(Step::month, t);
  };
  CHECK(names("2025-12-29") == "2025-12-29 2026-W01 2025-12");
  CHECK(names("2027-01-01T23:59:59.999999Z") == "2027-01-01 2026-W53 2027-01");
  CHECK(names("2024-02-29T12:00:00Z") == "2024-02-29 2024-W09 2024-02");
  CHECK(names("1969-12-31T23:59:59.999999Z") == "1969-12-31 1970-W01 1969-12");
  CHECK(day_number(-1) == -1);
  CHECK(day_number(-day_length) == -1);
  CHECK(day_number(-day_length - 1) == -2);
}

TEST_CASE("a period is a year, a month or a day that exists") {
  std::string why;
  CHECK(parse_period("2024", why)->to == time("2025-01-01"));
  CHECK(parse_period("2024-12", why)->to == time("2025-01-01"));
  CHECK(parse_period("2024-02-29", why)->to == time("2024-03-01"));
  CHECK(parse_month("2024-12", why)->from == time("2024-12-01"));
  CHECK(month_of(time("2024-02-29T23:59:59.999999Z")).name == "2024-02");
  for (const char* bad : {"", "24", "2024-13", "2024-00", "2024-1", "2025-02-29", "2024/01", "20240101",
                          "2024-01-", "0000-01", "9999", "2024-01-01T00:00"}) {
    INFO(bad);
    why.clear();
    CHECK_FALSE(parse_period(bad, why));
    CHECK_FALSE(why.empty());
  }
  CHECK_FALSE(parse_month("2024", why));
  CHECK_FALSE(parse_month("2024-01-01", why));
}

}  // namespace costing_test
