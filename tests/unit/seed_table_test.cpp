// The tables of seeding against the standard library's, which are larger and slower but known to be right.
#include "catalog/seed_table.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "core/text.hpp"
#include "property.hpp"

namespace seed_table_test {

using namespace invctl;
using namespace invctl::test;

namespace {

std::string random_code(Random& random) {
  std::string code;
  for (auto n = random.between(1, 3); n > 0; --n)
    code += random.pick(std::vector<std::string>{"a", "A", "b", "é", "É", "ß", "ss", "-"});
  return code;
}

}  // namespace

TEST_CASE("codes are numbered in the order in which they first come, however they come again") {
  Random random;
  INFO(random);
  for (int round = 0; round < 50; ++round) {
    CodeTable table;
    std::map<std::string, std::uint32_t> expected;
    std::vector<std::string> order;
    for (int i = 0; i < 400; ++i) {
      // As a second file would bring them: now in the order of the first, now in any other.
      const auto code = !order.empty() && random.one_in(3) ? order[static_cast<std::size_t>(i) % order.size()]
                                                           : random_code(random);
      const auto found = table.find(code);
      REQUIRE(found.has_value() == expected.contains(code));
      const auto [entry, is_new] = expected.emplace(code, static_cast<std::uint32_t>(order.size()));
      if (is_new) order.push_back(code);
      REQUIRE(table.add(code) == entry->second);
      REQUIRE(table.size() == order.size());
    }
    for (const auto& [code, number] : expected) {
      REQUIRE(table[number] == code);
      REQUIRE(table.find(code) == number);
    }
  }
}

TEST_CASE(
    "pairs of codes that differ only by case are those that folding finds, each with the latest before it") {
  Random random;
  INFO(random);
  std::size_t pairs = 0;
  for (int round = 0; round < 100; ++round) {
    CodeTable table;
    for (auto n = random.between(0, 40); n > 0; --n) table.add(random_code(random));
    const auto count = static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(table.size())));
    std::vector<std::pair<std::uint32_t, std::uint32_t>> expected;
    std::map<std::string, std::uint32_t> latest;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto folded = text::case_fold(table[i]);
      if (const auto before = latest.find(folded); before != latest.end())
        expected.emplace_back(i, before->second);
      latest[folded] = i;
    }
    REQUIRE(table.case_pairs(count) == expected);
    pairs += expected.size();
  }
  CHECK(pairs > 20);
}

TEST_CASE("stock rows are found by warehouse and product among tens of thousands") {
  Random random;
  INFO(random);
  SeedTables tables;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> expected;
  for (int i = 0; i < 40'000; ++i) {
    const auto warehouse = static_cast<std::uint32_t>(random.between(0, 30));
    const auto sku = static_cast<std::uint32_t>(random.between(0, 3000));
    const auto found = tables.find_stock(warehouse, sku);
    const auto known = expected.find({warehouse, sku});
    REQUIRE(found.has_value() == (known != expected.end()));
    if (found) {
      REQUIRE(*found == known->second);
      continue;
    }
    expected[{warehouse, sku}] = static_cast<std::uint32_t>(tables.stock.size());
    tables.add_stock({warehouse, sku, i, 0});
  }
  CHECK(expected.size() == tables.stock.size());
}

TEST_CASE("a refusal is found by its row, and no other") {
  SeedVerdicts verdicts;
  CHECK(verdicts.refusal(0) == nullptr);
  verdicts.refused = {{3, {SeedVerdicts::Reason::overflow, 7}},
                      {9, {SeedVerdicts::Reason::opening_differs, 8}}};
  REQUIRE(verdicts.refusal(9) != nullptr);
  CHECK(verdicts.refusal(9)->value == 8);
  CHECK(verdicts.refusal(3)->value == 7);
  for (const std::uint32_t row : {0, 2, 4, 8, 10}) CHECK(verdicts.refusal(row) == nullptr);
}

}  // namespace seed_table_test
