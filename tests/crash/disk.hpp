// A database on SQLite in a directory of its own, for tests of what a disk may do to it.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "life.hpp"

namespace invctl::test {

// A server has its own disk.
inline bool is_on_a_disk() {
  return backend_name() == "sqlite";
}

// Whether the program can be run on one and with storage_shim; says so where only the second is missing.
inline bool is_on_a_shimmed_disk() {
  if (!is_on_a_disk()) return false;
  if (!can_preload()) WARN("skipped: a sanitizer's library has to come before the shim");
  return can_preload();
}

class Disk {
 public:
  Disk() {
    std::filesystem::create_directory(directory());
    must({"init-db"});
    must({"warehouse", "add", "E"});
    must({"product", "add", "S", "--price", "1.00"});
  }
  // Nothing else is in it.
  std::string directory() const { return place_.path("disk"); }
  std::string file() const { return directory() + "/shop.db"; }
  const TempDir& place() const { return place_; }
  Result run(const Words& words, const RunOptions& options = {}) const {
    return test::run(words, complete(options));
  }
  std::unique_ptr<Process> start(const Words& words, const RunOptions& options = {}) const {
    return std::make_unique<Process>(words, complete(options));
  }
  Result must(const Words& words) const {
    const auto result = run(words);
    INFO(result);
    REQUIRE(result.exit == 0);
    return result;
  }
  // Behind its back, as a new program would find it.
  std::int64_t on_hand() const {
    const auto rows = run({"stock", "--json"}).json();
    return rows.empty() ? 0 : rows.at(0).at("on_hand").get<std::int64_t>();
  }
  // A copy of the database that has all of it in one file.
  std::string whole() const {
    const auto copy = place_.path("whole");
    must({"backup", copy});
    const auto bytes = read_file(copy);
    std::filesystem::remove(copy);
    return bytes;
  }
  // Other files in place of the database's, as if nobody had opened it yet.
  void put_back(const std::string& database, const std::string& log = {}) const {
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(file() + suffix);
    std::ofstream(file(), std::ios::binary | std::ios::trunc) << database;
    if (!log.empty()) std::ofstream(file() + "-wal", std::ios::binary) << log;
  }

 private:
  RunOptions complete(RunOptions options) const {
    options.env.insert(options.env.end(), {{"INVCTL_DB", file()}, {"HOME", place_.path()}});
    options.cwd = place_.path();
    return options;
  }

  TempDir place_;
};

}  // namespace invctl::test
