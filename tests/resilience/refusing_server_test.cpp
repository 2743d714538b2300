// A server that takes no changes, or has no room for them.
#include <sys/mount.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <mutex>
#include <thread>

#include "resilience/scripted_shop.hpp"
#include "server/tcp_proxy.hpp"

namespace refusing_server_test {

using namespace invctl::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

// A small file system in memory, where this user may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const char* size)
      : mounted_(mount("tmpfs", dir_.path().c_str(), "tmpfs", 0,
                       (std::string("mode=0777,size=") + size).c_str()) == 0) {}
  ~SmallDisk() {
    if (mounted_) umount2(dir_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  const std::string& path() const { return dir_.path(); }
  void fill() const {
    std::ofstream file(dir_.path("filler"), std::ios::binary | std::ios::app);
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void make_room() const { unlink(dir_.path("filler").c_str()); }

 private:
  TempDir dir_;
  bool mounted_;
};

// In a thread of the proxy's nothing may be thrown.
bool takes(invctl::db::Connection& connection, const std::string& sql) {
  try {
    connection.execute(sql);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void check_disk_full(const Result& result) {
  INFO(result);
  CHECK(result.exit == 1);
  CHECK(result.error_code() == "disk_full");
  CHECK_THAT(result.error().at("hint").get<std::string>(), Contains("make room"));
}

}  // namespace

TEST_CASE(
    "a server without room on its disk is exit 1 at every kind of write, and goes on when there is room") {
  const SmallDisk disk("160m");
  if (!disk.mounted()) {
    WARN("skipped: this user may not mount a file system");
    return;
  }
  Random random;
  INFO(random);
  ScriptedShop shop(random, {}, disk.path());
  disk.fill();
  std::string fault;
  for (int i = 0; i < 400 && shop.exits[1] < 4 && fault.empty(); ++i) {
    fault = shop.take_next([&] { disk.make_room(); }, [&] { disk.fill(); });
  }
  disk.make_room();
  CHECK(fault == "");
  CHECK(shop.exits[1] > 0);
  if (shop.last_failure.exit == 1) check_disk_full(shop.last_failure);
  CHECK(shop.is_sound());
}

TEST_CASE(
    "a server whose table space is full is exit 1 at every kind of write, and goes on when there is room") {
  Random random;
  INFO(random);
  int megabytes = 24;
  const auto options = [&]() -> std::vector<std::string> {
    return {"--innodb-file-per-table=0",
            "--innodb-data-file-path=ibdata1:12M:autoextend:max:" + std::to_string(megabytes) + "M"};
  };
  ScriptedShop shop(random, options());
  shop.execute("CREATE TABLE filler (text LONGBLOB)");
  const auto fill = [&] {
    for (int size = 1 << 20; size >= 512; size /= 2) {
      try {
        for (;;) shop.execute("INSERT INTO filler VALUES (REPEAT('x', " + std::to_string(size) + "))");
      } catch (const std::exception&) {
        // Full, but perhaps not for less.
      }
    }
  };
  // Nothing can be dropped where there is no room to note that.
  const auto make_room = [&] {
    megabytes += 8;
    shop.server->restart(options());
  };
  fill();
  std::string fault;
  for (int i = 0; i < 400 && shop.exits[1] < 4 && fault.empty(); ++i) fault = shop.take_next(make_room, fill);
  make_room();
  CHECK(fault == "");
  CHECK(shop.exits[1] > 0);
  if (shop.last_failure.exit == 1) check_disk_full(shop.last_failure);
  CHECK(shop.is_sound());
}

TEST_CASE("a server that takes no changes is exit 9 with what to do, and answers what is asked") {
  const OwnShop shop;
  shop.stock_up();
  const std::vector<Words> changes = {{"receive", "-w", "E", "B=1"},
                                      {"purchase", "B=1", "--user", "u"},
                                      {"product", "add", "C"},
                                      {"price", "set", "B=3.00", "--reason", "r"},
                                      {"threshold", "set", "B", "--reorder-point", "3"},
                                      {"count", "open", "-w", "E"},
                                      {"seal", "--name", "s"}};
  const auto check_refused = [&](const std::string& variable) {
    for (auto words : changes) {
      words.emplace_back("--json");
      const auto refused = shop.run(words);
      INFO(refused);
      CHECK(refused.exit == 9);
      CHECK(refused.error_code() == "read_only");
      CHECK_THAT(refused.error().at("hint").get<std::string>(), Contains("primary"));
    }
    CHECK(shop.run({"stock"}).exit == 0);
    CHECK(shop.run({"verify"}).exit == 0);
    const auto doctor = shop.run({"doctor"});
    CHECK(doctor.exit == 9);
    CHECK_THAT(doctor.out, Contains(variable));
  };
  shop.server->root()->execute("SET GLOBAL read_only = 1");
  check_refused("read_only");
  shop.server->root()->execute("SET GLOBAL read_only = 0");
  CHECK(shop.integer("SELECT COUNT(*) FROM operation") == 1);
  shop.server->restart({"--innodb-read-only=1"});
  check_refused("innodb_read_only");
  shop.server->restart(std::vector<std::string>{});
  CHECK(shop.integer("SELECT COUNT(*) FROM operation") == 1);
  CHECK(shop.integer("SELECT COUNT(*) FROM product") == 1);
  for (const auto& words : changes) CHECK(shop.run(words).exit == 0);
  CHECK(shop.is_sound());
}

TEST_CASE(
    "a server that takes no changes any more, between a command's statements and its COMMIT, stores "
    "nothing") {
  const OwnShop shop;
  shop.stock_up();
  TcpProxy proxy(shop.server->socket());
  const auto root = shop.server->root();
  std::atomic<bool> refuses = false;
  proxy.set_fault(Fault{.at =
                            [&](const ClientPacket& p) {
                              const bool commits = p.is_text() && p.payload.ends_with("COMMIT");
                              if (commits) refuses = takes(*root, "SET GLOBAL read_only = 1");
                              return commits;
                            },
                        .delay = 1ms});
  const auto result =
      shop.run(receive_one("r", "2s"), operator_user,
               {.env = {{"INVCTL_DB", std::string("mysql://") + operator_user +
                                          "@127.0.0.1:" + std::to_string(proxy.port()) + "/" + shop.name}}});
  INFO(result);
  REQUIRE(refuses);
  CHECK(result.exit == 9);
  CHECK(shop.stored("r") == 0);
  root->execute("SET GLOBAL read_only = 0");
  CHECK(shop.run(receive_one("r", "20s")).exit == 0);
  CHECK(shop.on_hand() == 1001);
}

TEST_CASE(
    "a server that turns read-only and back under a load stores what was acknowledged, and nothing else") {
  const OwnShop shop;
  shop.stock_up();
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::vector<std::pair<std::string, int>> attempts;
  std::string other;  // what was said with a code that should not be
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; !stop; ++i) {
        const auto key = std::to_string(w) + "-" + std::to_string(i);
        const auto result = shop.run(receive_one(key, "20s"));
        const std::scoped_lock lock(mutex);
        attempts.emplace_back(key, result.exit);
        if (result.exit != 0 && result.exit != 9) other = result.err;
      }
    });
  }
  const auto root = shop.server->root();
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(250ms);
    // It waits for those who are at work, and not for ever.
    while (!takes(*root, i % 2 == 0 ? "SET GLOBAL read_only = 1" : "SET GLOBAL read_only = 0")) {
    }
  }
  std::this_thread::sleep_for(200ms);
  stop = true;
  for (auto& writer : writers) writer.join();
  std::map<int, int> exits;
  std::int64_t wrong = 0;
  for (const auto& [key, exit] : attempts) {
    ++exits[exit];
    wrong += shop.stored(key) != (exit == 0 ? 1 : 0);
  }
  CHECK(wrong == 0);
  for (const auto& [exit, times] : exits) {
    CAPTURE(times, other);
    CHECK((exit == 0 || exit == 9 || exit == 6));  // 6: behind the one who locks the server for that
  }
  CHECK(exits[0] > 0);
  CHECK(exits[9] > 0);
  CHECK(shop.on_hand() == 1000 + exits[0]);
  CHECK(shop.is_sound());
}

}  // namespace refusing_server_test
