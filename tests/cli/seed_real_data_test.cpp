// seed-from-csv on published data sets. They are not part of the repository: where they are absent the tests
// say so.
#include <algorithm>
#include <catch2/catch.hpp>

#include "harness.hpp"

namespace seed_real_data_test {

using namespace invctl::test;

namespace {

std::vector<std::string> adventureworks(const std::string& locations, const std::string& products,
                                        const std::string& stock) {
  return {"seed-from-csv",
          "--warehouses",
          locations,
          "--map",
          "warehouse.code=LocationID",
          "--map",
          "warehouse.name=Name",
          "--products",
          products,
          "--map",
          "product.sku=ProductID",
          "--map",
          "product.name=Name",
          "--map",
          "product.reorder_point=ReorderPoint",
          "--stock",
          stock,
          "--map",
          "stock.warehouse=LocationID",
          "--map",
          "stock.sku=ProductID",
          "--map",
          "stock.quantity=Quantity",
          "--json"};
}

// A copy of a UTF-8 file whose characters are all below U+0100.
std::string to_latin1(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      out += text[i];
    } else {
      REQUIRE((c == 0xc2 || c == 0xc3));
      out += static_cast<char>((c == 0xc3 ? 0x40 : 0) + static_cast<unsigned char>(text[++i]));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("AdventureWorks seeds 14 warehouses, 504 products and 335,974 units, once") {
  const auto locations = real_data("adventureworks/Production.Location.csv");
  const auto products = real_data("adventureworks/Production.Product.csv");
  const auto stock = real_data("adventureworks/Production.ProductInventory.csv");
  if (!locations || !products || !stock) return;
  Database db("USD");
  auto arguments = adventureworks(*locations, *products, *stock);

  auto with_price = arguments;
  with_price.insert(with_price.end(), {"--map", "product.price=ListPrice"});
  const auto priced = db.run(with_price);
  CHECK(priced.exit == 8);
  CHECK(priced.out.empty());
  const auto error = priced.error();
  REQUIRE(error.at("lines").size() == 10);
  for (const auto& line : error.at("lines")) {
    CHECK(line.at("field") == "price");
    CHECK(line.at("message").get<std::string>().find("has more decimals than USD allows (2)") !=
          std::string::npos);
  }
  CHECK(
      db.integer(
          "SELECT (SELECT count(*) FROM warehouse) + (SELECT count(*) FROM product) + (SELECT count(*) FROM "
          "operation)") == 0);

  const auto first = db.must(arguments).json();
  CHECK(first.at("warehouses").at("inserted") == 14);
  CHECK(first.at("products").at("inserted") == 504);
  CHECK(first.at("stock").at("inserted") == 1069);
  CHECK(db.integer("SELECT sum(on_hand) FROM inventory") == 335974);

  const auto second = db.must(arguments).json();
  CHECK(second.at("warehouses").at("unchanged") == 14);
  CHECK(second.at("products").at("unchanged") == 504);
  CHECK(second.at("stock").at("unchanged") == 1069);
  CHECK(db.integer("SELECT count(*) FROM movement") == 1069);
  CHECK(db.integer("SELECT max(version) FROM product") == 1);
}

TEST_CASE("Online Retail seeds 4,070 products from 541,909 rows and rejects the six that are not prices") {
  const auto file = real_data("online-retail/online_retail.csv");
  if (!file) return;
  const bool latin1 = GENERATE(false, true);
  INFO((latin1 ? "Latin-1" : "UTF-8"));
  Database db("GBP");
  auto path = *file;
  if (latin1) path = db.dir().write("latin1.csv", to_latin1(read_file(*file)));
  std::vector<std::string> arguments = {"seed-from-csv",
                                        "--products",
                                        path,
                                        "--map",
                                        "product.sku=StockCode",
                                        "--map",
                                        "product.name=Description",
                                        "--map",
                                        "product.price=UnitPrice",
                                        "--on-duplicate",
                                        "last",
                                        "--rejects",
                                        "R",
                                        "--json"};
  if (latin1) arguments.insert(arguments.end(), {"--encoding", "latin1"});

  const auto result = db.run(arguments);
  CHECK(result.exit == 12);
  const auto counts = result.json().at("products");
  CHECK(counts.at("rows") == 541909);
  CHECK(counts.at("inserted") == 4070);
  CHECK(counts.at("rejected") == 6);
  CHECK(db.integer("SELECT count(*) FROM product") == 4070);
  CHECK(db.integer("SELECT count(*) FROM product WHERE name LIKE '%£%'") > 0);
  CHECK(result.err.find("112 pairs of codes differ only by case") != std::string::npos);

  const auto rejects = read_file(db.dir().path("R"));
  for (const std::string line : {"157197", "279047", "299985", "299986", "359873", "361743"}) {
    CHECK(rejects.find(path + ":" + line + ":") != std::string::npos);
    CHECK(result.err.find(path + ":" + line + ":") != std::string::npos);
  }
  CHECK(std::count(rejects.begin(), rejects.end(), '\n') == 7);
}

}  // namespace seed_real_data_test
