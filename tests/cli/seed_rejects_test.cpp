// The rejects file of seed-from-csv: what it repeats, in which form, and what it never replaces.
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "harness.hpp"
#include "seed_support.hpp"

namespace seed_rejects_test {

using namespace invctl::test;

TEST_CASE(
    "the rejects file repeats bad rows as they came, for their own user only, and never replaces another "
    "file") {
  Shop db;
  const std::string head = "\"code\";name\r\n";
  db.dir().write("w.csv", head + "A;\"good; one\"\r\n\" B\";bad\r\nC;x;y\r\nD;\"q\"\"uote\"\r\nA;again\r\n");
  const auto arguments = std::vector<std::string>{
      "seed-from-csv", "--warehouses", "w.csv", "--delimiter", ";", "--json", "--rejects", "bad.csv"};
  auto dry = arguments;
  dry.push_back("--dry-run");
  CHECK(db.run(dry).exit == 12);
  CHECK_FALSE(file_exists(db.dir().path("bad.csv")));
  CHECK(db.rows_in_all_tables() == 0);

  const auto result = db.run(arguments);
  INFO(result);
  CHECK(result.exit == 12);
  CHECK(result.json().at("warehouses").at("inserted") == 2);
  CHECK(result.json().at("warehouses").at("rejected") == 3);
  CHECK(read_file(db.dir().path("bad.csv")) ==
        "\"code\";name;reason\r\n"
        "\" B\";bad;\"w.csv:3:1: code: \"\" B\"\" begins or ends with a space\"\r\n"
        "C;x;y;w.csv:4:1: has 3 fields, the header has 2\r\n"
        "A;again;\"w.csv:6:1: code: \"\"A\"\" is on line 2 already; --on-duplicate first or last chooses "
        "one\"\r\n");
  struct stat info {};
  REQUIRE(stat(db.dir().path("bad.csv").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(contains(result.err, "3 rows rejected, see bad.csv"));

  SECTION("one of an earlier run is replaced") {
    CHECK(db.run(arguments).exit == 12);
    CHECK(count_lines(read_file(db.dir().path("bad.csv")), "\r\n") == 4);
  }
  SECTION("it is empty when nothing is rejected") {
    db.dir().write("w.csv", head + "A;\"good; one\"\r\n");
    CHECK(db.run(arguments).exit == 0);
    CHECK(read_file(db.dir().path("bad.csv")).empty());
  }
  SECTION("mended, it can be seeded itself") {
    db.dir().write("bad.csv", "code;name;reason\r\nB;bad;was wrong\r\n");
    CHECK(db.run({"seed-from-csv", "--warehouses", "bad.csv", "--delimiter", ";"}).exit == 0);
    CHECK(db.text("SELECT name FROM warehouse WHERE code = 'B'") == "bad");
  }
  SECTION("any other file is left alone, whatever is rejected") {
    db.dir().write("bad.csv", "my notes\n");
    const auto refused = db.run(arguments);
    CHECK(refused.exit == 5);
    CHECK(refused.error().at("code") == "already_exists");
    CHECK(read_file(db.dir().path("bad.csv")) == "my notes\n");
  }
  SECTION("a place that does not exist is refused before anything is stored") {
    db.dir().write("w.csv", head + "NEW;x\r\n");
    CHECK(db.run({"seed-from-csv", "--warehouses", "w.csv", "--delimiter", ";", "--rejects", "no/such/R"})
              .exit == 2);
    CHECK(db.integer("SELECT count(*) FROM warehouse WHERE code = 'NEW'") == 0);
  }
  SECTION("/dev/null takes them too") {
    CHECK(db.run({"seed-from-csv", "--warehouses", "w.csv", "--delimiter", ";", "--rejects", "/dev/null"})
              .exit == 12);
    CHECK(file_exists("/dev/null"));
  }
}

TEST_CASE(
    "rejected rows of several files stand under their own headers, and stock of a rejected product is "
    "rejected") {
  Shop db;
  db.dir().write("products.csv", "sku,price\nGOOD,1\nBAD,x\n");
  db.dir().write("stock.csv", "warehouse,sku,quantity\nEAST,GOOD,1\nEAST,BAD,2\n");
  const auto without = db.run({"seed-from-csv", ".", "--json"});
  CHECK(without.exit == 8);
  CHECK(faults(without) ==
        std::vector<std::string>{"./products.csv:3:5: price: \"x\" is not an amount such as 12.50"});
  const auto result = db.run({"seed-from-csv", ".", "--json", "--rejects", "R"});
  CHECK(result.exit == 12);
  CHECK(result.json().at("stock").at("rejected") == 1);
  CHECK(
      read_file(db.dir().path("R")) ==
      "sku,price,reason\nBAD,x,\"./products.csv:3:5: price: \"\"x\"\" is not an amount such as 12.50\"\n"
      "\nwarehouse,sku,quantity,reason\nEAST,BAD,2,\"./stock.csv:3:6: sku: the row of product \"\"BAD\"\" is "
      "rejected\"\n");
  CHECK(db.integer("SELECT sum(on_hand) FROM inventory") == 1);
}

TEST_CASE("a file of another encoding is read, and its rejected rows are repeated in it") {
  Shop db("KRW");
  // "의자" (chair) and "책" (book) in EUC-KR.
  const std::string chair = "\xc0\xc7\xc0\xda";
  const std::string book = "\xc3\xa5";
  db.dir().write("p.csv", "sku,name,price\nA," + chair + ",1000\nB," + book + ",10.5\n");
  const auto utf8 = db.run({"seed-from-csv", "--products", "p.csv"});
  CHECK(utf8.exit == 8);
  CHECK(contains(utf8.err,
                 "p.csv:2:3: name: the byte 0xc0 is not UTF-8; name the file's encoding with --encoding"));
  const auto result =
      db.run({"seed-from-csv", "--products", "p.csv", "--encoding", "euc-kr", "--rejects", "R"});
  INFO(result);
  CHECK(result.exit == 12);
  CHECK(db.text("SELECT name FROM product") == "의자");
  CHECK(contains(read_file(db.dir().path("R")), "\nB," + book + ",10.5,"));
  CHECK(db.run({"seed-from-csv", "--products", "p.csv", "--encoding", "klingon"}).exit == 2);
}

}  // namespace seed_rejects_test
