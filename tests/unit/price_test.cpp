// Prices: the limit of a change against an independent model, and the hash that ties a change together.
#include "catalog/price.hpp"

#include <catch2/catch.hpp>

#include "catalog/catalog.hpp"
#include "core/error.hpp"
#include "unit/property.hpp"

namespace price_test {

using namespace invctl;
using namespace invctl::test;

namespace {

// Whether a / b <= c / d, by comparing whole parts and going on with the remainders, as Euclid would: no
// number grows beyond what is given.
bool at_most(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
  for (;;) {
    if (a / b != c / d) return a / b < c / d;
    const auto left = a % b;
    const auto right = c % d;
    if (left == 0) return true;
    if (right == 0) return false;
    // left / b <= right / d exactly where d / right <= b / left.
    const auto b_before = b;
    a = d;
    b = right;
    c = b_before;
    d = left;
  }
}

bool allowed_by_model(Minor old_price, Minor new_price, std::int64_t millionths) {
  const auto distance =
      static_cast<std::uint64_t>(old_price < new_price ? new_price - old_price : old_price - new_price);
  if (old_price == 0) return distance == 0;
  return at_most(distance, static_cast<std::uint64_t>(old_price), static_cast<std::uint64_t>(millionths),
                 100'000'000);
}

PriceLimit limit(const std::string& text) {
  return PriceLimit::parse(text, "--max-change");
}

std::string decimal(std::int64_t millionths) {
  auto digits = std::to_string(millionths);
  if (digits.size() < 7) digits.insert(0, 7 - digits.size(), '0');
  return digits.insert(digits.size() - 6, ".");
}

}  // namespace

TEST_CASE("a price may change by exactly the limit and by no unit more") {
  CHECK(limit("30%").allows(1000, 1300));
  CHECK(limit("30%").allows(1000, 700));
  CHECK_FALSE(limit("30%").allows(1000, 1301));
  CHECK_FALSE(limit("30%").allows(1000, 699));
  CHECK(limit("12.5").allows(8, 9));
  CHECK_FALSE(limit("12.499999%").allows(8, 9));
  CHECK(limit("0%").allows(5, 5));
  CHECK_FALSE(limit("0%").allows(5, 6));
}

TEST_CASE("no price, and the price of nothing, are no part of a percentage") {
  CHECK(limit("1%").allows(std::nullopt, 1000));
  CHECK(limit("1%").allows(1000, std::nullopt));
  CHECK(limit("1%").allows(0, 0));
  CHECK_FALSE(limit("1000000%").allows(0, 1));
}

TEST_CASE("a limit that is no percentage is refused, and says what would be one") {
  for (const auto* text : {"", "%", "30%%", "-5%", "+5", "1e2", "3,5%", ".5", "5.", "0.0000001%", "1000001%",
                           "99999999999999999999%", " 30%"}) {
    CAPTURE(text);
    try {
      limit(text);
      FAIL("it was taken");
    } catch (const Error& error) {
      CHECK(error.exit == Exit::usage);
      CHECK(error.hint.find("30%") != std::string::npos);
    }
  }
  CHECK(limit("007.500%").str() == "007.500%");
}

TEST_CASE("the limit agrees with a model that knows no wide numbers", "[property]") {
  Random random;
  INFO(random);
  int allowed = 0;
  constexpr int rounds = 20000;
  for (int i = 0; i < rounds; ++i) {
    const auto old_price = random.magnitude(INT64_MAX);
    auto new_price = random.magnitude(INT64_MAX);
    if (random.one_in(2)) {
      // Near the old one, where the limit lies.
      const auto step = random.between(0, old_price / 2 + 1);
      new_price = random.one_in(2) ? checked_add(old_price, step).value_or(old_price)
                                   : old_price - std::min(step, old_price);
    }
    auto millionths = random.between(0, 100'000'000);
    if (old_price > 0 && old_price < 1'000'000 && random.one_in(2)) {
      // Exactly the change, or a hair below it.
      const auto distance = old_price < new_price ? new_price - old_price : old_price - new_price;
      if (distance < 1'000'000)
        millionths = std::max<std::int64_t>(0, distance * 100'000'000 / old_price - random.between(0, 1));
    }
    CAPTURE(old_price, new_price, millionths);
    if (millionths > 1'000'000'000'000) continue;
    const bool expected = allowed_by_model(old_price, new_price, millionths);
    REQUIRE(limit(decimal(millionths)).allows(old_price, new_price) == expected);
    allowed += expected ? 1 : 0;
  }
  // Both answers were met, often.
  CHECK(allowed > rounds / 20);
  CHECK(allowed < rounds - rounds / 20);
}

TEST_CASE("a change is shown to a tenth of a percent, rounded") {
  CHECK(shown_change(1000, 1125) == "+12.5 %");
  CHECK(shown_change(3, 2) == "-33.3 %");
  CHECK(shown_change(3, 5) == "+66.7 %");
  CHECK(shown_change(5, 5) == "0.0 %");
  CHECK_FALSE(shown_change(std::nullopt, 5));
  CHECK_FALSE(shown_change(0, 5));
  CHECK(shown_change(1, INT64_MAX) == "+huge");
}

TEST_CASE("the hash of a price change knows every field, and no order of its lines") {
  PriceChange change;
  change.actor = "kim";
  change.reason = "sale";
  change.effective_at = 2;
  change.recorded_at = 1;
  change.host = "host";
  change.tool_version = "1";
  change.lines = {{7, "B", 1, std::nullopt, 5}, {9, "A", 2, 5, 6}};
  const auto hash = price_hash(change);
  auto turned = change;
  std::swap(turned.lines[0], turned.lines[1]);
  turned.id = 99;
  turned.lines[0].product_id = 1234;
  CHECK(price_hash(turned) == hash);
  const std::vector<std::function<void(PriceChange&)>> edits = {
      [](PriceChange& c) { c.uid[3] = 1; },
      [](PriceChange& c) { c.key = "k"; },
      [](PriceChange& c) { c.actor = "lee"; },
      [](PriceChange& c) { c.reason = ""; },
      [](PriceChange& c) { ++c.effective_at; },
      [](PriceChange& c) { ++c.recorded_at; },
      [](PriceChange& c) { c.host = "x"; },
      [](PriceChange& c) { c.tool_version = "2"; },
      [](PriceChange& c) { c.lines.pop_back(); },
      [](PriceChange& c) { c.lines[0].sku = "C"; },
      [](PriceChange& c) { ++c.lines[0].version; },
      [](PriceChange& c) { c.lines[0].old_minor = 0; },
      [](PriceChange& c) { c.lines[1].new_minor.reset(); }};
  for (std::size_t i = 0; i < edits.size(); ++i) {
    auto edited = change;
    edits[i](edited);
    CAPTURE(i);
    CHECK(price_hash(edited) != hash);
  }
}

}  // namespace price_test
