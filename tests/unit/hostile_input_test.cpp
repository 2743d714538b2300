// What fuzzing found (tests/fuzz), each under a name of its own.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "apply/export_format.hpp"
#include "apply/operation_reader.hpp"
#include "core/config_file.hpp"
#include "core/error.hpp"
#include "core/shell_word.hpp"
#include "io/json_depth.hpp"
#include "io/json_text.hpp"
#include "saga/plan.hpp"
#include "url.hpp"

namespace hostile_input_test {

using namespace invctl;
using Catch::Contains;

namespace {

template <class Use>
Error error_of(Use&& use) {
  try {
    use();
  } catch (const Error& error) {
    return error;
  }
  return {Exit::ok, "nothing was wrong"};
}

// Half a million lists in each other: as many as fit into the longest line.
std::string deep(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

TEST_CASE("a config file that breaks an assertion of the TOML library is a mistake like others",
          "[hostile]") {
  for (const std::string text : {"[ = ", "[ = [", "[ =]", "[[ = ]]", "[ . ]", "[ = [\x04 1, 2 c =", "é = 1",
                                 "\xef\xbb\xbb"
                                 "1 \n"}) {
    INFO(text);
    const auto error = error_of([&] { parse_config(text, "c.toml", {{"format", false}}); });
    CHECK(error.exit == Exit::usage);
    CHECK_THAT(error.message, Contains("c.toml"));
  }
}

TEST_CASE("an address with a NUL is refused, whatever it is the address of", "[hostile]") {
  using namespace std::string_literals;
  for (const auto& address :
       {"sqlite:a\0b"s, "a\0b"s, "mysql://u@h/d\0b"s, "mysql://u\0@h/d"s, "mysql://u@h/d?ca=a\0b"s}) {
    const auto error = error_of([&] { db::parse_url(address); });
    CHECK(error.exit == Exit::usage);
    CHECK_THAT(error.message, Contains("NUL"));
    CHECK(error.message.find('\0') == std::string::npos);
  }
}

TEST_CASE("the password of an address without a user is not shown", "[hostile]") {
  CHECK(db::redact_url("mysql://:secret@host/db") == "mysql://:***@host/db");
  CHECK(db::redact_url("mysql::secret@host/db") == "mysql::***@host/db");
  CHECK(db::redact_url("mysql://:sec:ret@host:3306/db?tls=off") == "mysql://:***@host:3306/db?tls=off");
  CHECK(db::redact_url("mysql://user@:3306/db") == "mysql://user@:3306/db");
  CHECK(db::redact_url("mysql:///db") == "mysql:///db");
}

TEST_CASE("an empty word is still a word to a shell", "[hostile]") {
  CHECK(shell_word("") == "''");
  CHECK(shell_word("a") == "a");
  CHECK(shell_word("it's") == "'it'\\''s'");
}

TEST_CASE("the depth of JSON is that of its lists and objects, not of brackets in texts", "[hostile]") {
  CHECK_FALSE(io::nested_deeper("", 0));
  CHECK_FALSE(io::nested_deeper("1", 0));
  CHECK(io::nested_deeper("[]", 0));
  CHECK_FALSE(io::nested_deeper("[]", 1));
  CHECK_FALSE(io::nested_deeper("[[],[],{},{}]", 2));
  CHECK(io::nested_deeper("[{\"a\":[]}]", 2));
  CHECK_FALSE(io::nested_deeper(R"(["[[[[[[","a\"[[[","{"])", 1));
  CHECK(io::nested_deeper(R"(["\\",[[]]])", 2));
  CHECK_FALSE(io::nested_deeper("]]]]}}}}[]", 1));
  CHECK_FALSE(io::nested_deeper(deep(io::most_levels)));
  CHECK(io::nested_deeper(deep(io::most_levels + 1)));
}

TEST_CASE("a row of JSON that is nested without end is a bad row, not the end of the stack", "[hostile]") {
  const auto text =
      "{\"kind\":\"ship\",\"warehouse\":\"E\",\"sku\":" + deep(500'000) +
      ",\"quantity\":1}\n{\"kind\":\"ship\",\"warehouse\":\"E\",\"sku\":" + deep(100) +
      ",\"quantity\":1}\n{\"kind\":\"ship\",\"warehouse\":\"E\",\"sku\":\"A\",\"quantity\":1}\n";
  io::MemorySource bytes(text);
  const intake::Mapping mapping;
  intake::RowForm form;
  const auto rows = intake::make_ndjson_rows(bytes, "f", mapping, form);
  intake::OperationReader reader(*rows, mapping, {.file = "f", .actor = "kim"});
  intake::ReadOperation operation;
  REQUIRE(reader.next(operation));
  REQUIRE(operation.faults.count() == 1);
  CHECK(operation.faults.kept()[0].to_string() ==
        "f:1:1: lists and objects stand in each other more than 200 deep");
  REQUIRE(reader.next(operation));
  CHECK_THAT(operation.faults.kept().at(0).to_string(), Contains("is not a text"));
  REQUIRE(reader.next(operation));
  CHECK(operation.well_formed());
  CHECK_FALSE(reader.next(operation));
}

TEST_CASE("what a step answered may be nested without end", "[hostile]") {
  const auto plan = saga::parse_plan(
      "{\"step\":\"a\",\"exec\":[\"x\"],\"undo\":false}\n"
      "{\"step\":\"b\",\"exec\":[\"y\",\"${a.id}\",\"${a.deep}\"],\"undo\":false}\n",
      "p");
  const std::vector<std::string> answers = {"{\"id\":7,\"deep\":" + deep(500'000) + "}"};
  std::string why;
  CHECK_FALSE(saga::fill_in(plan.steps[1].words, plan, answers, why));
  CHECK_THAT(why, Contains("answered no \"deep\""));
  why.clear();
  CHECK(saga::fill_in({"${a.id}"}, plan, answers, why) == std::vector<std::string>{"7"});
  // No answer, or one that is no object.
  for (const std::string none : {"", "[1]", "7", "{"}) {
    why.clear();
    CHECK_FALSE(saga::fill_in({"${a.id}"}, plan, {none}, why));
  }
}

TEST_CASE("every mark that turns the direction of writing is escaped in JSON", "[hostile]") {
  for (const auto* mark : {"\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xaa", "\xe2\x80\xae",
                           "\xe2\x81\xa6", "\xe2\x81\xa9"}) {
    const auto text = io::json_string(mark);
    CHECK(text.starts_with("\"\\u"));
    CHECK(nlohmann::json::parse(text).get<std::string>() == mark);
  }
  CHECK(io::json_string("\xd8\x9b") == "\"\xd8\x9b\"");  // the Arabic semicolon is a character like others
}

TEST_CASE("an export with texts that no ledger takes is a forgery", "[hostile]") {
  const auto line = [](const std::string& name, const std::string& address) {
    return nlohmann::ordered_json(
               {{"warehouse",
                 {{"code", "E"}, {"name", name}, {"address", address}, {"retired_at", nullptr}}}})
        .dump();
  };
  CHECK(intake::parse_export_line(line("E", "a")).warehouse.name == "E");
  for (const std::string text : {"\x1b[2J", "a\nb", "\x7f", "\xc2\x9b", "\xe2\x80\xa8"}) {
    const auto error = error_of([&] { intake::parse_export_line(line(text, "a")); });
    CHECK(error.message == "name holds a control character");
    CHECK(error_of([&] { intake::parse_export_line(line("E", text)); }).exit == Exit::bad_input);
  }
  CHECK_THAT(error_of([&] { intake::parse_export_line(line(std::string(1001, 'x'), "a")); }).message,
             Contains("1000 bytes"));
}

}  // namespace hostile_input_test
