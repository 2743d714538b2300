// Many connections on the same rows. Catch's assertions are not thread-safe: workers collect, the test
// asserts at the end.
#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <set>
#include <thread>

#include "fixture.hpp"
#include "unit/property.hpp"

namespace concurrency_test {

using namespace invctl;
using namespace invctl::test;

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Runs `work(i)` in `count` threads. Gives what went wrong in them.
template <class F>
std::vector<std::string> in_threads(int count, F&& work) {
  std::mutex mutex;
  std::vector<std::string> failures;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      try {
        work(i);
      } catch (const std::exception& error) {
        const std::scoped_lock lock(mutex);
        failures.emplace_back(error.what());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  return failures;
}

}  // namespace

TEST_CASE("two hundred buyers of one row with a hundred units: exactly a hundred are served") {
  const TestDatabase database;
  const auto owner = database.open();
  add_catalog(*owner, 1, 1);
  post(*owner, make(Kind::receive, "A", "P1", 100));
  std::atomic<int> served = 0;
  std::atomic<int> refused = 0;
  const auto failures = in_threads(8, [&](int worker) {
    const auto store = database.open();
    for (int i = 0; i < 25; ++i) {
      const auto key = "w" + std::to_string(worker) + "-" + std::to_string(i);
      const auto outcome = post(*store, make(Kind::purchase, "A", "P1", 1, key), 60s);
      if (outcome.receipt) {
        ++served;
      } else if (outcome.rejection->exit == Exit::insufficient_stock) {
        ++refused;
      }
    }
  });
  CHECK(failures == std::vector<std::string>());
  CHECK(served == 100);
  CHECK(refused == 100);
  const auto reader = database.connect_as_owner();
  CHECK(number(*reader, "SELECT on_hand FROM inventory") == 0);
  CHECK(number(*reader, "SELECT sum(quantity) FROM purchase") == 100);
  CHECK(number(*reader, "SELECT count(*) FROM operation WHERE outcome = 'rejected'") == 100);
  CHECK(ledger_faults(*reader) == std::vector<std::string>());
}

TEST_CASE("batches over the same rows in different orders neither deadlock for good nor oversell") {
  const TestDatabase database;
  const auto owner = database.open();
  add_catalog(*owner, 2, 6);
  Random seed;
  INFO(seed);
  const auto first = static_cast<unsigned>(seed.between(0, 1'000'000));
  std::atomic<std::int64_t> received = 0;
  std::atomic<std::int64_t> taken = 0;
  const auto failures = in_threads(6, [&](int worker) {
    std::minstd_rand random(first + static_cast<unsigned>(worker));
    const auto store = database.open();
    Ledger ledger(*store, test_origin);
    for (int i = 0; i < 30; ++i) {
      std::vector<Operation> batch;
      for (int n = 0; n < 5; ++n) {
        const std::string warehouse(1, static_cast<char>('A' + random() % 2));
        const auto sku = "P" + std::to_string(random() % 6 + 1);
        const auto kind = random() % 2 == 0 ? Kind::receive : Kind::purchase;
        const bool anywhere = kind == Kind::purchase && random() % 2 == 0;
        batch.push_back(make(kind, anywhere ? "" : warehouse, sku, 1 + static_cast<int>(random() % 3)));
      }
      const auto outcomes = ledger.post(batch, {.lock_timeout = 60s});
      for (std::size_t n = 0; n < batch.size(); ++n) {
        if (!outcomes[n].receipt) continue;
        (batch[n].kind == Kind::receive ? received : taken) += batch[n].lines[0].quantity;
      }
    }
  });
  CHECK(failures == std::vector<std::string>());
  const auto reader = database.connect_as_owner();
  CHECK(number(*reader, "SELECT sum(on_hand) FROM inventory") == received - taken);
  CHECK(ledger_faults(*reader) == std::vector<std::string>());
}

TEST_CASE("buyers with the same key at the same time: one purchase, and all get its receipt") {
  const TestDatabase database;
  const auto owner = database.open();
  add_catalog(*owner, 1, 1);
  post(*owner, make(Kind::receive, "A", "P1", 100));
  std::mutex mutex;
  std::multiset<std::int64_t> operations;
  const auto failures = in_threads(8, [&](int) {
    const auto store = database.open();
    for (int i = 0; i < 10; ++i) {
      const auto outcome = post(*store, make(Kind::purchase, "A", "P1", 1, "k" + std::to_string(i)), 60s);
      const std::scoped_lock lock(mutex);
      operations.insert(outcome.receipt.value().operation);
    }
  });
  CHECK(failures == std::vector<std::string>());
  CHECK(operations.size() == 80);
  CHECK(std::set<std::int64_t>(operations.begin(), operations.end()).size() == 10);
  CHECK(number(*database.connect(), "SELECT on_hand FROM inventory") == 90);
}

TEST_CASE("rows that do not exist yet are made once, though several want to make them") {
  const TestDatabase database;
  const auto owner = database.open();
  add_catalog(*owner, 2, 20);
  const auto failures = in_threads(6, [&](int) {
    const auto store = database.open();
    for (int i = 1; i <= 20; ++i) {
      const auto outcome = post(*store, make(Kind::receive, "A", "P" + std::to_string(i), 1), 60s);
      if (!outcome.receipt) throw std::runtime_error("refused");
    }
  });
  CHECK(failures == std::vector<std::string>());
  const auto reader = database.connect_as_owner();
  CHECK(number(*reader, "SELECT count(*) FROM inventory") == 20);
  CHECK(number(*reader, "SELECT count(*) FROM inventory WHERE on_hand = 6") == 20);
  CHECK(ledger_faults(*reader) == std::vector<std::string>());
}

TEST_CASE("who waits longer than the lock timeout is told busy, at the time that was allowed") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 10));
  std::vector<Operation> held = {make(Kind::ship, "A", "P1", 1, "held")};
  Posting holder(*store, test_origin, held, Deadline::after(20s));
  const auto waiting = database.open();
  for (const auto timeout : {2000ms, 300ms}) {
    const auto since = Clock::now();
    try {
      post(*waiting, make(Kind::ship, "A", "P1", 1), timeout);
      FAIL("the row was not locked");
    } catch (const Error& error) {
      CHECK(error.exit == Exit::busy);
      CHECK(error.hint.find("--lock-timeout") != std::string::npos);
    }
    const auto took = Clock::now() - since;
    CHECK(took >= timeout - 50ms);
    // A server counts lock waits in whole seconds.
    CHECK(took < timeout + (on_mysql() ? 4s : 3s));  // the machine may be busy with other tests
  }
  REQUIRE(holder.post(held).at(0).receipt);
  holder.commit();
  CHECK(post(*waiting, make(Kind::ship, "A", "P1", 9)).receipt);
}

