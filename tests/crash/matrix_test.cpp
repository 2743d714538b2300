// The crash matrix: a kill at every point that a command passes, then the same command with the same key.
// What must be in the database is predicted from the commands and their exit codes alone. INVCTL_TEST_KILLS
// says how many kills (default 250) and then shows the matrix; the seed is printed, and INVCTL_TEST_SEED
// repeats one.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "life.hpp"

namespace matrix_test {

using namespace invctl::test;

namespace {

bool on_sqlite() {
  return backend_name() == "sqlite";
}

// A server takes long to make a database.
int commands_per_life() {
  return on_sqlite() ? 60 : 120;
}

Tally lives_until(Random& random, int kills, Twist twist = Twist::none) {
  Tally tally;
  while (tally.kills < kills && tally.faults.empty()) Life(random, tally, twist).run(commands_per_life());
  return tally;
}

// Whether some fault is of this kind.
bool found(const Tally& tally, const std::string& kind) {
  for (const auto& fault : tally.faults) {
    if (fault.starts_with(kind)) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("whatever point a command is killed at, the same command again has it stored once", "[matrix]") {
  Random random;
  INFO(random);
  const char* asked = std::getenv("INVCTL_TEST_KILLS");
  const int usual = on_sqlite() ? 250 : 120;
  const auto tally = lives_until(random, asked != nullptr ? std::atoi(asked) : usual);
  if (asked != nullptr) WARN(random << '\n' << tally.table());
  CHECK(tally.faults == std::vector<std::string>());
}

TEST_CASE("negative control: a commit that the program only claims is seen to be lost", "[matrix]") {
  Random random;
  INFO(random);
  const auto tally = lives_until(random, 100000, Twist::lie);
  CAPTURE(tally.faults);
  CHECK(found(tally, "lost"));
}

TEST_CASE("negative control: a command that is repeated without its key is seen to be doubled", "[matrix]") {
  Random random;
  INFO(random);
  Tally tally;
  // Where it was killed before its commit, only its key is missing, and the next life is to show it.
  for (int i = 0; i < 30 && !found(tally, "doubled"); ++i) {
    Life(random, tally, Twist::forget_key).run(commands_per_life());
  }
  CAPTURE(tally.faults);
  CHECK(found(tally, "doubled"));
}

TEST_CASE("negative control: a process that keeps its locks is seen to hold up the others", "[matrix]") {
  Random random;
  INFO(random);
  const auto tally = lives_until(random, 100000, Twist::hold_lock);
  CAPTURE(tally.faults);
  CHECK(found(tally, "stuck"));
}

TEST_CASE("init-db that is killed before it is in write-ahead mode is finished by the next", "[matrix]") {
  if (!on_sqlite()) return;
  for (const std::string point :
       {"after-line:1", "after-write:1", "before-sync:1", "before-unlink:1", "after-unlink:1",
        "before-unlink:2", "after-unlink:2", "before-begin:1", "before-commit:1"}) {
    CAPTURE(point);
    const BareShop shop;
    const auto cut =
        shop.run({"init-db"}, {.env = {{"INVCTL_FAIL_POINT", point + ":kill"}}, .binary = INVCTL_FAULTY});
    CHECK(cut.exit == 137);
    CHECK(shop.run({"stock"}).exit == 9);
    REQUIRE(shop.run({"init-db"}).exit == 0);
    CHECK(shop.rows("PRAGMA journal_mode") == Rows{{"wal"}});
    CHECK(shop.run({"warehouse", "add", "E"}).exit == 0);
  }
}

TEST_CASE("the program that is released has no fail points", "[matrix]") {
  CHECK(std::system("grep -q INVCTL_FAIL_POINT '" INVCTL_BINARY "'") != 0);
  CHECK(std::system("grep -q INVCTL_FAIL_POINT '" INVCTL_FAULTY "'") == 0);
}

}  // namespace matrix_test
