// Purchases per second on a fresh database, through the ledger itself.
// buy_rate URL CONNECTIONS SECONDS ROWS BATCH [SERVER-PID]: each connection is a thread that posts batches of
// BATCH single-line purchases, each of one of ROWS inventory rows at random. Prints the rate, and where it is
// told which process the server is, the microseconds of processor time that this one took for a purchase.
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

#include "migrate.hpp"
#include "sql_store.hpp"
#include "sqlite_connection.hpp"
#include "stock/ledger.hpp"
#include "url.hpp"

using namespace invctl;

namespace {

using Clock = std::chrono::steady_clock;

std::int64_t number(const char* text) {
  std::int64_t value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

std::string sku_of(std::int64_t i) {
  return fmt::format("SKU-{:05}", i);
}

Operation make(Kind kind, std::int64_t product, Quantity quantity) {
  Operation operation;
  operation.kind = kind;
  operation.actor = "bench";
  if (kind == Kind::purchase) operation.user = fmt::format("user-{}", product);
  operation.lines.push_back({.warehouse = WarehouseCode::parse("EAST"),
                             .sku = Sku::parse(sku_of(product)),
                             .quantity = quantity,
                             .expect = std::nullopt});
  return operation;
}

void stock_up(const std::string& url, std::int64_t rows) {
  if (db::parse_url(url).engine == db::Url::Engine::sqlite) {
    db::SqliteConnection::create_file(db::parse_url(url).path);
  }
  {
    const auto connection = db::open_connection(url);
    db::migrate(*connection, db::migrations_of(connection->dialect(), db::schema_files()),
                Currency::parse("USD"), Deadline::after(std::chrono::seconds(60)), false);
  }
  const auto store = db::open_store(url);
  std::vector<Product> goods;
  std::vector<Operation> receipts;
  for (std::int64_t i = 0; i < rows; ++i) {
    Product product;
    product.sku = sku_of(i);
    product.name = "Product " + std::to_string(i);
    product.price_minor = 100;
    goods.push_back(std::move(product));
    receipts.push_back(make(Kind::receive, i, 1'000'000'000));
  }
  const std::vector<Warehouse> places{{0, "EAST", "East", std::nullopt, std::nullopt}};
  store->begin(Deadline::after(std::chrono::seconds(20)));
  store->insert_warehouses(places);
  store->insert_products(goods);
  store->commit();
  Ledger(*store, {"bench-host", "0.0.0"}).post(receipts, {.lock_timeout = std::chrono::seconds(60)});
}

// proc(5): fields 14 and 15 of /proc/PID/stat, in clock ticks.
double processor_us(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string field;
  std::int64_t ticks = 0;
  for (int i = 1; i <= 15 && file >> field; ++i) {
    if (i >= 14) ticks += number(field.c_str());
  }
  return static_cast<double>(ticks) * 1e6 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6 && argc != 7) {
    std::cerr << "buy_rate URL CONNECTIONS SECONDS ROWS BATCH [SERVER-PID]\n";
    return 2;
  }
  const std::string url = argv[1];
  const auto connections = number(argv[2]);
  const auto seconds = number(argv[3]);
  const auto rows = number(argv[4]);
  const auto batch_size = number(argv[5]);
  try {
    stock_up(url, rows);
    std::vector<std::unique_ptr<db::SqlStore>> stores;
    for (std::int64_t i = 0; i < connections; ++i) stores.push_back(db::open_store(url));
    std::atomic<std::int64_t> bought = 0;
    std::mutex mutex;
    std::string failure;
    const std::string server = argc == 7 ? argv[6] : "";
    const auto server_start = processor_us(server);
    const auto start = Clock::now();
    const auto end = start + std::chrono::seconds(seconds);
    std::vector<std::thread> buyers;
    for (std::int64_t i = 0; i < connections; ++i) {
      buyers.emplace_back([&, i] {
        std::minstd_rand random(static_cast<unsigned>(i + 1));
        Ledger ledger(*stores[static_cast<std::size_t>(i)], {"bench-host", "0.0.0"});
        try {
          while (Clock::now() < end) {
            std::vector<Operation> batch;
            for (std::int64_t n = 0; n < batch_size; ++n) {
              batch.push_back(make(Kind::purchase, static_cast<std::int64_t>(random()) % rows, 1));
            }
            for (const auto& outcome : ledger.post(batch, {.lock_timeout = std::chrono::seconds(60)})) {
              if (outcome.receipt) ++bought;
            }
          }
        } catch (const std::exception& error) {
          const std::scoped_lock lock(mutex);
          failure = error.what();
        }
      });
    }
    for (auto& buyer : buyers) buyer.join();
    if (!failure.empty()) throw std::runtime_error(failure);
    const std::chrono::duration<double> took = Clock::now() - start;
    std::cout << fmt::format("{:.0f}", static_cast<double>(bought) / took.count());
    if (!server.empty()) {
      std::cout << fmt::format(" {:.0f}",
                               (processor_us(server) - server_start) / static_cast<double>(bought));
    }
    std::cout << "\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
