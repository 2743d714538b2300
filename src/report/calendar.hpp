// Periods by the calendar, in UTC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/types.hpp"

namespace invctl::report {

struct CalendarPeriod {
  std::string name;
  Micros from = 0, to = 0;  // from <= t < to
};

// A year (2025), a month (2025-10) or a day (2025-10-31). `why` says what is wrong.
std::optional<CalendarPeriod> parse_period(std::string_view text, std::string& why);
// A month only.
std::optional<CalendarPeriod> parse_month(std::string_view text, std::string& why);
CalendarPeriod month_of(Micros t);

enum class Step { day, week, month };
// 2025-10-31, 2025-W44 (ISO 8601: weeks begin on Monday and belong to the year of their Thursday), 2025-10.
std::string step_name(Step step, Micros t);

inline constexpr Micros day_length = 86'400'000'000;
// Whole days since 1970-01-01, also before it.
std::int64_t day_number(Micros t);

}  // namespace invctl::report
