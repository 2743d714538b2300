// Pages for people, in one file each: no script, nothing from outside, readable on paper, in the dark and by
// keyboard. Pure functions from data to text. Every text is escaped here, once; what is called `html` is
// markup that these functions made.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/table.hpp"

namespace invctl::io::html {

// `text` for the inside of an element or of an attribute in double quotes. Control characters, bidirectional
// controls and invalid bytes are shown, as text::printable() shows them.
std::string escape(std::string_view text);

struct Section {
  std::string id;     // ASCII letters, digits and dashes
  std::string title;  // text
  std::string html;
};

struct Page {
  std::string title, subtitle;  // text
  std::string html = {};        // before the sections
  std::vector<Section> sections;
  std::string footer;  // text
};

// The whole document: a list of its sections to jump to, then the sections. Its policy forbids scripts and
// any request, also where a browser would make one on its own.
std::string page(const Page& page);

// A number as it is shown to people: 1234567 is 1,234,567.
std::string grouped(std::int64_t number);
using Label = std::function<std::string(std::int64_t)>;  // how a value is written on axes and marks

struct Tile {
  std::string label, value, remark = {};
};
std::string tiles(const std::vector<Tile>& tiles);

struct HtmlColumn {
  std::string title;
  Kind kind = Kind::text;  // numbers stand to the right
};
// A table that scrolls on its own where it is wider than the page. `caption` is text.
std::string table(const std::string& caption, const std::vector<HtmlColumn>& columns,
                  const std::vector<std::vector<std::string>>& rows);

// A paragraph of text.
std::string paragraph(std::string_view text);

// Bars side by side for each label, one per series; values below zero hang down. Every bar has its value as a
// title, and the chart a description for who cannot see it.
struct BarSeries {
  std::string name;
  std::vector<std::int64_t> values;  // one per label
};
std::string bar_chart(const std::string& description, const std::vector<std::string>& labels,
                      const std::vector<BarSeries>& series, const Label& label = grouped);

// Steps over time: a value holds until the next point.
struct LinePoint {
  std::int64_t at = 0;
  std::int64_t value = 0;
};
struct LineSeries {
  std::string name;
  std::vector<LinePoint> points;  // ascending
};
// From `from` to `to`, whose names stand at the ends of the axis.
struct TimeAxis {
  std::int64_t from = 0, to = 1;
  std::string from_name, to_name;
};
std::string line_chart(const std::string& description, const TimeAxis& axis,
                       const std::vector<LineSeries>& series, const Label& label = grouped);

// One horizontal bar per row, its name before it and its value behind it.
struct RankedBar {
  std::string name;
  std::int64_t value = 0;
};
std::string ranked_bars(const std::string& description, const std::vector<RankedBar>& bars,
                        const Label& label = grouped);

// About `most` round numbers (1, 2 or 5 times a power of ten apart) that span `low` to `high`; 0 is among
// them where it lies between. For axes.
std::vector<std::int64_t> round_steps(std::int64_t low, std::int64_t high, int most);

}  // namespace invctl::io::html
