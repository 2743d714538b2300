#include "watch/screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "core/text.hpp"

namespace invctl::watch {

namespace {

constexpr std::size_t least_bar = 9, most_bar = 30;
constexpr std::size_t gap = 2;

// How much is left above the reorder point, in thousandths of it; rows without one come last.
std::tuple<int, std::int64_t> urgency(const StockEntry& row) {
  if (!row.reorder_point) return {1, row.available()};
  const auto point = std::max<Quantity>(*row.reorder_point, 1);
  const auto available = std::min<Quantity>(row.available(), INT64_MAX / 1000);
  return {0, available * 1000 / point};
}

bool holds(const StockEntry& row, const std::string& folded) {
  if (folded.empty()) return true;
  return text::case_fold(row.sku).find(folded) != std::string::npos ||
         text::case_fold(row.name).find(folded) != std::string::npos ||
         text::case_fold(row.warehouse).find(folded) != std::string::npos;
}

std::map<std::pair<std::string, std::string>, std::int64_t> newest_movements(const Data& data) {
  std::map<std::pair<std::string, std::string>, std::int64_t> newest;
  for (const auto& movement : data.movements)
    newest.try_emplace({movement.warehouse, movement.sku}, movement.seq);
  return newest;
}

Tone tone_of(const StockEntry& row) {
  if (!row.reorder_point) return row.available() == 0 ? Tone::dim : Tone::plain;
  if (is_low(row)) return Tone::bad;
  return row.available() - *row.reorder_point <= *row.reorder_point / 2 ? Tone::warn : Tone::good;
}

std::size_t width_of(const Line& line) {
  std::size_t width = 0;
  for (const auto& piece : line) width += text::display_width(piece.text);
  return width;
}

// Cuts a line that is too wide at its right end.
Line within(Line line, std::size_t columns) {
  std::size_t left = columns;
  for (auto& piece : line) {
    const auto width = text::display_width(piece.text);
    if (width > left) piece.text = fit(piece.text, left);
    left -= std::min(width, left);
  }
  return line;
}

Line title(const Data& data, const View& view, std::size_t columns) {
  const auto state = view.paused ? std::string("PAUSED  ") : std::string();
  const auto right = state + data.clock + " ";
  const auto room = columns > right.size() ? columns - right.size() : 0;
  return within({{fit(" invctl watch  " + text::printable(data.source), room) + right, Tone::head}}, columns);
}

Line summary(const Data& data, const View& view, const std::vector<std::size_t>& shown, std::size_t columns) {
  std::size_t low = 0, empty = 0;
  for (const auto& row : data.stock) {
    low += is_low(row);
    empty += row.available() == 0;
  }
  Line line = {
      {fmt::format(" {} of {} rows{}  ", shown.size(), data.stock.size(),
                   view.filter.empty() ? "" : " with " + text::quoted(view.filter))},
      {fmt::format("{} low", low), low > 0 ? Tone::bad : Tone::good},
      {fmt::format("  {} empty", empty)},
      {fmt::format("   {:.1f} purchases/s  {:.1f} movements/s", data.purchases_per_s, data.movements_per_s)}};
  return within(std::move(line), columns);
}

struct Widths {
  std::size_t warehouse = 9, sku = 3, name = 4, number = 7, bar = least_bar;
  bool with_name = true, with_reserved = true;
};

// Columns as wide as what is on the screen. What is left over is the name's as far as it needs it, and then
// the bar's.
Widths widths_of(const Data& data, const std::vector<std::size_t>& rows, std::size_t columns) {
  Widths widths;
  for (const auto i : rows) {
    const auto& row = data.stock[i];
    widths.name = std::max(widths.name, text::display_width(text::printable(row.name)));
    widths.warehouse = std::max(widths.warehouse, text::display_width(text::printable(row.warehouse)));
    widths.sku = std::max(widths.sku, text::display_width(text::printable(row.sku)));
    for (const auto number : {row.available(), row.reserved, row.reorder_point.value_or(0)}) {
      widths.number = std::max(widths.number, std::to_string(number).size());
    }
  }
  widths.warehouse = std::min(widths.warehouse, std::max<std::size_t>(columns / 8, 6));
  widths.sku = std::min(widths.sku, std::max<std::size_t>(columns / 4, 8));
  const auto used = [&] {
    return 1 + widths.warehouse + gap + widths.sku + gap + least_bar + 2 * (gap + widths.number) +
           (widths.with_reserved ? gap + widths.number : 0);
  };
  widths.with_reserved = used() + gap + 12 <= columns;
  widths.with_name = used() + gap + 8 <= columns;
  const auto left = widths.with_name ? columns - used() - gap : 0;
  widths.name = std::min(widths.name, left);
  widths.bar = std::min(least_bar + left - widths.name, most_bar);
  return widths;
}

std::string columns_of(const Widths& widths, std::string_view warehouse, std::string_view sku,
                       std::string_view name) {
  const std::string space(gap, ' ');
  auto line = " " + fit(warehouse, widths.warehouse) + space + fit(sku, widths.sku) + space;
  if (widths.with_name) line += fit(name, widths.name) + space;
  return line;
}

std::string numbers_of(const Widths& widths, std::string_view available, std::string_view reserved,
                       std::string_view reorder) {
  const std::string space(gap, ' ');
  auto line = space + fit(available, widths.number, true);
  if (widths.with_reserved) line += space + fit(reserved, widths.number, true);
  return line + space + fit(reorder, widths.number, true);
}

Line stock_line(const StockEntry& row, const Widths& widths) {
  const auto tone = tone_of(row);
  const auto reorder = row.reorder_point ? std::to_string(*row.reorder_point) : std::string("-");
  return {{columns_of(widths, text::printable(row.warehouse), text::printable(row.sku),
                      text::printable(row.name))},
          {row.reorder_point ? bar(row.available(), *row.reorder_point, widths.bar)
                             : std::string(widths.bar, ' '),
           tone},
          {numbers_of(widths, std::to_string(row.available()), std::to_string(row.reserved), reorder), tone}};
}

Line movement_line(const HistoryEntry& movement, std::size_t columns) {
  // The time of day: the date is today's, or the row is old enough not to be looked at for it.
  const auto time = format_time(movement.recorded_at).substr(11, 8);
  const auto delta = fmt::format("{:+}", movement.delta != 0 ? movement.delta : movement.reserved_delta);
  const auto what = movement.delta != 0 || movement.reserved_delta == 0 ? "" : " reserved";
  const auto tone = movement.delta > 0 ? Tone::good : movement.delta < 0 ? Tone::warn : Tone::dim;
  Line line = {{fmt::format(" {}  {}  ", time, fit(movement.kind, 8)), Tone::dim},
               {fit(delta + what, 12, true), tone},
               {fmt::format("  {}  {}", text::printable(movement.warehouse), text::printable(movement.sku))},
               {fmt::format("  by {}", text::printable(movement.actor)), Tone::dim}};
  return within(std::move(line), columns);
}

Line keys(const Data& data, const View& view, std::size_t columns) {
  if (!data.trouble.empty()) return within({{" " + text::printable(data.trouble), Tone::bad}}, columns);
  if (view.typing)
    return within({{" filter: " + text::printable(view.filter) + "_   Enter keeps it, Esc clears it"}},
                  columns);
  const auto line = fmt::format(" q quit  / filter  s sort: {}  r {}  l {}  p {}", sort_name(view.sort),
                                view.reversed ? "reversed" : "reverse",
                                view.low_only ? "all rows" : "low only", view.paused ? "go on" : "pause");
  return within({{line, Tone::dim}}, columns);
}

// Title, summary, heading, and below the rows: a heading of movements, and the keys.
constexpr std::size_t fixed_lines = 5;

std::size_t movements_shown(std::size_t lines) {
  return lines <= fixed_lines + 3 ? 0 : std::min<std::size_t>((lines - fixed_lines) / 4, 12);
}

}  // namespace

std::string_view sort_name(Sort sort) {
  constexpr std::array<std::string_view, sorts> names{"urgency", "SKU", "available", "recent"};
  return names[static_cast<std::size_t>(sort)];
}

bool is_low(const StockEntry& row) {
  return row.reorder_point && row.available() <= *row.reorder_point;
}

std::vector<std::size_t> select_rows(const Data& data, const View& view) {
  const auto folded = text::case_fold(view.filter);
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < data.stock.size(); ++i) {
    const auto& row = data.stock[i];
    if ((!view.low_only || is_low(row)) && holds(row, folded)) rows.push_back(i);
  }
  const auto newest = view.sort == Sort::recent
                          ? newest_movements(data)
                          : std::map<std::pair<std::string, std::string>, std::int64_t>{};
  const auto moved = [&](const StockEntry& row) {
    const auto found = newest.find({row.warehouse, row.sku});
    return found == newest.end() ? std::int64_t{0} : found->second;
  };
  // Stable: rows that are equal stay by warehouse and SKU.
  std::stable_sort(rows.begin(), rows.end(), [&](std::size_t x, std::size_t y) {
    const auto& a = data.stock[view.reversed ? y : x];
    const auto& b = data.stock[view.reversed ? x : y];
    switch (view.sort) {
      case Sort::urgency:
        return urgency(a) < urgency(b);
      case Sort::sku:
        return a.sku < b.sku;
      case Sort::available:
        return a.available() < b.available();
      case Sort::recent:
        return moved(a) > moved(b);
    }
    return false;
  });
  return rows;
}

