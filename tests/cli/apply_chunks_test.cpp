// `apply` of files of many chunks, of which the later ones are read and drafted while the first are written.
#include <catch2/catch.hpp>

#include "apply_support.hpp"

namespace apply_chunks_test {

using namespace invctl::test;

namespace {

constexpr int rows = 1700;  // more than three chunks

struct Shop : ApplyShop {
  Shop() { must({"product", "add", "D"}); }
};

std::string id_of(int i) {
  return "row-" + std::to_string(i);
}

// C and D are nowhere yet: the first chunk makes their rows.
std::string row(int i) {
  const std::string sku = i % 2 == 0 ? "C" : "D";
  return (i % 3 == 2 ? "ship,MAIN," + sku + ",1" : "receive,MAIN," + sku + ",2") + "\n";
}

// With what stands in place of the row `i`.
std::string file_of(bool ids, int i = -1, const std::string& other = {}) {
  std::string text = ids ? "id,kind,warehouse,sku,quantity\n" : "kind,warehouse,sku,quantity\n";
  for (int n = 0; n < rows; ++n) text += n == i ? other : (ids ? id_of(n) + "," : "") + row(n);
  return text;
}

nlohmann::json counted(int applied, int replayed) {
  return {{"applied", applied}, {"replayed", replayed}, {"rejected", 0}};
}

nlohmann::json operations_of(const Result& result) {
  return result.json().at("operations");
}

void check_stock(Shop& shop) {
  CHECK(shop.on_hand("C") + shop.on_hand("D") == 1134 * 2 - 566);
  CHECK(shop.must({"verify"}).exit == 0);
}

}  // namespace

TEST_CASE("a file of many chunks is applied as a whole, once") {
  Shop shop;
  const bool ids = GENERATE(false, true);
  const auto file = shop.file("f.csv", file_of(ids));
  CHECK(operations_of(shop.must({"apply", file, "--dry-run", "--json"})) == counted(rows, 0));
  CHECK(operations_of(shop.must({"apply", file, "--json"})) == counted(rows, 0));
  check_stock(shop);
  CHECK(operations_of(shop.must({"apply", file, "--json"})) == counted(0, rows));
  check_stock(shop);
}

TEST_CASE("of a file of many chunks what is stored is replayed, in whichever chunk it stands") {
  Shop shop;
  const int first = GENERATE(0, 300, 1100, rows - 3);
  std::string part = "id,kind,warehouse,sku,quantity\n";
  shop.must({"receive", "-w", "MAIN", "C=5", "D=5", "--id", "before"});
  for (int i = first; i < first + 3; ++i) part += id_of(i) + "," + row(i);
  shop.must({"apply", shop.file("part.csv", part)});
  CHECK(operations_of(shop.must({"apply", shop.file("f.csv", file_of(true)), "--json"})) ==
        counted(rows - 3, 3));
  shop.must({"ship", "-w", "MAIN", "C=5", "D=5"});
  check_stock(shop);
}

TEST_CASE("an id that two chunks of a file have is one operation, or refused where they differ") {
  Shop shop;
  const int twin = GENERATE(1, 700, 1600);
  const auto before = shop.operations();
  const auto other = shop.run(
      {"apply", shop.file("f.csv", file_of(true, twin, id_of(0) + ",receive,MAIN,C,3\n")), "--json"});
  CHECK(other.exit == 5);
  CHECK(other.error().at("code") == "key_reused");
  CHECK(other.error().at("lines").at(0).at("line") == twin + 2);
  CHECK(shop.operations() == before);
  const auto same =
      shop.must({"apply", shop.file("g.csv", file_of(true, twin, id_of(0) + "," + row(0))), "--json"});
  CHECK(operations_of(same) == counted(rows - 1, 1));
  CHECK(shop.must({"verify"}).exit == 0);
}

TEST_CASE("a refusal in a late chunk undoes all of them, and names its place") {
  Shop shop;
  const bool ids = GENERATE(false, true);
  const auto before = shop.operations();
  const auto refused = shop.run(
      {"apply", shop.file("f.csv", file_of(ids, 1650, (ids ? "x," : "") + std::string("ship,MAIN,A,101\n"))),
       "--json"});
  CHECK(refused.exit == 4);
  CHECK(refused.error().at("lines").size() == 1);
  CHECK(refused.error().at("lines").at(0).at("line") == 1652);
  CHECK(shop.operations() == before);
  CHECK(shop.on_hand("C") == 0);
}

}  // namespace apply_chunks_test
