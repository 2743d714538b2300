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

TEST_CASE("a source of many chunks that has grown, before its end is reached and after") {
  Shop shop;
  const auto whole = file_of(false);
  const auto first = static_cast<std::size_t>(GENERATE(300, 500, 700));
  std::size_t end = 0;
  for (std::size_t line = 0; line <= first; ++line) end = whole.find('\n', end) + 1;
  const auto grow = [&](const std::string& text) {
    return operations_of(shop.must({"apply", shop.file("f.csv", text), "--source", "till", "--json"}));
  };
  CHECK(grow(whole.substr(0, end)) == counted(static_cast<int>(first), 0));
  CHECK(grow(whole) == counted(rows - static_cast<int>(first), static_cast<int>(first)));
  CHECK(grow(whole) == counted(0, rows));
  check_stock(shop);
}

TEST_CASE("a dry run that skips says of many chunks what the run itself does") {
  Shop shop;
  const auto file = shop.file("f.csv", file_of(false, 1200, "ship,MAIN,C,x\nship,MAIN,A,101\n"));
  const auto result = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"apply", file, "--on-error", "skip", "--json"});
    const auto done = shop.run(more);
    CHECK(done.exit == 12);
    auto json = done.json();
    json.erase("dry_run");
    return json.at("operations");
  };
  const auto would = result({"--dry-run"});
  CHECK(would == nlohmann::json({{"applied", rows - 1}, {"replayed", 0}, {"rejected", 2}}));
  CHECK(shop.on_hand("C") == 0);
  CHECK(result({}) == would);
  CHECK(shop.must({"verify"}).exit == 0);
}

TEST_CASE("what is closed refuses a time in it also in a late chunk") {
  Shop shop;
  shop.must({"close", "--period", "2025-01"});
  const int late = GENERATE(3, 1200);
  std::string text = "kind,warehouse,sku,quantity,occurred_at\n";
  for (int i = 0; i < rows; ++i) {
    text += "receive,MAIN,C,1," + std::string(i == late ? "2025-01-31" : "2025-02-01") + "T12:00:00Z\n";
  }
  const auto before = shop.operations();
  const auto refused = shop.run({"apply", shop.file("f.csv", text), "--json"});
  CHECK(refused.exit == 5);
  CHECK(refused.error().at("code") == "period_closed");
  CHECK(refused.error().at("lines").at(0).at("line") == late + 2);
  CHECK(shop.operations() == before);
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
