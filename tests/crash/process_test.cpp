// Processes in trouble: stopped, interrupted, a thousand at once, without streams or a home, with a clock
// that jumps.
#include <signal.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>

#include "life.hpp"

namespace process_test {

using namespace invctl::test;
using Catch::Contains;

namespace {

class Shop : public Database {
 public:
  explicit Shop(int units = 5) {
    must({"warehouse", "add", "E"});
    must({"product", "add", "S", "--price", "1.00"});
    must({"receive", "-w", "E", "S=" + std::to_string(units)});
  }
  std::int64_t on_hand() { return integer("SELECT on_hand FROM inventory"); }
  std::int64_t stored(const std::string& id) {
    return integer("SELECT COUNT(*) FROM operation WHERE idempotency_key = '" + id + "'");
  }
};

RunOptions failing(const std::string& point) {
  return {.env = {{"INVCTL_FAIL_POINT", point}}, .binary = INVCTL_FAULTY};
}

}  // namespace

TEST_CASE("while a process that holds the lock is stopped, others are busy, and go on when it does",
          "[process]") {
  Shop db;
  const auto holder = db.start({"receive", "-w", "E", "S=1"}, failing("before-commit:1:stop"));
  REQUIRE(wait_until_stopped(*holder));
  const Words other = {"receive", "-w", "E", "S=2", "--id", "other", "--lock-timeout", "300ms"};
  const auto busy = db.run(other);
  INFO(busy);
  CHECK(busy.exit == 6);
  CHECK_THAT(busy.err, Contains("other"));
  CHECK(db.run({"stock"}).exit == 0);
  CHECK(db.on_hand() == 5);
  // One that was waiting all the time is served then.
  const auto patient = db.start({"receive", "-w", "E", "S=4", "--lock-timeout", "60s"});
  holder->signal(SIGCONT);
  CHECK(holder->wait().exit == 0);
  CHECK(patient->wait().exit == 0);
  CHECK(db.run(other).exit == 0);
  CHECK(db.on_hand() == 12);
  CHECK(db.run({"verify"}).exit == 0);
}

namespace {

// What a signal at a point of `receive` comes to.
struct Interruption {
  std::string point;
  bool ends;  // the command, with nothing stored; else the signal waits until all of it is, and reported
};

std::vector<Interruption> interruptions() {
  if (backend_name() == "sqlite") {
    // The first truncation and the first writes are those of SQLite's -shm.
    return {{"before-truncate:1", true},  {"before-write:1", true},    {"before-line:1", true},
            {"after-line:1", true},       {"before-begin:1", true},    {"after-begin:1", true},
            {"before-statement:1", true}, {"after-statement:3", true}, {"after-statement:9", true},
            {"before-commit:1", false},   {"before-write:12", false},  {"after-write:12", false},
            {"before-sync:1", false},     {"after-sync:1", false},     {"after-commit:1", false},
            {"before-report:1", false},   {"after-report:1", false}};
  }
  return {{"before-statement:1", true}, {"after-statement:3", true}, {"after-send:2", true},
          {"after-send:4", true},       {"after-answer:2", true},    {"before-commit:1", false},
          {"after-commit:1", false},    {"before-report:1", false},  {"after-report:1", false}};
}

}  // namespace

TEST_CASE("a signal before COMMIT: 130 or 143 and nothing is stored; from then on all of it, and exit 0",
          "[process]") {
  Shop db;
  int n = 0;
  int stored = 0;
  for (const auto& [point, ends] : interruptions()) {
    for (const int number : {SIGINT, SIGTERM}) {
      CAPTURE(point, number);
      const auto id = "n" + std::to_string(++n);
      const auto process = db.start({"receive", "-w", "E", "S=1", "--id", id}, failing(point + ":stop"));
      CHECK(wait_until_stopped(*process));
      process->signal(number);
      process->signal(SIGCONT);
      const auto result = process->wait();
      INFO(result);
      CHECK(result.exit == (ends ? 128 + number : 0));
      CHECK(result.out.empty() == ends);
      CHECK(db.stored(id) == (ends ? 0 : 1));
      if (!ends) ++stored;
    }
  }
  CHECK(db.on_hand() == 5 + stored);
  CHECK(db.run({"verify"}).exit == 0);
}

// INVCTL_TEST_WORKERS says how many; a long run takes a thousand, a short one fewer.
TEST_CASE("a thousand processes at once sell what there is, and end with 0 or 4 alone", "[process]") {
  const char* workers = std::getenv("INVCTL_TEST_WORKERS");
  const int buyers = workers != nullptr                            ? std::atoi(workers)
                     : std::getenv("INVCTL_TEST_KILLS") != nullptr ? 1000
                                                                   : 150;
  const int units = buyers / 10;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Shop db(units);
  std::vector<std::unique_ptr<Process>> processes;
  for (int i = 0; i < buyers; ++i) {
    processes.push_back(db.start(
        {"purchase", "S=1", "--user", "u" + std::to_string(i), "-w", "E", "--lock-timeout", "100s"}));
  }
  std::map<int, int> exits;
  for (const auto& process : processes) ++exits[process->wait().exit];
  if (workers != nullptr)
    WARN(buyers << " processes: " << exits[0] << " x exit 0, " << exits[4] << " x exit 4");
  CHECK(exits == std::map<int, int>{{0, units}, {4, buyers - units}});
  CHECK(db.on_hand() == 0);
  CHECK(db.integer("SELECT COUNT(*) FROM purchase") == units);
  CHECK(db.run({"verify"}).exit == 0);
}

TEST_CASE("without streams, a reader or a home: what is stored is told by the exit code", "[process]") {
  Shop db;
  const auto through = [&](const Words& words, const std::string& script) {
    return db.run(words, {.wrapper = {"bash", "-c", script}});
  };
  const std::string closed = R"(exec "$0" "$@" <&- >&- 2>&-)";
  CHECK(through({"receive", "-w", "E", "S=1", "--id", "a"}, closed).exit == 13);
  CHECK(db.stored("a") == 1);
  CHECK(through({"stock"}, closed).exit == 1);
  CHECK(through({"receive", "-w", "E", "--from", "-"}, closed).exit != 0);
  CHECK(db.on_hand() == 6);

  const std::string reader_left = R"({ sleep 0.2; "$0" "$@"; } | :; exit ${PIPESTATUS[0]})";
  CHECK(through({"receive", "-w", "E", "S=1", "--id", "b"}, reader_left).exit == 13);
  CHECK(db.stored("b") == 1);
  CHECK(through({"history"}, reader_left).exit == 0);

  const std::string homeless = R"(unset HOME TERM XDG_DATA_HOME XDG_CONFIG_HOME; exec "$0" "$@")";
  CHECK(through({"receive", "-w", "E", "S=1"}, homeless).exit == 0);
  CHECK(through({"stock", "--color", "always"}, homeless).exit == 0);
  const auto nowhere = through({"stock"}, "unset INVCTL_DB; " + homeless);
  INFO(nowhere);
  CHECK((nowhere.exit == 2 || nowhere.exit == 9));
  CHECK_FALSE(nowhere.err.empty());
  CHECK(db.on_hand() == 8);
}

TEST_CASE("a clock that jumps back, before or during a command, leaves a ledger in order", "[process]") {
  if (!can_preload()) {
    WARN("skipped: a sanitizer's library has to come before the shim");
    return;
  }
  Shop db;
  const auto at = [](const std::string& jump) {
    return RunOptions{.env = {{"LD_PRELOAD", INVCTL_SHIM}, {"INVCTL_SHIM_CLOCK", jump}}};
  };
  int n = 0;
  for (const std::string jump : {"1:-86400", "2:-3600", "3:-86400", "1:86400", "2:-1", "1:-400000000"}) {
    CAPTURE(jump);
    const auto id = "n" + std::to_string(++n);
    const auto price = "S=" + std::to_string(n) + ".00";
    CHECK(db.run({"receive", "-w", "E", "S=3", "--id", id}, at(jump)).exit == 0);
    CHECK(db.run({"purchase", "S=1", "--user", "ann"}, at(jump)).exit == 0);
    CHECK(db.run({"price", "set", price, "--reason", "r"}, at(jump)).exit == 0);
    CHECK(db.run({"price", "set", price, "--reason", "r"}).exit == 0);
    const auto held = db.run({"reserve", "-w", "E", "S=1", "--ttl", "7d", "--json"});
    REQUIRE(held.exit == 0);
    CHECK(db.run({"release", std::to_string(held.json().at("reservation").get<int>())}, at(jump)).exit < 6);
    CHECK(db.run({"seal"}, at(jump)).exit == 0);
    CHECK(db.run({"receive", "-w", "E", "S=3", "--id", id, "--json"}).json().at("replayed") == true);
  }
  CHECK(db.on_hand() == 5 + n * 2);
  const auto verify = db.run({"verify"});
  INFO(verify);
  CHECK(verify.exit == 0);
  std::int64_t last = INT64_MAX;
  for (const auto& row : db.must({"history", "--limit", "1000", "--json"}).json()) {
    CHECK(row.at("seq") < last);
    last = row.at("seq").get<std::int64_t>();
  }
}

}  // namespace process_test
