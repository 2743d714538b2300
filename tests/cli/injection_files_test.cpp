// Evil texts that come in by files: seeded, applied, and as the steps of a plan.
#include <catch2/catch.hpp>

#include "harness.hpp"
#include "hostile_text.hpp"

namespace injection_files_test {

using namespace invctl::test;

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv(std::initializer_list<std::string> fields) {
  std::string line;
  for (const auto& field : fields) line += (line.empty() ? "" : ",") + quoted(field);
  return line + "\n";
}

}  // namespace

TEST_CASE("evil texts of CSV files are stored as they are", "[injection]") {
  Database db;
  const auto& code = evil_code;
  const auto& text = evil_text;
  const auto warehouses = db.dir().write("warehouses.csv", "code,name,address\n" + csv({code, text, text}));
  const auto products =
      db.dir().write("products.csv", "sku,name,category,unit,price,reorder_point,barcode\n" +
                                         csv({code, text, text, text, "2.50", "5", code}));
  const auto stock = db.dir().write("stock.csv", "warehouse,sku,quantity\n" + csv({code, code, "40"}));
  for (int run = 0; run < 2; ++run) {  // the second finds all as it is
    const auto seeded =
        db.must({"seed-from-csv", "--warehouses", warehouses, "--products", products, "--stock", stock});
    CHECK(steers_nothing(seeded.out + seeded.err));
  }
  const auto rows = db.dir().write("rows.csv", "kind,warehouse,sku,quantity,user,reference,note\n" +
                                                   csv({"purchase", code, code, "3", code, text, text}) +
                                                   csv({"ship", code, code, "1", "", text, text}));
  const auto applied = db.must({"apply", rows, "--source", code.substr(0, 39)});
  CHECK(steers_nothing(applied.out + applied.err));

  const auto warehouse = db.must({"warehouse", "show", code, "--json"}).json();
  CHECK(warehouse.at("name") == text);
  CHECK(warehouse.at("address") == text);
  const auto product = db.must({"product", "show", code, "--json"}).json();
  for (const auto* field : {"name", "category", "unit"}) CHECK(product.at(field) == text);
  CHECK(product.at("barcode") == code);
  const auto history = db.must({"history", "--ref", text, "--json"}).json();
  REQUIRE(history.size() == 2);
  for (const auto& movement : history) {
    CHECK(movement.at("reference") == text);
  }
  CHECK(db.must({"stock", "-w", code, "--sku", code, "--json"}).json().at(0).at("on_hand") == 36);
  CHECK(db.must({"verify"}).exit == 0);
}

TEST_CASE("evil texts of files that are refused do not do what they say", "[injection]") {
  Database db;
  db.must({"warehouse", "add", "EAST"});
  const std::vector<std::string> files = {
      "warehouse,sku,quantity\n" + csv({evil_code, evil_code, "1"}),
      "warehouse,sku,quantity\n" + csv({"EAST", evil_code, evil_text}),
      "warehouse," + quoted(evil_text) + ",quantity\n" + csv({"EAST", "BOLT", "1"}),
      "warehouse,sku,quantity\n" + csv({"EAST", "a\x1b[2Jb", "1"}),
      "warehouse,sku,quantity\n" + csv({"EAST", "line\nfeed\x9b", "1"}),
  };
  for (const auto& file : files) {
    const auto path = db.dir().write("stock.csv", file);
    for (const auto& words : std::vector<std::vector<std::string>>{{"seed-from-csv", "--stock", path},
                                                                   {"apply", path, "--kind", "receive"}}) {
      for (const bool json : {false, true}) {
        auto all = words;
        if (json) all.emplace_back("--json");
        const auto result = db.run(all);
        INFO(file << result);
        CHECK(result.exit >= 2);
        CHECK(result.exit <= 8);
        CHECK(steers_nothing(result.out + result.err));
      }
    }
  }
  CHECK(db.integer("SELECT count(*) FROM operation") == 0);
}

TEST_CASE("the steps of a plan may have evil names, and run nothing but themselves", "[injection]") {
  Database db;
  db.must({"warehouse", "add", "EAST"});
  db.must({"product", "add", evil_code, "--price", "1"});
  const nlohmann::json step = {{"step", evil_code},
                               {"run", {"receive", "-w", "EAST", evil_code + "=2", "--note", evil_code}}};
  const nlohmann::json fails = {{"step", evil_code + "2"},
                                {"run", {"ship", "-w", "EAST", evil_code + "=99"}}};
  const auto plan = db.dir().write("plan.ndjson", step.dump() + "\n" + fails.dump() + "\n");
  const auto result = db.run({"run", plan, "--id", evil_code});
  INFO(result);
  CHECK(result.exit != 0);
  CHECK(steers_nothing(result.out + result.err));
  const auto answer = db.run({"run", plan, "--id", evil_code, "--json"});
  CHECK(steers_nothing(answer.out + answer.err));
  CHECK(answer.json().at("steps").at(0).at("step") == evil_code);
  const auto list = db.must({"run", "--list"});
  CHECK(steers_nothing(list.out + list.err));
  CHECK(list.out.find("DROP TABLE product") != std::string::npos);
  // The first step was undone, which its receipt and the reversal of it show.
  CHECK(db.integer("SELECT on_hand FROM inventory") == 0);
  CHECK(db.must({"verify"}).exit == 0);
}

}  // namespace injection_files_test
