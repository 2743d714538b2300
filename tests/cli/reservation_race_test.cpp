// Reservations of many processes at once.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <thread>

#include "cli/reservation_support.hpp"

namespace reservation_race_test {

using namespace invctl::test;

namespace {

std::size_t from_environment(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

}  // namespace

TEST_CASE("processes that hold, confirm, release and let expire never get in each other's way",
          "[reserve][concurrency]") {
  ReservationShop db;
  // Each worker takes one of four ways with one unit, and brings in what it took away; afterwards the shop
  // must add up. INVCTL_TEST_WORKERS and INVCTL_TEST_SECONDS make a long run of it.
  const auto workers = from_environment("INVCTL_TEST_WORKERS", 8);
  const auto seconds = from_environment("INVCTL_TEST_SECONDS", 0);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  const auto before = db.stock("BOLT").at("on_hand").get<std::int64_t>();
  std::vector<std::int64_t> confirmed_by(workers, 0);
  std::atomic<std::int64_t> rounds = 0;  // of a long run
  std::vector<std::vector<std::string>> surprises(workers);
  const auto work = [&](std::size_t worker) {
    const auto call = [&](std::vector<std::string> command, std::vector<int> allowed) {
      command.insert(command.end(), {"--json", "--lock-timeout", "60s"});
      const auto result = db.run(command);
      if (std::find(allowed.begin(), allowed.end(), result.exit) == allowed.end()) {
        surprises[worker].push_back(command.front() + ": exit " + std::to_string(result.exit) + " " +
                                    result.err);
      }
      return result;
    };
    std::mt19937_64 random(worker);
    for (std::size_t i = 0; seconds > 0 ? std::chrono::steady_clock::now() < end : i < 6; ++i) {
      const auto way = seconds > 0 ? random() % 4 : (worker + i) % 4;
      const auto held = call({"reserve", "-w", "EAST", "BOLT=1", "--ttl", way == 0 ? "1ms" : "1m"}, {0, 4});
      if (held.exit != 0) continue;
      const auto id = std::to_string(held.json().at("reservation").get<std::int64_t>());
      if (way == 1 && call({"confirm", id}, {0}).exit == 0) ++confirmed_by[worker];
      if (way == 2) call({"release", id}, {0});
      if (way == 3 && call({"confirm", id, "--user", "kim"}, {0}).exit == 0) ++confirmed_by[worker];
      if (seconds > 0 && way % 2 == 1) {
        call({"receive", "-w", "EAST", "BOLT=1"}, {0});
        --confirmed_by[worker];
        ++rounds;
      }
    }
  };
  // What is available is never negative, whenever somebody looks.
  std::atomic<bool> over = false;
  std::vector<std::string> seen_below;
  std::thread watcher([&] {
    while (!over) {
      const auto row = db.must({"stock", "--sku", "BOLT", "-w", "EAST", "--json"}).json().at(0);
      if (row.at("available") < 0 || row.at("reserved") < 0) seen_below.push_back(row.dump());
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < workers; ++i) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
  over = true;
  watcher.join();
  for (const auto& row : seen_below) FAIL_CHECK(row);
  if (seconds > 0) WARN(workers << " workers, " << seconds << " s, " << rounds << " confirmed");
  std::int64_t confirmed = 0;
  for (std::size_t i = 0; i < workers; ++i) {
    for (const auto& surprise : surprises[i]) FAIL_CHECK(surprise);
    confirmed += confirmed_by[i];
  }
  wait_past(std::chrono::milliseconds(5));
  db.run({"ship", "-w", "EAST", "BOLT=1000"});  // refused; whatever has expired is given back
  CHECK((seconds > 0 ? rounds.load() : confirmed) > 0);
  CHECK(db.stock("BOLT").at("on_hand") == before - confirmed);
  CHECK(db.stock("BOLT").at("reserved") == 0);
  CHECK(db.integer("SELECT count(*) FROM hold") == 0);
  db.verify();
}

}  // namespace reservation_race_test
