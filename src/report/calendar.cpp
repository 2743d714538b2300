#include "report/calendar.hpp"

#include <fmt/format.h>

#include <chrono>

#include "core/text.hpp"

namespace invctl::report {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

Micros start_of(sys_days day) {
  return std::chrono::duration_cast<std::chrono::microseconds>(day.time_since_epoch()).count();
}

sys_days day_of(Micros t) {
  return sys_days(days(day_number(t)));
}

std::optional<unsigned> number(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return digits.empty() ? std::nullopt : std::optional(value);
}

CalendarPeriod month_from(year_month_day first) {
  const auto next = first + std::chrono::months(1);
  return {fmt::format("{:04}-{:02}", static_cast<int>(first.year()), static_cast<unsigned>(first.month())),
          start_of(sys_days(first)), start_of(sys_days(next))};
}

// The period of `parts` numbers: a year, a month or a day.
std::optional<CalendarPeriod> read(std::string_view text) {
  if (text.size() != 4 && text.size() != 7 && text.size() != 10) return std::nullopt;
  const auto year = number(text.substr(0, 4));
  if (!year || *year < 1 || *year > 9998) return std::nullopt;
  const std::chrono::year y(static_cast<int>(*year));
  if (text.size() == 4) {
    return CalendarPeriod{std::string(text), start_of(sys_days(y / 1 / 1)),
                          start_of(sys_days((y + std::chrono::years(1)) / 1 / 1))};
  }
  const auto month = text[4] == '-' ? number(text.substr(5, 2)) : std::nullopt;
  if (!month || *month < 1 || *month > 12) return std::nullopt;
  const year_month_day first(y / std::chrono::month(*month) / 1);
  if (text.size() == 7) return month_from(first);
  const auto day = text[7] == '-' ? number(text.substr(8, 2)) : std::nullopt;
  if (!day) return std::nullopt;
  const year_month_day date(y / std::chrono::month(*month) / std::chrono::day(*day));
  if (!date.ok()) return std::nullopt;
  const auto begin = start_of(sys_days(date));
  return CalendarPeriod{std::string(text), begin, begin + day_length};
}

}  // namespace

std::int64_t day_number(Micros t) {
  return t >= 0 ? t / day_length : -((-(t + 1)) / day_length) - 1;
}

std::optional<CalendarPeriod> parse_period(std::string_view text, std::string& why) {
  auto period = read(text);
  if (!period) why = text::quoted(text) + " is not a period such as 2025, 2025-10 or 2025-10-31";
  return period;
}

std::optional<CalendarPeriod> parse_month(std::string_view text, std::string& why) {
  auto period = text.size() == 7 ? read(text) : std::nullopt;
  if (!period) why = text::quoted(text) + " is not a month such as 2025-10";
  return period;
}

CalendarPeriod month_of(Micros t) {
  const year_month_day date(day_of(t));
  return month_from(date.year() / date.month() / 1);
}

std::string step_name(Step step, Micros t) {
  const auto day = day_of(t);
  const year_month_day date(day);
  if (step == Step::month) return month_of(t).name;
  if (step == Step::day) {
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  }
  const auto monday = day - days(std::chrono::weekday(day).iso_encoding() - 1);
  const auto thursday = monday + days(3);
  const auto year = year_month_day(thursday).year();
  const auto week = (thursday - sys_days(year / 1 / 1)).count() / 7 + 1;
  return fmt::format("{:04}-W{:02}", static_cast<int>(year), week);
}

}  // namespace invctl::report