std::size_t rows_shown(std::size_t lines) {
  const auto movements = movements_shown(lines);
  const auto taken = fixed_lines - (movements == 0 ? 1 : 0) + movements;
  return lines > taken ? lines - taken : 0;
}

std::vector<Line> draw(const Data& data, const View& view, std::size_t lines, std::size_t columns) {
  const auto selected = select_rows(data, view);
  const auto room = rows_shown(lines);
  const auto first = std::min(view.scroll, selected.size() > room ? selected.size() - room : 0);
  const std::vector<std::size_t> rows(
      selected.begin() + static_cast<std::ptrdiff_t>(first),
      selected.begin() + static_cast<std::ptrdiff_t>(std::min(first + room, selected.size())));
  const auto widths = widths_of(data, rows, columns);
  std::vector<Line> screen;
  screen.push_back(title(data, view, columns));
  screen.push_back(summary(data, view, selected, columns));
  screen.push_back(within({{columns_of(widths, "WAREHOUSE", "SKU", "NAME") + std::string(widths.bar, ' ') +
                                numbers_of(widths, "AVAIL", "RESERV", "REORDER"),
                            Tone::head}},
                          columns));
  for (const auto i : rows) screen.push_back(within(stock_line(data.stock[i], widths), columns));
  if (selected.empty() && room > 0) screen.push_back({{"  no rows", Tone::dim}});
  while (screen.size() < 3 + room) screen.emplace_back();
  if (const auto movements = movements_shown(lines); movements > 0) {
    screen.push_back({{fit(" LAST MOVEMENTS", columns), Tone::head}});
    for (std::size_t i = 0; i < movements; ++i) {
      screen.push_back(i < data.movements.size() ? movement_line(data.movements[i], columns) : Line{});
    }
  }
  // The keys are the last line, also where little else fits.
  screen.resize(lines > 0 ? lines - 1 : 0);
  if (lines > 0) screen.push_back(keys(data, view, columns));
  for (auto& line : screen) {
    if (width_of(line) > columns) line = within(std::move(line), columns);
  }
  return screen;
}

