// Charts as inline SVG. Only where a mark stands is reckoned in floating point; what is written is the
// number.
#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "io/html.hpp"
#include "io/html_svg.hpp"

namespace invctl::io::html {

namespace svg {

std::string opening(const std::string& description, double wide, double tall) {
  return fmt::format(
      "<figure>\n<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n<title>{}</title>\n", wide, tall,
      escape(description), escape(description));
}

std::string legend_of(const std::string& items) {
  return "<ul class=\"legend\" aria-hidden=\"true\">" + items + "</ul>\n";
}

std::string legend_item(const std::string& swatch, const std::string& name) {
  return fmt::format("<li><i class=\"{}\"></i>{}</li>", swatch, escape(name));
}

std::string legend(const std::vector<std::string>& names) {
  if (names.size() < 2) return {};
  std::string items;
  for (std::size_t i = 0; i < names.size(); ++i) {
    items += legend_item(fmt::format("b{}", i % colours), names[i]);
  }
  return legend_of(items);
}

}  // namespace svg

namespace {

using svg::colours;
using svg::label_gap;
using svg::label_per_column;
using svg::legend;
using svg::width;

constexpr double height = 260, left = 78, right = 12, top = 12, bottom = 34;

std::string opening(const std::string& description, double tall) {
  return svg::opening(description, width, tall);
}

// The vertical axis: values to heights, with its lines.
class Scale {
 public:
  Scale(std::int64_t low, std::int64_t high)
      : steps_(round_steps(std::min<std::int64_t>(low, 0), std::max<std::int64_t>(high, 0), 5)) {}

  double y(std::int64_t value) const {
    const auto lowest = static_cast<double>(steps_.front());
    const auto span = static_cast<double>(steps_.back()) - lowest;
    return top + (height - top - bottom) * (1 - (static_cast<double>(value) - lowest) / span);
  }

  std::string lines(const Label& label) const {
    std::string out;
    for (const auto step : steps_) {
      out += fmt::format(
          "<line class=\"{}\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
          "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
          step == 0 ? "axis" : "grid", left, width - right, y(step), y(step), left - 6, y(step) + 4,
          escape(label(step)));
    }
    return out;
  }

 private:
  std::vector<std::int64_t> steps_;
};

std::string bar(std::size_t series, double x, double wide, double from, double to, const std::string& title) {
  return fmt::format(
      "<rect class=\"f{}\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" "
      "height=\"{:.2f}\"><title>{}</title></rect>\n",
      series % colours, x, std::min(from, to), wide, std::max(std::abs(to - from), 0.5), escape(title));
}

// As wide as it is shown, for who is wide and who is not.
std::string shortened(const std::string& name) {
  return shorten(name, 30);
}

}  // namespace

std::vector<std::int64_t> round_steps(std::int64_t low, std::int64_t high, int most) {
  const auto fits = [&](__int128 step) {
    const auto first = low / step - (low % step < 0 ? 1 : 0);
    const auto last = high / step + (high % step > 0 ? 1 : 0);
    return last - first <= most;
  };
  __int128 step = 1;
  for (int i = 0; !fits(step); ++i) step = i % 3 == 1 ? step / 2 * 5 : step * 2;
  const auto first = low / step - (low % step < 0 ? 1 : 0);
  auto last = high / step + (high % step > 0 ? 1 : 0);
  if (last == first) ++last;
  std::vector<std::int64_t> steps;
  for (auto i = first; i <= last; ++i) {
    // The outermost may lie beyond 64 bits.
    const auto value = std::clamp<__int128>(i * step, INT64_MIN, INT64_MAX);
    if (steps.empty() || steps.back() != value) steps.push_back(static_cast<std::int64_t>(value));
  }
  return steps;
}

std::string bar_chart(const std::string& description, const std::vector<std::string>& labels,
                      const std::vector<BarSeries>& series, const Label& label) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::vector<std::string> names;
  for (const auto& one : series) {
    names.push_back(one.name);
    for (const auto value : one.values) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  const Scale scale(low, high);
  auto out = opening(description, height) + scale.lines(label);
  const auto slot = (width - left - right) / static_cast<double>(std::max<std::size_t>(labels.size(), 1));
  const auto wide = slot * 0.8 / static_cast<double>(std::max<std::size_t>(series.size(), 1));
  // As many labels as stand beside each other.
  std::size_t columns = 1;
  for (const auto& name : labels) columns = std::max(columns, text::display_width(name));
  const auto label_width = label_per_column * static_cast<double>(columns) + label_gap;
  const auto every = static_cast<std::size_t>(label_width / slot) + 1;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto start = left + slot * (static_cast<double>(i) + 0.1);
    for (std::size_t s = 0; s < series.size(); ++s) {
      const auto value = series[s].values.at(i);
      if (value == 0) continue;
      out += bar(s, start + wide * static_cast<double>(s), wide, scale.y(0), scale.y(value),
                 fmt::format("{}, {}: {}", labels[i], series[s].name, label(value)));
    }
    if (i % every == 0) {
      // The last one stands within the picture, also where its bar is at the edge.
      const auto half = label_per_column * static_cast<double>(text::display_width(labels[i])) / 2;
      out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                         std::min(start + slot * 0.4, width - half), height - 12, escape(labels[i]));
    }
  }
  return out + "</svg>\n" + legend(names) + "</figure>\n";
}

