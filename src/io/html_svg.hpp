// What the charts of a page have in common; for html_chart.cpp and html_plot.cpp only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace invctl::io::html::svg {

inline constexpr double width = 720;       // of a chart as wide as the page, in its own units
inline constexpr std::size_t colours = 6;  // classes f0 to f5, l0 to l5 and b0 to b5 of the style
inline constexpr double label_per_column = 7.5, label_gap = 14;  // what a label takes

// The beginning of a figure, up to the first mark; `description` is for who cannot see it.
std::string opening(const std::string& description, double wide, double tall);

// Which swatch stands for which name: markup of `<li>` elements. The marks have their names as titles, so it
// is not read out.
std::string legend_of(const std::string& items);
std::string legend_item(const std::string& swatch, const std::string& name);

// One swatch per name in the order of the colours; nothing for a single one.
std::string legend(const std::vector<std::string>& names);

}  // namespace invctl::io::html::svg
