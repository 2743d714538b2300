// Disks that are full, fail, or hold something else than was written: the exit code is true, and nothing is
// half done.
#include <signal.h>
#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "life.hpp"

namespace storage_test {

using namespace invctl::test;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

// A server has its own disk.
bool can_be_tried() {
  return backend_name() == "sqlite" && can_preload();
}

RunOptions shimmed(const std::string& directory, const std::string& failure) {
  return {.env = {{"LD_PRELOAD", INVCTL_SHIM},
                  {"INVCTL_SHIM_DIR", directory},
                  {"INVCTL_SHIM_FAIL", failure},
                  {"INVCTL_SHIM_COUNTS", directory + "/../calls"}}};
}

// How often the program that has just ended called it.
long calls(const std::string& directory, const std::string& name) {
  std::ifstream file(directory + "/../calls");
  std::string word;
  for (long n = 0; file >> word >> n;) {
    if (word == name) return n;
  }
  return 0;
}

// The database in a directory of its own, so that the shim sees nothing else.
class Disk {
 public:
  Disk() {
    fs::create_directory(directory());
    must({"init-db"});
    must({"warehouse", "add", "E"});
    must({"product", "add", "S", "--price", "1.00"});
  }
  std::string directory() const { return place_.path("disk"); }
  std::string file() const { return directory() + "/shop.db"; }
  const TempDir& place() const { return place_; }
  Result run(const Words& words, RunOptions options = {}) const {
    options.env.insert(options.env.end(), {{"INVCTL_DB", file()}, {"HOME", place_.path()}});
    options.cwd = place_.path();
    return invctl::test::run(words, options);
  }
  void must(const Words& words) const {
    const auto result = run(words);
    INFO(result);
    REQUIRE(result.exit == 0);
  }
  // Behind its back, as a new program would find it.
  std::int64_t on_hand() const {
    const auto rows = run({"stock", "--json"}).json();
    return rows.empty() ? 0 : rows.at(0).at("on_hand").get<std::int64_t>();
  }

 private:
  TempDir place_;
};

}  // namespace

TEST_CASE("a disk that is full from any write on: exit 1 and nothing changed, or exit 0", "[storage]") {
  if (!can_be_tried()) return;
  const Disk disk;
  std::int64_t stored = 0;
  int refused = 0;
  for (long n = 1;; ++n) {
    const auto id = "n" + std::to_string(n);
    CAPTURE(n);
    const auto result =
        disk.run({"receive", "-w", "E", "S=1", "--id", id, "--json"},
                 shimmed(disk.directory(), "write:" + std::to_string(n) + ":" + std::to_string(ENOSPC)));
    INFO(result);
    REQUIRE((result.exit == 0 || result.exit == 1));
    if (result.exit == 1) {
      CHECK(result.error_code() == "disk_full");
      ++refused;
    } else {
      ++stored;
    }
    REQUIRE(disk.on_hand() == stored);
    if (calls(disk.directory(), "write") < n) break;
    REQUIRE(disk.run({"receive", "-w", "E", "S=1", "--id", id}).exit == 0);  // there is room again
    if (result.exit == 1) ++stored;
    REQUIRE(disk.on_hand() == stored);
  }
  CHECK(refused > 0);
  CHECK(disk.run({"verify"}).exit == 0);
}

TEST_CASE("a sync that fails: what was not acknowledged is stored once by its repetition", "[storage]") {
  if (!can_be_tried()) return;
  const Disk disk;
  std::int64_t stored = 0;
  int told = 0;
  for (const std::string how : {"", ":once"}) {
    for (long n = 1;; ++n) {
      const auto id = "n" + std::to_string(n) + how;
      CAPTURE(n, how);
      const auto result =
          disk.run({"receive", "-w", "E", "S=1", "--id", id, "--lock-timeout", "100ms"},
                   shimmed(disk.directory(), "sync:" + std::to_string(n) + ":" + std::to_string(EIO) + how));
      INFO(result);
      const auto found = disk.on_hand();
      if (result.exit == 0) CHECK(found == stored + 1);
      if (result.exit == 1) CHECK(found == stored);
      if (result.exit != 0) ++told;
      REQUIRE((result.exit == 0 || result.exit == 1 || result.exit == 10));
      if (result.exit == 0 && calls(disk.directory(), "sync") < n) {
        stored = found;
        break;
      }
      REQUIRE(disk.run({"receive", "-w", "E", "S=1", "--id", id}).exit == 0);
      REQUIRE(disk.on_hand() == ++stored);
    }
  }
  CHECK(told > 0);
  CHECK(disk.run({"verify"}).exit == 0);
}

