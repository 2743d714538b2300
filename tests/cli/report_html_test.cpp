// `report --html`: the page from the outside, without a browser (tests/browser looks at it with one).
#include <algorithm>
#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include "harness.hpp"
#include "json_schema.hpp"

namespace report_html_test {

using namespace invctl::test;

namespace {

// Everything that a page could do harm with, as names that people may give.
const std::string hostile = "<script>alert('&amp;\"1\"')</script><img src=x onerror=alert(2)>";

void fill(Database& db) {
  db.must({"warehouse", "add", "</h2><b>W&W"});
  db.must({"product", "add", "BOLT", "--name", hostile, "--category", "\"><svg onload=alert(3)>", "--price",
           "2.50", "--reorder-point", "500"});
  db.must({"product", "add", "너트-ナット", "--name", "육각 너트 六角ナット", "--price", "0.75"});
  const auto rows = db.dir().write("rows.csv",
                                   "kind,warehouse,sku,quantity,occurred_at\n"
                                   "receive,</h2><b>W&W,BOLT,400,2025-09-02\n"
                                   "receive,</h2><b>W&W,너트-ナット,50,2025-09-03\n"
                                   "purchase,</h2><b>W&W,BOLT,30,2025-10-05\n"
                                   "purchase,</h2><b>W&W,너트-ナット,4,2025-10-06\n"
                                   "ship,</h2><b>W&W,BOLT,5,2025-10-31T23:59:59Z\n");
  db.must({"apply", rows, "--set", "user=kim"});
}

// All tags of the page, in order: name and attributes as written.
std::vector<std::string> tags(const std::string& page) {
  std::vector<std::string> found;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    const auto end = page.find('>', at);
    REQUIRE(end != std::string::npos);
    found.push_back(page.substr(at + 1, end - at - 1));
  }
  return found;
}

}  // namespace

TEST_CASE("report --html writes one page that holds the period's numbers", "[html]") {
  Database db;
  fill(db);
  const auto path = db.dir().path("october.html");
  const auto answer = db.must({"report", "--html", path, "--period", "2025-10", "--json"}).json();
  CHECK(schema_faults(db.must({"schema", "report --html"}).json(), answer) == std::vector<std::string>{});
  const auto page = read_file(path);
  CHECK(answer.at("bytes") == page.size());
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(page.find("<title>Stock report 2025-10</title>") != std::string::npos);
  for (const std::string title : {"Movements over time", "Stock per warehouse", "Stock per category",
                                  "Top products", "Price history", "Low stock"}) {
    CHECK(page.find(">" + title + "</h2>") != std::string::npos);
  }
  CHECK(page.find("<dt>On hand at the beginning</dt><dd>450</dd>") != std::string::npos);
  CHECK(page.find("<dt>Went out</dt><dd>39</dd>") != std::string::npos);
  CHECK(page.find("<dt>On hand at the end</dt><dd>411</dd>") != std::string::npos);
  CHECK(page.find("<dt>Sold to users</dt><dd>78.00</dd>") != std::string::npos);
  CHECK(page.find("육각 너트 六角ナット") != std::string::npos);
  // The same to standard output, and never over what is there.
  const auto piped = db.must({"report", "--html", "-", "--period", "2025-10"}).out;
  const std::regex made("Made [^ ]* by|point, [^<\"]*");
  CHECK(std::regex_replace(piped, made, "") == std::regex_replace(page, made, ""));
  CHECK(db.run({"report", "--html", path}).exit == 5);
  CHECK(read_file(path) == page);
}

TEST_CASE("markup in names does not come alive in the page", "[html]") {
  Database db;
  fill(db);
  const auto page = db.must({"report", "--html", "-"}).out;
  CHECK(page.find("&lt;script&gt;alert(&#39;&amp;amp;&quot;1&quot;&#39;)&lt;/script&gt;") !=
        std::string::npos);
  const std::set<std::string> known = {
      "!doctype", "html",  "head",   "meta", "link", "title", "style", "body",  "a",      "header",
      "h1",       "p",     "nav",    "ul",   "li",   "main",  "dl",    "div",   "dt",     "dd",
      "section",  "h2",    "figure", "svg",  "line", "text",  "rect",  "path",  "circle", "table",
      "caption",  "thead", "tbody",  "tr",   "th",   "td",    "i",     "footer"};
  for (const auto& tag : tags(page)) {
    const auto start = tag.starts_with('/') ? std::size_t{1} : std::size_t{0};
    const auto name = tag.substr(start, tag.find_first_of(" \n", start) - start);
    INFO(tag);
    REQUIRE(known.count(name) == 1);
    const bool handler = std::regex_search(tag, std::regex("\\son[a-z]+\\s*="));
    CHECK_FALSE(handler);
  }
}

TEST_CASE("the page asks nobody for anything", "[html]") {
  Database db;
  fill(db);
  const auto page = db.must({"report", "--html", "-"}).out;
  CHECK(page.find("default-src 'none'") != std::string::npos);
  CHECK(page.find("http:") == std::string::npos);
  CHECK(page.find("https:") == std::string::npos);
  CHECK(page.find("url(") == std::string::npos);
  CHECK(page.find("@import") == std::string::npos);
  for (const auto& tag : tags(page)) {
    CHECK(tag.find(" src=") == std::string::npos);
    if (tag.find("href=") == std::string::npos) continue;
    INFO(tag);
    CHECK((tag.find("href=\"#") != std::string::npos || tag.find("href=\"data:,\"") != std::string::npos));
  }
  CHECK(page.find("prefers-color-scheme: dark") != std::string::npos);
  CHECK(page.find("@media print") != std::string::npos);
}

TEST_CASE("a page whose numbers do not foot is not made, and one of nothing is", "[html]") {
  Database db;
  const auto empty = db.must({"report", "--html", "-"}).out;
  CHECK(empty.find("Nothing moved.") != std::string::npos);
  fill(db);
  db.execute("UPDATE inventory SET on_hand = on_hand + 1 WHERE on_hand = 46");
  const auto path = db.dir().path("page.html");
  CHECK(db.run({"report", "--html", path}).exit == 7);
  CHECK_FALSE(file_exists(path));
  CHECK(db.run({"report", "movements", "--html", path}).exit == 2);
}

}  // namespace report_html_test
