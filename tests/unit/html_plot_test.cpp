// Plots between two axes: where marks stand, what is thinned out, and what cannot break the picture.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <limits>
#include <regex>
#include <set>

#include "io/html.hpp"
#include "property.hpp"

namespace html_plot_test {

using namespace invctl::io::html;
using invctl::test::Random;

namespace {

constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
constexpr auto largest = std::numeric_limits<std::int64_t>::max();

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

struct Place {
  double x, y;
};

std::vector<Place> circles(const std::string& svg) {
  static const std::regex circle("cx=\"([^\"]*)\" cy=\"([^\"]*)\"");
  std::vector<Place> places;
  for (std::sregex_iterator it(svg.begin(), svg.end(), circle), end; it != end; ++it) {
    places.push_back({std::stod((*it)[1].str()), std::stod((*it)[2].str())});
  }
  return places;
}

// The numbers of the first path with this class.
std::vector<double> path(const std::string& svg, const std::string& style) {
  const auto at = svg.find(" d=\"", svg.find("<path class=\"" + style + "\""));
  REQUIRE(at != std::string::npos);
  const auto d = svg.substr(at + 4, svg.find('"', at + 4) - at - 4);
  static const std::regex number("-?[0-9.]+");
  std::vector<double> numbers;
  for (std::sregex_iterator it(d.begin(), d.end(), number), end; it != end; ++it)
    numbers.push_back(std::stod(it->str()));
  return numbers;
}

// Whether every mark is inside of the picture, and no number is none.
bool is_drawable(const std::string& svg) {
  if (svg.find("nan") != std::string::npos || svg.find("inf") != std::string::npos) return false;
  for (const auto& place : circles(svg)) {
    if (place.x < 0 || place.x > 720 || place.y < 0 || place.y > 300) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a plot puts its points where their values are") {
  const PlotAxis axis{0, 100, false, grouped, "x"};
  const auto svg = xy_plot("d", axis, axis, {{"s", {{0, 0}, {50, 50}, {100, 100}}}});
  const auto places = circles(svg);
  REQUIRE(places.size() == 3);
  CHECK(places[1].x == Approx((places[0].x + places[2].x) / 2));
  CHECK(places[1].y == Approx((places[0].y + places[2].y) / 2));
  CHECK(places[0].y > places[2].y);  // upwards
  CHECK(svg.find("<title>s: 50, 50</title>") != std::string::npos);
  CHECK(svg.find("<figcaption>d</figcaption>") != std::string::npos);
  const auto beyond = circles(xy_plot("d", axis, axis, {{"s", {{-50, 300}, {300, -50}}}}));
  REQUIRE(beyond.size() == 2);
  CHECK((beyond[0].x == places[0].x && beyond[0].y == places[2].y));
  CHECK((beyond[1].x == places[2].x && beyond[1].y == places[0].y));
}

TEST_CASE("a decade is as wide as any other on a logarithmic axis, and what is below stands at its edge") {
  const PlotAxis x{1, 10'000, true};
  const auto places =
      circles(xy_plot("d", x, {0, 1}, {{"s", {{1, 0}, {10, 0}, {100, 0}, {10'000, 0}, {0, 0}, {-5, 0}}}}));
  REQUIRE(places.size() == 6);
  CHECK(places[1].x - places[0].x == Approx(places[2].x - places[1].x).margin(0.11));
  CHECK(places[3].x - places[0].x == Approx(4 * (places[1].x - places[0].x)).margin(0.21));
  CHECK(places[4].x == places[0].x);
  CHECK(places[5].x == places[0].x);
  const auto svg = xy_plot("d", x, {0, 1}, {});
  for (const auto* label : {">1<", ">10<", ">100<", ">1,000<", ">10,000<"})
    CHECK(svg.find(label) != std::string::npos);
  // Two decades have room for 2 and 5 as well.
  CHECK(xy_plot("d", {10, 1000, true}, {0, 1}, {}).find(">200<") != std::string::npos);
  // Less than a factor of two: round numbers.
  CHECK(xy_plot("d", {1100, 1900, true}, {0, 1}, {}).find(">1,400<") != std::string::npos);
}

TEST_CASE("a label that would touch the one before it is left out") {
  const Label wordy = [](std::int64_t value) { return std::to_string(value) + std::string(20, 'x'); };
  const auto svg = xy_plot("d", {1, 100'000, true, wordy}, {0, 1}, {});
  CHECK(svg.find(">1xxx") != std::string::npos);
  CHECK(svg.find(">10xxx") == std::string::npos);
  CHECK(svg.find(">100xxx") != std::string::npos);
}

TEST_CASE("steps hold their value until the next point, lines go straight, guides have no marks") {
  const PlotAxis axis{0, 10};
  const std::vector<PlotPoint> points{{0, 0}, {10, 10}};
  const auto svg = xy_plot(
      "d", axis, axis, {{"a", points, Draw::steps}, {"b", points, Draw::line}, {"c", points, Draw::guide}});
  CHECK(path(svg, "l0").size() == 4);
  CHECK(svg.find("H704.0V26.0") != std::string::npos);
  CHECK(svg.find("L704.0 26.0") != std::string::npos);
  CHECK(path(svg, "guide").size() == 4);
  CHECK(circles(svg).size() == 4);
  CHECK(count(svg, "<li>") == 3);
  CHECK(count(xy_plot("d", axis, axis, {{"a", points, Draw::line, {{10, 10}}}}), "<circle") == 1);
}

TEST_CASE("a line marks each of its points as long as they can be told apart") {
  const auto marks = [](std::int64_t n) {
    std::vector<PlotPoint> points;
    for (std::int64_t i = 0; i < n; ++i) points.push_back({i, i % 5});
    return xy_plot("d", {0, n}, {0, 5}, {{"s", points, Draw::steps}});
  };
  CHECK(count(marks(30), "r=\"3\"") == 30);
  CHECK(count(marks(61), "r=\"2\"") == 61);
  CHECK(count(marks(101), "<circle") == 0);
}

TEST_CASE("more series than colours are told apart by a dashed line") {
  std::vector<PlotSeries> series;
  for (int i = 0; i < 8; ++i) series.push_back({std::to_string(i), {{0, i}, {1, i}}, Draw::line});
  const auto svg = xy_plot("d", {}, {0, 8}, series);
  CHECK(count(svg, "class=\"l1\"") == 1);
  CHECK(count(svg, "class=\"l1 dash\"") == 1);
  CHECK(count(svg, "<i class=\"b1 dash\">") == 1);
}

TEST_CASE("many dots are thinned out without losing an outlier, and the description says so") {
  Random random;
  INFO(random);
  std::vector<PlotPoint> points;
  for (int i = 0; i < 100'000; ++i) {
    points.push_back({random.between(0, 4'999), random.between(0, 4'999)});
  }
  points.push_back({9'900, 9'900});
  const auto svg = xy_plot("Many.", {0, 10'000}, {0, 10'000}, {{"s", points}}, PlotShape::square);
  const auto dots = count(svg, "<circle");
  CHECK(dots <= 1000);
  CHECK(dots > 300);
  CHECK(svg.find("<title>s: 9,900, 9,900</title>") != std::string::npos);
  CHECK(svg.find(fmt::format(
            "100,001 points, of which those that lie close together are drawn as one, {} dots.", dots)) !=
        std::string::npos);
  // Each dot says how many it stands for; together they are all.
  static const std::regex more("and ([0-9,]+) close to it");
  std::size_t all = dots;
  for (std::sregex_iterator it(svg.begin(), svg.end(), more), end; it != end; ++it) {
    auto digits = (*it)[1].str();
    std::erase(digits, ',');
    all += std::stoul(digits);
  }
  CHECK(all == points.size());
  CHECK(svg.size() < 200'000);
  // A thousand are drawn as they are.
  points.resize(1000);
  CHECK(count(xy_plot("d", {0, 10'000}, {0, 10'000}, {{"s", points}}), "<circle") == 1000);
}

TEST_CASE("a long line keeps its peaks and its ends") {
  std::vector<PlotPoint> points;
  for (int i = 0; i < 100'000; ++i) points.push_back({i, i % 7});
  points[33'333].y = 1000;
  points[66'666].y = -1000;
  for (const auto draw : {Draw::line, Draw::steps}) {
    const auto svg = xy_plot("d", {0, 100'000}, {-1000, 1000}, {{"s", points, draw}});
    const auto numbers = path(svg, "l0");
    std::set<double> heights;
    for (std::size_t i = 1; i < numbers.size(); i += 2) heights.insert(numbers[i]);
    CHECK(*heights.begin() == 26);
    CHECK(*heights.rbegin() == 254);
    CHECK(numbers[0] == 78);
    CHECK(svg.find("100,000 points, of which") != std::string::npos);
    CHECK(svg.size() < 100'000);
  }
}

TEST_CASE("plots of nothing, of one point and at the ends of 64 bits can be drawn") {
  const PlotAxis all{smallest, largest};
  const std::vector<PlotPoint> extremes{{smallest, largest}, {0, 0}, {largest, smallest}};
  for (const auto draw : {Draw::dots, Draw::line, Draw::steps, Draw::guide}) {
    CHECK(is_drawable(xy_plot("d", all, all, {{"s", extremes, draw}})));
    CHECK(is_drawable(
        xy_plot("d", {1, largest, true}, {1, largest, true}, {{"s", extremes, draw}}, PlotShape::square)));
    CHECK(is_drawable(xy_plot("d", {}, {}, {{"s", {{0, 0}}, draw}})));
    CHECK(is_drawable(xy_plot("d", {}, {}, {{"s", {}, draw}})));
    CHECK(is_drawable(xy_plot("d", {5, 5}, {5, 5, true}, {{"s", {{5, 5}}, draw}})));
  }
  CHECK(is_drawable(xy_plot("d", {0, 0, true}, {largest, largest, true}, {})));
}

TEST_CASE("no text of a plot is markup") {
  const std::string hostile = "</title></svg><script>\"'&\x1b[2J";
  const Label label = [&](std::int64_t) { return hostile; };
  const PlotAxis axis{0, 10, false, label, hostile};
  const auto svg =
      xy_plot(hostile, axis, axis, {{hostile, {{1, 1}}}, {hostile, {{1, 1}, {2, 2}}, Draw::line}});
  CHECK(svg.find("<script") == std::string::npos);
  CHECK(svg.find('\x1b') == std::string::npos);
  CHECK(count(svg, "</svg>") == 1);
  CHECK(svg.find("&lt;/svg&gt;&lt;script&gt;&quot;&#39;&amp;") != std::string::npos);
}

}  // namespace html_plot_test
