// kill -9 at random moments of `apply`, then the same command again: the end is that of a run nobody
// disturbed. INVCTL_TEST_APPLY_KILLS says how often (default 12); the seed is printed, and INVCTL_TEST_SEED
// repeats one.
#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "cli/harness.hpp"

namespace apply_kill_test {

using namespace invctl::test;

namespace {

constexpr int operation_count = 1500;

int number_from(const char* variable, int fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : std::atoi(text);
}

// Deliveries, and shipments of what they brought: possible in this order only.
std::string rows_of_a_day() {
  std::string rows = "doc,kind,warehouse,sku,quantity\n";
  for (int i = 0; i < operation_count; ++i) {
    for (int line = 0; line < 4; ++line) {
      rows += std::to_string(i) + (i % 2 == 0 ? ",receive,E,S" : ",ship,E,S") +
              std::to_string((i / 2 + line * 7) % 40) + ",3\n";
    }
  }
  return rows;
}

struct Shop : Database {
  Shop() {
    std::string products = "sku,name\n";
    for (int i = 0; i < 40; ++i) products += "S" + std::to_string(i) + ",S\n";
    must({"warehouse", "add", "E", "--name", "East"});
    must({"seed-from-csv", "--products", dir().write("p.csv", products)});
    file = dir().write("day.csv", rows_of_a_day());
  }
  std::vector<std::string> command(const std::string& mode) const {
    std::vector<std::string> words = {"apply", file, "--group-by", "doc", "--on-error", mode};
    if (mode == "skip") words.insert(words.end(), {"--batch", "40"});
    return words;
  }
  // All that does not differ from run to run, as times and random identities do.
  Rows end_state() {
    auto state = rows(
        "SELECT p.sku, i.on_hand, i.version FROM inventory i JOIN product p ON p.id = i.product_id ORDER BY "
        "p.sku");
    for (const auto* sql :
         {"SELECT COUNT(*), COUNT(DISTINCT idempotency_key), (SELECT COUNT(*) FROM movement), "
          "(SELECT COUNT(*) FROM applied_file) FROM operation",
          "SELECT idempotency_key, kind FROM operation ORDER BY id"}) {
      for (auto& row : rows(sql)) state.push_back(row);
    }
    return state;
  }
  std::string file;
};

}  // namespace

TEST_CASE("apply that is killed at any moment and repeated ends as if nothing had happened") {
  const auto seed =
      static_cast<unsigned>(number_from("INVCTL_TEST_SEED", static_cast<int>(std::random_device{}() >> 1)));
  const int kills = number_from("INVCTL_TEST_APPLY_KILLS", 12);
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (const std::string mode : {"skip", "abort"}) {
    Shop undisturbed;
    const auto start = std::chrono::steady_clock::now();
    undisturbed.must(undisturbed.command(mode));
    const auto whole =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
    const auto expected = undisturbed.end_state();
    int in_the_middle = 0;
    for (int i = 0; i < kills; ++i) {
      Shop shop;
      auto run = shop.start(shop.command(mode));
      const auto after = std::uniform_int_distribution<std::int64_t>(0, whole.count())(random);
      std::this_thread::sleep_for(std::chrono::microseconds(after));
      run->signal(SIGKILL);
      const auto killed = run->wait();
      INFO(mode << ", killed after " << after << " us: " << killed);
      const auto done = shop.integer("SELECT COUNT(*) FROM operation");
      if (done > 0 && done < operation_count) ++in_the_middle;
      if (mode == "abort") CHECK((done == 0 || done == operation_count));
      shop.must(shop.command(mode));
      REQUIRE(shop.end_state() == expected);
    }
    // Kills that never hit the middle would show nothing.
    if (mode == "skip" && kills >= 12) CHECK(in_the_middle > 0);
  }
}

}  // namespace apply_kill_test
