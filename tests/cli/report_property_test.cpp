// Random histories, posted by the program, against a second calculation of the reports that is as plain as
// possible: every unit of stock is an object of its own.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <sstream>

#include "harness.hpp"
#include "unit/property.hpp"

namespace report_property_test {

using namespace invctl::test;

namespace {

struct Posted {
  std::string time;  // texts sort as times do
  std::string kind, warehouse, sku;
  std::int64_t delta = 0;
  std::optional<std::int64_t> cost;
};

// A unit of stock, with what it has cost as far as anybody knows.
using Unit = std::optional<std::int64_t>;

struct Model {
  std::deque<Unit> units;  // first in first out
  std::int64_t owed = 0;
  std::int64_t pooled = 0, value = 0, uncosted = 0;

  static std::int64_t half_even(std::int64_t numerator, std::int64_t denominator) {
    const auto twice = 2 * (numerator % denominator);
    const auto quotient = numerator / denominator;
    if (twice == denominator) return quotient + quotient % 2;
    return twice > denominator ? quotient + 1 : quotient;
  }

  void add(const Posted& posted) {
    if (posted.delta > 0) {
      auto units_in = posted.delta;
      for (; units_in > 0 && owed > 0; --units_in) --owed;
      if (units_in == 0) return;
      Unit cost = posted.cost;
      for (auto unit = units.rbegin(); !cost && unit != units.rend(); ++unit) cost = *unit;
      for (std::int64_t i = 0; i < units_in; ++i) units.push_back(cost);
      if (posted.cost) {
        value += units_in * *posted.cost;
        pooled += units_in;
      } else if (pooled > 0) {
        value += half_even(value * units_in, pooled);
        pooled += units_in;
      } else {
        uncosted += units_in;
      }
      return;
    }
    std::int64_t left = -posted.delta;
    std::int64_t taken = 0;
    for (; left > 0 && !units.empty(); --left, ++taken) units.pop_front();
    owed += left;
    for (; taken > 0 && uncosted > 0; --taken) --uncosted;
    if (taken == 0) return;
    value = taken == pooled ? 0 : value - half_even(value * taken, pooled);
    pooled -= taken;
  }

