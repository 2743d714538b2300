// Reservations at random, against a model that knows nothing of ledgers: who holds how much until when.
#include "stock/reservation.hpp"

#include <catch2/catch.hpp>

#include "memory_store.hpp"
#include "property.hpp"
#include "stock/chain.hpp"
#include "stock/ledger.hpp"
#include "stock_support.hpp"

namespace reservation_test {

using namespace invctl;
using namespace invctl::test;

namespace {

const std::vector<std::string> skus = {"BOLT", "NUT"};

struct ModelHold {
  std::map<std::string, Quantity> held;
  Micros expires_at = 0;
  std::string ended;  // by which kind
};

// What a shopkeeper with a notebook would answer.
struct Model {
  std::map<std::string, Quantity> on_hand;
  std::map<std::int64_t, ModelHold> holds;

  Quantity held(const std::string& sku) const {
    Quantity sum = 0;
    for (const auto& [id, hold] : holds) {
      const auto found = hold.held.find(sku);
      if (found != hold.held.end()) sum += found->second;
    }
    return sum;
  }
  Quantity available(const std::string& sku) const { return on_hand.at(sku) - held(sku); }

  // Only what somebody's operation touches is given back.
  void give_back(const std::vector<Line>& lines, Micros now) {
    for (auto& [id, hold] : holds) {
      if (hold.expires_at > now) continue;
      for (const auto& line : lines) {
        if (hold.held.erase(line.sku.str()) > 0) hold.ended = "expire";
      }
    }
  }
  std::string state(std::int64_t id) const {
    const auto& hold = holds.at(id);
    if (hold.ended == "expire") return "reservation_expired";
    if (!hold.ended.empty() || hold.held.empty()) return "reservation_ended";
    return "";
  }
};

class World {
 public:
  World() {
    store.add_warehouse("EAST");
    for (const auto& sku : skus) {
      store.add_product(sku, 100);
      model.on_hand[sku] = 20;
      post(operation(Kind::receive, {line("EAST", sku, 20)}));
    }
  }

  Outcome post(Operation o) {
    std::vector<Operation> batch{std::move(o)};
    return Ledger(store, {"host", "1"}).post(batch, {}).at(0);
  }

  std::string reserve(std::vector<Line> lines, Micros ttl, bool partial) {
    auto o = operation(Kind::reserve, lines);
    o.ttl = ttl;
    o.allow_partial = partial;
    normalise_lines(lines);
    model.give_back(lines, store.clock_now);
    const auto outcome = post(o);
    std::map<std::string, Quantity> expected;
    bool fits = true;
    for (const auto& l : lines) {
      const auto there = model.available(l.sku.str());
      fits = fits && there >= l.quantity;
      expected[l.sku.str()] = std::min(there, l.quantity);
    }
    const bool any =
        std::any_of(expected.begin(), expected.end(), [](const auto& e) { return e.second > 0; });
    if (!fits && !(partial && any)) return compare(outcome, "insufficient_stock");
    if (outcome.receipt) {
      auto& hold = model.holds[outcome.receipt->operation];
      for (const auto& [sku, quantity] : expected) {
        if (quantity > 0) hold.held[sku] = quantity;
      }
      hold.expires_at = store.clock_now + ttl;
      ids.push_back(outcome.receipt->operation);
      if (outcome.receipt->expires_at != hold.expires_at) return "another time";
    }
    return compare(outcome, "");
  }

  std::string end(Kind kind, std::int64_t id, std::optional<Quantity> bolts, bool sell) {
    auto o = on_reservation(store, id, kind);
    o.actor = "tester";
    if (kind == Kind::extend) o.ttl = 1000;
    if (sell) o.user = "kim";
    const bool has_bolts =
        std::any_of(o.lines.begin(), o.lines.end(), [](const Line& l) { return l.sku.str() == "BOLT"; });
    if (bolts && has_bolts) take_only(o, {line("EAST", "BOLT", *bolts)});
    model.give_back(o.lines, store.clock_now);
    auto expected = model.state(id);
    auto& hold = model.holds.at(id);
    const bool takes_some = kind == Kind::confirm && bolts && has_bolts;
    if (expected.empty() && takes_some && hold.held["BOLT"] < *bolts) expected = "insufficient_stock";
    const auto outcome = post(o);
    if (expected.empty()) {
      if (kind == Kind::extend) {
        hold.expires_at = store.clock_now + 1000;
      } else {
        for (const auto& [sku, quantity] : hold.held) {
          if (kind != Kind::confirm) continue;
          model.on_hand[sku] -= takes_some ? (sku == "BOLT" ? *bolts : 0) : quantity;
        }
        hold.held.clear();
        hold.ended = kind_name(kind);
      }
    }
    std::erase_if(hold.held, [](const auto& held) { return held.second == 0; });
    return compare(outcome, expected);
  }

