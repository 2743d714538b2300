#include "stock/operation.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "stock_support.hpp"

namespace operation_test {

using namespace invctl;
using namespace invctl::test;

namespace {

constexpr auto max64 = std::numeric_limits<Quantity>::max();

// "EAST/BOLT=5, ?/NUT=3 set expecting 2"
std::string written(const std::vector<Line>& lines) {
  std::string out;
  for (const auto& l : lines) {
    if (!out.empty()) out += ", ";
    out += (l.warehouse ? l.warehouse->str() : "?") + "/" + l.sku.str() + "=" + std::to_string(l.quantity);
    if (l.mode == Line::Mode::set) out += " set";
    if (l.expect) out += " expecting " + std::to_string(*l.expect);
  }
  return out;
}

std::string normalised(std::vector<Line> lines) {
  normalise_lines(lines);
  return written(lines);
}

std::string complaint(const Operation& o) {
  try {
    check_operation(o);
    return "";
  } catch (const Error& error) {
    CHECK(error.exit == Exit::usage);
    return error.message;
  }
}

}  // namespace

TEST_CASE("every kind of operation has a name that reads back") {
  for (const auto kind : {Kind::receive, Kind::ship, Kind::adjust, Kind::purchase, Kind::opening}) {
    CHECK(parse_kind(kind_name(kind)) == kind);
  }
  CHECK(parse_kind("Receive") == std::nullopt);
  CHECK(parse_kind("") == std::nullopt);
  CHECK(parse_kind("unknown") == std::nullopt);
}

TEST_CASE("two lines of one warehouse and SKU are one line with the sum") {
  CHECK(normalised({line("EAST", "BOLT", 2), line("EAST", "BOLT", 3)}) == "EAST/BOLT=5");
  CHECK(normalised({line("EAST", "BOLT", 5), line("EAST", "BOLT", -5)}) == "EAST/BOLT=0");
  CHECK(normalised({line("EAST", "BOLT", 1), line("WEST", "BOLT", 2), line("EAST", "BOLT", 3)}) ==
        "EAST/BOLT=4, WEST/BOLT=2");
  CHECK(normalised({line("", "BOLT", 1), line("", "BOLT", 2)}) == "?/BOLT=3");
  CHECK(normalised({line("EAST", "bolt", 1), line("EAST", "BOLT", 2)}) == "EAST/BOLT=2, EAST/bolt=1");
  CHECK(normalised({line("EAST", "E\u0301", 1), line("EAST", "\u00c9", 2)}) == "EAST/\u00c9=3");
  CHECK(normalised({}).empty());
}

TEST_CASE("lines are sorted by warehouse, then SKU, byte by byte; open lines come last") {
  CHECK(normalised({line("", "A", 1), line("b", "A", 2), line("B", "Z", 3), line("B", "A", 4),
                    line("한", "A", 5)}) == "B/A=4, B/Z=3, b/A=2, 한/A=5, ?/A=1");
}

TEST_CASE("a sum of lines that cannot be held or negated is refused") {
  CHECK(normalised({line("E", "A", max64 - 1), line("E", "A", 1)}) == "E/A=" + std::to_string(max64));
  CHECK_THROWS_WITH(normalised({line("E", "A", max64), line("E", "A", 1)}),
                    "the lines of A add up to more than 64 bits");
  CHECK_THROWS_WITH(normalised({line("E", "A", -max64), line("E", "A", -1)}),
                    "the lines of A add up to more than 64 bits");
}

TEST_CASE("a value that is set or expected cannot share its row") {
  CHECK(normalised({set_line("E", "A", 3, 2), set_line("E", "B", 3)}) == "E/A=3 set expecting 2, E/B=3 set");
  CHECK_THROWS_WITH(normalised({set_line("E", "A", 3), set_line("E", "A", 3)}), "A is given twice");
  CHECK_THROWS_WITH(normalised({line("E", "A", 3), set_line("E", "A", 3)}), "A is given twice");
  auto expecting = line("E", "A", 3);
  expecting.expect = 1;
  CHECK_THROWS_WITH(normalised({line("E", "A", 3), expecting}), "A is given twice");
  CHECK_THROWS_WITH(normalised({expecting, line("E", "A", 3)}), "A is given twice");
}

TEST_CASE("an operation that the rules cannot rely on is refused before it is posted") {
  for (const auto kind : {Kind::receive, Kind::ship, Kind::purchase}) {
    CHECK(complaint(operation(kind, {line("E", "A", 1)})).empty());
    CHECK(complaint(operation(kind, {line("E", "A", max64)})).empty());
    CHECK_THAT(complaint(operation(kind, {line("E", "A", 0)})), Catch::Contains("at least 1"));
    CHECK_THAT(complaint(operation(kind, {line("E", "A", 1), line("E", "B", -1)})),
               Catch::Contains("cannot be negative"));
    CHECK_THAT(complaint(operation(kind, {set_line("E", "A", 1)})),
               Catch::Contains("only adjust and count can set"));
    CHECK_THAT(complaint(operation(kind, {})), Catch::Contains("there is no line"));
  }
  CHECK(complaint(operation(Kind::opening, {line("E", "A", 0)})).empty());
  CHECK_THAT(complaint(operation(Kind::opening, {line("E", "A", -1)})),
             Catch::Contains("cannot be negative"));
  CHECK(complaint(operation(Kind::adjust, {line("E", "A", -max64)})).empty());
  CHECK(complaint(operation(Kind::adjust, {line("E", "A", 0)})).empty());
  CHECK_THAT(complaint(operation(Kind::adjust, {line("E", "A", std::numeric_limits<Quantity>::min())})),
             Catch::Contains("64 bits"));
  CHECK(complaint(operation(Kind::adjust, {set_line("E", "A", 0)})).empty());
  CHECK_THAT(complaint(operation(Kind::adjust, {set_line("E", "A", -1)})),
             Catch::Contains("cannot be negative"));

  CHECK(complaint(operation(Kind::purchase, {line("", "A", 1)})).empty());
  CHECK_THAT(complaint(operation(Kind::ship, {line("", "A", 1)})), Catch::Contains("needs a warehouse"));
  auto nobody = operation(Kind::purchase, {line("", "A", 1)});
  nobody.user.reset();
  CHECK_THAT(complaint(nobody), Catch::Contains("needs a user"));
}

TEST_CASE("a request is the same however it was typed, by whom and when") {
  auto first = operation(Kind::ship, {line("E", "A", 2), line("E", "B", 1), line("E", "A", 3)}, "k1");
  auto second = operation(Kind::ship, {line("E", "B", 1), line("E", "A", 5)}, "k2");
  second.actor = "somebody else";
  second.note = "again";
  second.occurred_at = 42;
  normalise_lines(first.lines);
  normalise_lines(second.lines);
  CHECK(request_hash(first) == request_hash(second));
}

TEST_CASE("everything that was asked for is part of the request hash") {
  auto base = operation(Kind::adjust, {line("E", "A", 5), line("W", "B", 1)});
  base.reference = "R";
  std::vector<Operation> others(12, base);
  others[0].kind = Kind::ship;
  others[1].reference.reset();
  others[2].reference = "r";
  others[3].reason = "theft";
  others[4].user = "bob";
  others[5].lines[0].quantity = -5;
  others[6].lines[0].warehouse = WarehouseCode::parse("F");
  others[7].lines[0].sku = Sku::parse("a");
  others[8].lines[0].mode = Line::Mode::set;
  others[9].lines[0].expect = 0;
  others[10].lines.pop_back();
  others[11].lines[0].warehouse.reset();
  for (std::size_t i = 0; i < others.size(); ++i) {
    INFO("variation " << i);
    CHECK(request_hash(others[i]) != request_hash(base));
  }
}

TEST_CASE("the request hash is over the documented text") {
  auto o = operation(Kind::adjust, {set_line("E", "A", 5, 3)});
  o.reference = "PO\t7";
  CHECK(request_hash(o) == sha256("invctl-request-1\tadjust\t\\N\tPO\\t7\tcount\t1\tE\tA\tset\t5\t3"));
  auto p = operation(Kind::purchase, {line("", "A", 2)});
  CHECK(request_hash(p) == sha256("invctl-request-1\tpurchase\talice\t\\N\t\\N\t1\t\\N\tA\tdelta\t2\t\\N"));
}

}  // namespace operation_test
