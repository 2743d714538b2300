#include "io/json_text.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <nlohmann/json.hpp>

namespace json_text_test {

using namespace invctl;
using namespace invctl::io;
using nlohmann::ordered_json;

TEST_CASE("JSON values keep 64-bit integers, null and truth as themselves") {
  CHECK(json_value(std::numeric_limits<std::int64_t>::max()) == "9223372036854775807");
  CHECK(json_value(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(json_value(std::monostate()) == "null");
  CHECK(json_value(true) == "true");
  CHECK(json_value(std::string("007")) == "\"007\"");
  CHECK(to_json(FieldValue(std::int64_t{9'007'199'254'740'993})).dump() == "9007199254740993");
}

TEST_CASE("JSON strings escape what could steer a terminal and still mean the same") {
  const std::string hostile =
      "a\"b\\c\n\t\x01\x7f"
      "\xc2\x9b"      // U+009B, the one-byte escape sequence introducer
      "\xe2\x80\xae"  // U+202E, right-to-left override
      "\xe2\x81\xa6"  // U+2066, isolate
      "\xe2\x80\xa8"  // U+2028, line separator
      "é … 재고 倉庫 📦";
  const auto text = json_string(hostile);
  CHECK(text == "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\\u009b\\u202e\\u2066\\u2028é … 재고 倉庫 📦\"");
  CHECK(ordered_json::parse(text).get<std::string>() == hostile);
}

TEST_CASE("JSON replaces bytes that are not UTF-8 instead of failing") {
  CHECK(json_string("a\xff\xc2") == "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
  CHECK(json_string("\xe2") == "\"\xef\xbf\xbd\"");
  CHECK(json_string("") == "\"\"");
  const ordered_json object = {{"k\xff", "\x80"}};
  CHECK_NOTHROW(ordered_json::parse(json_text(object, 2)));
}

TEST_CASE("an error as JSON is one line with code, exit, message, hint and every line's fields") {
  auto error = Error(Exit::insufficient_stock, "2 lines cannot be shipped", "receive stock first");
  error.add_line(
      {"only 3 of BOLT-10 in EAST, 5 requested",
       {{"sku", "BOLT-10"}, {"available", std::int64_t{3}}, {"final", true}, {"ref", std::monostate()}}});
  error.add_line({"none of \"x\ny\" in EAST", {}});
  CHECK(error_json(error) ==
        "{\"error\":{\"code\":\"insufficient_stock\",\"exit\":4,\"message\":\"2 lines cannot be shipped\","
        "\"hint\":\"receive stock first\",\"lines\":[{\"sku\":\"BOLT-10\",\"available\":3,\"final\":true,"
        "\"ref\":null,\"message\":\"only 3 of BOLT-10 in EAST, 5 requested\"},"
        "{\"message\":\"none of \\\"x\\ny\\\" in EAST\"}]}}\n");
}

TEST_CASE("an error without hint and lines has null and an empty list, and bad bytes do not break it") {
  const auto text = error_json(Error(Exit::conflict, "no_price", "BOLT\xff", ""));
  const auto parsed = ordered_json::parse(text);
  CHECK(parsed["error"]["code"] == "no_price");
  CHECK(parsed["error"]["exit"] == 5);
  CHECK(parsed["error"]["hint"].is_null());
  CHECK(parsed["error"]["lines"] == ordered_json::array());
  CHECK(parsed["error"]["message"] == "BOLT\xef\xbf\xbd");
}

TEST_CASE("an error as text says its message, or each of its lines instead, and then the hint") {
  auto error = Error(Exit::insufficient_stock, "only 3 of BOLT-10 in EAST, 5 requested", "");
  CHECK(error_text(error, "ship") == "invctl: ship: only 3 of BOLT-10 in EAST, 5 requested\n");
  CHECK(error_text(error, "") == "invctl: only 3 of BOLT-10 in EAST, 5 requested\n");
  error.hint = "receive stock first";
  error.add_line({"first", {}});
  CHECK(error_text(error, "ship") == "invctl: ship: first\nhint: receive stock first\n");
  error.add_line({"second", {}});
  CHECK(error_text(error, "ship") ==
        "invctl: ship: first\ninvctl: ship: second\nhint: receive stock first\n");
  CHECK(error_text(error, "ship", Style(true)).rfind("\x1b[31minvctl:\x1b[0m ship: first\n", 0) == 0);
}

TEST_CASE("text from outside cannot steer the terminal through an error message") {
  const auto error = Error(Exit::not_found, "no SKU \x1b]0;owned\x07\nfake: line", "try \xe2\x80\xae");
  CHECK(error_text(error, "x\x1b[2J") ==
        "invctl: x\\x1b[2J: no SKU \\x1b]0;owned\\x07\\nfake: line\nhint: try \\u{202e}\n");
}

}  // namespace json_text_test