  std::string buy(std::optional<std::int64_t> id, const std::string& sku, Quantity quantity) {
    auto o = operation(Kind::purchase, {line("EAST", sku, quantity)});
    if (id) o.reservation = on_reservation(store, *id, Kind::confirm).reservation;
    model.give_back(o.lines, store.clock_now);
    auto expected = id ? model.state(*id) : std::string();
    // A reservation is of use only for what is locked: the row that is bought from.
    const bool elsewhere = id && expected.empty() && model.holds.at(*id).held.count(sku) == 0;
    const bool used_up = id && expected == "reservation_ended" && model.holds.at(*id).ended.empty();
    if (elsewhere || used_up) expected = "not_held";
    const auto held = id && expected.empty() ? model.holds.at(*id).held[sku] : 0;
    if (expected.empty() && quantity - std::min(held, quantity) > model.available(sku)) {
      expected = "insufficient_stock";
    }
    const auto outcome = post(o);
    if (expected.empty()) {
      model.on_hand[sku] -= quantity;
      if (id) model.holds.at(*id).held[sku] -= std::min(held, quantity);
    }
    if (id) std::erase_if(model.holds.at(*id).held, [](const auto& h) { return h.second == 0; });
    return compare(outcome, expected);
  }

  std::string compare(const Outcome& outcome, const std::string& expected) const {
    const auto got = outcome.rejection ? outcome.rejection->code : std::string();
    return got == expected ? "" : "expected '" + expected + "', got '" + got + "'";
  }

  void check_balances() const {
    for (const auto& sku : skus) {
      const auto row = store.row("EAST", sku);
      INFO(sku);
      REQUIRE(row.on_hand == model.on_hand.at(sku));
      REQUIRE(row.reserved == model.held(sku));
    }
  }

  MemoryStore store;
  Model model;
  std::vector<std::int64_t> ids;
};

}  // namespace

TEST_CASE("random reservations, confirmations, releases and purchases go as a notebook says") {
  Random random;
  INFO(random);
  int refused = 0;
  for (int round = 0; round < 60; ++round) {
    World world;
    for (int step = 0; step < 60; ++step) {
      world.store.clock_now += random.between(0, 200);
      const auto way = random.between(0, 9);
      std::string fault;
      INFO("round " << round << ", step " << step << ", way " << way);
      if (way < 4 || world.ids.empty()) {
        std::vector<Line> lines;
        for (auto n = random.between(1, 2); n > 0; --n) {
          lines.push_back(line("EAST", random.pick(skus), random.between(1, 9)));
        }
        fault = world.reserve(lines, random.between(1, 1500), random.one_in(3));
      } else if (way < 9) {
        const auto id = random.pick(world.ids);
        const auto kind =
            random.pick(std::vector<Kind>{Kind::confirm, Kind::confirm, Kind::release, Kind::extend});
        const auto some =
            kind == Kind::confirm && random.one_in(2) ? std::optional(random.between(1, 5)) : std::nullopt;
        fault = way < 7 ? world.end(kind, id, some, kind == Kind::confirm && random.one_in(2))
                        : world.buy(id, random.pick(skus), random.between(1, 6));
      } else {
        fault = world.buy(std::nullopt, random.pick(skus), random.between(1, 3));
      }
      REQUIRE(fault == "");
      world.check_balances();
      refused += world.store.counts.rollbacks > 0 ? 1 : 0;
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("what has to do with a reservation is hashed with its uid and its time, all else as before") {
  OperationRecord plain;
  plain.key = "K";
  FieldText text("");
  operation_text(text, plain, {});
  CHECK(text.str().starts_with("invctl-operation-1\t"));
  auto reserving = plain;
  reserving.expires_at = 42;
  operation_text(text, reserving, {});
  CHECK(text.str().starts_with("invctl-operation-2\t"));
  CHECK(text.str().ends_with("\t\\N\t42"));
  auto confirming = plain;
  confirming.reservation_uid = Uid{1};
  auto other = confirming;
  other.reservation_uid = Uid{2};
  CHECK(operation_hash(confirming, {}) != operation_hash(other, {}));
  CHECK(operation_hash(confirming, {}) != operation_hash(plain, {}));
}

TEST_CASE("a request's hash knows the reservation, its time and whether it may be partial") {
  auto reserve = operation(Kind::reserve, {line("EAST", "BOLT", 1)});
  reserve.ttl = 1000;
  auto longer = reserve;
  longer.ttl = 1001;
  auto partial = reserve;
  partial.allow_partial = true;
  CHECK(request_hash(reserve) != request_hash(longer));
  CHECK(request_hash(reserve) != request_hash(partial));
  auto purchase = operation(Kind::purchase, {line("EAST", "BOLT", 1)});
  auto from_hold = purchase;
  from_hold.reservation = ReservationRef{7, Uid{7}};
  CHECK(request_hash(purchase) != request_hash(from_hold));
}

TEST_CASE("what is no reservation, or has no time, is refused before it is posted") {
  auto reserve = operation(Kind::reserve, {line("EAST", "BOLT", 1)});
  CHECK_THROWS_AS(check_operation(reserve), Error);
  reserve.ttl = 0;
  CHECK_THROWS_AS(check_operation(reserve), Error);
  reserve.ttl = 1;
  CHECK_NOTHROW(check_operation(reserve));
  CHECK_THROWS_AS(check_operation(operation(Kind::release, {line("EAST", "BOLT", 1)})), Error);
  auto ship = operation(Kind::ship, {line("EAST", "BOLT", 1)});
  ship.ttl = 1;
  CHECK_THROWS_AS(check_operation(ship), Error);
  CHECK_THROWS_AS(
      check_operation(operation(Kind::transfer, {line("EAST", "BOLT", -2), line("WEST", "BOLT", 1)})), Error);
  CHECK_NOTHROW(
      check_operation(operation(Kind::transfer, {line("EAST", "BOLT", -2), line("WEST", "BOLT", 2)})));
}

}  // namespace reservation_test