TEST_CASE("who waits for a row is served when it is free, in the order of asking") {
  const TestDatabase database;
  const auto store = database.open();
  add_catalog(*store, 1, 1);
  post(*store, make(Kind::receive, "A", "P1", 10));
  std::vector<Operation> held = {make(Kind::ship, "A", "P1", 1, "held")};
  auto holder = std::make_unique<Posting>(*store, test_origin, held, Deadline::after(20s));
  std::vector<std::unique_ptr<db::SqlStore>> stores;
  for (int i = 0; i < 5; ++i) stores.push_back(database.open());
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::string> failures;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] {
      try {
        const auto outcome = post(*stores[static_cast<std::size_t>(i)], make(Kind::ship, "A", "P1", 1));
        const std::scoped_lock lock(mutex);
        order.push_back(static_cast<int>(outcome.receipt.value().lines[0].before));
        if (outcome.receipt->lines[0].before != 10 - i) failures.push_back("overtaken");
      } catch (const std::exception& error) {
        const std::scoped_lock lock(mutex);
        failures.emplace_back(error.what());
      }
    });
    // Long enough for it to stand in line before the next one comes.
    std::this_thread::sleep_for(150ms);
  }
  holder.reset();
  for (auto& thread : threads) thread.join();
  CHECK(failures == std::vector<std::string>());
  CHECK(order.size() == 5);
  CHECK(number(*database.connect(), "SELECT on_hand FROM inventory") == 5);
}

}  // namespace concurrency_test
