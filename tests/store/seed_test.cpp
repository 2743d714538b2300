// Seeding through the real store: random files against a naive model, and transactions that fail.
#include "catalog/seed.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "fixture.hpp"
#include "unit/property.hpp"

namespace seed_test {

using namespace invctl;
using namespace invctl::test;
using namespace std::chrono_literals;

namespace {

class Folder {
 public:
  Folder() {
    path_ = (std::filesystem::temp_directory_path() / "invctl-store-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary directory");
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string path_;
};

SeedOptions options_for(const Folder& folder, const std::string& warehouses, const std::string& products,
                        const std::string& stock) {
  SeedOptions options;
  options.files = {folder.write("w.csv", warehouses), folder.write("p.csv", products),
                   folder.write("s.csv", stock)};
  options.actor = "tester";
  options.lock_timeout = 20s;
  return options;
}

SeedReport run(db::SqlStore& store, const SeedOptions& options) {
  return seed(store, store, test_origin, options);
}

// A store of a connection that fails at its first COMMITs, each in the way that is listed.
class FailingStore : public db::SqlStore {
 public:
  enum class Way { retry, lost, lost_but_stored };
  FailingStore(std::unique_ptr<db::Connection> connection, std::vector<Way> ways)
      : SqlStore(std::move(connection)), ways_(std::move(ways)) {}

  void commit() override {
    ++commits;
    if (ways_.empty()) return SqlStore::commit();
    const auto way = ways_.front();
    ways_.erase(ways_.begin());
    if (way == Way::lost_but_stored) {
      SqlStore::commit();
    } else {
      SqlStore::rollback();
    }
    if (way == Way::retry) throw StoreError(StoreError::Kind::retry, Exit::busy, "in the way");
    throw StoreError(StoreError::Kind::lost, Exit::unavailable, "gone");
  }

  int commits = 0;

