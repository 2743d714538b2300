// SqlStore: warehouses and products.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "sql_prices.hpp"
#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

constexpr std::string_view warehouse_columns = "id, code, name, address, retired_at";
// `price` and `next` are expressions for the price in effect and the moment of the next one.
std::string product_columns(std::string_view price, std::string_view next) {
  return fmt::format(
      "p.id, p.sku, p.name, p.category, p.unit, {}, p.reorder_point, p.barcode, p.retired_at, p.version, {}, "
      "p.price_version, p.reorder_target",
      price, next);
}

std::string next_price(Micros now) {
  return fmt::format(
      "(CASE WHEN p.next_price_at IS NULL OR p.next_price_at > {0} THEN p.next_price_at ELSE "
      "(SELECT MIN(c.effective_at) FROM price_line l JOIN price_change c ON c.id = l.change_id "
      "WHERE l.product_id = p.id AND c.effective_at > {0}) END)",
      now);
}

Warehouse read_warehouse(const Query& query) {
  return {query.integer(0), query.text(1), query.text(2), query.optional_text(3), query.optional_integer(4)};
}

Product read_product(const Query& query) {
  Product product;
  product.id = query.integer(0);
  product.sku = query.text(1);
  product.name = query.text(2);
  product.category = query.optional_text(3);
  product.unit = query.optional_text(4);
  product.price_minor = query.optional_integer(5);
  product.reorder_point = query.optional_integer(6);
  product.barcode = query.optional_text(7);
  product.retired_at = query.optional_integer(8);
  product.version = query.integer(9);
  product.next_price_at = query.optional_integer(10);
  product.price_version = query.integer(11);
  product.reorder_target = query.optional_integer(12);
  return product;
}

Quantity sum_on_hand(Connection& connection, const std::string& column, std::int64_t id) {
  // Summed here and not by the engine, which would overflow in its own way.
  Query query(connection, "SELECT on_hand FROM inventory WHERE " + column + " = ?");
  query.bind(id);
  Quantity sum = 0;
  while (query.next()) sum = checked_add(sum, query.integer(0)).value_or(INT64_MAX);
  return sum;
}

}  // namespace

void SqlStore::lock_catalog() {
  // A row that always exists serves as the lock; where a writer is alone the lock is held already.
  Query query(*connection_, fmt::format("SELECT value FROM setting WHERE name = 'schema_version'{}",
                                        connection_->dialect().for_update));
  query.next();
}

std::vector<Warehouse> SqlStore::read_warehouses(std::span<const std::string> codes) {
  std::vector<Warehouse> found;
  for_lists(
      *connection_, codes,
      [](std::size_t n) {
        return fmt::format("SELECT {} FROM warehouse WHERE code IN ({})", warehouse_columns, placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) found.push_back(read_warehouse(query));
      });
  return found;
}

std::vector<Warehouse> SqlStore::list_warehouses() {
  std::vector<Warehouse> found;
  Query query(*connection_, fmt::format("SELECT {} FROM warehouse ORDER BY code", warehouse_columns));
  while (query.next()) found.push_back(read_warehouse(query));
  return found;
}

void SqlStore::each_product(const std::function<void(const Product&)>& use) {
  Query query(*connection_, fmt::format("SELECT {} FROM product p ORDER BY p.sku",
                                        product_columns("p.price_minor", "p.next_price_at")));
  while (query.next()) use(read_product(query));
}

std::vector<Product> SqlStore::read_products(std::span<const std::string> skus, Micros now) {
  // One moment for both, and the same text for a whole transaction.
  const auto columns = product_columns(price_in_effect(std::to_string(now)), next_price(now));
  std::vector<Product> found;
  for_lists(
      *connection_, skus,
      [&](std::size_t n) {
        return fmt::format("SELECT {} FROM product p WHERE p.sku IN ({})", columns, placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) found.push_back(read_product(query));
      });
  return found;
}

bool SqlStore::has_products() {
  Query query(*connection_, "SELECT id FROM product LIMIT 1");
  return query.next();
}