TEST_CASE("files of all kinds that do not fit on the disk leave nothing behind", "[storage]") {
  if (!can_be_tried()) return;
  const Disk disk;
  disk.must({"receive", "-w", "E", "S=5"});
  const auto target = disk.directory() + "/out";
  for (const Words& words :
       {Words{"backup", target}, Words{"export", target}, Words{"report", "--html", target}}) {
    CAPTURE(words);
    // What is not the first to fail may be the last write, or the sync.
    for (const std::string failure : {"write:1:", "write:3:", "sync:1:", "sync:2:"}) {
      CAPTURE(failure);
      const auto result = disk.run(words, shimmed(disk.directory(), failure + std::to_string(ENOSPC)));
      INFO(result);
      if (result.exit == 0) {
        fs::remove(target);  // it does not write or sync so often
        continue;
      }
      CHECK(result.exit == 1);
      CHECK_FALSE(fs::exists(target));
      CHECK_FALSE(fs::exists(target + ".tmp"));
    }
    disk.must(words);
    CHECK(fs::exists(target));
    fs::remove(target);
  }
}

TEST_CASE("a limit to the size of files is a full disk, not the end of the program", "[storage]") {
  if (!can_be_tried()) return;
  const Disk disk;
  std::int64_t stored = 0;
  int refused = 0;
  for (int kib = 0; kib <= 512; kib += 64) {
    CAPTURE(kib);
    const auto result = disk.run({"receive", "-w", "E", "S=1"},
                                 {.wrapper = {"prlimit", "--fsize=" + std::to_string(kib * 1024), "--"}});
    INFO(result);
    REQUIRE((result.exit == 0 || result.exit == 1));
    result.exit == 0 ? ++stored : ++refused;
    REQUIRE(disk.on_hand() == stored);
  }
  CHECK(refused > 0);
  disk.must({"receive", "-w", "E", "S=1"});
  CHECK(disk.on_hand() == stored + 1);
  CHECK(disk.run({"verify"}).exit == 0);
}

