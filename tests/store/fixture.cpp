#include "fixture.hpp"

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "core/sha256.hpp"
#include "core/text.hpp"
#include "server/mysql_server.hpp"
#include "sqlite_connection.hpp"

namespace invctl::test {

bool on_mysql() {
  static const bool mysql = [] {
    const char* backend = std::getenv("INVCTL_TEST_BACKEND");
    if (backend == nullptr || std::string_view(backend) == "sqlite") return false;
    if (std::string_view(backend) == "mysql") return true;
    throw std::runtime_error("INVCTL_TEST_BACKEND is neither sqlite nor mysql");
  }();
  return mysql;
}

std::vector<db::Migration> migrations(std::initializer_list<std::string_view> without) {
  auto all = db::migrations_of(on_mysql() ? db::mysql_dialect : db::sqlite_dialect, db::schema_files());
  for (auto& migration : all) {
    std::string text;
    for (const auto line : text::split(migration.text, '\n')) {
      bool dropped = false;
      for (const auto word : without) {
        dropped = dropped || (line.ends_with("-- guard") && line.find(word) != std::string_view::npos);
      }
      if (!dropped) text += std::string(line) + '\n';
    }
    if (without.size() == 0) continue;
    migration.text = text;
    migration.checksum = to_hex(sha256(text));
  }
  return all;
}

TestDatabase::TestDatabase(bool migrate, std::initializer_list<std::string_view> without) {
  if (on_mysql()) {
    name_ = MysqlServer::shared().make_database();
  } else {
    directory_ = (std::filesystem::temp_directory_path() / "invctl-store-XXXXXX").string();
    if (mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("no temporary directory");
    db::SqliteConnection::create_file(directory_ + "/test.db");
  }
  if (!migrate) return;
  const auto connection = connect_as_owner();
  db::migrate(*connection, migrations(without), Currency::parse("USD"),
              Deadline::after(std::chrono::seconds(20)), false);
  grant();
}

TestDatabase::~TestDatabase() {
  if (on_mysql()) {
    MysqlServer::shared().drop_database(name_);
  } else {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
}

std::string TestDatabase::url() const {
  return on_mysql() ? MysqlServer::shared().url(name_, operator_user) : "sqlite:" + directory_ + "/test.db";
}
std::string TestDatabase::owner_url() const {
  return on_mysql() ? MysqlServer::shared().url(name_) : url();
}

void TestDatabase::grant() const {
  if (on_mysql()) MysqlServer::shared().grant_posting(name_);
}

std::unique_ptr<db::SqlStore> TestDatabase::open(db::Guards guards) const {
  db::OpenOptions options;
  options.guards = guards;
  return db::open_store(url(), options);
}
std::unique_ptr<db::Connection> TestDatabase::connect() const {
  return db::open_connection(url());
}
std::unique_ptr<db::Connection> TestDatabase::connect_as_owner() const {
  return db::open_connection(owner_url());
}

void add_catalog(db::SqlStore& store, int warehouses, int products) {
  std::vector<Warehouse> places;
  for (int i = 0; i < warehouses; ++i) {
    const std::string code(1, static_cast<char>('A' + i));
    places.push_back({0, code, "Warehouse " + code, std::nullopt, std::nullopt});
  }
  std::vector<Product> goods;
  for (int i = 1; i <= products; ++i) {
    Product product;
    product.sku = "P" + std::to_string(i);
    product.name = "Product " + std::to_string(i);
    product.price_minor = 100 * i;
    goods.push_back(product);
  }
  store.begin(Deadline::after(std::chrono::seconds(20)));
  store.lock_catalog();
  store.insert_warehouses(places);
  store.insert_products(goods);
  store.commit();
}

Operation make(Kind kind, const std::string& warehouse, const std::string& sku, Quantity quantity,
               const std::string& key) {
  Operation operation;
  operation.kind = kind;
  operation.actor = "tester";
  if (kind == Kind::purchase) operation.user = "buyer";
  if (kind == Kind::adjust) operation.reason = "counted";
  if (!key.empty()) operation.key = key;
  Line line{.warehouse = std::nullopt, .sku = Sku::parse(sku), .quantity = quantity, .expect = std::nullopt};
  if (!warehouse.empty()) line.warehouse = WarehouseCode::parse(warehouse);
  operation.lines.push_back(std::move(line));
  return operation;
}

Outcome post(db::SqlStore& store, Operation operation, std::chrono::milliseconds lock_timeout) {
  Ledger ledger(store, test_origin);
  std::vector<Operation> batch = {std::move(operation)};
  return ledger.post(batch, {.lock_timeout = lock_timeout}).at(0);
}

std::int64_t number(db::Connection& connection, const std::string& sql) {
  db::Query query(connection, sql);
  if (!query.next()) throw std::runtime_error("no row: " + sql);
  return query.integer(0);
}

}  // namespace invctl::test
