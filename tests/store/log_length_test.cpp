// How long SQLite's write-ahead log gets: every process that opens the database alone reads all of it.
#include <catch2/catch.hpp>
#include <filesystem>

#include "fixture.hpp"

namespace log_length_test {

using namespace invctl;
using namespace invctl::test;

namespace {

constexpr std::uintmax_t frame_bytes = 4096 + 24;

std::uintmax_t frames_in_log(const TestDatabase& database) {
  return std::filesystem::file_size(database.url().substr(std::string("sqlite:").size()) + "-wal") /
         frame_bytes;
}

}  // namespace

TEST_CASE("commands that come one by one keep the log short, and who stays does not stop for it",
          "[sqlite]") {
  const TestDatabase alone, together;
  {
    const auto store = together.open();
    add_catalog(*store, 1, 1);
    for (int i = 0; i < 60; ++i) REQUIRE(post(*store, make(Kind::receive, "A", "P1", 1)).receipt);
  }
  add_catalog(*alone.open(), 1, 1);
  for (int i = 0; i < 60; ++i) REQUIRE(post(*alone.open(), make(Kind::receive, "A", "P1", 1)).receipt);
  INFO(frames_in_log(alone) << " and " << frames_in_log(together) << " frames");
  // The migrations came first: about 50 frames. Each receive writes some eight.
  CHECK(frames_in_log(alone) < 200);
  CHECK(frames_in_log(together) > 300);
  CHECK(ledger_faults(*alone.connect()) == std::vector<std::string>());
}

}  // namespace log_length_test
