#include "sim/text_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>

#include "core/text.hpp"
#include "io/progress.hpp"
#include "io/table.hpp"

namespace invctl::sim {

namespace {

constexpr std::size_t most_rows = 12;
constexpr std::size_t least_bar = 6;  // columns; a shorter bar tells little
constexpr std::int64_t least_bound =
    1'000;  // ns; a whole decade from there on has round bounds of nanoseconds

// Where the ranges of one decade end, in tenths of its beginning; the finest first.
const std::vector<std::vector<int>>& ladders() {
  static const std::vector<std::vector<int>> all{
      {10, 12, 15, 20, 25, 30, 40, 50, 60, 80}, {10, 15, 25, 40, 60}, {10, 20, 50}, {10, 30}, {10}};
  return all;
}

// The ends of the ranges from that with `low` to that with `high`.
std::vector<std::int64_t> bounds(const std::vector<int>& ladder, std::int64_t low, std::int64_t high) {
  std::vector<std::int64_t> ends;
  for (__int128 decade = least_bound;; decade *= 10) {
    for (const int tenths : ladder) {
      const auto end = std::min<__int128>(decade * tenths / 10, std::numeric_limits<std::int64_t>::max());
      if (end < low) continue;
      ends.push_back(static_cast<std::int64_t>(end));
      if (end >= high) return ends;
    }
  }
}

std::vector<std::int64_t> bounds(std::int64_t low, std::int64_t high) {
  std::vector<std::int64_t> ends;
  for (const auto& ladder : ladders()) {
    ends = bounds(ladder, low, high);
    if (ends.size() <= most_rows) break;
  }
  return ends;
}

constexpr std::size_t bar_cell = 1;

struct Row {
  io::Cells cells;  // the end of the range, its bar, its number of answers, the share so far
  std::size_t answers = 0;
};

// `count` against `most`, which fills `width` columns; whatever there is can be seen.
std::string bar(std::size_t count, std::size_t most, std::size_t width) {
  static constexpr std::array<std::string_view, 8> parts{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths =
      std::max<std::size_t>(count * width * 8 / std::max<std::size_t>(most, 1), count > 0 ? 1 : 0);
  std::string out;
  for (std::size_t i = 0; i < eighths / 8; ++i) out += "█";
  return out + std::string(parts[eighths % 8]);
}

std::vector<Row> rows_of(std::span<const std::int64_t> sorted) {
  std::vector<Row> rows{{{"latency", "", "answers", "so far"}}};
  std::size_t before = 0;
  for (const auto end : bounds(sorted.front(), sorted.back())) {
    const auto upto =
        static_cast<std::size_t>(std::upper_bound(sorted.begin(), sorted.end(), end) - sorted.begin());
    const auto tenths = upto * 1000 / sorted.size();
    rows.push_back({{"≤ " + latency_text(end), "", io::with_thousands(upto - before),
                     fmt::format("{}.{} %", tenths / 10, tenths % 10)},
                    upto - before});
    before = upto;
  }
  return rows;
}

// The lines with their bars, which are at most `width` columns.
std::vector<std::string> drawn(const std::vector<Row>& rows, std::vector<io::Cells> lines, io::Layout layout,
                               std::size_t width) {
  std::size_t most = 0;
  for (const auto& row : rows) most = std::max(most, row.answers);
  layout.widths[bar_cell] = width;
  std::vector<std::string> out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    lines[i][bar_cell] = bar(rows[i].answers, most, width);
    out.push_back(io::format_line(layout, lines[i]));
  }
  return out;
}

}  // namespace

std::string latency_text(std::int64_t ns) {
  struct Unit {
    std::int64_t ns;
    std::string_view name;
  };
  static constexpr std::array<Unit, 4> units{
      {{1, "ns"}, {1'000, "µs"}, {1'000'000, "ms"}, {1'000'000'000, "s"}}};
  if (ns <= 0) return "0 s";
  std::size_t unit = 0;
  // From where it would be rounded to a thousand, it is one of the next.
  while (unit + 1 < units.size() && ns >= units[unit + 1].ns - units[unit + 1].ns / 2000) ++unit;
  const auto value = static_cast<double>(ns) / static_cast<double>(units[unit].ns);
  auto digits = fmt::format("{:.{}f}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
  if (digits.find('.') != std::string::npos) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return fmt::format("{} {}", digits, units[unit].name);
}

std::vector<std::string> latency_histogram(std::span<const std::int64_t> sorted_ns, std::size_t width) {
  if (sorted_ns.empty()) return {};
  const auto rows = rows_of(sorted_ns);
  // The columns that are shown: as many as leave the bars enough.
  static const std::vector<std::vector<std::size_t>> choices{
      {0, bar_cell, 2, 3}, {0, bar_cell, 3}, {0, bar_cell}};
  for (const auto& chosen : choices) {
    const auto picked = [&](const io::Cells& cells) {
      io::Cells some;
      for (const auto i : chosen) some.push_back(cells[i]);
      return some;
    };
    std::vector<io::Kind> kinds(chosen.size(), io::Kind::number);
    kinds[bar_cell] = io::Kind::code;
    std::vector<io::Cells> lines;
    for (const auto& row : rows) lines.push_back(picked(row.cells));
    auto layout = io::lay_out(kinds, lines.front(), lines, 0);
    const auto used = std::accumulate(layout.widths.begin(), layout.widths.end(), 2 * (chosen.size() - 1));
    if (used + least_bar <= width || chosen.size() == 2)
      return drawn(rows, lines, layout, width - std::min(used, width - 1));
  }
  return {};
}

std::string sparkline(std::span<const std::int64_t> values, std::size_t width) {
  static constexpr std::array<std::string_view, 9> blocks{"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty()) return {};
  std::vector<double> means;
  for (std::size_t i = 0; i < width; ++i) {
    const auto first = i * values.size() / width;
    const auto last = std::max((i + 1) * values.size() / width, first + 1);
    double sum = 0;
    for (auto at = first; at < last; ++at) sum += static_cast<double>(std::max<std::int64_t>(values[at], 0));
    means.push_back(sum / static_cast<double>(last - first));
  }
  const auto most = width == 0 ? 0 : *std::max_element(means.begin(), means.end());
  std::string out;
  for (const auto mean : means) {
    out +=
        blocks[mean > 0 ? std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(mean / most * 8)), 1, 8)
                        : 0];
  }
  return out;
}

}  // namespace invctl::sim
