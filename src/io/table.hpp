// Laying out a table by display width. Cells are printable already (text::printable); nothing here writes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace invctl::io {

// text: left, may be shortened on a terminal. code: left, never shortened. number: right, never shortened.
enum class Kind { text, code, number };

struct Layout {
  std::vector<Kind> kinds;
  std::vector<std::size_t> widths;
  bool cut = false;  // text cells wider than their column are shortened
};

using Cells = std::vector<std::string>;

// The narrowest layout that holds all cells. Where it is wider than `width` (0: no limit) the widest text
// columns give way until it fits or each is down to eight columns.
Layout lay_out(const std::vector<Kind>& kinds, const Cells& header, const std::vector<Cells>& rows,
               std::size_t width);

// One line without its line feed and without trailing spaces.
std::string format_line(const Layout& layout, const Cells& cells);

// `s` cut to at most `width` columns, the last of which is then `…`; never through a character.
std::string shorten(std::string_view s, std::size_t width);

}  // namespace invctl::io