template <class Row, class Bind>
std::vector<std::int64_t> SqlStore::insert_rows(const std::string& table, const std::string& columns,
                                                std::span<const Row> rows, std::string Row::*code,
                                                Bind&& bind) {
  const auto& dialect = connection_->dialect();
  const auto column_count = static_cast<std::size_t>(std::count(columns.begin(), columns.end(), ',')) + 1;
  const bool counted = dialect.exclusive_writer;
  auto id = counted && !rows.empty() ? next_id(table) : 0;
  std::vector<std::int64_t> ids(rows.size());
  in_pieces(rows.size(), dialect.rows_per_insert, [&](std::size_t first, std::size_t n) {
    Query query(*connection_, insert_sql(table, columns, column_count, n));
    std::unordered_map<std::string_view, std::int64_t*> by_code;
    for (std::size_t i = first; i < first + n; ++i) {
      if (counted) {
        ids[i] = id;
        query.bind(id++);
      } else {
        by_code[rows[i].*code] = &ids[i];
        query.bind_null();
      }
      bind(query, rows[i]);
    }
    query.run_later();
    if (counted) return;
    const auto code_column = columns.substr(4, columns.find(',', 4) - 4);  // after "id, "
    for_new_rows(*connection_, table, code_column, [&](const Query& new_row) {
      const auto made = by_code.find(new_row.view(1));
      if (made != by_code.end()) *made->second = new_row.integer(0);
    });
  });
  return ids;
}

std::vector<std::int64_t> SqlStore::insert_warehouses(std::span<const Warehouse> warehouses) {
  return insert_rows("warehouse", "id, code, name, address, retired_at", warehouses, &Warehouse::code,
                     [](Query& query, const Warehouse& warehouse) {
                       query.lend(warehouse.code).lend(warehouse.name);
                       query.lend(warehouse.address).bind(warehouse.retired_at);
                     });
}

std::vector<std::int64_t> SqlStore::insert_products(std::span<const Product> products,
                                                    const PriceNote& note) {
  const auto is_first_price = [](const Product& product) {
    return product.price_minor && product.price_version == 0;
  };
  auto ids = insert_rows(
      "product",
      "id, sku, name, category, unit, price_minor, reorder_point, barcode, retired_at, version, "
      "next_price_at, price_version, reorder_target",
      products, &Product::sku, [&](Query& query, const Product& product) {
        query.lend(product.sku).lend(product.name).lend(product.category).lend(product.unit);
        query.bind(product.price_minor).bind(product.reorder_point).lend(product.barcode);
        query.bind(product.retired_at).bind(product.version).bind(product.next_price_at);
        query.bind(is_first_price(product) ? 1 : product.price_version).bind(product.reorder_target);
      });
  auto dated = note;
  if (dated.now == 0) dated.now = price_clock();
  PriceBatch batch(dated);
  for (std::size_t i = 0; i < products.size(); ++i) {
    if (!is_first_price(products[i])) continue;
    auto& lines = batch.change().lines;
    lines.push_back({ids[i], products[i].sku, 1, std::nullopt, products[i].price_minor});
  }
  if (batch.empty()) return ids;
  auto change = std::move(batch).finish();
  append_prices(change);
  return ids;
}

void SqlStore::update_warehouses(std::span<const Warehouse> warehouses) {
  for (const auto& warehouse : warehouses) {
    Query query(*connection_, "UPDATE warehouse SET name = ?, address = ?, retired_at = ? WHERE id = ?");
    query.bind(warehouse.name).bind(warehouse.address).bind(warehouse.retired_at).bind(warehouse.id).run();
  }
}

void SqlStore::update_products(std::span<const Product> products) {
  for (const auto& product : products) {
    Query query(*connection_,
                "UPDATE product SET name = ?, category = ?, unit = ?, price_minor = ?, reorder_point = ?, "
                "barcode = ?, retired_at = ?, next_price_at = ?, price_version = ?, reorder_target = ?, "
                "version = version + 1 WHERE id = ?");
    query.bind(product.name).bind(product.category).bind(product.unit).bind(product.price_minor);
    query.bind(product.reorder_point).bind(product.barcode).bind(product.retired_at);
    query.bind(product.next_price_at).bind(product.price_version).bind(product.reorder_target);
    query.bind(product.id).run();
  }
}

Quantity SqlStore::on_hand_in_warehouse(std::int64_t warehouse_id) {
  return sum_on_hand(*connection_, "warehouse_id", warehouse_id);
}

Quantity SqlStore::on_hand_of_product(std::int64_t product_id) {
  return sum_on_hand(*connection_, "product_id", product_id);
}

}  // namespace invctl::db
