// Somebody changes the database's tables behind the program's back.
#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <mutex>
#include <thread>

#include "harness.hpp"

namespace damaged_schema_test {

using namespace invctl::test;
using Catch::Contains;

namespace {

class Shop : public Database {
 public:
  Shop() {
    must({"warehouse", "add", "E"});
    must({"product", "add", "B", "--price", "1"});
    must({"receive", "-w", "E", "B=10", "--id", "first"});
  }
  Result receive(const std::string& key) { return run({"receive", "-w", "E", "B=1", "--id", key, "--json"}); }
  // As the account that is shown everything.
  Result as_admin(const std::vector<std::string>& words) {
    return run(words, {.env = {{"INVCTL_DB", admin_url()}}});
  }
};

bool on_sqlite() {
  return backend_name() == "sqlite";
}

struct Damage {
  std::string sql, undo;
  std::string named;  // by doctor
};

std::vector<Damage> damages() {
  std::vector<Damage> all = {
      {"ALTER TABLE purchase RENAME TO purchase_old", "ALTER TABLE purchase_old RENAME TO purchase",
       "table purchase is missing"},
      {"ALTER TABLE setting RENAME TO setting_old", "ALTER TABLE setting_old RENAME TO setting",
       "table setting is missing"},
      {"ALTER TABLE movement RENAME COLUMN hash TO digest",
       "ALTER TABLE movement RENAME COLUMN digest TO hash", "column movement.hash is missing"},
      {"ALTER TABLE product RENAME COLUMN retired_at TO retired",
       "ALTER TABLE product RENAME COLUMN retired TO retired_at", "column product.retired_at is missing"}};
  if (!on_sqlite()) {
    all.push_back({"ALTER TABLE operation ADD COLUMN extra INT NOT NULL DEFAULT 0",
                   "ALTER TABLE operation DROP COLUMN extra", ""});
    all.push_back({"ALTER TABLE purchase MODIFY COLUMN quantity INT NOT NULL",
                   "ALTER TABLE purchase MODIFY COLUMN quantity BIGINT NOT NULL",
                   "column purchase.quantity is int, not bigint"});
  }
  return all;
}

}  // namespace

TEST_CASE("a table or column that is gone is exit 9 with who can tell, and doctor names it", "[damaged]") {
  Shop db;
  int n = 0;
  for (const auto& damage : damages()) {
    CAPTURE(damage.sql);
    const auto key = "k" + std::to_string(++n);
    db.execute(damage.sql);
    const bool harmless = damage.named.empty() || damage.named.find(" is int") != std::string::npos;
    const auto result = db.run({"purchase", "B=1", "--user", "u", "-w", "E", "--id", key, "--json"});
    INFO(result);
    CHECK(result.exit == (harmless ? 0 : 9));
    if (!harmless) {
      const std::string hint = result.error().at("hint");
      CHECK((hint.find("doctor") != hint.npos || hint.find("init-db") != hint.npos));
      CHECK(result.error().at("message").get<std::string>().size() < 300);
    }
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"stock"}, {"verify"}, {"history"}, {"seal"}}) {
      const int exit = db.run(words).exit;
      CAPTURE(words);
      CHECK((exit == 0 || exit == 9 || (exit == 7 && words[0] == "verify")));
    }
    const auto doctor = db.as_admin({"doctor"});
    INFO(doctor);
    CHECK(doctor.exit == (damage.named.empty() ? 0 : 9));
    CHECK_THAT(doctor.out, Contains(damage.named.empty() ? "as invctl made them" : damage.named));
    db.execute(damage.undo);
    CHECK(db.run({"purchase", "B=1", "--user", "u", "-w", "E", "--id", key}).exit == 0);
    CHECK(db.integer("SELECT COUNT(*) FROM purchase") == n);
  }
  CHECK(db.as_admin({"verify"}).exit == 0);
  CHECK(db.as_admin({"doctor"}).exit == 0);
}

TEST_CASE("a trigger that is gone lets work go on, and doctor and verify name it", "[damaged]") {
  Shop db;
  db.execute("DROP TRIGGER movement_no_update");
  CHECK(db.receive("without").exit == 0);
  const auto doctor = db.as_admin({"doctor"});
  INFO(doctor);
  CHECK(doctor.exit == 9);
  CHECK_THAT(doctor.out, Contains("trigger movement_no_update is missing"));
  const auto verify = db.as_admin({"verify", "--check", "schema", "--json"});
  INFO(verify);
  REQUIRE(verify.exit == 7);
  const auto violation = verify.json().at("violations").at(0);
  CHECK(violation.at("check") == "schema");
  CHECK(violation.at("key") == "movement_no_update");
  if (on_sqlite()) return;
  // Whoever may not look at triggers is not told that they are gone, and not that they are there either.
  const auto narrow = db.run({"doctor"});
  CHECK(narrow.exit == 0);
  CHECK_THAT(narrow.out, Contains("admin account"));
}

TEST_CASE("a table that is taken away and brought back under a load leaves what was acknowledged, once",
          "[damaged]") {
  Shop db;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::map<std::string, int> attempts;
  std::vector<std::thread> writers;
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; !stop; ++i) {
        const auto key = std::to_string(w) + "-" + std::to_string(i);
        const int exit = db.receive(key).exit;
        const std::scoped_lock lock(mutex);
        attempts[key] = exit;
      }
    });
  }
  const auto some_more = [&](int exit) {
    const auto count = [&] {
      const std::scoped_lock lock(mutex);
      return std::count_if(attempts.begin(), attempts.end(), [&](const auto& a) { return a.second == exit; });
    };
    const auto before = count();
    for (int i = 0; i < 3000 && count() < before + 3; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  };
  for (int i = 0; i < 2; ++i) {
    some_more(0);
    db.execute("ALTER TABLE movement RENAME TO movement_old");
    some_more(9);
    db.execute("ALTER TABLE movement_old RENAME TO movement");
  }
  some_more(0);
  stop = true;
  for (auto& writer : writers) writer.join();
  std::map<int, int> exits;
  std::map<std::string, std::int64_t> stored;
  for (const auto& row :
       db.rows("SELECT idempotency_key, COUNT(*) FROM operation GROUP BY idempotency_key")) {
    stored[row[0]] = std::stoll(row[1]);
  }
  std::int64_t wrong = 0;
  for (const auto& [key, exit] : attempts) {
    ++exits[exit];
    wrong += stored[key] != (exit == 0 ? 1 : 0);
  }
  CHECK(wrong == 0);
  CHECK(exits.size() == 2);
  CHECK(exits[0] >= 9);
  CHECK(exits[9] >= 6);
  CHECK(db.integer("SELECT SUM(on_hand) FROM inventory") == 10 + exits[0]);
  CHECK(db.run({"verify"}).exit == 0);
}

}  // namespace damaged_schema_test
