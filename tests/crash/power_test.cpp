// The power is cut: every write that no sync has covered may be lost, in whole or in part, in any order. What
// the program has said before must hold afterwards; and the tests notice where it does not sync.
#include <signal.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "disk.hpp"
#include "life.hpp"
#include "lost_writes.hpp"

namespace power_test {

using namespace invctl::test;

namespace {

Tally lives_until(Random& random, int cuts, Twist twist = Twist::none) {
  Tally tally;
  Life(random, tally).run(60);  // where the points are, and how often they are passed
  tally.kills = 0;
  while (tally.power_cuts < cuts && tally.faults.empty()) Life(random, tally, twist, true).run(60);
  return tally;
}

// One process has committed and not synced yet, and another builds on that.
class Pair {
 public:
  Pair() {
    for (const Words& words :
         std::vector<Words>{{"init-db"}, {"warehouse", "add", "E"}, {"product", "add", "S"}}) {
      REQUIRE(shop_.run(words).exit == 0);
    }
  }

  // `first` is stopped before its n-th sync. False where it ends without one.
  bool stop_at_sync(const Words& first, int n) {
    first_ =
        shop_.start(first, shimmed({{"INVCTL_FAIL_POINT", "before-sync:" + std::to_string(n) + ":stop"}}));
    if (wait_until_stopped(*first_)) return true;
    CHECK(first_->wait().exit == 0);
    return false;
  }
  Result run(Words words, bool sync = true) const {
    words.insert(words.end(), {"--json", "--lock-timeout", "300ms"});
    return shop_.run(words, sync ? shimmed({}) : shimmed({{"INVCTL_FAIL_SYNCHRONOUS", "NORMAL"}}));
  }
  void cut_power(Random& random, LostWrites::Kept kept) {
    first_->signal(SIGKILL);
    first_->wait();
    LostWrites(log_.path("log")).cut_power(kept, random);
  }
  std::int64_t on_hand() const {
    const auto rows = shop_.rows("SELECT on_hand FROM inventory");
    return rows.empty() ? 0 : std::stoll(rows.at(0).at(0));
  }
  const BareShop& shop() const { return shop_; }

 private:
  RunOptions shimmed(std::vector<std::pair<std::string, std::string>> env) const {
    RunOptions options;
    if (!env.empty()) options.binary = INVCTL_FAULTY;
    env.insert(env.end(), {{"LD_PRELOAD", INVCTL_SHIM},
                           {"INVCTL_SHIM_DIR", shop_.dir().path()},
                           {"INVCTL_SHIM_LOG", log_.path("log")}});
    options.env = env;
    return options;
  }

