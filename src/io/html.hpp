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

// A paragraph that cannot be overlooked.
std::string notice(std::string_view text);

// Markup under a heading of its own, inside of a section. `title` is text.
std::string block(std::string_view title, std::string_view html);

// Blocks beside each other where there is room for two.
std::string side_by_side(const std::vector<std::string>& blocks);

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

// Points between two axes. What lies beyond an axis stands at its edge.
struct PlotAxis {
  std::int64_t from = 0, to = 1;  // from < to
  bool logarithmic = false;       // then from is 1 or more
  Label label = grouped;
  std::string title = {};
};
struct PlotPoint {
  std::int64_t x = 0, y = 0;
};
enum class Draw {
  dots,
  line,   // straight from point to point
  steps,  // a value holds until the next point
  guide,  // a line to compare the others with: thin, without marks
};
struct PlotSeries {
  std::string name;
  std::vector<PlotPoint> points;  // ascending by x, but for dots
  Draw draw = Draw::dots;
  // Of a line or of steps: which points are marked and have their values as a title. Empty: all, where they
  // are few.
  std::vector<PlotPoint> marked = {};
};
enum class PlotShape { wide, square };
// A chart with its description under it. More points than can be seen apart are thinned out, so that a series
// takes about 100 kB at most whatever there is to draw, and the description says so: dots that lie close
// together become one, whose title says how many it stands for; of a line each column of the picture keeps
// its first, last, lowest and highest point. So no outlier is lost.
std::string xy_plot(const std::string& description, const PlotAxis& x, const PlotAxis& y,
                    const std::vector<PlotSeries>& series, PlotShape shape = PlotShape::wide);

// About `most` round numbers (1, 2 or 5 times a power of ten apart) that span `low` to `high`; 0 is among
// them where it lies between. For axes.
std::vector<std::int64_t> round_steps(std::int64_t low, std::int64_t high, int most);

}  // namespace invctl::io::html
