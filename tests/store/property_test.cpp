// Random batches on a real database against a model that knows nothing of books, versions or SQL.
#include "unit/property.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "fixture.hpp"

namespace property_test {

using namespace invctl;
using namespace invctl::test;

namespace {

constexpr int warehouses = 3;
constexpr int products = 6;

// What is where, by warehouse and SKU, and nothing else.
class Model {
 public:
  std::int64_t& at(const std::string& warehouse, const std::string& sku) { return stock_[{warehouse, sku}]; }

  // Whether the operation is accepted; if so it is applied.
  bool apply(const Operation& operation) {
    auto next = *this;
    for (const auto& line : operation.lines) {
      const auto sku = line.sku.str();
      if (!line.warehouse) {
        if (!next.allocate(sku, line.quantity)) return false;
        continue;
      }
      auto& on_hand = next.at(line.warehouse->str(), sku);
      if (line.expect && *line.expect != on_hand) return false;
      if (line.mode == Line::Mode::set) {
        on_hand = line.quantity;
        continue;
      }
      const bool takes = operation.kind == Kind::ship || operation.kind == Kind::purchase;
      on_hand += takes ? -line.quantity : line.quantity;
      if (on_hand < 0) return false;
    }
    *this = next;
    return true;
  }

  const std::map<std::pair<std::string, std::string>, std::int64_t>& stock() const { return stock_; }

 private:
  bool allocate(const std::string& sku, std::int64_t wanted) {
    std::vector<std::pair<std::int64_t, std::string>> offers;
    for (const auto& [place, on_hand] : stock_) {
      if (place.second == sku) offers.emplace_back(-on_hand, place.first);
    }
    std::sort(offers.begin(), offers.end());
    for (const auto& [negative, warehouse] : offers) {
      const auto take = std::min(wanted, -negative);
      at(warehouse, sku) -= take;
      wanted -= take;
    }
    return wanted == 0;
  }

  std::map<std::pair<std::string, std::string>, std::int64_t> stock_;
};

Operation random_operation(Random& random) {
  const auto kind = random.pick(std::vector<Kind>{Kind::receive, Kind::receive, Kind::ship, Kind::adjust,
                                                  Kind::purchase, Kind::purchase});
  const auto warehouse = std::string(1, static_cast<char>('A' + random.between(0, warehouses - 1)));
  Operation operation;
  const auto lines = random.one_in(3) ? random.between(2, 4) : 1;
  for (std::int64_t i = 0; i < lines; ++i) {
    const auto sku = "P" + std::to_string(random.between(1, products));
    const bool anywhere = kind == Kind::purchase && random.one_in(2);
    auto one = make(kind, anywhere ? "" : warehouse, sku, random.between(1, 9));
    auto& line = one.lines[0];
    if (kind == Kind::adjust) {
      if (random.one_in(2)) {
        line.mode = Line::Mode::set;
        line.quantity = random.between(0, 12);
        if (random.one_in(3)) line.expect = random.between(0, 4);
      } else if (random.one_in(2)) {
        line.quantity = -line.quantity;
      }
    }
    // A value that is set may be named once only.
    const auto same = std::any_of(operation.lines.begin(), operation.lines.end(),
                                  [&](const Line& l) { return l.sku == line.sku; });
    if (kind == Kind::adjust && same) continue;
    if (operation.lines.empty()) {
      operation = one;
    } else {
      operation.lines.push_back(line);
    }
  }
  if (random.one_in(3)) operation.key = "key-" + std::to_string(random.between(0, 1'000'000'000));
  return operation;
}

}  // namespace

TEST_CASE("random batches leave the database as a naive model says, and the ledger without a fault") {
  Random random;
  INFO(random);
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, warehouses, products);
  Model model;
  Ledger ledger(*store, test_origin);
  const int rounds = 60;
  for (int round = 0; round < rounds; ++round) {
    std::vector<Operation> batch;
    const auto size = random.one_in(6) ? random.between(30, 120) : random.between(1, 8);
    for (std::int64_t i = 0; i < size; ++i) batch.push_back(random_operation(random));
    std::vector<Operation> sent = batch;
    const auto outcomes = ledger.post(sent, {.lock_timeout = std::chrono::seconds(20)});
    REQUIRE(outcomes.size() == batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      CAPTURE(round, i);
      REQUIRE(outcomes[i].receipt.has_value() == model.apply(sent[i]));
    }
  }
  const auto reader = database.connect_as_owner();
  std::map<std::pair<std::string, std::string>, std::int64_t> stored;
  store->stock({}, [&](const StockEntry& entry) { stored[{entry.warehouse, entry.sku}] = entry.on_hand; });
  for (const auto& [place, on_hand] : model.stock()) {
    CAPTURE(place.first, place.second);
    CHECK(stored[place] == on_hand);
  }
  CHECK(ledger_faults(*reader) == std::vector<std::string>());
}

}  // namespace property_test
