// seed-from-csv through the real binary: what it stores, what it says, and what it leaves alone.
#include <catch2/catch.hpp>
#include <filesystem>

#include "harness.hpp"
#include "seed_support.hpp"

namespace seed_test {

using namespace invctl::test;

TEST_CASE(
    "seeding a directory stores warehouses, products and opening stock, and a second run changes nothing") {
  Shop db;
  const auto first = db.run({"seed-from-csv", ".", "--json"});
  INFO(first);
  CHECK(first.exit == 0);
  CHECK(first.err.empty());
  auto answer = first.json();
  CHECK(answer.at("elapsed_s").is_number());
  answer.erase("elapsed_s");
  CHECK(answer == nlohmann::json::parse(R"({
    "warehouses": {"rows": 2, "inserted": 2, "updated": 0, "unchanged": 0, "rejected": 0},
    "products":   {"rows": 3, "inserted": 3, "updated": 0, "unchanged": 0, "rejected": 0},
    "stock":      {"rows": 3, "inserted": 3, "updated": 0, "unchanged": 0, "rejected": 0}})"));
  CHECK(db.rows("SELECT code, name, address FROM warehouse ORDER BY code") ==
        Rows{{"EAST", "East hall", "1 Dock Road"}, {"WEST", "WEST", "NULL"}});
  CHECK(db.rows("SELECT sku, name, category, unit, price_minor, reorder_point, barcode, version FROM product "
                "ORDER BY sku") == Rows{{"007", "Bolt", "hardware", "ea", "25", "500", "8809569600100", "1"},
                                        {"NUT-10", "Nut, M10", "hardware", "ea", "150", "NULL", "NULL", "1"},
                                        {"PLAIN", "PLAIN", "NULL", "NULL", "NULL", "NULL", "NULL", "1"}});
  CHECK(db.rows("SELECT o.kind, o.reference, w.code, p.sku, m.on_hand_delta, m.on_hand_after, i.on_hand, "
                "i.opening, m.version FROM movement m JOIN operation o ON o.id = m.operation_id JOIN "
                "inventory i ON "
                "i.id = m.inventory_id JOIN warehouse w ON w.id = i.warehouse_id JOIN product p ON p.id = "
                "i.product_id ORDER BY w.code, p.sku") ==
        Rows{{"opening", "stock.csv", "EAST", "007", "40", "40", "40", "40", "1"},
             {"opening", "stock.csv", "EAST", "NUT-10", "0", "0", "0", "0", "1"},
             {"opening", "stock.csv", "WEST", "007", "2", "2", "2", "2", "1"}});

  const auto rows = db.rows_in_all_tables();
  const auto again = db.must({"seed-from-csv", ".", "--json"}).json();
  CHECK(again.at("warehouses").at("unchanged") == 2);
  CHECK(again.at("products").at("unchanged") == 3);
  CHECK(again.at("stock").at("unchanged") == 3);
  CHECK(db.rows_in_all_tables() == rows);
  CHECK(db.integer("SELECT max(version) FROM product") == 1);
}

TEST_CASE("seeding shows people a table, and scripts every other format") {
  Shop db;
  const auto dry = db.must({"seed-from-csv", ".", "--dry-run"});
  CHECK(contains(dry.out, "ROWS  INSERTED  UPDATED  UNCHANGED  REJECTED"));
  CHECK(contains(dry.out, "dry run: nothing is changed"));
  CHECK(db.rows_in_all_tables() == 0);
  CHECK(db.must({"seed-from-csv", ".", "--format", "csv"}).out ==
        "file,rows,inserted,updated,unchanged,rejected\nwarehouses,2,2,0,0,0\nproducts,3,3,0,0,0\nstock,3,3,"
        "0,0,0\n");
  CHECK_THAT(db.must({"seed-from-csv", "."}).out, Catch::Matches("[^]*\nin [0-9]+\\.[0-9]+ s[^]*"));
  CHECK(count_lines(db.must({"seed-from-csv", ".", "--format", "ndjson"}).out, "\n") == 1);
}

TEST_CASE(
    "seeding updates only what is given and differs, and an empty field never overwrites a filled one") {
  Shop db;
  db.must({"seed-from-csv", "."});
  db.dir().write("products.csv",
                 "sku,price,unit,category\nNUT-10,2.00,,hardware\n007,0.250,box,\nPLAIN,,,\nNEW,,,\n");
  db.dir().write("warehouses.csv", "code,address\nEAST,\nWEST,2 Pier\n");
  const auto answer = db.must({"seed-from-csv", ".", "--json"}).json();
  CHECK(answer.at("products").at("updated") == 2);
  CHECK(answer.at("products").at("unchanged") == 1);
  CHECK(answer.at("products").at("inserted") == 1);
  CHECK(answer.at("warehouses").at("updated") == 1);
  CHECK(db.rows("SELECT sku, name, category, unit, price_minor, version FROM product ORDER BY sku") ==
        Rows{{"007", "Bolt", "hardware", "box", "25", "2"},
             {"NEW", "NEW", "NULL", "NULL", "NULL", "1"},
             {"NUT-10", "Nut, M10", "hardware", "ea", "200", "2"},
             {"PLAIN", "PLAIN", "NULL", "NULL", "NULL", "1"}});
  CHECK(db.rows("SELECT code, name, address FROM warehouse ORDER BY code") ==
        Rows{{"EAST", "East hall", "1 Dock Road"}, {"WEST", "WEST", "2 Pier"}});
}

TEST_CASE("every bad row of every file is named at its line and column, and nothing is written") {
  Shop db;
  db.dir().write("warehouses.csv", "code,name\nEAST,\"two\nlines\"\n ,x\nNORTH,North\n");
  db.dir().write("products.csv",
                 "sku,name,price,reorder_point\nA,Good,1.00,\nB,Bad,1.005,-3\n\"C\tD\",Tab,,\nE,short\n"
                 "F,\"a\"b,,\nG,ok,1,1\n");
  db.dir().write("stock.csv",
                 "warehouse,sku,quantity\nNORTH,A,010\nNORTH,NOPE,1\nNOWHERE,A,010x\nSOUTH,A,1\nEAST,B,1\n");
  const auto result = db.run({"seed-from-csv", ".", "--json"});
  INFO(result);
  CHECK(result.exit == 8);
  CHECK(result.out.empty());
  CHECK(result.error().at("code") == "bad_rows");
  CHECK(result.error().at("exit") == 8);
  const auto found = faults(result);
  CHECK(found == std::vector<std::string>{
                     "./warehouses.csv:2:6: name: \"two\\nlines\" holds a control character at byte 4",
                     "./warehouses.csv:4:1: code: \" \" begins or ends with a space",
                     "./products.csv:3:7: price: \"1.005\" has more decimals than USD allows (2)",
                     "./products.csv:3:13: reorder_point: \"-3\" is not a whole number",
                     "./products.csv:4:1: sku: \"C\\tD\" holds a control character at byte 2",
                     "./products.csv:5:1: has 2 fields, the header has 4", found.at(6),
                     "./stock.csv:3:7: sku: there is no product \"NOPE\"",
                     "./stock.csv:4:11: quantity: \"010x\" is not a whole number",
                     "./stock.csv:4:1: warehouse: there is no warehouse \"NOWHERE\"",
                     "./stock.csv:5:1: warehouse: there is no warehouse \"SOUTH\""});
  CHECK(found.at(6).starts_with("./products.csv:6:"));
  CHECK(result.error().at("lines").at(8).at("line") == 4);
  CHECK(result.error().at("lines").at(8).at("column") == 11);
  CHECK(result.error().at("lines").at(8).at("field") == "quantity");
  CHECK(db.rows_in_all_tables() == 0);
  const auto text = db.run({"seed-from-csv", "."});
  CHECK(contains(text.err, "./stock.csv:4:11: quantity: \"010x\" is not a whole number\n"));
}

TEST_CASE("an opening quantity is a whole number of 64 bits and nothing else") {
  Shop db;
  db.must({"seed-from-csv", "--warehouses", "warehouses.csv", "--products", "products.csv"});
  for (const auto* bad :
       {"-1", "+5", "9223372036854775808", "1e3", "1.0", "", "\xd9\xa1\xd9\xa2", " 1", "0x10"}) {
    INFO(bad);
    db.dir().write("q.csv", std::string("warehouse,sku,quantity\nEAST,007,") + bad + "\n");
    const auto result = db.run({"seed-from-csv", "--stock", "q.csv", "--json"});
    CHECK(result.exit == 8);
    CHECK(faults(result).at(0).starts_with("q.csv:2:10: quantity: "));
  }
  CHECK(db.integer("SELECT count(*) FROM movement") == 0);
  db.dir().write("q.csv",
                 "warehouse,sku,quantity\nEAST,007,010\nEAST,NUT-10,9223372036854775807\nWEST,007,0\n");
  db.must({"seed-from-csv", "--stock", "q.csv"});
  CHECK(db.rows("SELECT on_hand FROM inventory ORDER BY on_hand") ==
        Rows{{"0"}, {"10"}, {"9223372036854775807"}});
}

TEST_CASE("opening stock is posted once: an equal one is unchanged, another one is a bad row") {
  Shop db;
  db.must({"seed-from-csv", "."});
  db.must({"receive", "-w", "EAST", "007=5", "PLAIN=7"});
  db.dir().write("stock.csv", "warehouse,sku,quantity\nEAST,007,41\nWEST,007,2\nEAST,PLAIN,1\n");
  const auto differs = db.run({"seed-from-csv", ".", "--json"});
  CHECK(differs.exit == 8);
  CHECK(faults(differs) ==
        std::vector<std::string>{"./stock.csv:2:10: quantity: the opening stock was posted as 40 "
                                 "before, not 41; correct it with adjust"});
  CHECK(db.integer(
            "SELECT on_hand FROM inventory i JOIN product p ON p.id = i.product_id WHERE sku = 'PLAIN'") ==
        7);
  const auto skipped = db.run({"seed-from-csv", ".", "--rejects", "R", "--json"});
  CHECK(skipped.exit == 12);
  CHECK(skipped.json().at("stock").at("rejected") == 1);
  CHECK(skipped.json().at("stock").at("unchanged") == 1);
  CHECK(skipped.json().at("stock").at("inserted") == 1);
  CHECK(db.rows("SELECT on_hand, opening, i.version FROM inventory i JOIN product p ON p.id = i.product_id "
                "WHERE sku = "
                "'PLAIN'") == Rows{{"8", "1", "2"}});
  CHECK(
      db.integer(
          "SELECT on_hand FROM inventory i JOIN product p ON p.id = i.product_id JOIN warehouse w ON w.id = "
          "i.warehouse_id WHERE sku = '007' AND code = 'EAST'") == 45);
}

TEST_CASE("opening stock that would not fit 64 bits with what is on hand is a bad row") {
  Shop db;
  db.must({"seed-from-csv", "--warehouses", "warehouses.csv", "--products", "products.csv"});
  db.must({"receive", "-w", "EAST", "007=1"});
  db.dir().write("q.csv", "warehouse,sku,quantity\nEAST,007,9223372036854775807\n");
  const auto result = db.run({"seed-from-csv", "--stock", "q.csv", "--json"});
  CHECK(result.exit == 8);
  CHECK(faults(result).at(0) ==
        "q.csv:2:10: quantity: 1 on hand and 9223372036854775807 more do not fit 64 bits");
}

TEST_CASE("nothing opens in a retired warehouse or of a retired product") {
  Shop db;
  db.must({"seed-from-csv", "--warehouses", "warehouses.csv", "--products", "products.csv"});
  db.must({"warehouse", "retire", "WEST"});
  db.must({"product", "retire", "NUT-10"});
  const auto result = db.run({"seed-from-csv", ".", "--json"});
  CHECK(result.exit == 8);
  CHECK(faults(result) ==
        std::vector<std::string>{"./stock.csv:3:1: warehouse: warehouse \"WEST\" is retired",
                                 "./stock.csv:4:6: sku: product \"NUT-10\" is retired"});
}

TEST_CASE("a repeated code fails, or its first or last row counts") {
  Shop db;
  db.dir().write("p.csv",
                 "sku,name,unit,price\nA,First,ea,1\nB,Other,,\nA,Second,,2\nA,,,\nA,Third,box,bad\n");
  const auto failed = db.run({"seed-from-csv", "--products", "p.csv", "--json"});
  CHECK(failed.exit == 8);
  const auto found = faults(failed);
  REQUIRE(found.size() == 3);
  CHECK(found[0].starts_with("p.csv:4:1: sku: \"A\" is on line 2 already"));
  CHECK(found[1].starts_with("p.csv:5:1: sku: \"A\" is on line 2 already"));
  CHECK(found[2] == "p.csv:6:13: price: \"bad\" is not an amount such as 12.50");
  CHECK(db.run({"seed-from-csv", "--products", "p.csv", "--on-duplicate", "first"}).exit == 8);

  db.dir().write("p.csv", "sku,name,unit,price\nA,First,ea,1\nB,Other,,\nA,Second,,2\nA,,,\n");
  CHECK(db.must({"seed-from-csv", "--products", "p.csv", "--on-duplicate", "first", "--json"})
            .json()
            .at("products")
            .at("rows") == 4);
  CHECK(db.rows("SELECT name, unit, price_minor FROM product WHERE sku = 'A'") ==
        Rows{{"First", "ea", "100"}});
  const auto last =
      db.must({"seed-from-csv", "--products", "p.csv", "--on-duplicate", "last", "--json"}).json();
  CHECK(last.at("products").at("updated") == 1);
  CHECK(last.at("products").at("unchanged") == 1);
  CHECK(db.rows("SELECT name, unit, price_minor FROM product WHERE sku = 'A'") ==
        Rows{{"Second", "ea", "200"}});
  CHECK(db.run({"seed-from-csv", "--products", "p.csv", "--on-duplicate", "lats"}).exit == 2);

  db.dir().write("s.csv", "warehouse,sku,quantity\nEAST,A,1\nEAST,B,2\nEAST,A,3\n");
  CHECK(db.run({"seed-from-csv", "--warehouses", "warehouses.csv", "--stock", "s.csv"}).exit == 8);
  db.must({"seed-from-csv", "--warehouses", "warehouses.csv", "--stock", "s.csv", "--on-duplicate", "last"});
  CHECK(db.integer("SELECT sum(on_hand) FROM inventory") == 5);
}

TEST_CASE("a file that ends inside a quoted field is refused, even where bad rows may be skipped") {
  Shop db;
  db.dir().write("p.csv", "sku,name\nA,good\nB,\"never closed\nC,x\n");
  const auto result = db.run({"seed-from-csv", "--products", "p.csv", "--rejects", "R", "--json"});
  CHECK(result.exit == 8);
  CHECK(faults(result).at(0).starts_with("p.csv:3:3: "));
  CHECK(db.rows_in_all_tables() == 0);
  CHECK_FALSE(file_exists(db.dir().path("R")));
}

TEST_CASE("one of the files may come from standard input") {
  Shop db;
  const auto result = db.run({"seed-from-csv", ".", "--stock", "-", "--json"},
                             {.stdin_text = "\xef\xbb\xbfwarehouse,sku,quantity\r\nEAST,007,3\r\n"});
  INFO(result);
  CHECK(result.exit == 0);
  CHECK(result.json().at("stock").at("inserted") == 1);
  CHECK(db.text("SELECT reference FROM operation") == "stdin");
  const auto bad =
      db.run({"seed-from-csv", "--stock", "-"}, {.stdin_text = "warehouse,sku,quantity\nEAST,007,x\n"});
  CHECK(contains(bad.err, "stdin:2:10: quantity: \"x\" is not a whole number"));
  CHECK(db.run({"seed-from-csv", "--stock", "-", "--products", "-"}, {.stdin_text = "x\n"}).exit == 2);
}

TEST_CASE("what to seed from, and how, is checked before anything is read") {
  Shop db;
  const auto refusal = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "seed-from-csv");
    arguments.push_back("--json");
    const auto result = db.run(arguments);
    CHECK(result.exit != 0);
    CHECK(result.out.empty());
    return std::pair(result.exit, result.err.empty() ? std::string() : result.error().dump());
  };
  CHECK(refusal({}).first == 2);
  CHECK(refusal({"nowhere"}).first == 8);
  CHECK(refusal({"products.csv"}).first == 8);
  CHECK(refusal({"--products", "nowhere.csv"}).first == 8);
  std::filesystem::create_directory(db.dir().path("empty"));
  CHECK(refusal({"empty"}).first == 8);
  CHECK(contains(refusal({".", "--map", "product.skuu=X"}).second, "did you mean product.sku?"));
  CHECK(contains(refusal({".", "--map", "products.sku=X"}).second, "did you mean product.sku?"));
  CHECK(refusal({".", "--map", "product.sku"}).first == 2);
  CHECK(refusal({".", "--map", "product.sku="}).first == 2);
  CHECK(refusal({".", "--map", "product.sku=a", "--map", "product.sku=b"}).first == 2);
  CHECK(refusal({"--stock", "stock.csv", "--map", "product.sku=sku"}).first == 2);
  CHECK(refusal({".", "--delimiter", "ab"}).first == 2);
  CHECK(refusal({".", "--rejects", "-"}).first == 2);
  const auto [exit, error] = refusal({".", "--map", "product.sku=Number", "--map", "stock.sku=Item"});
  CHECK(exit == 8);
  CHECK(contains(error, "products.csv:1:1: product.sku: there is no column \\\"Number\\\""));
  CHECK(contains(error, "stock.csv:1:1: stock.sku: there is no column \\\"Item\\\""));
  CHECK(db.rows_in_all_tables() == 0);
  CHECK(run({"seed-from-csv", db.dir().path(), "--db", db.dir().path("none.db")}).exit == 9);
}

