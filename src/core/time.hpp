// Times and durations: UTC microseconds inside, RFC 3339 outside, and deadlines on the steady clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/types.hpp"

namespace invctl {

Micros now_utc();

// "2026-11-21T09:30:00.123456Z"; always six decimals, so that texts sort as times do. For the years 1 to
// 9999, which are also all that parse_time() reads.
std::string format_time(Micros t);

// RFC 3339 with `T` or a space, optional seconds and fraction (up to six digits), `Z` or `+hh:mm`; without an
// offset it is UTC; a date alone is its first instant. `why` says what is wrong.
std::optional<Micros> parse_time(std::string_view s, std::string& why);

// `500ms`, `5s`, `15m`, `2h`, `7d`; a whole number and a unit. `0s` is allowed, a century is the longest.
// `why` says what is wrong.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view s, std::string& why);
std::string format_duration(std::chrono::milliseconds d);  // the largest unit that is exact: "5s", "1500ms"

// By the steady clock.
double seconds_since(std::chrono::steady_clock::time_point start);

// A point on the steady clock that several waits share as one budget.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;
  static Deadline after(std::chrono::milliseconds d) { return Deadline(Clock::now() + d); }
  bool passed() const { return Clock::now() >= at_; }
  // What is left of the budget, never negative.
  std::chrono::microseconds left() const;
  Clock::time_point at() const { return at_; }

 private:
  explicit Deadline(Clock::time_point at) : at_(at) {}
  Clock::time_point at_;
};

}  // namespace invctl
