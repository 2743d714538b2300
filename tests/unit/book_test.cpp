#include "stock/book.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

namespace book_test {

using namespace invctl;

namespace {

InventoryRow row(std::int64_t id, InventoryKey key, Quantity on_hand, Quantity reserved = 0) {
  InventoryRow r;
  r.id = id;
  r.key = key;
  r.on_hand = on_hand;
  r.reserved = reserved;
  return r;
}

}  // namespace

TEST_CASE("a book finds warehouses and products by code, byte by byte") {
  Book book;
  book.add(WarehouseInfo{7, "EAST", false});
  book.add(ProductInfo{3, "15056bl", 250, false});
  book.add(ProductInfo{4, "15056BL", std::nullopt, true});
  REQUIRE(book.warehouse("EAST") != nullptr);
  CHECK(book.warehouse("EAST")->id == 7);
  CHECK(book.warehouse("east") == nullptr);
  CHECK(book.warehouse("") == nullptr);
  CHECK(book.product("15056bl")->id == 3);
  CHECK(book.product("15056BL")->id == 4);
  CHECK(book.product("15056Bl") == nullptr);
  CHECK(book.warehouse_by_id(7)->code == "EAST");
  CHECK(book.warehouse_by_id(3) == nullptr);
}

TEST_CASE("a row that does not exist reads as zeros and stays absent") {
  Book book;
  const auto absent = book.row({1, 2});
  CHECK(absent.id == 0);
  CHECK((absent.key == InventoryKey{1, 2}));
  CHECK(absent.available() == 0);
  CHECK(absent.version == 0);
  CHECK(absent.head == Digest{});
  CHECK(book.rows_of(2).empty());
}

TEST_CASE("a row that is updated begins at zero and belongs to its product once") {
  Book book;
  book.row_for_update({1, 2}).on_hand = 5;
  book.row_for_update({1, 2}).version = 1;
  CHECK(book.row({1, 2}).on_hand == 5);
  CHECK(book.rows_of(2).size() == 1);
}

TEST_CASE("adding a row again replaces it") {
  Book book;
  book.add(row(9, {1, 2}, 5));
  book.add(row(9, {1, 2}, 7, 3));
  CHECK(book.row({1, 2}).on_hand == 7);
  CHECK(book.row({1, 2}).available() == 4);
  CHECK(book.rows_of(2).size() == 1);
}

TEST_CASE("the rows of a product are all of its rows and no others") {
  Book book;
  for (std::int64_t warehouse = 1; warehouse <= 50; ++warehouse) {
    for (std::int64_t product = 1; product <= 50; ++product) {
      book.add(row(warehouse * 100 + product, {warehouse, product}, warehouse));
    }
  }
  auto rows = book.rows_of(17);
  REQUIRE(rows.size() == 50);
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (std::int64_t warehouse = 1; warehouse <= 50; ++warehouse) {
    const auto& found = rows[static_cast<std::size_t>(warehouse - 1)];
    CHECK((found.key == InventoryKey{warehouse, 17}));
    CHECK(found.on_hand == warehouse);
  }
}

}  // namespace book_test