std::string line_chart(const std::string& description, const TimeAxis& axis,
                       const std::vector<LineSeries>& series, const Label& label) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::vector<std::string> names;
  for (const auto& one : series) {
    names.push_back(one.name);
    for (const auto& point : one.points) {
      low = std::min(low, point.value);
      high = std::max(high, point.value);
    }
  }
  const Scale scale(low, high);
  const auto span = std::max(1.0, static_cast<double>(axis.to) - static_cast<double>(axis.from));
  const auto x = [&](std::int64_t at) {
    return left + (width - left - right) * (static_cast<double>(at) - static_cast<double>(axis.from)) / span;
  };
  auto out = opening(description, height) + scale.lines(label);
  for (std::size_t s = 0; s < series.size(); ++s) {
    std::string path;
    std::string marks;
    for (const auto& point : series[s].points) {
      path += path.empty() ? fmt::format("M{:.1f} {:.1f}", x(point.at), scale.y(point.value))
                           : fmt::format("H{:.1f}V{:.1f}", x(point.at), scale.y(point.value));
      marks +=
          fmt::format("<circle class=\"f{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"><title>{}</title></circle>",
                      s % colours, x(point.at), scale.y(point.value),
                      escape(fmt::format("{}: {}", series[s].name, label(point.value))));
    }
    if (path.empty()) continue;
    path += fmt::format("H{:.1f}", x(axis.to));
    out += fmt::format("<path class=\"l{}\" fill=\"none\" stroke-width=\"2\" d=\"{}\"/>{}\n", s % colours,
                       path, marks);
  }
  out += fmt::format(
      "<text x=\"{}\" y=\"{}\">{}</text><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n", left,
      height - 12, escape(axis.from_name), width - right, height - 12, escape(axis.to_name));
  return out + "</svg>\n" + legend(names) + "</figure>\n";
}

std::string ranked_bars(const std::string& description, const std::vector<RankedBar>& bars,
                        const Label& label) {
  constexpr double row = 26, names = 220, values = 110;
  std::int64_t most = 1;
  for (const auto& one : bars) most = std::max(most, one.value);
  auto out = opening(description, row * static_cast<double>(bars.size()) + 4);
  double y = 2;
  for (const auto& one : bars) {
    const auto share = static_cast<double>(std::max<std::int64_t>(one.value, 0)) / static_cast<double>(most);
    const auto wide = (width - names - values) * share;
    out += fmt::format("<text class=\"name\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", names - 8,
                       y + row * 0.66, escape(shortened(one.name)));
    if (one.value > 0) {
      out += bar(0, names, wide, y + 4, y + row - 4, fmt::format("{}: {}", one.name, label(one.value)));
    }
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", names + wide + 6, y + row * 0.66,
                       escape(label(one.value)));
    y += row;
  }
  return out + "</svg>\n</figure>\n";
}

}  // namespace invctl::io::html
