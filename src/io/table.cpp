#include "io/table.hpp"

#include <algorithm>
#include <numeric>

#include "core/text.hpp"

namespace invctl::io {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t text_min = 8;
constexpr std::string_view ellipsis = "…";

void widen(Layout& layout, const Cells& cells) {
  for (std::size_t i = 0; i < layout.widths.size(); ++i) {
    layout.widths[i] = std::max(layout.widths[i], text::display_width(cells[i]));
  }
}

// Takes columns from the widest text column, again and again, so that several long ones end up equal.
void shrink(Layout& layout, std::size_t width) {
  if (layout.widths.empty()) return;
  auto total = std::accumulate(layout.widths.begin(), layout.widths.end(), gap * (layout.widths.size() - 1));
  while (total > width) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < layout.widths.size(); ++i) {
      if (layout.kinds[i] != Kind::text || layout.widths[i] <= text_min) continue;
      if (widest == nullptr || layout.widths[i] > *widest) widest = &layout.widths[i];
    }
    if (widest == nullptr) return;
    --*widest;
    --total;
    layout.cut = true;
  }
}

}  // namespace

Layout lay_out(const std::vector<Kind>& kinds, const Cells& header, const std::vector<Cells>& rows,
               std::size_t width) {
  Layout layout{kinds, std::vector<std::size_t>(kinds.size(), 0), false};
  widen(layout, header);
  for (const auto& cells : rows) widen(layout, cells);
  if (width > 0) shrink(layout, width);
  return layout;
}

std::string format_line(const Layout& layout, const Cells& cells) {
  std::string line;
  std::size_t pending = 0;  // spaces that are written only if something follows
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool cut = layout.cut && layout.kinds[i] == Kind::text;
    const auto cell = cut ? shorten(cells[i], layout.widths[i]) : cells[i];
    const auto used = text::display_width(cell);
    const auto padding = layout.widths[i] > used ? layout.widths[i] - used : 0;
    const bool right = layout.kinds[i] == Kind::number;
    if (!cell.empty()) {
      line.append(pending + (right ? padding : 0), ' ');
      line += cell;
      pending = right ? 0 : padding;
    } else {
      pending += padding;
    }
    pending += gap;
  }
  return line;
}

std::string shorten(std::string_view s, std::size_t width) {
  if (text::display_width(s) <= width) return std::string(s);
  if (width == 0) return {};
  std::string out;
  std::size_t used = 0;
  while (!s.empty()) {
    const auto n = text::character_size(s);
    const auto columns = text::display_width(s.substr(0, n));
    if (used + columns > width - 1) break;
    used += columns;
    out += s.substr(0, n);
    s.remove_prefix(n);
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  out += ellipsis;
  return out;
}

}  // namespace invctl::io
