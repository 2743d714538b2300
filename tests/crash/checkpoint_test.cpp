// The power is cut while the log is copied into the database and emptied, in which there is what somebody
// else has committed and not synced yet.
#include <SQLiteCpp/SQLiteCpp.h>
#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "disk.hpp"
#include "lost_writes.hpp"

namespace checkpoint_test {

using namespace invctl::test;
namespace fs = std::filesystem;

namespace {

// Posted in one transaction they leave some 45 pages for each hundred in the log.
std::string receipts(int count, const std::string& quantity) {
  std::string rows = "kind,warehouse,sku,quantity,note\n";
  for (int i = 0; i < count; ++i) rows += "receive,E,S," + quantity + "," + std::string(900, 'n') + "\n";
  return rows;
}

// A database, and two that change it.
class Race {
 public:
  // The second change makes the log longer than that, and the first does not.
  explicit Race(std::uintmax_t pages)
      : second_{"apply", disk_.place().write("second.csv", receipts(200, "2"))} {
    disk_.put_back(disk_.whole());
    const SQLite::Database reader(disk_.file(), SQLite::OPEN_READONLY, 5000);
    SQLite::Statement held(reader, "SELECT code FROM warehouse");
    held.executeStep();  // while somebody reads, the log cannot be emptied
    if (pages >= 1000) disk_.must({"apply", disk_.place().write("many.csv", receipts(2000, "1"))});
    constexpr std::uintmax_t of_second = 45;
    constexpr std::uintmax_t of_first = 25;
    while (log_pages() + of_second < pages) disk_.must({"receive", "-w", "E", "S=1"});
    REQUIRE(log_pages() + of_first < pages);
    for (const char* suffix : {"", "-wal"}) fs::copy_file(disk_.file() + suffix, beginning() + suffix);
    units_ = disk_.on_hand();
  }

  // From the same beginning: the first has committed and waits before its sync.
  void begin() {
    fs::remove(disk_.file() + "-shm");
    for (const char* suffix : {"", "-wal"}) {
      fs::copy_file(beginning() + suffix, disk_.file() + suffix, fs::copy_options::overwrite_existing);
    }
    waiting_ = disk_.start(first_, shimmed({{"INVCTL_FAIL_POINT", "before-sync:1:stop"}}));
    REQUIRE(wait_until_stopped(*waiting_));
    REQUIRE(units() == 1);  // and all see it
  }
  // Whether the second came to its end, or to that point.
  bool finish(const Environment& env) {
    const auto process = disk_.start(second_, shimmed(env));
    const bool stopped = wait_until_stopped(*process);
    if (stopped) process->signal(SIGKILL);
    const auto result = process->wait();
    INFO(result);
    CHECK(result.exit == (stopped ? 128 + SIGKILL : 0));
    return !stopped;
  }
  bool log_is_empty() const { return fs::file_size(disk_.file() + "-wal") == 0; }
  void cut_power(Random& random, LostWrites::Kept kept) {
    waiting_->signal(SIGKILL);
    waiting_->wait();
    LostWrites(shim_log_.path("log")).cut_power(kept, random);
  }
  // That the two have brought.
  std::int64_t units() const { return disk_.on_hand() - units_; }
  // Both are repeated.
  void check_repetition() const {
    disk_.must(first_);
    disk_.must(second_);
    CHECK(units() == both_units);
    disk_.must({"verify"});
  }

  static constexpr int both_units = 1 + 200 * 2;

 private:
  std::string beginning() const { return disk_.place().path("beginning"); }
  std::uintmax_t log_pages() const {
    constexpr std::uintmax_t header = 32;
    constexpr std::uintmax_t frame = 24 + 4096;
    const auto size = fs::file_size(disk_.file() + "-wal");
    return size < header ? 0 : (size - header) / frame;
  }

  RunOptions shimmed(Environment env) const {
    env.insert(env.end(), {{"LD_PRELOAD", INVCTL_SHIM},
                           {"INVCTL_SHIM_DIR", disk_.directory()},
                           {"INVCTL_SHIM_LOG", shim_log_.path("log")}});
    return {.env = env, .binary = INVCTL_FAULTY};
  }

  Disk disk_;
  TempDir shim_log_;
  Words first_ = {"receive", "-w", "E", "S=1", "--id", "first"};
  Words second_;
  std::int64_t units_ = 0;
  std::unique_ptr<Process> waiting_;
};

// commit() empties the log at the one length after its sync, and at the other before it.
constexpr std::uintmax_t lengths[] = {100, 1000};

}  // namespace

TEST_CASE("who empties the log takes nothing with it that another has not synced", "[power]") {
  if (!is_on_a_shimmed_disk()) return;
  Random random;
  INFO(random);
  for (const auto pages : lengths) {
    Race race(pages);
    int cut_off = 0;
    const auto try_with = [&](const std::string& point) {
      CAPTURE(pages, point);
      race.begin();
      const bool ended = race.finish({{"INVCTL_FAIL_POINT", point + ":stop"}});
      if (ended) CHECK(race.log_is_empty());
      race.cut_power(random, random.pick(std::vector{LostWrites::Kept::nothing, LostWrites::Kept::beginning,
                                                     LostWrites::Kept::some}));
      const auto units = race.units();
      if (ended) {
        CHECK(units == Race::both_units);
      } else {
        ++cut_off;
        CHECK((units == 0 || units == 1 || units == Race::both_units));  // never the second without the first
      }
      race.check_repetition();
      return ended;
    };
    for (int n = 1; !try_with("before-sync:" + std::to_string(n)); ++n) {
    }
    for (int i = 0; i < 2; ++i)
      try_with("before-write:" + std::to_string(random.between(1, static_cast<std::int64_t>(pages) + 200)));
    CHECK(cut_off > 0);
  }
}

TEST_CASE("negative control: who empties the log without syncing it is seen to lose what it held",
          "[power]") {
  if (!is_on_a_shimmed_disk()) return;
  Random random;
  for (const auto pages : lengths) {
    CAPTURE(pages);
    Race race(pages);
    race.begin();
    REQUIRE(race.finish({{"INVCTL_FAIL_SYNCHRONOUS", "OFF"}}));
    CHECK(race.log_is_empty());
    race.cut_power(random, LostWrites::Kept::nothing);
    CHECK(race.units() == 0);
  }
}

}  // namespace checkpoint_test