 private:
  std::vector<Way> ways_;
};
using Way = FailingStore::Way;

}  // namespace

TEST_CASE("a seeding whose COMMIT fails in any way is stored once and reported once") {
  const auto ways = GENERATE(std::vector<Way>{}, std::vector<Way>{Way::retry}, std::vector<Way>{Way::lost},
                             std::vector<Way>{Way::lost_but_stored}, std::vector<Way>{Way::lost, Way::retry},
                             std::vector<Way>{Way::retry, Way::lost_but_stored},
                             std::vector<Way>{Way::lost, Way::lost, Way::lost_but_stored});
  const TestDatabase database;
  const Folder folder;
  auto options = options_for(folder, "code\nA\n", "sku,price\nP,1\nBAD,x\nQ,\n",
                             "warehouse,sku,quantity\nA,P,5\nA,BAD,1\nA,Q,0\n");
  options.rejects = folder.path("R");
  FailingStore store(database.connect(), ways);
  const auto report = run(store, options);
  CHECK(report.committed);
  const auto& [warehouses, products, stock] = report.counts;
  CHECK(warehouses.inserted == 1);
  CHECK(products.rows == 3);
  CHECK(products.inserted == 2);
  CHECK(products.rejected == 1);
  CHECK(stock.rows == 3);
  CHECK(stock.inserted == 2);
  CHECK(stock.rejected == 1);
  CHECK(report.rejected.count() == 2);
  const auto rejects = folder.read("R");
  CHECK(rejects.find("BAD,x,") == rejects.rfind("BAD,x,"));
  CHECK(rejects.find("A,BAD,1,") != std::string::npos);
  const auto reader = database.connect_as_owner();
  CHECK(number(*reader, "SELECT count(*) FROM movement") == 2);
  CHECK(number(*reader, "SELECT count(*) FROM product") == 2);
  CHECK(ledger_faults(*reader) == std::vector<std::string>());
}

TEST_CASE("a seeding that finds nothing to do does not commit, nor does a dry run or one that is refused") {
  const TestDatabase database;
  const Folder folder;
  const std::string stock = "warehouse,sku,quantity\nA,P,5\n";
  const auto good = options_for(folder, "code\nA\n", "sku\nP\n", stock);
  FailingStore store(database.connect(), {});
  auto dry = good;
  dry.dry_run = true;
  const auto would = run(store, dry);
  CHECK(would.counts[2].inserted == 1);
  CHECK_FALSE(would.committed);
  CHECK(store.commits == 0);
  CHECK(run(store, good).committed);
  CHECK(store.commits == 1);
  const auto again = run(store, good);
  CHECK_FALSE(again.committed);
  CHECK(again.counts[0].unchanged == 1);
  CHECK(again.counts[1].unchanged == 1);
  CHECK(again.counts[2].unchanged == 1);
  CHECK_THROWS_AS(run(store, options_for(folder, "code\nB\n", "sku\nQ\n", "warehouse,sku,quantity\nA,P,6\n")),
                  Error);
  CHECK(store.commits == 1);
  const auto reader = database.connect_as_owner();
  CHECK(number(*reader, "SELECT count(*) FROM product") == 1);
  CHECK(number(*reader, "SELECT on_hand FROM inventory") == 5);
}

TEST_CASE("random files, seeded again and again between receipts, leave what a naive model expects") {
  Random random;
  INFO(random);
  struct Item {
    std::string name;
    std::int64_t price = -1;  // none
  };
  const int rounds = on_mysql() ? 3 : 12;
  for (int round = 0; round < rounds; ++round) {
    const TestDatabase database;
    const Folder folder;
    const auto store = database.open();
    std::map<std::string, Item> items;
    std::map<std::pair<std::string, std::string>, std::int64_t> opening, on_hand;
    for (int run_number = 0; run_number < 4; ++run_number) {
      const auto policy = random.one_in(2) ? OnDuplicate::first : OnDuplicate::last;
      // What this run's rows say, after duplicates.
      std::map<std::string, Item> given;
      std::string products = "sku,name,price\n";
      // More than one chunk of 512 now and then.
      for (auto n = random.one_in(3) ? random.between(500, 1500) : random.between(0, 60); n > 0; --n) {
        const auto sku = "P" + std::to_string(random.between(1, 900));
        const Item row{random.one_in(3) ? "" : "Name " + std::to_string(random.between(1, 3)),
                       random.one_in(3) ? -1 : random.between(0, 2)};
        products += sku + "," + row.name + "," + (row.price < 0 ? "" : std::to_string(row.price)) + "\n";
        const auto [old, is_new] = given.emplace(sku, row);
        if (is_new || policy == OnDuplicate::first) continue;
        if (!row.name.empty()) old->second.name = row.name;
        if (row.price >= 0) old->second.price = row.price;
      }
      std::int64_t inserted = 0, updated = 0;
      for (const auto& [sku, row] : given) {
        const auto [item, is_new] = items.emplace(sku, Item{sku, -1});
        const auto before = item->second;
        if (!row.name.empty()) item->second.name = row.name;
        if (row.price >= 0) item->second.price = row.price;
        const bool differs = before.name != item->second.name || before.price != item->second.price;
        inserted += is_new ? 1 : 0;
        updated += !is_new && differs ? 1 : 0;
      }
      std::string stock = "warehouse,sku,quantity\n";
      std::int64_t posted = 0, unchanged = 0;
      std::set<std::pair<std::string, std::string>> named;
      for (const auto& [sku, item] : items) {
        if (random.one_in(3)) continue;
        const std::pair key{random.one_in(2) ? std::string("A") : std::string("B"), sku};
        const auto known = opening.find(key);
        const auto quantity = known != opening.end() ? known->second : random.between(0, 9);
        stock += key.first + "," + sku + "," + std::to_string(quantity) + "\n";
        if (known != opening.end()) {
          ++unchanged;
          continue;
        }
        ++posted;
        opening[key] = quantity;
        on_hand[key] += quantity;
      }
      auto options = options_for(folder, "code\nA\nB\n", products, stock);
      options.on_duplicate = policy;
      const auto report = run(*store, options);
      CAPTURE(round, run_number);
      REQUIRE(report.counts[1].inserted == inserted);
      REQUIRE(report.counts[1].updated == updated);
      REQUIRE(report.counts[1].unchanged == static_cast<std::int64_t>(given.size()) - inserted - updated);
      REQUIRE(report.counts[2].inserted == posted);
      REQUIRE(report.counts[2].unchanged == unchanged);
      // Stock that moves between two seedings, also where no opening stock was posted yet.
      for (int i = 0; i < 5 && !items.empty(); ++i) {
        const auto item =
            std::next(items.begin(), random.between(0, static_cast<std::int64_t>(items.size()) - 1));
        const std::string place = random.one_in(2) ? "A" : "B";
        REQUIRE(post(*store, make(Kind::receive, place, item->first, 2)).receipt);
        on_hand[{place, item->first}] += 2;
      }
    }
    const auto reader = database.connect_as_owner();
    db::Query catalogue(*reader, "SELECT sku, name, price_minor FROM product");
    std::size_t found = 0;
    while (catalogue.next()) {
      const auto& item = items.at(catalogue.text(0));
      CHECK(catalogue.text(1) == item.name);
      CHECK(catalogue.optional_integer(2).value_or(-1) == (item.price < 0 ? -1 : 100 * item.price));
      ++found;
    }
    CHECK(found == items.size());
    db::Query balances(
        *reader,
        "SELECT w.code, p.sku, i.on_hand FROM inventory i JOIN warehouse w ON w.id = i.warehouse_id "
        "JOIN product p ON p.id = i.product_id");
    std::size_t rows = 0;
    while (balances.next()) {
      CHECK(balances.integer(2) == on_hand.at({balances.text(0), balances.text(1)}));
      ++rows;
    }
    CHECK(rows == on_hand.size());
    CHECK(ledger_faults(*reader) == std::vector<std::string>());
  }
}

}  // namespace seed_test
