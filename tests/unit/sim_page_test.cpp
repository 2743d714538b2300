// The page of a simulation, without a browser (tests/browser looks at one with it).
#include <catch2/catch.hpp>
#include <limits>
#include <set>

#include "property.hpp"
#include "sim/page.hpp"

namespace sim_page_test {

using namespace invctl;
using namespace invctl::sim;
using invctl::test::Random;

namespace {

constexpr std::int64_t ms = 1'000'000, s = 1'000'000'000;
constexpr auto largest = std::numeric_limits<std::int64_t>::max();

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

// What `attribute` is set to, wherever it is.
std::multiset<std::string> values_of(const std::string& page, const std::string& attribute) {
  std::multiset<std::string> values;
  for (auto at = page.find(attribute + "=\""); at != std::string::npos;
       at = page.find(attribute + "=\"", at + 1)) {
    const auto begin = at + attribute.size() + 2;
    values.insert(page.substr(begin, page.find('"', begin) - begin));
  }
  return values;
}

PageRun run(std::string strategy, int round = 1) {
  return {.strategy = std::move(strategy),
          .round = round,
          .ok = true,
          .why = {},
          .latencies_ns = {1 * ms, 2 * ms, 2 * ms, 40 * ms},
          .bucket_ns = 10 * ms,
          .answers = {3, 0, 0, 0, 1},
          .served = {{1, 1}, {3, 2}, {2, 3}}};
}

SimulationPage document(std::vector<PageRun> runs) {
  SimulationPage page{"Flash sale",
                      "1,000 buyers, 100 units",
                      "Made by a test.",
                      {{"Sold", "100"}},
                      {},
                      std::move(runs),
                      {},
                      {}};
  page.tables = {{"Compared", {{"Strategy"}, {"Answers per second", io::Kind::number}}, {{"a", "1,234"}}}};
  page.settings = {"Settings", {{"Setting"}, {"Value"}}, {{"seed", "1"}}};
  page.machine = {"Machine", {{"What"}, {"Value"}}, {{"cores", "2"}}};
  return page;
}

}  // namespace

TEST_CASE("the page of a simulation has its tables, its charts, and a list to jump to each section") {
  const auto page = make_page(document({run("pessimistic"), run("optimistic"), run("pessimistic", 2)}));
  for (const auto* id : {"results", "verdict", "latency", "throughput", "order", "settings", "machine"}) {
    INFO(id);
    CHECK(has(page, std::string("<a href=\"#") + id + "\">"));
    CHECK(has(page, std::string("<h2 id=\"") + id + "\">"));
  }
  CHECK(has(page, ">Comparison</h2>"));
  CHECK(has(page, "<td class=\"n\">1,234</td>"));
  CHECK(count(page, "<svg") == 4);  // the order of service once per strategy
  CHECK(count(page, "class=\"l0\"") == 2);
  CHECK(has(page, "<td>pessimistic</td><td class=\"n\">2</td><td>right</td>"));
  CHECK_FALSE(has(page, "class=\"notice\""));
  // Both rounds together: eight answers.
  CHECK(has(page, "<td>pessimistic</td><td class=\"n\">8</td><td class=\"n\">2 ms</td>"));
  CHECK(has(page, "<title>pessimistic: 40 ms, 100 %</title>"));
  CHECK(has(page, "<title>round 2: 3, 2</title>"));
  const auto alone = make_page(document({run("pessimistic")}));
  CHECK(has(alone, ">Result</h2>"));
  // Nearest rank: nine tenths of four answers are all four.
  CHECK(has(alone,
            "<td>pessimistic</td><td class=\"n\">4</td><td class=\"n\">2 ms</td><td class=\"n\">40 ms</td>"));
  CHECK(has(alone, ">1 ms</text>"));  // the axis begins where the answers do
}

TEST_CASE("nothing on the page is fetched, runs, or leads to where there is nothing") {
  const auto page = make_page(document({run("a"), run("b")}));
  CHECK_FALSE(has(page, "<script"));
  CHECK_FALSE(has(page, "://"));
  CHECK_FALSE(has(page, " src="));
  CHECK_FALSE(has(page, "@import"));
  const auto ids = values_of(page, " id");
  for (const auto& id : ids) CHECK(ids.count(id) == 1);
  for (const auto& link : values_of(page, " href")) {
    if (link != "data:,") CHECK(ids.count(link.substr(1)) == 1);
  }
}

TEST_CASE("what is broken stands above everything else, with its explanation") {
  auto bad = run("none", 3);
  bad.ok = false;
  bad.why = "735 sold, 100 there";
  const auto page = make_page(document({run("pessimistic"), bad}));
  const auto notice =
      page.find("<p class=\"notice\">1 of 2 runs is not right. none, round 3: 735 sold, 100 there</p>");
  CHECK(notice < page.find("<h2"));
  CHECK(has(page,
            "<td>none</td><td class=\"n\">1</td><td>broken</td><td class=\"n\">3</td><td>735 sold, 100 "
            "there</td>"));
  bad.why.clear();
  CHECK(has(make_page(document({bad, bad})), "2 of 2 runs are not right. none, round 3: broken"));
}

TEST_CASE("throughput is per second, the mean of the rounds, whatever their buckets") {
  auto one = run("a");
  one.answers = {10, 20, 30};
  CHECK(has(make_page(document({one})), "<title>a: 10 ms, 2,000</title>"));
  auto two = one;
  two.answers = {30, 40, 50};
  const auto both = make_page(document({one, two}));
  CHECK(has(both, "<title>a: 10 ms, 3,000</title>"));
  CHECK(has(both, "mean of its strategy"));
  // Half as long buckets: the same answers in the same time.
  two.bucket_ns = 5 * ms;
  two.answers = {15, 15, 20, 20, 25, 25};
  CHECK(has(make_page(document({one, two})), "<title>a: 10 ms, 3,000</title>"));
  CHECK_FALSE(has(make_page(document({one, two})), "<title>a: 5 ms,"));
  // One that ends earlier answers nothing from there on.
  two.answers = {15, 15};
  CHECK(has(make_page(document({one, two})), "<title>a: 10 ms, 1,000</title>"));
  // Slow ones are not rounded away.
  one.bucket_ns = 10 * s;
  one.answers = {3};
  CHECK(has(make_page(document({one})), "<title>a: 0 s, 0.3</title>"));
}

TEST_CASE("who is served in his turn is on the line, however many did not get anything") {
  auto one = run("a");
  one.served = {{1, 1}, {1000, 100}};
  const auto page = make_page(document({one}));
  // A tenth of the width, all of the height.
  CHECK(has(page, "<path class=\"guide\" d=\"M78.0 254.0L104.6 26.0\"/>"));
  CHECK(has(page, "<title>served: 1,000, 100</title>"));
}

TEST_CASE("strategies that are far apart share logarithmic axes, and each keeps its colour in every chart") {
  auto fast = run("fast");
  fast.answers = {5'000};
  auto slow = run("slow");
  slow.answers.assign(400, 1);
  const auto page = make_page(document({run("silent"), fast, slow}));
  CHECK(has(page, "time since the start (logarithmic)"));
  CHECK(has(page, "answers per second (logarithmic)"));
  CHECK_FALSE(has(make_page(document({run("a"), run("b")})), "since the start (logarithmic)"));
  auto silent = run("silent");
  silent.latencies_ns.clear();
  const auto without = make_page(document({silent, fast, slow}));
  CHECK(count(without, "class=\"l1\"") == 2);
  CHECK(count(without, "class=\"l0\"") == 1);
}

TEST_CASE("a page of nothing, of one answer, of no time and of the largest numbers can be made") {
  CHECK(has(make_page({}), "</html>"));
  PageRun empty{.strategy = "a",
                .round = 1,
                .ok = false,
                .why = {},
                .latencies_ns = {},
                .bucket_ns = 0,
                .answers = {},
                .served = {}};
  CHECK(has(make_page(document({empty})), "Nothing was answered."));
  CHECK(has(make_page(document({empty})), "Nobody was served."));
  for (const auto value : {std::int64_t{0}, std::int64_t{1}, largest}) {
    for (const auto bucket : {std::int64_t{0}, std::int64_t{1}, largest}) {
      auto one = empty;
      one.latencies_ns = {value};
      one.bucket_ns = bucket;
      one.answers = {value};
      one.served = {{value, value}};
      const auto page = make_page(document({one, run("b"), empty}));
      INFO(value << ", buckets of " << bucket);
      CHECK_FALSE(has(page, "\"nan"));
      CHECK_FALSE(has(page, "inf\""));
      CHECK(has(page, "</html>"));
    }
  }
}

TEST_CASE("no name or explanation on the page of a simulation is markup") {
  const std::string hostile = "<script>alert(\"1\")</script>'&\x1b]0;x\x07";
  auto one = run(hostile);
  one.ok = false;
  one.why = hostile;
  SimulationPage page{hostile,
                      hostile,
                      hostile,
                      {{hostile, hostile, hostile}},
                      {{hostile, {{hostile}}, {{hostile}}}},
                      {one, run(hostile, 2), run("b")},
                      {hostile, {{hostile}}, {{hostile}}},
                      {}};
  const auto text = make_page(page);
  CHECK_FALSE(has(text, "<script"));
  CHECK_FALSE(has(text, "\x1b"));
  CHECK(count(text, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;") > 10);
}

TEST_CASE("a page of a million answers is not larger than one can send by mail") {
  Random random;
  INFO(random);
  std::vector<PageRun> runs;
  for (int strategy = 0; strategy < 10; ++strategy) {
    auto one = run("strategy " + std::to_string(strategy));
    for (int i = 0; i < 100'000; ++i) one.latencies_ns.push_back(random.between(0, 10 * s));
    std::sort(one.latencies_ns.begin(), one.latencies_ns.end());
    one.answers.clear();
    for (int i = 0; i < 60'000; ++i) one.answers.push_back(random.between(0, 100));
    for (int i = 0; i < 10'000; ++i) one.served.emplace_back(random.between(1, 100'000), i + 1);
    runs.push_back(std::move(one));
  }
  const auto page = make_page(document(std::move(runs)));
  CHECK(page.size() < 3'000'000);
  CHECK(has(page, "10,003 points, of which those that lie close together"));
}

}  // namespace sim_page_test