TEST_CASE("codes that differ only by case are both kept, with a bounded warning") {
  Shop db;
  std::string text = "sku\n";
  for (int i = 0; i < 30; ++i) text += "ab" + std::to_string(i) + "\nAB" + std::to_string(i) + "\n";
  text += "straße\nSTRASSE\n";
  db.dir().write("p.csv", text);
  const auto dry = db.run({"seed-from-csv", "--products", "p.csv", "--dry-run", "-v"});
  CHECK(dry.exit == 0);
  CHECK(count_lines(dry.err, "differ only by case\n") == 31);
  CHECK(contains(dry.err, "\"straße\" and \"STRASSE\""));
  CHECK(db.run({"seed-from-csv", "--products", "p.csv", "--dry-run", "-q"}).err.empty());
  const auto result = db.run({"seed-from-csv", "--products", "p.csv"});
  CHECK(contains(result.err, "warning: 31 pairs of codes differ only by case"));
  CHECK(contains(result.err, "warning: p.csv: \"ab0\" and \"AB0\" differ only by case\n"));
  CHECK(count_lines(result.err, " and ") == 21);
  CHECK(contains(result.err, "... and 11 more; -v shows all"));
  CHECK(db.integer("SELECT count(*) FROM product") == 62);
}

TEST_CASE("opening stock of many rows is posted in operations of at most 500 lines, each chained") {
  Shop db;
  std::string products = "sku\n";
  std::string stock = "sku,warehouse,quantity\n";
  for (int i = 0; i < 1234; ++i) {
    products += "P" + std::to_string(i) + "\n";
    stock += "P" + std::to_string(i) + "," + (i % 3 == 0 ? "EAST" : "WEST") + "," + std::to_string(i) + "\n";
  }
  db.dir().write("products.csv", products);
  db.dir().write("stock.csv", stock);
  db.must({"seed-from-csv", "."});
  CHECK(db.rows("SELECT count(*) FROM movement GROUP BY operation_id ORDER BY operation_id") ==
        Rows{{"500"}, {"500"}, {"234"}});
  CHECK(db.integer("SELECT sum(on_hand) FROM inventory") == 1234 * 1233 / 2);
  CHECK(db.integer("SELECT count(*) FROM inventory i JOIN movement m ON m.inventory_id = i.id AND m.hash = "
                   "i.head_hash AND m.on_hand_after = i.on_hand") == 1234);
  CHECK(db.must({"stock", "-w", "EAST", "--sku", "P999", "--json"}).json().at(0).at("on_hand") == 999);
}

TEST_CASE("the sample catalogue of the project seeds without a remark") {
  Database db("KRW");
  const auto result = db.run({"seed-from-csv", PROJECT_DIR "/data", "--json"});
  INFO(result);
  CHECK(result.exit == 0);
  CHECK(result.err.empty());
  CHECK(result.json().at("warehouses").at("inserted") == 5);
  CHECK(db.text("SELECT name FROM warehouse WHERE code = 'SEOUL'") == "서울 물류센터");
}

}  // namespace seed_test
