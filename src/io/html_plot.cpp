// Points between two axes as inline SVG. As in the other charts, only where a mark stands is reckoned in
// floating point; what is written is the number.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.hpp"
#include "io/html.hpp"
#include "io/html_svg.hpp"

namespace invctl::io::html {

namespace {

constexpr double plot_left = 78, plot_right = 16, plot_top = 26, plot_bottom = 46;
constexpr std::size_t most_dots = 1000;  // of all series of a chart
constexpr std::size_t least_dots = 100;  // of one series, however many there are
constexpr std::size_t most_marks = 100;  // on a line that does not say which
constexpr std::size_t many_marks = 30;   // which are then smaller
constexpr double column = 1;             // units of the picture in which a line keeps four points

// 1, 2 and 5 times the powers of ten from `low` to `high`, or only the powers, or only some of them: at most
// `most`. `low` is positive.
std::vector<std::int64_t> log_steps(std::int64_t low, std::int64_t high, std::size_t most) {
  std::vector<std::int64_t> fine;
  std::vector<std::int64_t> powers;
  for (__int128 power = 1; power <= high; power *= 10) {
    for (const int factor : {1, 2, 5}) {
      const auto step = power * factor;
      if (step < low || step > high) continue;
      fine.push_back(static_cast<std::int64_t>(step));
      if (factor == 1) powers.push_back(static_cast<std::int64_t>(step));
    }
  }
  if (fine.size() <= most) return fine;
  const auto every = (powers.size() + most - 1) / most;
  std::vector<std::int64_t> some;
  for (std::size_t i = 0; i < powers.size(); i += every) some.push_back(powers[i]);
  return some;
}

// One axis: values to places between `start` and `end` of the picture.
class PlotScale {
 public:
  PlotScale(const PlotAxis& axis, double start, double end, int most)
      : axis_(axis), start_(start), end_(end), low_(measure(axis.from)), span_(measure(axis.to) - low_) {
    if (axis.logarithmic) {
      steps_ = log_steps(std::max<std::int64_t>(axis.from, 1), axis.to, static_cast<std::size_t>(most));
    }
    // Less than a factor of two apart: round numbers as on any axis.
    if (steps_.size() < 2) steps_ = round_steps(axis.from, axis.to, most);
    std::erase_if(steps_, [&](std::int64_t step) { return step < axis.from || step > axis.to; });
  }

  double at(std::int64_t value) const {
    const auto share = span_ > 0 ? (measure(value) - low_) / span_ : 0;
    return start_ + (end_ - start_) * std::clamp(share, 0.0, 1.0);
  }
  const std::vector<std::int64_t>& steps() const { return steps_; }
  std::string label(std::int64_t value) const { return axis_.label(value); }
  const std::string& title() const { return axis_.title; }

 private:
  double measure(std::int64_t value) const {
    return axis_.logarithmic ? std::log(static_cast<double>(std::max<std::int64_t>(value, 1)))
                             : static_cast<double>(value);
  }

  const PlotAxis& axis_;
  double start_, end_, low_, span_;
  std::vector<std::int64_t> steps_;
};

// How far a label reaches.
double reach(const std::string& label) {
  return svg::label_per_column * static_cast<double>(text::display_width(label));
}

class Plot {
 public:
  Plot(const PlotAxis& x, const PlotAxis& y, PlotShape shape)
      : wide_(shape == PlotShape::wide ? svg::width : 360),
        tall_(300),
        x_(x, plot_left, wide_ - plot_right, shape == PlotShape::wide ? 8 : 4),
        y_(y, tall_ - plot_bottom, plot_top, 5) {}

  std::string run(const std::string& description, const std::vector<PlotSeries>& series) {
    std::size_t guides = 0;
    for (const auto& one : series) guides += one.draw == Draw::guide ? 1 : 0;
    dots_each_ = std::max(most_dots / std::max<std::size_t>(series.size() - guides, 1), least_dots);
    std::string marks;
    std::size_t number = 0;
    for (const auto& one : series) marks += draw(one, one.draw == Draw::guide ? 0 : number++);
    auto text = description;
    for (const auto& note : notes_) text += " " + note;
    std::string legend = series.size() < 2 ? "" : svg::legend_of(legend_);
    return svg::opening(text, wide_, tall_) + axes() + marks + "</svg>\n" + legend +
           fmt::format("<figcaption>{}</figcaption>\n</figure>\n", escape(text));
  }

 private:
  static std::string line(std::string_view style, double x1, double x2, double y1, double y2) {
    return fmt::format("<line class=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>", style,
                       x1, x2, y1, y2);
  }
  static std::string words(double x, double y, std::string_view anchor, const std::string& text) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                       escape(text));
  }

  std::string axes() const {
    const auto floor = tall_ - plot_bottom;
    const auto edge = wide_ - plot_right;
    std::string out;
    for (const auto step : y_.steps()) {
      out += line("grid", plot_left, edge, y_.at(step), y_.at(step)) +
             words(plot_left - 6, y_.at(step) + 4, "end", y_.label(step));
    }
    // Labels of a logarithmic axis crowd; one that would touch the one before it is left out.
    double free_from = 0;
    for (const auto step : x_.steps()) {
      const auto at = x_.at(step);
      out += line("grid", at, at, plot_top, floor);
      const auto label = x_.label(step);
      const auto half = reach(label) / 2;
      const auto middle = std::max(std::min(at, wide_ - half), half);  // within the picture
      if (middle - half < free_from) continue;
      out += words(middle, floor + 17, "middle", label);
      free_from = middle + half + svg::label_gap / 2;
    }
    out += line("axis", plot_left, edge, floor, floor) + line("axis", plot_left, plot_left, plot_top, floor);
    return out + words(6, 14, "start", y_.title()) +
           words((plot_left + edge) / 2, tall_ - 8, "middle", x_.title());
  }

