#include "io/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "core/text.hpp"
#include "io/output.hpp"
#include "io/table.hpp"
#include "io/terminal.hpp"

namespace invctl::io {

namespace {

constexpr auto draw_interval = std::chrono::milliseconds(100);
constexpr std::size_t bar_max = 30;
constexpr std::size_t bar_min = 8;
constexpr std::string_view erase_line = "\r\x1b[K";

std::string amount(std::uint64_t n, Unit unit) {
  return unit == Unit::bytes ? format_bytes(n) : with_thousands(n);
}

std::string format_clock(std::uint64_t seconds) {
  const auto hours = seconds / 3600;
  if (hours > 99) return "99h+";
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, seconds / 60 % 60, seconds % 60);
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

double per_second(std::uint64_t done, std::chrono::milliseconds elapsed) {
  return elapsed.count() > 0 ? static_cast<double>(done) * 1000.0 / static_cast<double>(elapsed.count())
                             : 0.0;
}

std::string bar(double share, std::size_t width) {
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(width));
  return '[' + std::string(filled, '#') + std::string(width - filled, '.') + ']';
}

std::string shortened(std::string_view label, std::size_t width) {
  return shorten(text::printable(label), width);
}

// `required` is always there (the caller has shortened it); `optional` parts are added while they fit.
std::string assemble(std::string required, const std::vector<std::string>& optional, std::size_t width) {
  for (const auto& part : optional) {
    if (part.empty() || text::display_width(required) + 2 + text::display_width(part) > width) continue;
    required += "  " + part;
  }
  return required;
}

}  // namespace

std::string with_thousands(std::uint64_t n) {
  std::string digits = fmt::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

std::string with_thousands(std::int64_t n) {
  const auto magnitude = static_cast<std::uint64_t>(n);
  return n < 0 ? "-" + with_thousands(0 - magnitude) : with_thousands(magnitude);
}

std::string format_bytes(std::uint64_t n) {
  static constexpr std::array units = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (n < 1000) return fmt::format("{} B", n);
  auto value = static_cast<double>(n) / 1000.0;
  std::size_t unit = 0;
  // 999.95 would be shown as 1000.0.
  while (value >= 999.95 && unit + 1 < units.size()) {
    value /= 1000.0;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string progress_line(std::string_view label, std::uint64_t done, std::uint64_t total, Unit unit,
                          std::chrono::milliseconds elapsed, std::size_t width) {
  const double rate = per_second(done, elapsed);
  const std::string_view noun = unit == Unit::rows ? " rows" : "";
  const auto speed =
      rate < 1.0 ? std::string() : amount(static_cast<std::uint64_t>(rate), unit) + std::string(noun) + "/s";
  if (total == 0) {
    return assemble(shortened(label, width), {amount(done, unit) + std::string(noun), speed}, width);
  }
  const auto shown = std::min(done, total);
  const double share = static_cast<double>(shown) / static_cast<double>(total);
  const auto percent = fmt::format("{:3}%", static_cast<int>(share * 100.0));
  if (width < percent.size() + 3) return shortened(percent, width);
  const auto head = shortened(label, width - percent.size() - 2) + "  " + percent;
  const auto counts = fmt::format("{}/{}{}", amount(shown, unit), amount(total, unit), noun);
  std::string left;
  if (rate >= 1.0 && shown < total) {
    left = "ETA " + format_clock(static_cast<std::uint64_t>(static_cast<double>(total - shown) / rate));
  }
  auto line = assemble(head, {counts, speed, left}, width);
  // What the words leave over is the bar's.
  const auto spare = width - text::display_width(line);
  if (spare < bar_min + 4) return line;
  return line.insert(head.size(), "  " + bar(share, std::min(bar_max, spare - 4)));
}

Progress::Progress(std::string label, std::uint64_t total, Unit unit, bool wanted, int fd)
    : label_(std::move(label)), total_(total), unit_(unit), fd_(fd), shown_(false) {
  if (!wanted) return;
  // Erasing a line is one of the things that a dumb terminal cannot do; it has no colour either.
  const char* term = std::getenv("TERM");
  shown_ = inspect_terminal(fd).is_terminal && term != nullptr && std::string_view(term) != "dumb";
  started_ = Clock::now();
  // A job that is done at once never flashes a bar.
  next_draw_ = started_ + draw_interval;
}

void Progress::set(std::uint64_t done) {
  done_ = done;
  if (!shown_) return;
  const auto now = Clock::now();
  if (now >= next_draw_) draw(now);
}

void Progress::restart(std::string label, std::uint64_t total) {
  label_ = std::move(label);
  total_ = total;
  done_ = 0;
  if (!shown_) return;
  started_ = Clock::now();
}

void Progress::draw(Clock::time_point now) {
  // Asked each time: the window may have been resized. One column stays free, since writing the last one
  // wraps.
  const auto width = std::max<std::size_t>(inspect_terminal(fd_).width, 2) - 1;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_);
  std::string bytes(erase_line);
  bytes += progress_line(label_, done_, total_, unit_, elapsed, width);
  // A bar that cannot be drawn is not worth an error; it is not tried again.
  if (write_all(fd_, bytes) != 0) shown_ = false;
  drawn_ = true;
  next_draw_ = now + draw_interval;
}

void Progress::clear() {
  if (!drawn_) return;
  write_all(fd_, erase_line);
  drawn_ = false;
}

void Progress::finish() {
  clear();
  shown_ = false;
}

}  // namespace invctl::io
