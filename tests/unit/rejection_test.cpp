#include "stock/rejection.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "property.hpp"

namespace rejection_test {

using namespace invctl;
using invctl::test::Random;

namespace {

void require_same(const Error& a, const Error& b) {
  REQUIRE(a.exit == b.exit);
  REQUIRE(a.code == b.code);
  REQUIRE(a.message == b.message);
  REQUIRE(a.hint == b.hint);
  REQUIRE(a.lines.size() == b.lines.size());
  for (std::size_t i = 0; i < a.lines.size(); ++i) {
    REQUIRE(a.lines[i].message == b.lines[i].message);
    REQUIRE(a.lines[i].fields == b.lines[i].fields);
  }
}

}  // namespace

TEST_CASE("a rejection is read back as it was, with types and order of its fields") {
  Error error(Exit::conflict, "precondition_failed", "2 lines cannot be applied", "look again");
  error.add_line(
      {"first", {{"z", std::int64_t{-1}}, {"a", FieldValue()}, {"m", std::string("한\n\"\\")}, {"b", true}}});
  error.add_line({"", {}});
  require_same(rejection_from_json(rejection_to_json(error)), error);
  require_same(rejection_from_json(rejection_to_json(Error(Exit::insufficient_stock, "x"))),
               Error(Exit::insufficient_stock, "x"));
}

TEST_CASE("every rejection survives being stored") {
  Random random;
  INFO(random);
  const auto any_text = [&] {
    return random.pick(
        std::vector<std::string>{"", "x", "\"", "\\", "\n", "서울", "📦", "</script>", "\x01", "\u2028"});
  };
  for (int i = 0; i < 300; ++i) {
    Error error(random.pick(std::vector<Exit>{Exit::conflict, Exit::insufficient_stock}), any_text(),
                any_text(), any_text());
    for (auto lines = random.between(0, 3); lines > 0; --lines) {
      ErrorLine line{any_text(), {}};
      for (auto fields = random.between(0, 4); fields > 0; --fields) {
        const auto n = random.magnitude(std::numeric_limits<std::int64_t>::max());
        const auto name = "field" + std::to_string(fields);
        switch (random.between(0, 3)) {
          case 0:
            line.fields.emplace_back(name, FieldValue());
            break;
          case 1:
            line.fields.emplace_back(name, random.one_in(2) ? n : -n - 1);
            break;
          case 2:
            line.fields.emplace_back(name, any_text());
            break;
          default:
            line.fields.emplace_back(name, random.one_in(2));
        }
      }
      error.add_line(std::move(line));
    }
    const auto json = rejection_to_json(error);
    CAPTURE(json);
    REQUIRE(json.find('\n') == std::string::npos);
    require_same(rejection_from_json(json), error);
  }
}

TEST_CASE("bytes that are not UTF-8 do not keep a rejection from being stored") {
  const auto json = rejection_to_json(Error(Exit::conflict, "bad \xff byte"));
  CHECK(nlohmann::json::accept(json));
  CHECK(rejection_from_json(json).exit == Exit::conflict);
}

TEST_CASE("a stored rejection that was damaged is a defect, not a crash") {
  for (const char* text :
       {"", "null", "{}", "[]", "{\"exit\":4}", "{\"exit\":\"4\"}", "{\"exit\":4,\"code\":1}", "\xff"}) {
    INFO(text);
    try {
      rejection_from_json(text);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.exit == Exit::internal);
      CHECK_THAT(error.message, Catch::StartsWith("a stored rejection cannot be read"));
    }
  }
}

}  // namespace rejection_test
