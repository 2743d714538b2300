// Disks that are full, fail, or may not be written: the exit code is true, and nothing is half done.
#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "disk.hpp"

namespace storage_test {

using namespace invctl::test;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

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

}  // namespace

TEST_CASE("a disk that is full from any write on: exit 1 and nothing changed, or exit 0", "[storage]") {
  if (!is_on_a_shimmed_disk()) return;
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
  if (!is_on_a_shimmed_disk()) return;
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
  if (!is_on_a_shimmed_disk()) return;
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
  if (!is_on_a_disk()) return;
#ifdef __SANITIZE_THREAD__
  WARN("skipped: under such a limit its runtime ends before the program begins");
  return;
#endif
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

// A database on one.
class SmallShop {
 public:
  SmallShop() : disk_(place_.path("disk")) {
    if (!disk_.mounted()) return;
    for (const auto& words :
         std::vector<Words>{{"init-db"}, {"warehouse", "add", "E"}, {"product", "add", "S"}}) {
      REQUIRE(run(words).exit == 0);
    }
  }
  const SmallDisk& disk() const { return disk_; }
  std::string path(const std::string& name) const { return place_.path(name); }
  std::string file() const { return place_.path("disk/shop.db"); }
  Result run(Words words) const {
    words.insert(words.end(), {"--db", file()});
    return invctl::test::run(words, {.cwd = place_.path()});
  }
  int on_hand() const { return run({"stock", "--json"}).json().at(0).at("on_hand").get<int>(); }

 private:
  TempDir place_;
  SmallDisk disk_;
};

// Takes all the room that is left.
void fill_up(const std::string& file) {
  std::ofstream filler(file, std::ios::binary);
  const std::string page(4096, '\0');
  while (filler.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
  }
}

}  // namespace

TEST_CASE("a disk that fills up: work stops with exit 1 and goes on when there is room", "[storage]") {
  if (!is_on_a_disk()) return;
  const SmallShop shop;
  if (!shop.disk().mounted()) return;
  const std::string note(900, 'n');  // so that it does not take long
  int stored = 0;
  Result result;
  for (result.exit = 0; result.exit == 0 && stored < 400; ++stored) {
    result = shop.run({"receive", "-w", "E", "S=1", "--id", "n" + std::to_string(stored), "--note", note});
  }
  --stored;
  INFO(result);
  REQUIRE(result.exit == 1);
  CHECK_THAT(result.err, Contains("no space left"));
  shop.disk().remount(0, "size=8m");
  CHECK(shop.on_hand() == stored);
  CHECK(shop.run({"receive", "-w", "E", "S=1", "--id", "n" + std::to_string(stored), "--note", note}).exit ==
        0);
  CHECK(shop.on_hand() == stored + 1);
  CHECK(shop.run({"verify"}).exit == 0);
}

TEST_CASE("a database that nobody has open on a full disk: exit 1, also for reading, until there is room",
          "[storage]") {
  if (!is_on_a_disk()) return;
  const SmallShop shop;
  if (!shop.disk().mounted()) return;
  REQUIRE(shop.run({"receive", "-w", "E", "S=1"}).exit == 0);
  const auto filler = shop.path("disk/filler");
  fill_up(filler);
  CHECK(shop.run({"stock"}).exit == 0);  // its -shm is still there
  fs::remove(shop.file() + "-shm");
  fill_up(shop.path("disk/filler-2"));
  const Words again = {"receive", "-w", "E", "S=1", "--id", "again"};
  for (const auto& words : std::vector<Words>{{"stock"}, again, {"verify"}, {"export"}}) {
    const auto result = shop.run(words);
    INFO(words[0] << result);
    CHECK(result.exit == 1);
    CHECK_THAT(result.err, Contains("no space left"));
    CHECK(result.out.empty());
  }
  CHECK(shop.run({"doctor"}).exit == 9);
  fs::remove(filler);
  CHECK(shop.on_hand() == 1);
  CHECK(shop.run(again).exit == 0);
  CHECK(shop.on_hand() == 2);
  CHECK(shop.run({"verify"}).exit == 0);
}

TEST_CASE("a file system that may only be read: what is open can be looked at, what must be opened cannot",
          "[storage]") {
  if (!is_on_a_disk()) return;
  const SmallShop shop;
  if (!shop.disk().mounted()) return;
  const Words first = {"receive", "-w", "E", "S=1", "--id", "first"};
  REQUIRE(shop.run(first).exit == 0);
  const auto only_reading = [&](bool can_read) {
    shop.disk().remount(MS_RDONLY, "size=8m");
    const int read = can_read ? 0 : 11;
    const auto copy = shop.path("copy");
    for (const auto& [words, exit] : std::vector<std::pair<Words, int>>{
             {{"receive", "-w", "E", "S=1"}, 11},
             {{"product", "add", "T"}, 11},
             {{"init-db"}, 11},
             {first, read},  // changes nothing: it is answered from what is stored
             {{"stock"}, read},
             {{"history"}, read},
             {{"verify"}, read},
             {{"export"}, read},
             {{"backup", copy}, read},
             {{"doctor"}, can_read ? 0 : 9},
         }) {
      const auto result = shop.run(words);
      INFO(words[0] << result);
      CHECK(result.exit == exit);
      if (words[0] == "doctor" && can_read) CHECK_THAT(result.out, Contains("writable"));
    }
    CHECK(fs::remove(copy) == can_read);
    shop.disk().remount(0, "size=8m");
  };
  only_reading(true);
  fs::remove(shop.file() + "-shm");
  only_reading(false);
  CHECK(shop.on_hand() == 1);
  fs::remove(shop.file() + "-shm");
  fs::remove(shop.file() + "-wal");
  only_reading(false);
  CHECK_FALSE(fs::exists(shop.file() + "-wal"));
}

}  // namespace storage_test
