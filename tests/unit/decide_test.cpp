#include "stock/decide.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "stock_support.hpp"

namespace decide_test {

using namespace invctl;
using namespace invctl::test;

namespace {

constexpr auto max64 = std::numeric_limits<Quantity>::max();

// EAST (1), NORTH (2), WEST (3), and OLD (4), which is retired. BOLT costs 250, NUT has no price, GOLD costs
// more than two of it can be paid for, RUST is retired.
class Shop {
 public:
  Shop() {
    book.add(WarehouseInfo{1, "EAST", false});
    book.add(WarehouseInfo{2, "NORTH", false});
    book.add(WarehouseInfo{3, "WEST", false});
    book.add(WarehouseInfo{4, "OLD", true});
    book.add(ProductInfo{11, "BOLT", 250, false});
    book.add(ProductInfo{12, "NUT", std::nullopt, false});
    book.add(ProductInfo{13, "GOLD", max64 / 2 + 1, false});
    book.add(ProductInfo{14, "RUST", 100, true});
  }

  Shop& has(const std::string& warehouse, const std::string& sku, Quantity on_hand, Quantity reserved = 0) {
    auto& row = book.row_for_update(key(warehouse, sku));
    row.on_hand = on_hand;
    row.reserved = reserved;
    return *this;
  }

  InventoryKey key(const std::string& warehouse, const std::string& sku) const {
    return {book.warehouse(warehouse)->id, book.product(sku)->id};
  }

  Decision operator()(Operation o) const {
    normalise_lines(o.lines);
    check_operation(o);
    return decide(book, o);
  }