std::string bar(Quantity available, Quantity reorder_point, std::size_t width) {
  // Eighths of a column, from one to eight.
  static constexpr std::array<std::string_view, 9> blocks{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
  const auto full = static_cast<std::uint64_t>(width) * 8;
  const auto point = static_cast<std::uint64_t>(std::max<Quantity>(reorder_point, 1));
  const auto there = static_cast<std::uint64_t>(std::max<Quantity>(available, 0));
  // A third of the bar is the reorder point. Whole bars first, so that nothing overflows.
  const auto eighths = there / 3 >= point           ? full
                       : there >= UINT64_MAX / full ? full
                                                    : there * full / 3 / point;
  std::string out;
  for (std::uint64_t i = 0; i < eighths / 8; ++i) out += blocks[8];
  out += blocks[eighths % 8];
  return fit(out, width);
}

std::string fit(std::string_view text, std::size_t width, bool to_the_right) {
  const auto wide = text::display_width(text);
  if (wide <= width) {
    const std::string fill(width - wide, ' ');
    return to_the_right ? fill + std::string(text) : std::string(text) + fill;
  }
  if (width == 0) return {};
  // Character by character from the left, as long as the ellipsis still fits.
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    auto end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) ++end;
    const auto next = out + std::string(text.substr(at, end - at));
    if (text::display_width(next) + 1 > width) break;
    out = next;
    at = end;
  }
  out += "…";
  return out + std::string(width - text::display_width(out), ' ');
}

}  // namespace invctl::watch
