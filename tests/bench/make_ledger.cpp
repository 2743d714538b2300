// Fills a fresh database with a ledger of so many movements, through the ledger itself: what verify is
// measured against. make_ledger URL MOVEMENTS [ROWS [LINES]]: spread over ROWS inventory rows (default
// 20,000), LINES lines in each operation (default 2). Every third operation sells.
#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <iostream>
#include <random>

#include "migrate.hpp"
#include "sql_store.hpp"
#include "sqlite_connection.hpp"
#include "stock/ledger.hpp"
#include "url.hpp"

using namespace invctl;

namespace {

std::int64_t number(const char* text, std::int64_t fallback) {
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), fallback);
  return fallback;
}

std::string sku_of(std::int64_t i) {
  return fmt::format("SKU-{:05}", i);
}

void add_catalog(db::SqlStore& store, std::int64_t products) {
  const std::vector<Warehouse> places{{0, "EAST", "East", std::nullopt, std::nullopt},
                                      {0, "WEST", "West", std::nullopt, std::nullopt}};
  std::vector<Product> goods;
  for (std::int64_t i = 0; i < products; ++i) {
    Product product;
    product.sku = sku_of(i);
    product.name = "Product " + std::to_string(i);
    product.price_minor = 100 + i;
    goods.push_back(std::move(product));
  }
  store.begin(Deadline::after(std::chrono::seconds(20)));
  store.insert_warehouses(places);
  store.insert_products(goods);
  store.commit();
}

Operation make(std::minstd_rand& random, Kind kind, std::int64_t products, std::int64_t lines) {
  Operation operation;
  operation.kind = kind;
  operation.actor = "bench";
  operation.reference = fmt::format("REF-{}", random() % 100000);
  if (kind == Kind::purchase) operation.user = fmt::format("user-{}", random() % 5000);
  for (std::int64_t i = 0; i < lines; ++i) {
    operation.lines.push_back(
        {.warehouse = WarehouseCode::parse(random() % 2 == 0 ? "EAST" : "WEST"),
         .sku = Sku::parse(sku_of(static_cast<std::int64_t>(random()) % products)),
         .quantity = static_cast<Quantity>(kind == Kind::purchase ? 1 : 5 + random() % 20),
         .expect = std::nullopt});
  }
  return operation;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "make_ledger URL MOVEMENTS [ROWS [LINES]]\n";
    return 2;
  }
  const std::string url = argv[1];
  const auto movements = number(argv[2], 0);
  const auto products = number(argc > 3 ? argv[3] : nullptr, 20000) / 2;
  const auto lines = number(argc > 4 ? argv[4] : nullptr, 2);
  try {
    if (db::parse_url(url).engine == db::Url::Engine::sqlite) {
      db::SqliteConnection::create_file(db::parse_url(url).path);
    }
    {
      const auto connection = db::open_connection(url);
      db::migrate(*connection, db::migrations_of(connection->dialect(), db::schema_files()),
                  Currency::parse("USD"), Deadline::after(std::chrono::seconds(20)), false);
    }
    const auto store = db::open_store(url);
    add_catalog(*store, products);
    Ledger ledger(*store, {"bench-host", "0.0.0"});
    std::minstd_rand random(1);
    std::int64_t written = 0;
    while (written < movements) {
      std::vector<Operation> batch;
      for (int i = 0; i < 2000; ++i) {
        batch.push_back(make(random, i % 3 == 2 ? Kind::purchase : Kind::receive, products, lines));
      }
      for (const auto& outcome : ledger.post(batch, {.lock_timeout = std::chrono::seconds(60)})) {
        if (outcome.receipt) written += static_cast<std::int64_t>(outcome.receipt->lines.size());
      }
    }
    std::cout << written << " movements\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