  std::int64_t on_hand() const { return static_cast<std::int64_t>(units.size()) - owed; }
  std::int64_t fifo_value() const {
    std::int64_t sum = 0;
    for (const auto& unit : units) sum += unit.value_or(0);
    return sum;
  }
  std::int64_t without_cost() const {
    return static_cast<std::int64_t>(std::count(units.begin(), units.end(), Unit()));
  }
};

std::vector<Posted> random_history(Random& random, std::size_t length) {
  std::vector<Posted> history;
  std::map<std::pair<std::string, std::string>, std::int64_t> on_hand;
  while (history.size() < length) {
    Posted posted;
    posted.warehouse = random.one_in(3) ? "WEST" : "EAST";
    posted.sku = random.pick<std::string>({"A", "B", "C"});
    // Four months; now and then the same time, and in any order.
    posted.time = "2025-0" + std::to_string(random.between(1, 4)) + "-1" +
                  std::to_string(random.between(0, 9)) + "T00:00:00.000000Z";
    auto& row = on_hand[{posted.warehouse, posted.sku}];
    const auto what = random.between(1, 6);
    if (what <= 2 || row == 0) {
      posted.kind = "receive";
      posted.delta = random.between(1, 20);
      if (!random.one_in(4)) posted.cost = random.between(0, 500);
    } else if (what == 3) {
      posted.kind = "adjust";
      posted.delta = random.one_in(2) ? random.between(1, 5) : -random.between(1, row);
    } else {
      posted.kind = "ship";
      posted.delta = -random.between(1, row);
    }
    row += posted.delta;
    history.push_back(posted);
  }
  return history;
}

std::string to_csv(const std::vector<Posted>& history) {
  std::ostringstream csv;
  csv << "kind,warehouse,sku,quantity,occurred_at,unit_cost\n";
  for (const auto& posted : history) {
    const auto quantity = posted.kind == "adjust" ? posted.delta : std::abs(posted.delta);
    csv << posted.kind << ',' << posted.warehouse << ',' << posted.sku << ',' << quantity << ','
        << posted.time << ',';
    // A currency without decimals: the cost is what is written.
    if (posted.cost) csv << *posted.cost;
    csv << '\n';
  }
  return csv.str();
}

// In the order in which reports take them: by time, and of one time as posted.
std::vector<Posted> by_time(std::vector<Posted> history) {
  std::stable_sort(history.begin(), history.end(),
                   [](const Posted& a, const Posted& b) { return a.time < b.time; });
  return history;
}

void check_movements(Database& db, const std::vector<Posted>& history) {
  std::map<std::string, std::array<std::int64_t, 3>> months;  // movements, in, out
  std::map<std::string, std::array<std::int64_t, 4>> skus;    // of March: opening, movements, in, out
  for (const auto& posted : history) {
    auto& month = months[posted.time.substr(0, 7)];
    ++month[0];
    month[posted.delta > 0 ? 1 : 2] += std::abs(posted.delta);
    auto& sku = skus[posted.sku];
    if (posted.time < "2025-03") sku[0] += posted.delta;
    if (posted.time < "2025-03" || posted.time >= "2025-04") continue;
    ++sku[1];
    sku[posted.delta > 0 ? 2 : 3] += std::abs(posted.delta);
  }
  std::ostringstream expected;
  expected << "group,movements,opening,in,out,closing\n";
  std::int64_t on_hand = 0;
  for (const auto& [name, month] : months) {
    const auto closing = on_hand + month[1] - month[2];
    expected << name << ',' << month[0] << ',' << on_hand << ',' << month[1] << ',' << month[2] << ','
             << closing << '\n';
    on_hand = closing;
  }
  CHECK(db.must({"report", "movements", "--format", "csv"}).out == expected.str());
  expected.str("");
  expected << "group,movements,opening,in,out,closing\n";
  for (const auto& [name, sku] : skus) {
    if (sku[0] == 0 && sku[1] == 0) continue;
    expected << name << ',' << sku[1] << ',' << sku[0] << ',' << sku[2] << ',' << sku[3] << ','
             << sku[0] + sku[2] - sku[3] << '\n';
  }
  CHECK(db.must({"report", "movements", "--period", "2025-03", "--by", "sku", "--format", "csv"}).out ==
        expected.str());
}

void check_costs(Database& db, const std::vector<Posted>& history, const std::string& at) {
  std::map<std::string, Model> models;
  for (const auto& posted : by_time(history)) {
    if (posted.time < at) models[posted.sku].add(posted);
  }
  for (const std::string method : {"fifo", "average"}) {
    const auto answer = db.must({"report", "valuation", "--at", at, "--method", method, "--json"}).json();
    std::size_t found = 0;
    for (const auto& row : answer.at("products")) {
      const auto& model = models.at(row.at("sku"));
      INFO(method << " at " << at << ": " << row.dump());
      CHECK(row.at("on_hand") == model.on_hand());
      CHECK(row.at("owed") == model.owed);
      CHECK(row.at("uncosted") == (method == "fifo" ? model.without_cost() : model.uncosted));
      CHECK(row.at("value_minor") == (method == "fifo" ? model.fifo_value() : model.value));
      ++found;
    }
    const auto there = std::count_if(models.begin(), models.end(), [](const auto& entry) {
      return !entry.second.units.empty() || entry.second.owed > 0;
    });
    CHECK(static_cast<std::ptrdiff_t>(found) == there);
  }
}

}  // namespace

TEST_CASE("reports of random histories are those of a plain model, with any months closed", "[report]") {
  Random random;
  INFO(random);
  for (int round = 0; round < 3; ++round) {
    Database db("KRW");
    db.must({"warehouse", "add", "EAST"});
    db.must({"warehouse", "add", "WEST"});
    for (const std::string sku : {"A", "B", "C"}) db.must({"product", "add", sku});
    const auto history = random_history(random, 60);
    db.must({"apply", db.dir().write("history.csv", to_csv(history)), "--set", "reason=counted"});
    const auto closed = random.between(0, 4);
    for (int month = 1; month <= closed; ++month) {
      const auto name = "2025-0" + std::to_string(month);
      const bool any = std::any_of(history.begin(), history.end(),
                                   [&](const Posted& posted) { return posted.time.starts_with(name); });
      if (any) db.must({"close", "--period", name});
    }
    INFO(closed << " months are closed");
    check_movements(db, history);
    for (const std::string at : {"2025-02-14", "2025-03-01", "2025-04-15", "2026-01-01"}) {
      check_costs(db, history, at);
    }
    db.must({"verify"});
  }
}

}  // namespace report_property_test
