// Stock, history and products as they are asked for.
#include <catch2/catch.hpp>

#include "fixture.hpp"

namespace reads_test {

using namespace invctl;
using namespace invctl::test;

namespace {

std::vector<HistoryEntry> history(db::SqlStore& store, const HistoryFilter& filter = {}) {
  std::vector<HistoryEntry> found;
  store.history(filter, [&](const HistoryEntry& entry) { found.push_back(entry); });
  return found;
}

std::vector<std::string> stock(db::SqlStore& store, const StockFilter& filter = {}) {
  std::vector<std::string> found;
  store.stock(filter, [&](const StockEntry& entry) {
    found.push_back(entry.warehouse + " " + entry.sku + " " + std::to_string(entry.on_hand));
  });
  return found;
}

void fill(db::SqlStore& store) {
  add_catalog(store, 2, 3);
  auto receive = make(Kind::receive, "B", "P1", 20);
  receive.reference = "PO-1";
  receive.lines.push_back(make(Kind::receive, "B", "P2", 5).lines[0]);
  post(store, receive);
  post(store, make(Kind::receive, "A", "P1", 8));
  post(store, make(Kind::purchase, "B", "P1", 2));
  auto other = make(Kind::purchase, "A", "P1", 1);
  other.user = "somebody else";
  post(store, other);
  auto adjust = make(Kind::adjust, "A", "P1", -1);
  adjust.reason = "broken";
  post(store, adjust);
}

}  // namespace

TEST_CASE("stock lists rows by warehouse and SKU, and filters them") {
  const TestDatabase database;
  const auto store = database.open();
  fill(*store);
  CHECK(stock(*store) == std::vector<std::string>{"A P1 6", "B P1 18", "B P2 5"});
  CHECK(stock(*store, {.warehouse = "B", .sku = {}, .as_of = {}, .limit = {}, .after = {}}) ==
        std::vector<std::string>{"B P1 18", "B P2 5"});
  CHECK(stock(*store, {.warehouse = {}, .sku = "P1", .as_of = {}, .limit = {}, .after = {}}) ==
        std::vector<std::string>{"A P1 6", "B P1 18"});
  CHECK(stock(*store, {.warehouse = "A", .sku = "P3", .as_of = {}, .limit = {}, .after = {}}).empty());

  auto low = store->read_products(std::vector<std::string>{"P1"}).at(0);
  low.reorder_point = 7;
  store->begin(Deadline::after(std::chrono::seconds(5)));
  store->update_products(std::vector<Product>{low});
  store->commit();
  CHECK(stock(*store,
              {.warehouse = {}, .sku = {}, .below_reorder = true, .as_of = {}, .limit = {}, .after = {}}) ==
        std::vector<std::string>{"A P1 6"});
}

TEST_CASE("stock can be read in pages, which together are all of it") {
  const TestDatabase database;
  const auto store = database.open();
  fill(*store);
  post(*store, make(Kind::receive, "B", "P3", 9));
  const auto all = stock(*store);
  REQUIRE(all.size() == 4);
  for (std::size_t n = 0; n <= all.size() + 1; ++n) {
    StockFilter filter;
    filter.limit = static_cast<std::int64_t>(n);
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(n, all.size()));
    CHECK(stock(*store, filter) == std::vector<std::string>(all.begin(), end));
  }
  StockFilter page;
  page.warehouse = "B";
  page.limit = 2;
  CHECK(stock(*store, page) == std::vector<std::string>{"B P1 18", "B P2 5"});
  page.after = "P2";
  CHECK(stock(*store, page) == std::vector<std::string>{"B P3 9"});
  page.after = "P";  // between two that there are
  CHECK(stock(*store, page) == std::vector<std::string>{"B P1 18", "B P2 5"});
  page.after = "P3";
  CHECK(stock(*store, page).empty());
  page.after = "P1";
  page.as_of = store->clock();
  CHECK(stock(*store, page) == std::vector<std::string>{"B P2 5", "B P3 9"});
  page.as_of = std::nullopt;
  page.below_reorder = true;
  CHECK(stock(*store, page).empty());
}

TEST_CASE("history is newest first, filters on every field, and pages by seq") {
  const TestDatabase database;
  const auto store = database.open();
  fill(*store);
  const auto all = history(*store);
  REQUIRE(all.size() == 6);
  for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i].seq < all[i - 1].seq);
  CHECK(all[0].kind == "adjust");
  CHECK(all[0].delta == -1);
  CHECK(all[0].on_hand == 6);
  CHECK(all[0].reason == std::optional<std::string>("broken"));
  CHECK_FALSE(all[0].reference);

  const auto count = [&](const HistoryFilter& filter) { return history(*store, filter).size(); };
  HistoryFilter filter;
  filter.sku = "P1";
  CHECK(count(filter) == 5);
  filter.warehouse = "B";
  CHECK(count(filter) == 2);
  filter = {};
  filter.kind = "purchase";
  CHECK(count(filter) == 2);
  filter.user = "somebody else";
  CHECK(count(filter) == 1);
  filter = {};
  filter.reference = "PO-1";
  CHECK(count(filter) == 2);
  filter = {};
  filter.operation = all.back().operation;
  CHECK(count(filter) == 2);
  filter = {};
  filter.since = all[1].recorded_at;
  CHECK(count(filter) == 2);
  filter = {};
  filter.until = all[2].recorded_at;
  CHECK(count(filter) == 4);

  filter = {};
  filter.limit = 4;
  const auto page = history(*store, filter);
  REQUIRE(page.size() == 4);
  filter.before = page.back().seq;
  const auto rest = history(*store, filter);
  REQUIRE(rest.size() == 2);
  CHECK(rest[0].seq == all[4].seq);
}

TEST_CASE("products list their stock over all warehouses, retired ones only when asked for") {
  const TestDatabase database;
  const auto store = database.open();
  fill(*store);
  auto retired = store->read_products(std::vector<std::string>{"P3"}).at(0);
  retired.retired_at = 1;
  store->begin(Deadline::after(std::chrono::seconds(5)));
  store->update_products(std::vector<Product>{retired});
  store->commit();
  const auto list = [&](const ProductFilter& filter) {
    std::vector<std::string> found;
    store->products(filter, [&](const ProductEntry& entry) {
      found.push_back(entry.sku + " " + std::to_string(entry.on_hand));
    });
    return found;
  };
  CHECK(list({}) == std::vector<std::string>{"P1 24", "P2 5"});
  CHECK(list({.sku = {}, .category = {}, .include_retired = true}) ==
        std::vector<std::string>{"P1 24", "P2 5", "P3 0"});
  CHECK(list({.sku = "P3", .category = {}}) == std::vector<std::string>{"P3 0"});
  CHECK(store->product_exists("P3"));
  CHECK_FALSE(store->product_exists("p3"));
  CHECK(store->warehouse_exists("A"));
  CHECK(store->warehouse_codes("", 10) == std::vector<std::string>{"A", "B"});
}

TEST_CASE("a snapshot shows one moment, whatever is committed meanwhile") {
  const TestDatabase database;
  const auto store = database.open();
  fill(*store);
  const auto reader = database.open();
  reader->begin_snapshot();
  const auto before = stock(*reader);
  post(*store, make(Kind::receive, "A", "P3", 1000));
  CHECK(stock(*reader) == before);
  CHECK(history(*reader).size() == 6);
  reader->rollback();
  CHECK(stock(*reader).size() == before.size() + 1);
  CHECK(post(*reader, make(Kind::receive, "A", "P3", 1)).receipt);
}

}  // namespace reads_test
