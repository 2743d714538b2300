#include <fmt/format.h>

#include <vector>

#include "catalog/catalog.hpp"
#include "sql_prices.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

std::vector<Product> next_unrecorded(Connection& connection) {
  std::vector<Product> found;
  Query query(connection,
              "SELECT id, sku, price_minor FROM product WHERE price_minor IS NOT NULL AND price_version = 0 "
              "ORDER BY id LIMIT ?");
  query.bind(static_cast<std::int64_t>(list_most));
  while (query.next()) {
    Product product;
    product.id = query.integer(0);
    product.sku = query.text(1);
    product.price_minor = query.integer(2);
    found.push_back(std::move(product));
  }
  return found;
}

void record(Connection& connection, std::vector<Product>& products, Micros now) {
  PriceNote note;
  note.actor = "init-db";
  note.reason = "the price when prices began to be recorded";
  note.now = now;
  PriceBatch batch(note);
  std::vector<std::int64_t> ids;
  for (auto& product : products) {
    batch.add(product, std::nullopt, product.price_minor);
    ids.push_back(product.id);
  }
  auto change = std::move(batch).finish();
  insert_price_change(connection, change);
  for_lists<std::int64_t>(
      connection, ids,
      [](std::size_t n) {
        return fmt::format("UPDATE product SET price_version = 1 WHERE id IN ({})", placeholders(n));
      },
      [](Query& query) { query.run(); });
}

}  // namespace

void record_first_prices(Connection& connection, const Deadline& deadline) {
  // Where a migration is no transaction, each piece is one: its lines and its products go together.
  const bool pieces = !connection.dialect().exclusive_writer;
  const auto now = now_utc();
  for (;;) {
    if (pieces) connection.begin(deadline);
    auto products = next_unrecorded(connection);
    if (!products.empty()) record(connection, products, now);
    if (pieces) connection.commit();
    if (products.empty()) return;
  }
}

}  // namespace invctl::db