namespace {

// A small file system in memory, for who may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& directory) : directory_(directory) {
    fs::create_directory(directory);
    mounted_ = mount("none", directory.c_str(), "tmpfs", 0, "size=640k") == 0;
    if (!mounted_) WARN("skipped: only root may mount a small file system");
  }
  ~SmallDisk() {
    if (mounted_) umount2(directory_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  void remount(unsigned long flags, const char* options) const {
    REQUIRE(mount("none", directory_.c_str(), "tmpfs", MS_REMOUNT | flags, options) == 0);
  }

 private:
  std::string directory_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("a disk that fills up: work stops with exit 1 and goes on when there is room", "[storage]") {
  if (!can_be_tried()) return;
  const TempDir place;
  const SmallDisk small(place.path("disk"));
  if (!small.mounted()) return;
  const auto on_disk = [&](Words words) {
    words.insert(words.end(), {"--db", place.path("disk/shop.db")});
    return run(words, {.cwd = place.path()});
  };
  REQUIRE(on_disk({"init-db"}).exit == 0);
  REQUIRE(on_disk({"warehouse", "add", "E"}).exit == 0);
  REQUIRE(on_disk({"product", "add", "S"}).exit == 0);
  const std::string note(900, 'n');  // so that it does not take long
  int stored = 0;
  Result result;
  for (result.exit = 0; result.exit == 0 && stored < 400; ++stored) {
    result = on_disk({"receive", "-w", "E", "S=1", "--id", "n" + std::to_string(stored), "--note", note});
  }
  --stored;
  INFO(result);
  REQUIRE(result.exit == 1);
  CHECK_THAT(result.err, Contains("no space left"));
  small.remount(0, "size=8m");
  const auto on_hand = [&] { return on_disk({"stock", "--json"}).json().at(0).at("on_hand").get<int>(); };
  CHECK(on_hand() == stored);
  CHECK(on_disk({"receive", "-w", "E", "S=1", "--id", "n" + std::to_string(stored), "--note", note}).exit ==
        0);
  CHECK(on_hand() == stored + 1);
  CHECK(on_disk({"verify"}).exit == 0);

  small.remount(MS_RDONLY, "size=8m");
  CHECK(on_disk({"receive", "-w", "E", "S=1"}).exit == 11);
  CHECK(on_disk({"init-db"}).exit == 11);
  const auto read = on_disk({"stock"});
  INFO(read);
  CHECK((read.exit == 0 || read.exit == 11));
  small.remount(0, "size=8m");
  CHECK(on_disk({"receive", "-w", "E", "S=1"}).exit == 0);
}

// --- what is there is not what was written

namespace {

// All that the ledger's hashes and balances cover, or why it cannot be read.
std::string ledger_in(const Disk& disk) {
  std::ostringstream out;
  for (const Words& words : {Words{"history", "--limit", "1000", "--json"}, Words{"stock", "--json"}}) {
    const auto result = disk.run(words);
    out << result.exit << result.out;
  }
  return out.str();
}

}  // namespace

TEST_CASE("whatever byte of the database was changed, nothing crashes, and verify or doctor sees it",
          "[storage]") {
  if (!can_be_tried()) return;
  Random random;
  INFO(random);
  const Disk disk;
  for (int i = 0; i < 12; ++i) {
    disk.must({"receive", "-w", "E", "S=" + std::to_string(i + 1), "--ref", "order " + std::to_string(i)});
  }
  // All of it in the file, and nothing in the log.
  disk.must({"backup", disk.directory() + "/whole"});
  const auto whole = read_file(disk.directory() + "/whole");
  const auto put_back = [&](const std::string& bytes) {
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(disk.file() + suffix);
    std::ofstream(disk.file(), std::ios::binary | std::ios::trunc) << bytes;
  };
  put_back(whole);
  const auto sound = ledger_in(disk);
  int seen = 0;
  for (int i = 0; i < 60; ++i) {
    auto bytes = whole;
    const auto at = static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(bytes.size()) - 1));
    if (random.one_in(5)) {
      bytes.resize(at);  // cut off
    } else {
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.between(0, 7)));
    }
    CAPTURE(i, at, bytes.size());
    put_back(bytes);
    const auto found = ledger_in(disk);
    const auto verify = disk.run({"verify"});
    const auto doctor = disk.run({"doctor"});
    INFO(verify << doctor);
    for (const auto* result : {&verify, &doctor}) {
      REQUIRE(result->exit < 20);
      REQUIRE(result->exit != 2);
    }
    const bool noticed = verify.exit != 0 || doctor.exit != 0;
    if (found != sound) CHECK(noticed);
    if (noticed) ++seen;
    const auto change = disk.run({"receive", "-w", "E", "S=1"});
    INFO(change);
    REQUIRE(change.exit < 20);
    REQUIRE(change.exit != 2);
  }
  CHECK(seen > 0);
}

TEST_CASE("a log that was left behind by a database that is gone is not taken into the new one",
          "[storage]") {
  if (!can_be_tried()) return;
  const Disk disk;
  disk.must({"receive", "-w", "E", "S=7"});
  REQUIRE(fs::file_size(disk.file() + "-wal") > 0);
  fs::remove(disk.file());
  CHECK(disk.run({"stock"}).exit == 9);
  disk.must({"init-db"});
  CHECK(disk.run({"stock", "--json"}).json().empty());
  CHECK(disk.run({"warehouse", "list", "--json"}).json().empty());
  CHECK(disk.run({"verify"}).exit == 0);
}

TEST_CASE("a database that is taken away, or replaced, between two commands is said to be so", "[storage]") {
  if (!can_be_tried()) return;
  const Disk disk;
  const auto away = disk.place().path("away");
  fs::rename(disk.directory(), away);
  CHECK(disk.run({"receive", "-w", "E", "S=1"}).exit == 9);
  CHECK(disk.run({"stock"}).exit == 9);
  CHECK_FALSE(fs::exists(disk.directory()));
  fs::create_directories(disk.file());
  CHECK(disk.run({"receive", "-w", "E", "S=1"}).exit == 9);
  fs::remove_all(disk.directory());
  fs::rename(away, disk.directory());
  disk.must({"receive", "-w", "E", "S=1"});
}

}  // namespace storage_test
