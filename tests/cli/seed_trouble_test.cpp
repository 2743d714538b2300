// seed-from-csv under trouble: full devices, rivals, signals and files that are larger than memory should be.
#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "harness.hpp"
#include "seed_support.hpp"

namespace seed_trouble_test {

using namespace invctl::test;

namespace {

// The most memory that `process` has used by the time it ends, in KB.
std::int64_t peak_memory(const Process& process) {
  std::int64_t peak = 0;
  for (;;) {
    std::ifstream status("/proc/" + std::to_string(process.pid()) + "/status");
    std::int64_t now = 0;
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) now = std::stoll(line.substr(6));
    }
    if (now == 0) return peak;
    peak = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

TEST_CASE("seeding that is stored but cannot be reported says so") {
  Shop db;
  const auto result = db.run({"seed-from-csv", "."}, {.stdout_to = "/dev/full"});
  CHECK(result.exit == 13);
  CHECK(db.integer("SELECT count(*) FROM product") == 3);
  CHECK(db.run({"seed-from-csv", "."}, {.stdout_to = "/dev/full"}).exit == 1);
}

TEST_CASE("several seedings at once are one seeding") {
  Shop db;
  std::vector<std::unique_ptr<Process>> processes;
  for (int i = 0; i < 6; ++i)
    processes.push_back(db.start({"seed-from-csv", ".", "--json", "--lock-timeout", "60s"}));
  std::int64_t inserted = 0;
  for (auto& process : processes) {
    const auto result = process->wait();
    INFO(result);
    CHECK(result.exit == 0);
    inserted += result.json().at("stock").at("inserted").get<std::int64_t>();
  }
  CHECK(inserted == 3);
  CHECK(db.integer("SELECT sum(on_hand) FROM inventory") == 42);
  CHECK(db.integer("SELECT count(*) FROM movement") == 3);
}

TEST_CASE("a signal in the middle of seeding leaves all or nothing, and no file behind") {
  Shop db;
  std::string products = "sku,name\n";
  for (int i = 0; i < 40000; ++i) products += "P" + std::to_string(i) + ",Product\n";
  db.dir().write("products.csv", products + "BAD,\t\n");
  const auto files = [&] {
    std::size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator(db.dir().path()))
      n += entry.is_regular_file() ? 1 : 0;
    return n;
  };
  const auto before = files() + 1;  // SQLite's turnstile and log appear with the first change; counted below
  for (const int wait_ms : {5, 20, 60, 120}) {
    const auto process = db.start({"seed-from-csv", "--products", "products.csv", "--rejects", "R"});
    std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
    process->signal(SIGTERM);
    const auto result = process->wait();
    const auto stored = db.integer("SELECT count(*) FROM product");
    INFO(wait_ms << " ms: " << result << ", stored " << stored);
    CHECK((result.exit == 143 || result.exit == 12));
    CHECK(stored == (result.exit == 143 ? 0 : 40000));
    CHECK(file_exists(db.dir().path("R")) == (result.exit == 12));
    CHECK(files() <= before + 3);
    if (result.exit == 12) break;
  }
}

TEST_CASE("the memory of seeding does not grow with the rows of a file, only with its codes") {
  Shop db;
  const auto peak = [&](int rows) {
    std::ofstream file(db.dir().path("many.csv"));
    file << "sku,name,category,price\n";
    // Every other row is bad: neither what it holds nor what is wrong with it may be kept for long.
    for (int i = 0; i < rows; ++i) {
      file << 'P' << i % 50 << ",Name " << i << std::string(100, '.') << ",c" << i
           << (i % 2 == 0 ? ",1\n" : ",x\n");
    }
    file.close();
    const auto process = db.start({"seed-from-csv", "--products", "many.csv", "--on-duplicate", "last",
                                   "--rejects", "/dev/null", "--json"});
    const auto kilobytes = peak_memory(*process);
    const auto result = process->wait();
    CHECK(result.exit == 12);
    CHECK(result.json().at("products").at("rows") == rows);
    CHECK(result.json().at("products").at("rejected") == rows / 2);
    return kilobytes;
  };
  const auto small = peak(30'000);  // more bad rows than are kept in full
  const auto large = peak(400'000);
  INFO(small << " KB, " << large << " KB");
  CHECK(small > 1'000);
  if (is_sanitized) {
    WARN("memory is not compared: a sanitizer keeps what is freed");
    return;
  }
  CHECK(large - small < 8'000);
}

}  // namespace seed_trouble_test
