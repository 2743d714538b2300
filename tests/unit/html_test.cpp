// The pieces of a page: escaping, charts at their edges.
#include "io/html.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "property.hpp"

namespace html_test {

using namespace invctl;
using namespace invctl::io::html;
using invctl::test::Random;

namespace {

constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
constexpr auto largest = std::numeric_limits<std::int64_t>::max();

// Whether every number of an attribute of `svg` is one, and no mark is outside of the picture.
bool is_drawable(const std::string& svg) {
  return svg.find("nan") == std::string::npos && svg.find("inf") == std::string::npos;
}

}  // namespace

TEST_CASE("text is escaped for elements and attributes, and cannot turn or steer") {
  CHECK(escape("a<b>&\"c\"'d'") == "a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39;");
  CHECK(escape("너트 ナット 📦") == "너트 ナット 📦");
  CHECK(escape("a\x01"
               "b") == "a\\x01b");
  CHECK(escape("\xe2\x80\xae"
               "x")
            .find("\xe2\x80\xae") == std::string::npos);
  CHECK(escape("\xff").find('\xff') == std::string::npos);
  CHECK(escape("\xc0\xbcscript\xc0\xbe").find('<') == std::string::npos);  // an overlong `<`
}

TEST_CASE("numbers are written in groups of three") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(-1000) == "-1,000");
  CHECK(grouped(-100) == "-100");
  CHECK(grouped(1234567) == "1,234,567");
  CHECK(grouped(smallest) == "-9,223,372,036,854,775,808");
}

TEST_CASE("the steps of an axis are round, few, and span all values") {
  Random random;
  INFO(random);
  for (int i = 0; i < 5000; ++i) {
    const auto low = random.one_in(2) ? -random.magnitude(largest) : 0;
    const auto high = random.magnitude(largest);
    const auto steps = round_steps(low, high, 5);
    INFO(low << " to " << high);
    REQUIRE(steps.size() >= 2);
    REQUIRE(steps.size() <= 7);
    CHECK(steps.front() <= low);
    CHECK(steps.back() >= high);
    CHECK(std::is_sorted(steps.begin(), steps.end()));
    CHECK(std::find(steps.begin(), steps.end(), 0) != steps.end());
  }
  CHECK(round_steps(0, 0, 5) == std::vector<std::int64_t>{0, 1});
  CHECK(round_steps(0, 10, 5) == std::vector<std::int64_t>{0, 2, 4, 6, 8, 10});
  CHECK(round_steps(-30, 70, 5) == std::vector<std::int64_t>{-50, 0, 50, 100});
  CHECK(round_steps(smallest, largest, 5).front() == smallest);
}

TEST_CASE("charts of nothing, of one value and of the largest there are can be drawn") {
  for (const auto value : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-7}, largest, smallest}) {
    CHECK(is_drawable(bar_chart("d", {"a"}, {{"s", {value}}})));
    CHECK(is_drawable(line_chart("d", {0, 10, "a", "b"}, {{"s", {{0, value}, {5, -1}}}})));
    CHECK(is_drawable(ranked_bars("d", {{"a", value}, {"b", 3}})));
  }
  CHECK(is_drawable(bar_chart("d", {}, {})));
  CHECK(is_drawable(line_chart("d", {5, 5, "a", "a"}, {{"s", {}}})));
  CHECK(is_drawable(line_chart("d", {smallest, largest, "a", "b"}, {{"s", {{0, 1}}}})));
  CHECK(is_drawable(ranked_bars("d", {})));
  const auto chart = bar_chart("in <&> out", {"<mon>"}, {{"\"in\"", {5}}});
  CHECK(chart.find("<title>&lt;mon&gt;, &quot;in&quot;: 5</title>") != std::string::npos);
  CHECK(chart.find("aria-label=\"in &lt;&amp;&gt; out\"") != std::string::npos);
}

TEST_CASE("the last label of a bar chart is not cut off at the edge of the picture") {
  std::vector<std::string> labels;
  for (int day = 1; day <= 31; ++day) labels.push_back("2025-10-" + std::to_string(100 + day).substr(1));
  const auto svg = bar_chart("d", labels, {{"s", std::vector<std::int64_t>(31, 1)}});
  const auto end = svg.find("\" y=\"248\" text-anchor=\"middle\">2025-10-31<");
  REQUIRE(end != std::string::npos);
  const auto begin = svg.rfind('"', end - 1) + 1;
  const auto middle = std::stod(svg.substr(begin, end - begin));
  CHECK(middle > 660);
  CHECK(middle + 7.0 * 10 / 2 <= 720);  // ten characters of seven units
}

TEST_CASE("a page holds its sections, a list of them, and no text as markup") {
  Page document{"T<i>", "S&S", "", {{"one", "First <b>", paragraph("<u>")}, {"two", "Second", ""}}, "F\"F"};
  const auto text = page(document);
  CHECK(text.find("<title>T&lt;i&gt;</title>") != std::string::npos);
  CHECK(text.find("<a href=\"#two\">Second</a>") != std::string::npos);
  CHECK(text.find("<h2 id=\"one\">First &lt;b&gt;</h2>\n<p>&lt;u&gt;</p>") != std::string::npos);
  CHECK(text.find("<footer>F&quot;F</footer>") != std::string::npos);
  CHECK(table("c", {{"n", io::Kind::number}}, {{"<1>"}}).find("<td class=\"n\">&lt;1&gt;</td>") !=
        std::string::npos);
  CHECK_THROWS(table("c", {{"a"}, {"b"}}, {{"one"}}));
}

}  // namespace html_test
