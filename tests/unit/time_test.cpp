#include "core/time.hpp"

#include <catch2/catch.hpp>
#include <ctime>
#include <thread>

#include "property.hpp"

namespace time_test {

using namespace invctl;
using namespace std::chrono_literals;
using invctl::test::Random;

namespace {

Micros at(std::string_view s) {
  std::string why;
  const auto t = parse_time(s, why);
  INFO(s << ": " << why);
  REQUIRE(t.has_value());
  return *t;
}

constexpr Micros first = -62'135'596'800'000'000;     // 0001-01-01
constexpr Micros last = 253'402'300'800'000'000 - 1;  // the last microsecond of 9999

}  // namespace

TEST_CASE("times are written as RFC 3339 in UTC with six decimals") {
  CHECK(format_time(0) == "1970-01-01T00:00:00.000000Z");
  CHECK(format_time(-1) == "1969-12-31T23:59:59.999999Z");
  CHECK(format_time(1'795'253'400'123'456) == "2026-11-21T09:30:00.123456Z");
  CHECK(format_time(first) == "0001-01-01T00:00:00.000000Z");
  CHECK(format_time(last) == "9999-12-31T23:59:59.999999Z");
}

TEST_CASE(
    "every microsecond of the years 1 to 9999 survives writing and reading, and texts sort as times do") {
  Random random;
  INFO(random);
  Micros previous = first;
  for (int i = 0; i < 5000; ++i) {
    const auto t = random.between(first, last);
    const auto text = format_time(t);
    CAPTURE(t, text);
    REQUIRE(at(text) == t);
    REQUIRE((text < format_time(previous)) == (t < previous));
    // The C library, asked independently.
    const auto seconds = static_cast<std::time_t>((t - (t % 1'000'000 + 1'000'000) % 1'000'000) / 1'000'000);
    std::tm parts{};
    REQUIRE(gmtime_r(&seconds, &parts) != nullptr);
    char expected[64];
    std::snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900,
                  parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                  static_cast<int>((t % 1'000'000 + 1'000'000) % 1'000'000));
    REQUIRE(text == expected);
    previous = t;
  }
}

TEST_CASE("a time may leave out what is on its right") {
  const auto day = at("2026-01-31");
  CHECK(format_time(day) == "2026-01-31T00:00:00.000000Z");
  CHECK(at("2026-01-31T00:00") == day);
  CHECK(at("2026-01-31 00:00:00") == day);
  CHECK(at("2026-01-31t00:00:00z") == day);
  CHECK(at("2026-01-31T00:00:00.5Z") == day + 500'000);
  CHECK(at("2026-01-31T00:00:00.000001Z") == day + 1);
  CHECK(at("2026-01-31T23:59:59.999999Z") == day + 86'400'000'000 - 1);
}

TEST_CASE("an offset is taken away") {
  const auto utc = at("2026-01-31T09:30:00Z");
  CHECK(at("2026-01-31T18:30:00+09:00") == utc);
  CHECK(at("2026-01-31T18:30+09:00") == utc);
  CHECK(at("2026-01-31T04:00:00-05:30") == utc);
  CHECK(at("2026-02-01T00:00:00+14:30") == utc);
  CHECK(at("2026-01-31T09:30:00+00:00") == utc);
  CHECK(at("2026-01-31T09:30:00-00:00") == utc);
}

TEST_CASE("leap days exist in leap years only") {
  CHECK(at("2024-02-29") + 86'400'000'000 == at("2024-03-01"));
  CHECK(at("2000-02-29") + 86'400'000'000 == at("2000-03-01"));
  std::string why;
  for (const char* day : {"2023-02-29", "1900-02-29", "2100-02-29", "2026-02-30", "2026-04-31"}) {
    INFO(day);
    CHECK_FALSE(parse_time(day, why).has_value());
  }
}

TEST_CASE("what is not a time is refused with an example") {
  std::string why;
  for (const char* text : {"",
                           "2026",
                           "2026-1-31",
                           "26-01-31",
                           "2026-00-10",
                           "2026-13-01",
                           "2026-01-00",
                           "2026-01-32",
                           "0000-01-01",
                           "2026-01-31T",
                           "2026-01-31T9:30",
                           "2026-01-31T24:00",
                           "2026-01-31T09:60",
                           "2026-01-31T09:30:60",
                           "2026-01-31T09:30:00.",
                           "2026-01-31T09:30:00.1234567Z",
                           "2026-01-31T09:30:00ZZ",
                           "2026-01-31T09:30:00+9",
                           "2026-01-31T09:30:00+0900",
                           "2026-01-31T09:30:00+24:00",
                           "2026-01-31T09:30:00+09:60",
                           "2026-01-31Z",
                           " 2026-01-31",
                           "2026-01-31 ",
                           "yesterday",
                           "1769850000",
                           "２０２６-01-31",
                           "-001-01-01",
                           "2026-01-31X09:30",
                           "2026/01/31",
                           "0001-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01",
                           "12026-01-31"}) {
    INFO(text);
    CHECK_FALSE(parse_time(text, why).has_value());
    CHECK_THAT(why, Catch::EndsWith(" is not a time such as 2026-01-31 or 2026-01-31T09:30:00Z"));
  }
}

TEST_CASE("a time is read only whole: every prefix or extension is another time or none") {
  Random random;
  INFO(random);
  for (int i = 0; i < 200; ++i) {
    const auto text = format_time(random.between(first, last));
    for (const char extra : {'0', 'Z', ' ', '+', '\0'}) {
      std::string why;
      REQUIRE_FALSE(parse_time(text + extra, why).has_value());
    }
  }
}

TEST_CASE("durations are a whole number and a unit") {
  std::string why;
  CHECK(parse_duration("500ms", why) == 500ms);
  CHECK(parse_duration("5s", why) == 5s);
  CHECK(parse_duration("15m", why) == 15min);
  CHECK(parse_duration("2h", why) == 2h);
  CHECK(parse_duration("7d", why) == 168h);
  CHECK(parse_duration("0s", why) == 0ms);
  CHECK(parse_duration("010s", why) == 10s);
  CHECK(parse_duration("36525d", why) == 876'600h);
  for (const char* text : {"", "5", "s", "-5s", "+5s", "1.5s", "5 s", "5S", "5sec", "5s ", "1h30m", "٣s"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text, why).has_value());
    CHECK_THAT(why, Catch::EndsWith(" is not a duration such as 500ms, 5s, 15m, 2h or 7d"));
  }
  for (const char* text :
       {"36526d", "9223372036854775807d", "9223372036854775808ms", "99999999999999999999s"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text, why).has_value());
    CHECK_THAT(why, Catch::EndsWith(" is too long a duration"));
  }
}

TEST_CASE("every duration survives writing and reading") {
  CHECK(format_duration(0ms) == "0s");
  CHECK(format_duration(1500ms) == "1500ms");
  CHECK(format_duration(60s) == "1m");
  CHECK(format_duration(168h) == "7d");
  Random random;
  INFO(random);
  for (int i = 0; i < 2000; ++i) {
    const auto unit = random.pick(std::vector<std::int64_t>{1, 1000, 60'000, 3'600'000, 86'400'000});
    const std::chrono::milliseconds d(random.between(0, 36'525LL * 86'400'000 / unit) * unit);
    std::string why;
    REQUIRE(parse_duration(format_duration(d), why) == d);
  }
}

TEST_CASE("a deadline is one budget that runs out and stays so") {
  const auto never = Deadline::after(std::chrono::milliseconds(36'525LL * 86'400'000));
  CHECK_FALSE(never.passed());
  CHECK(never.left() > 36'524 * 24h);
  const auto soon = Deadline::after(20ms);
  const auto before = soon.left();
  CHECK(before <= 20ms);
  std::this_thread::sleep_for(25ms);
  CHECK(soon.passed());
  CHECK(soon.left() == 0us);
}

TEST_CASE("now is what the system's clock says") {
  const auto before = std::time(nullptr);
  const auto now = now_utc();
  CHECK(now / 1'000'000 >= before);
  CHECK(now / 1'000'000 <= std::time(nullptr));
}

}  // namespace time_test
