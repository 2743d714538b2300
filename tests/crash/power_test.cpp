// The power is cut: every write that no sync has covered may be lost, in whole or in part, in any order. What
// the program has said before must hold afterwards; and the tests notice where it does not sync.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "life.hpp"

using namespace invctl::test;

namespace {

Tally lives_until(Random& random, int cuts, Twist twist = Twist::none) {
  Tally tally;
  Life(random, tally).run(60);  // where the points are, and how often they are passed
  tally.kills = 0;
  while (tally.power_cuts < cuts && tally.faults.empty()) Life(random, tally, twist, true).run(60);
  return tally;
}

// A server has its own disk.
bool can_be_tried() {
  return backend_name() == "sqlite" && can_preload();
}

}  // namespace

TEST_CASE("what was acknowledged survives a power cut, and the rest is whole or not there", "[power]") {
  if (!can_be_tried()) return;
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

TEST_CASE("negative control: without syncs, what was acknowledged is seen to be lost", "[power]") {
  if (!can_be_tried()) return;
  for (const auto twist : {Twist::no_sync, Twist::late_sync}) {
    Random random;
    INFO(random);
    const auto tally = lives_until(random, 100000, twist);
    // What is gone shows in many ways: at once, as half of a later command, or by that one's exit code.
    CHECK(tally.power_cuts > 0);
    CHECK(tally.faults.size() == 1);
  }
}
