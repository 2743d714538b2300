// The crash matrix: a kill at every point that a command passes, then the same command with the same key.
// What must be in the database is predicted from the commands and their exit codes alone. INVCTL_TEST_KILLS
// says how many kills (default 250) and then shows the matrix; the seed is printed, and INVCTL_TEST_SEED
// repeats one.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "facts.hpp"
#include "life.hpp"

namespace matrix_test {

using namespace invctl::test;

namespace {

bool on_sqlite() {
  return backend_name() == "sqlite";
}

// A server has its own disk.
bool can_fill_disk() {
  return on_sqlite() && can_preload();
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

// Lives with this twist end with a fault of this kind.
void check_noticed(Twist twist, const std::string& kind) {
  Random random;
  INFO(random);
  const auto tally = lives_until(random, 100000, twist);
  CAPTURE(tally.faults);
  CHECK(found(tally, kind));
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
  CHECK(tally.signals > 0);
  CHECK(tally.waited > 0);
  const auto& passed = tally.passings.at("receive");
  for (const char* point : {"before-commit", "after-commit", "before-report"}) CHECK(passed.contains(point));
  // Few kills may all miss the one command in twenty that waits.
  if (tally.kills >= 1000) CHECK(tally.kills_in_line > 0);
}

TEST_CASE("every point is passed by some command, and so can be one of a kill", "[matrix]") {
  BareShop shop;
  const auto counts = shop.dir().path("counts");
  std::map<std::string, std::set<std::string>> passed;  // by command
  const auto pass = [&](const std::string& name, const Words& words, Environment env = {}) {
    env.emplace_back("INVCTL_FAIL_COUNTS", counts);
    const auto result = shop.run(words, {.env = env, .binary = INVCTL_FAULTY});
    INFO(result);
    REQUIRE(result.exit == 0);
    std::ifstream file(counts);
    std::string point;
    for (long n = 0; file >> point >> n;) {
      const auto dash = point.find('-');
      passed[name].insert(point.substr(dash + 1));
      passed[""].insert(point.substr(dash + 1));
    }
  };
  pass("init-db", {"init-db"});
  shop.grant();
  pass("warehouse", {"warehouse", "add", "E"});
  pass("product", {"product", "add", "S"});
  pass("receive", {"receive", "-w", "E", "S=1"});
  pass("dry run", {"receive", "-w", "E", "S=1", "--dry-run"});
  pass("export", {"export", "file"});
  using Names = std::set<std::string>;
  if (!on_sqlite()) {
    CHECK(passed["receive"] == Names{"answer", "commit", "report", "send", "statement"});
    return;
  }
  pass("backup", {"backup", "copy"});
  {
    const auto holder =
        shop.start({"receive", "-w", "E", "S=1"},
                   {.env = {{"INVCTL_FAIL_POINT", "before-commit:1:stop"}}, .binary = INVCTL_FAULTY});
    REQUIRE(wait_until_stopped(*holder));
    auto waiting =
        shop.start({"receive", "-w", "E", "S=1"},
                   {.env = {{"INVCTL_FAIL_POINT", "before-waiting:1:kill"}}, .binary = INVCTL_FAULTY});
    CHECK(waiting->wait().exit == 137);
  }
  CHECK(passed["receive"] ==
        Names{"begin", "commit", "line", "report", "statement", "sync", "truncate", "write"});
  CHECK(passed["backup"].contains("backup"));
  // But for those of a server, and the one above.
  CHECK(passed[""] == Names{"backup", "begin", "commit", "line", "rename", "report", "rollback", "statement",
                            "sync", "truncate", "unlink", "write"});
}

TEST_CASE("negative control: a commit that the program only claims is seen to be lost", "[matrix]") {
  check_noticed(Twist::lie, "lost");
}

TEST_CASE("negative control: whatever command claims a commit, it is seen to be lost", "[matrix]") {
  if (!on_sqlite()) return;  // what is looked for is the same on a server
  Random random;
  INFO(random);
  std::vector<std::string> names = {
      "seed",           "extend",       "purchase held", "receive expired",  "count enter", "count load",
      "count close",    "count cancel", "warehouse add", "warehouse retire", "product add", "product set",
      "product retire", "close",        "price",         "threshold"};
  if (!can_preload()) std::erase(names, "receive expired");  // it takes another clock
  // A short run looks at two of them.
  while (std::getenv("INVCTL_TEST_KILLS") == nullptr && names.size() > 2) {
    names.erase(names.begin() + random.between(0, static_cast<std::int64_t>(names.size()) - 1));
  }
  for (const auto& name : names) {
    Tally tally;
    while (tally.commands < 5000 && tally.faults.empty()) {
      Life life(random, tally, Twist::lie);
      life.lie_about(name);
      life.run(commands_per_life());
    }
    CAPTURE(name, tally.faults);
    // What says what it has stored may find that it is not there.
    CHECK((found(tally, "lost") || found(tally, "exit")));
  }
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
  check_noticed(Twist::hold_lock, "stuck");
}

TEST_CASE("negative control: a command that never ends is seen to be stuck, and not taken for killed",
          "[matrix]") {
  Random random;
  INFO(random);
  const auto check_stuck = [](const Tally& tally) {
    CAPTURE(tally.faults);
    REQUIRE(tally.faults.size() == 1);
    CHECK(found(tally, "stuck"));
    CHECK(tally.faults.at(0).find(":stop)") != std::string::npos);
    return found(tally, "stuck: init-db ");
  };
  Tally tally;  // of a life that does not know yet where init-db could be stopped
  Life(random, tally, Twist::hang).run(commands_per_life());
  check_stuck(tally);
  if (!on_sqlite()) return;  // each life takes long there, and the program of init-db is the same
  bool in_making = false;
  for (int i = 0; i < 12 && !in_making; ++i) {
    tally.faults.clear();
    Life(random, tally, Twist::hang).run(commands_per_life());
    in_making = check_stuck(tally);
  }
  CHECK(in_making);
}

TEST_CASE("negative control: 130 after the commit is seen not to be true", "[matrix]") {
  check_noticed(Twist::quit, "exit");
}

TEST_CASE("a disk that is full at any write of any command: the exit code is true, and it can be repeated",
          "[matrix]") {
  if (!can_fill_disk()) return;
  Random random;
  INFO(random);
  const char* asked = std::getenv("INVCTL_TEST_KILLS");
  const int wanted = asked != nullptr ? std::atoi(asked) : 60;
  Tally tally;
  while (tally.refused < wanted && tally.faults.empty()) {
    Life(random, tally, Twist::full_disk).run(commands_per_life());
  }
  if (asked != nullptr) WARN(random << '\n' << tally.table());
  CHECK(tally.faults == std::vector<std::string>());
  CHECK(tally.refused >= wanted);
}

TEST_CASE("what an exit code promises is judged by what is stored", "[matrix]") {
  const Expected before;
  Expected half;
  half.keys = {"first"};
  Step step;
  step.on_the_way = {half};
  step.after.keys = {"first", "second"};
  const auto none = before.facts();
  const auto part = half.facts();
  const auto all = step.after.facts();
  const auto judge = [&](int exit, const std::vector<std::string>& found) {
    Result result;
    result.exit = exit;
    return is_true(step, before, result, found);
  };
  CHECK((judge(0, all) && !judge(0, part) && !judge(0, none)));
  CHECK((judge(1, none) && !judge(1, part) && !judge(1, all)));
  CHECK((judge(12, part) && judge(12, all) && !judge(12, none)));
  CHECK((judge(10, none) && judge(10, part) && judge(10, all)));
  CHECK_FALSE((judge(4, none) || judge(13, all) || judge(137, none)));
  CHECK((is_unchanged(step, before, none) && is_unchanged(step, before, part)));
  CHECK_FALSE(is_unchanged(step, before, all));
}

TEST_CASE("negative control: success that is answered on a full disk is seen to be none", "[matrix]") {
  if (!can_fill_disk()) return;
  Random random;
  INFO(random);
  const auto tally = lives_until(random, 100000, Twist::hide_full);
  CAPTURE(tally.faults);
  CHECK(tally.faults.size() == 1);
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
