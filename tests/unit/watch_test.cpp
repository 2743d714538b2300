// The live screen without a terminal: whatever is in the database and however small the screen, it fits.
#include <algorithm>
#include <catch2/catch.hpp>

#include "core/text.hpp"
#include "unit/property.hpp"
#include "watch/screen.hpp"

namespace watch_test {

using namespace invctl;
using namespace invctl::watch;

namespace {

StockEntry row(const std::string& sku, Quantity available, std::optional<Quantity> reorder = std::nullopt,
               const std::string& name = "name") {
  StockEntry entry;
  entry.warehouse = "EAST";
  entry.sku = sku;
  entry.name = name;
  entry.on_hand = available;
  entry.reorder_point = reorder;
  return entry;
}

std::string plain(const watch::Line& line) {
  std::string all;
  for (const auto& piece : line) all += piece.text;
  return all;
}

std::string order(const Data& data, const View& view) {
  std::string skus;
  for (const auto i : select_rows(data, view)) skus += data.stock[i].sku;
  return skus;
}

}  // namespace

TEST_CASE("whatever is shown fits any screen, line by line", "[watch]") {
  test::Random random;
  INFO(random);
  const std::vector<std::string> words = {
      "볼트", "ネジ", "Bolt", "é", "", "\x1b[31m", "a\tb", "🙂", "긴 이름의 상품 ", "x"};
  const auto text = [&] {
    std::string out;
    for (auto n = random.between(0, 6); n > 0; --n) out += random.pick(words);
    return out;
  };
  for (int round = 0; round < 400; ++round) {
    Data data;
    data.source = text();
    data.clock = "2026-01-31T09:30:00Z";
    if (random.one_in(5)) data.trouble = text();
    for (auto n = random.between(0, 40); n > 0; --n) {
      auto entry = row(text(), random.magnitude(INT64_MAX),
                       random.one_in(2) ? std::optional(random.magnitude(INT64_MAX)) : std::nullopt, text());
      entry.warehouse = text();
      entry.reserved = random.between(0, std::min<Quantity>(entry.on_hand, 9));
      data.stock.push_back(entry);
    }
    for (auto n = random.between(0, 20); n > 0; --n) {
      HistoryEntry movement;
      movement.kind = "purchase";
      movement.warehouse = text();
      movement.sku = text();
      movement.actor = text();
      movement.delta = -random.magnitude(INT64_MAX);
      data.movements.push_back(movement);
    }
    View view;
    view.sort = static_cast<Sort>(random.between(0, sorts - 1));
    view.reversed = random.one_in(2);
    view.low_only = random.one_in(3);
    view.typing = random.one_in(4);
    view.filter = random.one_in(4) ? text() : "";
    view.scroll = static_cast<std::size_t>(random.between(0, 50));
    const auto lines = static_cast<std::size_t>(random.between(1, 60));
    const auto columns = static_cast<std::size_t>(random.between(1, 220));
    const auto screen = draw(data, view, lines, columns);
    REQUIRE(screen.size() == lines);
    for (const auto& line : screen) {
      INFO(columns << ": " << plain(line));
      REQUIRE(text::display_width(plain(line)) <= columns);
      REQUIRE_FALSE(text::control_at(plain(line)));
    }
  }
}

TEST_CASE("names two columns wide a character stay aligned", "[watch]") {
  Data data;
  data.stock = {row("A", 5, 3, "볼트 M10 아주 긴 이름이라 잘린다 정말로 잘린다 그렇다"),
                row("B", 5, 3, "plain"), row("C", 5, 3, "ネジ")};
  const auto screen = draw(data, {}, 24, 80);
  std::vector<std::size_t> ends;
  for (std::size_t i = 3; i < 6; ++i) {
    // What stands before the bar is as wide everywhere.
    ends.push_back(text::display_width(screen[i].front().text));
    CHECK(text::display_width(plain(screen[i])) == text::display_width(plain(screen[2])));
  }
  CHECK(ends == std::vector<std::size_t>(3, ends.front()));
}

TEST_CASE("rows are in the order that was asked for, low ones alone, or those that a filter finds",
          "[watch]") {
  Data data;
  data.stock = {row("A", 50), row("B", 2, 10), row("C", 30, 10), row("D", 0, 5), row("E", 10, 10, "볼트")};
  HistoryEntry movement;
  movement.warehouse = "EAST";
  movement.sku = "C";
  movement.seq = 9;
  data.movements.push_back(movement);
  View view;
  CHECK(order(data, view) == "DBECA");
  view.reversed = true;
  CHECK(order(data, view) == "ACEBD");
  view = {};
  view.sort = Sort::available;
  CHECK(order(data, view) == "DBECA");
  view.sort = Sort::sku;
  CHECK(order(data, view) == "ABCDE");
  view.sort = Sort::recent;
  CHECK(order(data, view) == "CABDE");
  view = {};
  view.low_only = true;
  CHECK(order(data, view) == "DBE");
  view = {};
  view.filter = "볼";
  CHECK(order(data, view) == "E");
  view.filter = "east";
  CHECK(order(data, view).size() == 5);
}

TEST_CASE("a bar shows how far available is above the reorder point", "[watch]") {
  CHECK(bar(0, 10, 9) == std::string(9, ' '));
  CHECK(bar(10, 10, 9) == "███      ");
  CHECK(bar(30, 10, 9) == "█████████");
  CHECK(bar(INT64_MAX, 1, 9) == "█████████");
  CHECK(bar(INT64_MAX, INT64_MAX, 9) != "");
  CHECK(bar(5, 10, 9) == "█▌       ");
  CHECK(bar(3, 0, 9) == "█████████");
}

TEST_CASE("text is cut at a whole character, with an ellipsis", "[watch]") {
  CHECK(fit("abc", 5) == "abc  ");
  CHECK(fit("12", 5, true) == "   12");
  CHECK(fit("abcdef", 4) == "abc…");
  CHECK(fit("볼트볼트", 5) == "볼트…");
  CHECK(fit("볼트볼트", 4) == "볼… ");
  CHECK(fit("볼트", 1) == "…");
  CHECK(fit("볼트", 0).empty());
}

}  // namespace watch_test