  std::string draw(const PlotSeries& series, std::size_t number) {
    const auto colour = number % svg::colours;
    // Those beyond the last colour begin again, with a dashed line.
    const std::string dash = number < svg::colours || series.draw == Draw::dots ? "" : " dash";
    legend_ += svg::legend_item(series.draw == Draw::guide ? "guide" : fmt::format("b{}{}", colour, dash),
                                series.name);
    if (series.points.empty()) return {};
    if (series.draw == Draw::dots) return dots(series, colour);
    const auto d = path(series);
    if (series.draw == Draw::guide) return fmt::format("<path class=\"guide\" d=\"{}\"/>\n", d);
    auto out = fmt::format(
        "<path class=\"l{}{}\" fill=\"none\" stroke-width=\"2\" d=\"{}\"><title>{}</title></path>\n", colour,
        dash, d, escape(series.name));
    const bool all = series.marked.empty() && series.points.size() <= most_marks;
    const auto& marked = all ? series.points : series.marked;
    const double radius = marked.size() > many_marks ? 2 : 3;
    for (const auto& point : marked) out += circle(colour, radius, series.name, point, 1);
    return out;
  }

  // `count`: of the points that it stands for.
  std::string circle(std::size_t colour, double radius, const std::string& name, const PlotPoint& point,
                     std::size_t count) const {
    auto title = fmt::format("{}: {}, {}", name, x_.label(point.x), y_.label(point.y));
    if (count > 1)
      title += fmt::format(", and {} close to it", grouped(static_cast<std::int64_t>(count - 1)));
    return fmt::format(
        "<circle class=\"f{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}</title></circle>\n", colour,
        x_.at(point.x), y_.at(point.y), radius, escape(title));
  }

  struct Dot {
    PlotPoint point;
    std::size_t count = 1;
  };

  // The first point in each square of `side`.
  std::vector<Dot> gather(const std::vector<PlotPoint>& points, double side) const {
    const auto columns = static_cast<std::size_t>(wide_ / side) + 1;
    const auto rows = static_cast<std::size_t>(tall_ / side) + 1;
    std::vector<std::size_t> dot_at(columns * rows);  // its index and one; 0: none yet
    std::vector<Dot> dots;
    for (const auto& point : points) {
      auto& found = dot_at[static_cast<std::size_t>(y_.at(point.y) / side) * columns +
                           static_cast<std::size_t>(x_.at(point.x) / side)];
      if (found == 0) {
        dots.push_back({point});
        found = dots.size();
      } else {
        ++dots[found - 1].count;
      }
    }
    return dots;
  }

  std::string dots(const PlotSeries& series, std::size_t colour) {
    const auto& points = series.points;
    std::vector<Dot> dots;
    if (points.size() <= dots_each_) {
      for (const auto& point : points) dots.push_back({point});
    } else {
      double side = 1;
      while ((dots = gather(points, side)).size() > dots_each_) side *= 1.25;
      notes_.push_back(
          fmt::format("{}: {} points, of which those that lie close together are drawn as one, {} dots.",
                      series.name, grouped(static_cast<std::int64_t>(points.size())),
                      grouped(static_cast<std::int64_t>(dots.size()))));
    }
    std::string out;
    for (const auto& dot : dots)
      out += circle(colour, points.size() > 200 ? 2 : 3, series.name, dot.point, dot.count);
    return out;
  }

  // Of each column the first, lowest, highest and last point, in their order.
  std::vector<PlotPoint> thinned(const std::vector<PlotPoint>& points) const {
    std::vector<PlotPoint> kept;
    const auto column_of = [&](std::size_t i) {
      return static_cast<std::int64_t>(x_.at(points[i].x) / column);
    };
    const auto lower = [&](std::size_t a, std::size_t b) { return points[a].y < points[b].y; };
    for (std::size_t first = 0; first < points.size();) {
      auto low = first;
      auto high = first;
      auto last = first;
      for (auto i = first; i < points.size() && column_of(i) == column_of(first); ++i) {
        if (lower(i, low)) low = i;
        if (lower(high, i)) high = i;
        last = i;
      }
      std::vector<std::size_t> chosen{first, low, high, last};
      std::sort(chosen.begin(), chosen.end());
      chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
      for (const auto i : chosen) kept.push_back(points[i]);
      first = last + 1;
    }
    return kept;
  }

  std::string path(const PlotSeries& series) {
    auto points = series.points;
    if (static_cast<double>(points.size()) > 4 * wide_ / column) {
      points = thinned(points);
      notes_.push_back(
          fmt::format("{}: {} points, of which {} are drawn, the first, last, lowest and highest of each "
                      "column of the picture.",
                      series.name, grouped(static_cast<std::int64_t>(series.points.size())),
                      grouped(static_cast<std::int64_t>(points.size()))));
    }
    std::string d;
    for (const auto& point : points) {
      const auto x = x_.at(point.x);
      const auto y = y_.at(point.y);
      d += d.empty()                    ? fmt::format("M{:.1f} {:.1f}", x, y)
           : series.draw == Draw::steps ? fmt::format("H{:.1f}V{:.1f}", x, y)
                                        : fmt::format("L{:.1f} {:.1f}", x, y);
    }
    return d;
  }

  double wide_, tall_;
  PlotScale x_, y_;
  std::size_t dots_each_ = most_dots;
  std::string legend_;
  std::vector<std::string> notes_;
};

}  // namespace

std::string xy_plot(const std::string& description, const PlotAxis& x, const PlotAxis& y,
                    const std::vector<PlotSeries>& series, PlotShape shape) {
  return Plot(x, y, shape).run(description, series);
}

}  // namespace invctl::io::html
