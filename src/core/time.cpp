#include "core/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/text.hpp"

namespace invctl {

namespace {

using Days = std::chrono::sys_days;

// Reads exactly `width` digits at `at` and moves past them; -1 where there are none.
int digits_at(std::string_view s, std::size_t& at, std::size_t width) {
  if (at + width > s.size()) return -1;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const char c = s[at + i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  at += width;
  return value;
}

bool literal_at(std::string_view s, std::size_t& at, std::string_view any_of) {
  if (at >= s.size() || any_of.find(s[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

// The first instant of year 1 and of year 10000: what four digits can write.
constexpr Micros first_time = -62'135'596'800'000'000;
constexpr Micros end_of_time = 253'402'300'800'000'000;

// The instant that `s` names, or nothing. Written as one pass because each part is optional from the right.
std::optional<Micros> read_time(std::string_view s) {
  std::size_t at = 0;
  const int year = digits_at(s, at, 4);
  if (year < 1 || !literal_at(s, at, "-")) return std::nullopt;
  const int month = digits_at(s, at, 2);
  if (month < 1 || !literal_at(s, at, "-")) return std::nullopt;
  const int day = digits_at(s, at, 2);
  if (day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  Micros t = std::chrono::duration_cast<std::chrono::microseconds>(Days(date).time_since_epoch()).count();
  if (at == s.size()) return t;

  if (!literal_at(s, at, "Tt ")) return std::nullopt;
  const int hour = digits_at(s, at, 2);
  if (hour < 0 || hour > 23 || !literal_at(s, at, ":")) return std::nullopt;
  const int minute = digits_at(s, at, 2);
  if (minute < 0 || minute > 59) return std::nullopt;
  int second = 0;
  Micros fraction = 0;
  if (literal_at(s, at, ":")) {
    second = digits_at(s, at, 2);
    if (second < 0 || second > 59) return std::nullopt;
    if (literal_at(s, at, ".")) {
      Micros unit = 1'000'000;
      std::size_t n = 0;
      for (; at < s.size() && s[at] >= '0' && s[at] <= '9' && n < 6; ++n, ++at) {
        unit /= 10;
        fraction += unit * (s[at] - '0');
      }
      if (n == 0) return std::nullopt;
    }
  }
  t += ((hour * 60 + minute) * 60LL + second) * 1'000'000 + fraction;
  if (at == s.size()) return t;
  if (literal_at(s, at, "Zz")) return at == s.size() ? std::optional(t) : std::nullopt;
  const bool behind = s[at] == '-';
  if (!literal_at(s, at, "+-")) return std::nullopt;
  const int offset_hours = digits_at(s, at, 2);
  if (offset_hours < 0 || offset_hours > 23 || !literal_at(s, at, ":")) return std::nullopt;
  const int offset_minutes = digits_at(s, at, 2);
  if (offset_minutes < 0 || offset_minutes > 59 || at != s.size()) return std::nullopt;
  const Micros offset = (offset_hours * 60 + offset_minutes) * 60LL * 1'000'000;
  t = behind ? t + offset : t - offset;
  return t >= first_time && t < end_of_time ? std::optional(t) : std::nullopt;
}

}  // namespace

Micros now_utc() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string format_time(Micros t) {
  const std::chrono::sys_time<std::chrono::microseconds> instant{std::chrono::microseconds(t)};
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

std::optional<Micros> parse_time(std::string_view s, std::string& why) {
  const auto t = read_time(s);
  if (!t) why = text::quoted(s) + " is not a time such as 2026-01-31 or 2026-01-31T09:30:00Z";
  return t;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view s, std::string& why) {
  static constexpr struct {
    std::string_view suffix;
    std::int64_t ms;
  } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  const auto digits = s.find_first_not_of("0123456789");
  for (const auto& unit : units) {
    if (digits == std::string_view::npos || digits == 0 || s.substr(digits) != unit.suffix) continue;
    std::int64_t n = 0;
    const auto result = std::from_chars(s.data(), s.data() + digits, n);
    const auto ms = result.ec == std::errc() ? checked_mul(n, unit.ms) : std::nullopt;
    // A century is longer than any wait, and short enough that deadlines cannot overflow.
    if (ms && *ms <= 36'525LL * 86'400'000) return std::chrono::milliseconds(*ms);
    why = text::quoted(s) + " is too long a duration";
    return std::nullopt;
  }
  why = text::quoted(s) + " is not a duration such as 500ms, 5s, 15m, 2h or 7d";
  return std::nullopt;
}

std::string format_duration(std::chrono::milliseconds d) {
  const auto ms = d.count();
  if (ms != 0 && ms % 86'400'000 == 0) return fmt::format("{}d", ms / 86'400'000);
  if (ms != 0 && ms % 3'600'000 == 0) return fmt::format("{}h", ms / 3'600'000);
  if (ms != 0 && ms % 60'000 == 0) return fmt::format("{}m", ms / 60'000);
  if (ms % 1000 == 0) return fmt::format("{}s", ms / 1000);
  return fmt::format("{}ms", ms);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::chrono::microseconds Deadline::left() const {
  return std::max(std::chrono::microseconds(0),
                  std::chrono::duration_cast<std::chrono::microseconds>(at_ - Clock::now()));
}

}  // namespace invctl