  BareShop shop_;
  TempDir log_;
  std::unique_ptr<Process> first_;
};

// By the program and SQLite together. Of NORMAL those of the program are left out, for it does not find the
// log then.
long syncs_of_a_change(const std::string& synchronous) {
  const BareShop shop;
  for (const Words& words :
       std::vector<Words>{{"init-db"}, {"warehouse", "add", "E"}, {"product", "add", "S"}}) {
    REQUIRE(shop.run(words).exit == 0);
  }
  const auto counts = shop.dir().path("counts");
  const auto result =
      shop.run({"receive", "-w", "E", "S=1"},
               {.env = {{"INVCTL_FAIL_COUNTS", counts}, {"INVCTL_FAIL_SYNCHRONOUS", synchronous}},
                .binary = INVCTL_FAULTY});
  REQUIRE(result.exit == 0);
  std::ifstream file(counts);
  std::string point;
  for (long n = 0; file >> point >> n;) {
    if (point == "before-sync") return n;
  }
  return 0;
}

const Words first = {"receive", "-w", "E", "S=1", "--id", "first"};
const Words second = {"receive", "-w", "E", "S=2", "--id", "second"};

}  // namespace

TEST_CASE("who builds on what is not synced yet syncs it with his own, or with his repetition", "[power]") {
  if (!is_on_a_shimmed_disk()) return;
  Random random;
  INFO(random);
  int built = 0;
  for (int round = 0; round < 6; ++round) {
    for (int n = 1;; ++n) {
      CAPTURE(round, n);
      Pair pair;
      if (!pair.stop_at_sync(first, n)) break;
      const auto result = pair.run(random.one_in(2) ? second : first);
      INFO(result);
      REQUIRE((result.exit == 0 || result.exit == 6));  // 6: the sync is one that has to come before COMMIT
      pair.cut_power(random, random.pick(std::vector{LostWrites::Kept::nothing, LostWrites::Kept::beginning,
                                                     LostWrites::Kept::some}));
      if (result.exit == 0) {
        ++built;
        CHECK(pair.on_hand() == result.json().at("lines").at(0).at("on_hand").get<std::int64_t>());
      } else {
        CHECK(pair.on_hand() <= 1);
      }
      CHECK(pair.shop().run(first).exit == 0);
      CHECK(pair.shop().run(second).exit == 0);
      CHECK(pair.on_hand() == 3);
      CHECK(pair.shop().run({"verify"}).exit == 0);
    }
  }
  CHECK(built > 0);
}

TEST_CASE("who is told that it exists already can rely on it", "[power]") {
  if (!is_on_a_shimmed_disk()) return;
  Random random;
  int told = 0;
  for (const Words& words : std::vector<Words>{{"warehouse", "add", "N"}, {"product", "add", "N"}}) {
    CAPTURE(words);
    for (int n = 1;; ++n) {
      CAPTURE(n);
      Pair pair;
      if (!pair.stop_at_sync(words, n)) break;
      const auto result = pair.run(words);
      pair.cut_power(random, LostWrites::Kept::nothing);
      if (result.exit != 5) continue;
      ++told;
      CHECK(pair.shop().run({words[0], "show", "N"}).exit == 0);
    }
  }
  CHECK(told > 0);
}

TEST_CASE("negative control: who builds on what is not synced, and does not sync, is seen to lose both",
          "[power]") {
  if (!is_on_a_shimmed_disk()) return;
  Random random;
  int lost = 0;
  for (int n = 1;; ++n) {
    Pair pair;
    if (!pair.stop_at_sync(first, n)) break;
    const auto result = pair.run(second, false);
    pair.cut_power(random, LostWrites::Kept::nothing);
    if (result.exit == 0 && pair.on_hand() == 0) ++lost;
  }
  CHECK(lost > 0);
}

TEST_CASE("what was acknowledged survives a power cut, and the rest is whole or not there", "[power]") {
  if (!is_on_a_shimmed_disk()) return;
  Random random;
  INFO(random);
  const char* asked = std::getenv("INVCTL_TEST_KILLS");
  const auto tally = lives_until(random, asked != nullptr ? std::atoi(asked) : 60);
  if (asked != nullptr) {
    WARN(random << ": " << tally.power_cuts << " power cuts after " << tally.kills << " kills and "
                << tally.commands << " commands met " << tally.unsynced << " writes that were not synced");
  }
  CHECK(tally.unsynced > 0);
  CHECK(tally.faults == std::vector<std::string>());
}

TEST_CASE("where SQLite syncs each commit itself as well, nothing is lost either", "[power]") {
  if (!is_on_a_shimmed_disk()) return;
  CHECK(syncs_of_a_change("FULL") > syncs_of_a_change("NORMAL") + 1);
  Random random;
  INFO(random);
  const auto tally = lives_until(random, 10, Twist::full_sync);
  CHECK(tally.power_cuts >= 10);
  CHECK(tally.faults == std::vector<std::string>());
}

TEST_CASE("negative control: without syncs, what was acknowledged is seen to be lost", "[power]") {
  if (!is_on_a_shimmed_disk()) return;
  for (const auto twist : {Twist::no_sync, Twist::late_sync}) {
    Random random;
    INFO(random);
    const auto tally = lives_until(random, 100000, twist);
    // What is gone shows in many ways: at once, as half of a later command, or by that one's exit code.
    CHECK(tally.power_cuts > 0);
    CHECK(tally.faults.size() == 1);
  }
}

}  // namespace power_test
