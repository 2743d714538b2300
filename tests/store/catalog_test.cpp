// Warehouses and products on a real database.
#include <catch2/catch.hpp>

#include "fixture.hpp"

namespace catalog_test {

using namespace invctl;
using namespace invctl::test;

namespace {

template <class F>
void in_transaction(db::SqlStore& store, F&& work) {
  store.begin(Deadline::after(std::chrono::seconds(20)));
  try {
    store.lock_catalog();
    work();
    store.commit();
  } catch (...) {
    store.rollback();
    throw;
  }
}

Product product(const std::string& sku) {
  Product made;
  made.sku = sku;
  made.name = "Name of " + sku;
  return made;
}

}  // namespace

TEST_CASE("a product keeps every field, absent ones included") {
  const TestDatabase database;
  const auto store = database.open();
  auto full = product("FULL");
  full.name = "긴 이름 " + std::string(900, 'n');
  full.category = "Écrous";
  full.unit = "";
  full.price_minor = 0;
  full.reorder_point = INT64_MAX;
  full.barcode = "0012345";
  full.retired_at = 1;
  in_transaction(*store, [&] { store->insert_products(std::vector<Product>{full, product("BARE")}); });
  const auto found = store->read_products(std::vector<std::string>{"FULL", "BARE", "NONE"});
  REQUIRE(found.size() == 2);
  const auto& read = found[0].sku == "FULL" ? found[0] : found[1];
  const auto& bare = found[0].sku == "FULL" ? found[1] : found[0];
  CHECK(read.name == full.name);
  CHECK(read.category == full.category);
  CHECK(read.unit == full.unit);
  CHECK(read.price_minor == full.price_minor);
  CHECK(read.reorder_point == full.reorder_point);
  CHECK(read.barcode == full.barcode);
  CHECK(read.retired_at == full.retired_at);
  CHECK(read.version == 1);
  CHECK_FALSE(bare.category);
  CHECK_FALSE(bare.price_minor);
  CHECK_FALSE(bare.retired_at);
}

TEST_CASE("an update writes every field and counts the product's version, changed or not") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  auto read = store->read_products(std::vector<std::string>{"P1"}).at(0);
  read.name = "New";
  read.price_minor.reset();
  in_transaction(*store, [&] { store->update_products(std::vector<Product>{read}); });
  in_transaction(*store, [&] { store->update_products(std::vector<Product>{read}); });
  const auto again = store->read_products(std::vector<std::string>{"P1"}).at(0);
  CHECK(again.name == "New");
  CHECK_FALSE(again.price_minor);
  CHECK(again.version == 3);

  auto place = store->read_warehouses(std::vector<std::string>{"A"}).at(0);
  place.address = "1 Road";
  place.retired_at = 5;
  in_transaction(*store, [&] { store->update_warehouses(std::vector<Warehouse>{place}); });
  CHECK(store->list_warehouses().at(0).address == place.address);
  CHECK(store->find_warehouses(std::vector<std::string>{"A"}).at(0).retired);
}

TEST_CASE("a code that exists is a duplicate, and nothing of its batch is kept") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  const auto kind_of = [&](auto&& insert) {
    try {
      in_transaction(*store, insert);
    } catch (const StoreError& error) {
      return error.kind;
    }
    return StoreError::Kind::other;
  };
  CHECK(kind_of([&] {
          store->insert_products(std::vector<Product>{product("NEW"), product("P1")});
        }) == StoreError::Kind::duplicate);
  CHECK(kind_of([&] {
          store->insert_warehouses(std::vector<Warehouse>{{0, "A", "", {}, {}}});
        }) == StoreError::Kind::duplicate);
  CHECK(store->read_products(std::vector<std::string>{"NEW"}).empty());
}

TEST_CASE("codes are compared byte by byte: case, kana, accents and emoji make them differ") {
  const TestDatabase database;
  const auto store = database.open();
  const std::vector<std::string> skus = {
      "a", "A", "か", "カ", "é", "e", "\xF0\x9F\x93\xA6", "\xF0\x9F\x9A\x9A"};
  std::vector<Product> batch;
  for (const auto& sku : skus) batch.push_back(product(sku));
  in_transaction(*store, [&] { store->insert_products(batch); });
  for (const auto& sku : skus) {
    const auto found = store->read_products(std::vector<std::string>{sku});
    REQUIRE(found.size() == 1);
    CHECK(found[0].sku == sku);
  }
  auto sorted = skus;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::string> listed;
  store->products({}, [&](const ProductEntry& entry) { listed.push_back(entry.sku); });
  CHECK(listed == sorted);
  CHECK(store->skus("a", 10) == std::vector<std::string>{"a"});
}

TEST_CASE("a thousand products are inserted and found by a handful of statements") {
  const TestDatabase database;
  const auto store = database.open();
  std::vector<Product> batch;
  std::vector<std::string> skus;
  for (int i = 0; i < 1000; ++i) {
    skus.push_back("S" + std::to_string(i));
    batch.push_back(product(skus.back()));
  }
  in_transaction(*store, [&] { store->insert_products(batch); });
  CHECK(store->read_products(skus).size() == 1000);
  CHECK(store->find_products(skus).size() == 1000);
  CHECK(store->skus("S99", 100).size() == 11);
  CHECK(store->skus("S", 7).size() == 7);
}

TEST_CASE("on hand is summed over a warehouse and over a product") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 2, 2);
  post(*store, make(Kind::receive, "A", "P1", 3));
  post(*store, make(Kind::receive, "A", "P2", 4));
  post(*store, make(Kind::receive, "B", "P1", 50));
  const auto a = store->find_warehouses(std::vector<std::string>{"A"}).at(0).id;
  const auto p1 = store->find_products(std::vector<std::string>{"P1"}).at(0).id;
  CHECK(store->on_hand_in_warehouse(a) == 7);
  CHECK(store->on_hand_of_product(p1) == 53);
}

}  // namespace catalog_test
