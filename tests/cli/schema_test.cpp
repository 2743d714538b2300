#include <catch2/catch.hpp>

#include "cli/harness.hpp"
#include "cli/json_schema.hpp"

namespace schema_test {

using namespace invctl::test;

namespace {

void check_answer(Database& db, const std::string& command, const std::vector<std::string>& args) {
  auto words = args;
  words.push_back("--json");
  const auto result = db.run(words);
  INFO(command << "\n" << result);
  REQUIRE(result.exit == 0);
  std::vector<std::string> question = {"schema"};
  for (std::size_t at = 0; at < command.size();) {
    const auto space = std::min(command.find(' ', at), command.size());
    question.push_back(command.substr(at, space - at));
    at = space + 1;
  }
  const auto schema = db.must(question).json();
  CHECK(schema_faults(schema, result.json()) == std::vector<std::string>{});
}

}  // namespace

TEST_CASE("every JSON answer fits the schema that the program prints for it", "[schema]") {
  Database db("KRW");
  check_answer(db, "init-db", {"init-db"});
  check_answer(db, "init-db", {"init-db", "--dry-run"});
  check_answer(db, "warehouse add", {"warehouse", "add", "EAST", "--name", "East"});
  check_answer(db, "warehouse add", {"warehouse", "add", "WEST", "--address", "1 Dock Road"});
  check_answer(db, "product add",
               {"product", "add", "BOLT", "--price", "1500", "--barcode", "8801234567893"});
  check_answer(db, "product add", {"product", "add", "NUT"});
  check_answer(db, "receive", {"receive", "-w", "EAST", "BOLT=10", "NUT=3", "--ref", "PO-1", "--note", "n"});
  check_answer(db, "receive", {"receive", "-w", "EAST", "BOLT=10", "--dry-run"});
  check_answer(db, "ship", {"ship", "-w", "EAST", "BOLT=1", "--id", "s-1"});
  check_answer(db, "ship", {"ship", "-w", "EAST", "BOLT=1", "--id", "s-1"});
  check_answer(db, "adjust", {"adjust", "-w", "EAST", "BOLT=7", "--set", "--reason", "counted"});
  check_answer(db, "purchase", {"purchase", "BOLT=2", "--user", "kim"});
  check_answer(db, "stock", {"stock"});
  check_answer(db, "history", {"history"});
  check_answer(db, "warehouse list", {"warehouse", "list", "--all"});
  check_answer(db, "warehouse show", {"warehouse", "show", "WEST"});
  check_answer(db, "warehouse retire", {"warehouse", "retire", "WEST"});
  check_answer(db, "product set", {"product", "set", "NUT", "--category", "fixings"});
  check_answer(db, "product list", {"product", "list"});
  check_answer(db, "product show", {"product", "show", "BOLT"});
  check_answer(db, "product retire", {"product", "retire", "NUT", "--undo"});
  check_answer(db, "config", {"config"});
  check_answer(db, "doctor", {"doctor"});
}

TEST_CASE("an error as JSON fits its schema", "[schema]") {
  Database db;
  const auto result = db.run({"ship", "-w", "NOWHERE", "NOTHING=1", "--json"});
  REQUIRE(result.exit == 3);
  const auto schema = db.must({"schema", "error"}).json();
  CHECK(schema_faults(schema, nlohmann::json::parse(result.err)) == std::vector<std::string>{});
}

TEST_CASE("the schema check notices a missing, a foreign and a wrong value", "[schema]") {
  const auto schema = nlohmann::json::parse(
      R"({"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"integer"}}})");
  CHECK(schema_faults(schema, {{"a", 1}}).empty());
  CHECK(schema_faults(schema, nlohmann::json::object()).size() == 1);
  CHECK(schema_faults(schema, {{"a", 1}, {"b", 2}}).size() == 1);
  CHECK(schema_faults(schema, {{"a", 1.5}}).size() == 1);
  CHECK(schema_faults(schema, nlohmann::json::array()).size() == 1);
}

}  // namespace schema_test