  Book book;
};

// "EAST/BOLT +5 = 5 v1, ..." or the rejection's code and message.
std::string said(const Decision& decision) {
  if (!decision.accepted()) {
    CHECK(decision.movements.empty());
    CHECK_FALSE(decision.total_minor.has_value());
    return decision.rejection->code + ": " + decision.rejection->message;
  }
  std::string out;
  for (const auto& m : decision.movements) {
    if (!out.empty()) out += ", ";
    out += m.warehouse + "/" + m.sku + (m.on_hand_delta < 0 ? " " : " +") + std::to_string(m.on_hand_delta) +
           " = " + std::to_string(m.on_hand_after) + " v" + std::to_string(m.version);
    CHECK(m.reserved_delta == 0);
  }
  if (decision.total_minor) out += "; total " + std::to_string(*decision.total_minor);
  return out;
}

std::string lines_of(const Error& error) {
  std::string out;
  for (const auto& l : error.lines) {
    if (!out.empty()) out += " | ";
    out += l.message;
  }
  return out;
}

FieldValue field(const ErrorLine& l, const std::string& name) {
  for (const auto& [key, value] : l.fields) {
    if (key == name) return value;
  }
  FAIL("no field " << name);
  return {};
}

}  // namespace

TEST_CASE("receive adds, also where there was nothing yet") {
  Shop shop;
  shop.has("EAST", "BOLT", 3);
  CHECK(said(shop(operation(Kind::receive, {line("EAST", "BOLT", 5)}))) == "EAST/BOLT +5 = 8 v1");
  CHECK(said(shop(operation(Kind::receive, {line("WEST", "BOLT", 5)}))) == "WEST/BOLT +5 = 5 v1");
  CHECK(said(shop(operation(Kind::opening, {line("WEST", "NUT", 0)}))) == "WEST/NUT +0 = 0 v1");
}

TEST_CASE("ship takes what is there, to the last unit, and no more") {
  Shop shop;
  shop.has("EAST", "BOLT", 3);
  CHECK(said(shop(operation(Kind::ship, {line("EAST", "BOLT", 3)}))) == "EAST/BOLT -3 = 0 v1");
  const auto refused = shop(operation(Kind::ship, {line("EAST", "BOLT", 5)}));
  CHECK(said(refused) == "insufficient_stock: only 3 of BOLT in EAST, 5 requested");
  CHECK(refused.rejection->exit == Exit::insufficient_stock);
  CHECK(said(shop(operation(Kind::ship, {line("WEST", "BOLT", 1)}))) ==
        "insufficient_stock: only 0 of BOLT in WEST, 1 requested");
}

TEST_CASE("what is reserved cannot be shipped, bought or counted away") {
  Shop shop;
  shop.has("EAST", "BOLT", 10, 8);
  CHECK(said(shop(operation(Kind::ship, {line("EAST", "BOLT", 2)}))) == "EAST/BOLT -2 = 8 v1");
  CHECK(said(shop(operation(Kind::ship, {line("EAST", "BOLT", 3)}))) ==
        "insufficient_stock: only 2 of BOLT in EAST, 3 requested");
  CHECK(said(shop(operation(Kind::purchase, {line("EAST", "BOLT", 3)}))) ==
        "insufficient_stock: only 2 of BOLT in EAST, 3 requested");
  CHECK(said(shop(operation(Kind::adjust, {line("EAST", "BOLT", -3)}))) ==
        "insufficient_stock: only 2 of BOLT in EAST, 3 requested");
  CHECK(said(shop(operation(Kind::adjust, {set_line("EAST", "BOLT", 8)}))) == "EAST/BOLT -2 = 8 v1");
  CHECK(said(shop(operation(Kind::adjust, {set_line("EAST", "BOLT", 7)}))) ==
        "insufficient_stock: 8 of BOLT in EAST are reserved, it cannot be set to 7");
}

TEST_CASE("adjust adds, takes or sets, and can expect what it finds") {
  Shop shop;
  shop.has("EAST", "BOLT", 10);
  CHECK(said(shop(operation(Kind::adjust, {line("EAST", "BOLT", 4)}))) == "EAST/BOLT +4 = 14 v1");
  CHECK(said(shop(operation(Kind::adjust, {line("EAST", "BOLT", -10)}))) == "EAST/BOLT -10 = 0 v1");
  CHECK(said(shop(operation(Kind::adjust, {line("EAST", "BOLT", 0)}))) == "EAST/BOLT +0 = 10 v1");
  CHECK(said(shop(operation(Kind::adjust, {set_line("EAST", "BOLT", 0)}))) == "EAST/BOLT -10 = 0 v1");
  CHECK(said(shop(operation(Kind::adjust, {set_line("EAST", "BOLT", max64)}))) ==
        "EAST/BOLT +" + std::to_string(max64 - 10) + " = " + std::to_string(max64) + " v1");
  CHECK(said(shop(operation(Kind::adjust, {set_line("EAST", "BOLT", 7, 10)}))) == "EAST/BOLT -3 = 7 v1");
  CHECK(said(shop(operation(Kind::adjust, {set_line("WEST", "BOLT", 7, 0)}))) == "WEST/BOLT +7 = 7 v1");
  const auto refused = shop(operation(Kind::adjust, {set_line("EAST", "BOLT", 7, 9)}));
  CHECK(said(refused) == "precondition_failed: BOLT in EAST has 10 on hand, 9 expected");
  CHECK(refused.rejection->exit == Exit::conflict);
}

TEST_CASE("purchase multiplies price by quantity, and needs a price") {
  Shop shop;
  shop.has("EAST", "BOLT", 10).has("WEST", "BOLT", 1).has("EAST", "NUT", 5);
  const auto bought = shop(operation(Kind::purchase, {line("EAST", "BOLT", 4), line("WEST", "BOLT", 1)}));
  CHECK(said(bought) == "EAST/BOLT -4 = 6 v1, WEST/BOLT -1 = 0 v1; total 1250");
  CHECK(bought.movements[0].unit_price_minor == 250);
  CHECK(bought.movements[0].amount_minor == 1000);
  const auto refused = shop(operation(Kind::purchase, {line("EAST", "NUT", 1)}));
  CHECK(said(refused) == "no_price: NUT has no price");
  CHECK(refused.rejection->exit == Exit::conflict);
  CHECK_FALSE(
      shop(operation(Kind::ship, {line("EAST", "NUT", 1)})).movements[0].unit_price_minor.has_value());
}

TEST_CASE("more stock or money than 64 bits hold is refused, not wrapped") {
  Shop shop;
  shop.has("EAST", "BOLT", max64 - 1).has("EAST", "GOLD", 5).has("WEST", "GOLD", 1);
  CHECK(said(shop(operation(Kind::receive, {line("EAST", "BOLT", 1)}))) ==
        "EAST/BOLT +1 = " + std::to_string(max64) + " v1");
  const auto refused = shop(operation(Kind::receive, {line("EAST", "BOLT", 2)}));
  CHECK(said(refused) == "overflow: BOLT in EAST would have more on hand than 64 bits hold");
  CHECK(refused.rejection->exit == Exit::conflict);
  CHECK(said(shop(operation(Kind::purchase, {line("EAST", "GOLD", 2)}))) ==
        "overflow: 2 x GOLD is more money than 64 bits hold");
  CHECK(said(shop(operation(Kind::purchase, {line("EAST", "GOLD", 1), line("WEST", "GOLD", 1)}))) ==
        "overflow: the total is more money than 64 bits hold");
}

TEST_CASE("stock leaves a retired place or product and is corrected there, but none comes in or is sold") {
  Shop shop;
  shop.has("OLD", "BOLT", 5).has("EAST", "RUST", 5);
  CHECK(shop(operation(Kind::ship, {line("OLD", "BOLT", 5), line("EAST", "RUST", 5)})).accepted());
  CHECK(shop(operation(Kind::adjust, {set_line("OLD", "BOLT", 6), line("EAST", "RUST", 1)})).accepted());
  for (const auto kind : {Kind::receive, Kind::purchase, Kind::opening}) {
    CHECK(said(shop(operation(kind, {line("OLD", "BOLT", 1)}))) == "retired: warehouse OLD is retired");
    const auto refused = shop(operation(kind, {line("EAST", "RUST", 1)}));
    CHECK(said(refused) == "retired: product RUST is retired");
    CHECK(refused.rejection->exit == Exit::conflict);
  }
}

TEST_CASE("what does not exist is not found, and everything unknown is named") {
  Shop shop;
  const auto refused = shop(
      operation(Kind::ship, {line("MOON", "BOLT", 1), line("EAST", "CHEESE", 1), line("MARS", "DUST", 1)}));
  CHECK(refused.rejection->exit == Exit::not_found);
  CHECK(refused.rejection->message == "3 lines cannot be applied");
  CHECK(lines_of(*refused.rejection) ==
        "no product CHEESE | no warehouse MARS | no product DUST | no warehouse MOON");
  CHECK(shop(operation(Kind::ship, {line("MARS", "DUST", 1)})).rejection->message == "no warehouse MARS");
  CHECK(said(shop(operation(Kind::purchase, {line("", "DUST", 1)}))) == "not_found: no product DUST");
}

TEST_CASE("every failing line is named, the most important class first, and no line applies") {
  Shop shop;
  shop.has("EAST", "BOLT", 1).has("EAST", "GOLD", 9);
  const auto refused = shop(operation(
      Kind::purchase, {line("EAST", "BOLT", 2), line("EAST", "GOLD", 1), line("EAST", "NUT", 1),
                       line("EAST", "RUST", 1), line("WEST", "BOLT", 1), line("EAST", "CHEESE", 1)}));
  CHECK(refused.rejection->code == "not_found");
  CHECK(refused.rejection->message == "5 lines cannot be applied");
  CHECK(lines_of(*refused.rejection) ==
        "no product CHEESE | product RUST is retired | NUT has no price | only 1 of BOLT in EAST, 2 "
        "requested | "
        "only 0 of BOLT in WEST, 1 requested");
  std::string codes;
  for (const auto& l : refused.rejection->lines) codes += std::get<std::string>(field(l, "code")) + " ";
  CHECK(codes == "not_found retired no_price insufficient_stock insufficient_stock ");
}

TEST_CASE("a short line tells a script what was wanted and what is there") {
  Shop shop;
  shop.has("EAST", "BOLT", 10, 8).has("WEST", "BOLT", 3, 3).has("OLD", "BOLT", 99);
  const auto one = shop(operation(Kind::adjust, {line("EAST", "BOLT", -5)})).rejection->lines.at(0);
  CHECK(field(one, "warehouse") == FieldValue(std::string("EAST")));
  CHECK(field(one, "sku") == FieldValue(std::string("BOLT")));
  CHECK(field(one, "requested") == FieldValue(std::int64_t{5}));
  CHECK(field(one, "available") == FieldValue(std::int64_t{2}));
  CHECK(field(one, "on_hand") == FieldValue(std::int64_t{10}));
  CHECK(field(one, "reserved") == FieldValue(std::int64_t{8}));

  const auto all = shop(operation(Kind::purchase, {line("", "BOLT", 5)})).rejection->lines.at(0);
  CHECK(all.message == "only 2 of BOLT in all warehouses, 5 requested");
  CHECK(field(all, "warehouse") == FieldValue());
  CHECK(field(all, "available") == FieldValue(std::int64_t{2}));
  CHECK(field(all, "on_hand") == FieldValue(std::int64_t{13}));
  CHECK(field(all, "reserved") == FieldValue(std::int64_t{11}));
}

TEST_CASE("messages show codes safely") {
  Shop shop;
  shop.book.add(ProductInfo{20, "A\u202eB", 1, false});
  CHECK(said(shop(operation(Kind::ship, {line("EAST", "A\u202eB", 1)}))) ==
        "insufficient_stock: only 0 of A\\u{202e}B in EAST, 1 requested");
}

TEST_CASE("a line without a warehouse is served by one warehouse if any can") {
  Shop shop;
  shop.has("EAST", "BOLT", 3).has("NORTH", "BOLT", 9).has("WEST", "BOLT", 5).has("OLD", "BOLT", 99);
  CHECK(said(shop(operation(Kind::purchase, {line("", "BOLT", 2)}))) == "NORTH/BOLT -2 = 7 v1; total 500");
  CHECK(said(shop(operation(Kind::purchase, {line("", "BOLT", 9)}))) == "NORTH/BOLT -9 = 0 v1; total 2250");
}

TEST_CASE("otherwise it is split over those that have most, of equals the first by code") {
  Shop shop;
  shop.has("EAST", "BOLT", 3).has("NORTH", "BOLT", 9).has("WEST", "BOLT", 5);
  CHECK(said(shop(operation(Kind::purchase, {line("", "BOLT", 10)}))) ==
        "NORTH/BOLT -9 = 0 v1, WEST/BOLT -1 = 4 v1; total 2500");
  CHECK(said(shop(operation(Kind::purchase, {line("", "BOLT", 17)}))) ==
        "NORTH/BOLT -9 = 0 v1, WEST/BOLT -5 = 0 v1, EAST/BOLT -3 = 0 v1; total 4250");
  CHECK(said(shop(operation(Kind::purchase, {line("", "BOLT", 18)}))) ==
        "insufficient_stock: only 17 of BOLT in all warehouses, 18 requested");
  shop.has("EAST", "BOLT", 5).has("NORTH", "BOLT", 5);
  CHECK(said(shop(operation(Kind::purchase, {line("", "BOLT", 6)}))) ==
        "EAST/BOLT -5 = 0 v1, NORTH/BOLT -1 = 4 v1; total 1500");
  shop.has("NORTH", "BOLT", 9, 8);  // what counts is what is available
  CHECK(said(shop(operation(Kind::purchase, {line("", "BOLT", 6)}))) ==
        "EAST/BOLT -5 = 0 v1, WEST/BOLT -1 = 4 v1; total 1500");
}

TEST_CASE("an open line takes what the lines with a warehouse leave") {
  Shop shop;
  shop.has("EAST", "BOLT", 6).has("WEST", "BOLT", 4);
  CHECK(said(shop(operation(Kind::purchase, {line("", "BOLT", 4), line("EAST", "BOLT", 6)}))) ==
        "EAST/BOLT -6 = 0 v1, WEST/BOLT -4 = 0 v1; total 2500");
  CHECK(said(shop(operation(Kind::purchase, {line("", "BOLT", 7), line("EAST", "BOLT", 3)}))) ==
        "EAST/BOLT -3 = 3 v1, WEST/BOLT -4 = 0 v1, EAST/BOLT -3 = 0 v2; total 2500");
}

TEST_CASE("more available over all warehouses than 64 bits hold is still enough") {
  Shop shop;
  shop.has("EAST", "BOLT", max64).has("WEST", "BOLT", max64).has("EAST", "NUT", max64).has("WEST", "NUT", 7);
  shop.book.add(ProductInfo{11, "BOLT", 0, false});
  CHECK(said(shop(operation(Kind::purchase, {line("", "BOLT", max64)}))) ==
        "EAST/BOLT -" + std::to_string(max64) + " = 0 v1; total 0");
}

TEST_CASE("deciding changes nothing, applying does, and the next decision sees it") {
  Shop shop;
  shop.has("EAST", "BOLT", 10);
  const auto ship = operation(Kind::ship, {line("EAST", "BOLT", 6)});
  const auto first = shop(ship);
  CHECK(shop.book.row(shop.key("EAST", "BOLT")).on_hand == 10);
  CHECK(said(shop(operation(Kind::ship, {line("EAST", "BOLT", 6)}))) == said(first));
  apply(shop.book, ship, first);
  CHECK(shop.book.row(shop.key("EAST", "BOLT")).on_hand == 4);
  CHECK(shop.book.row(shop.key("EAST", "BOLT")).version == 1);
  CHECK(said(shop(operation(Kind::ship, {line("EAST", "BOLT", 6)}))) ==
        "insufficient_stock: only 4 of BOLT in EAST, 6 requested");
  CHECK(said(shop(operation(Kind::ship, {line("EAST", "BOLT", 4)}))) == "EAST/BOLT -4 = 0 v2");
}

}  // namespace decide_test
