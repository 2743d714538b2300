// The file of a follower of crossings: kept as it was, or refused and left alone.
#include "stock/alert_cursor.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"

namespace alert_cursor_test {

using namespace invctl;
using namespace std::chrono_literals;

namespace {

class CursorFile {
 public:
  CursorFile() {
    std::string name = (std::filesystem::temp_directory_path() / "invctl-cursor-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    directory_ = name;
  }
  ~CursorFile() { std::filesystem::remove_all(directory_); }
  CursorFile(const CursorFile&) = delete;
  CursorFile& operator=(const CursorFile&) = delete;

  std::string path() const { return directory_ + "/cursor"; }
  void write(const std::string& text) const { std::ofstream(path(), std::ios::binary) << text; }
  std::string read() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  AlertCursor open(const AlertFilter& filter = {}) const {
    return {path(), "db-1", filter, Deadline::after(0ms)};
  }
  // The error of opening it.
  Error refusal(const AlertFilter& filter = {}) const {
    try {
      open(filter);
    } catch (const Error& error) {
      return error;
    }
    return Error(Exit::ok, "it was opened");
  }

 private:
  std::string directory_;
};

}  // namespace

TEST_CASE("a cursor remembers each row's version and whether it was low") {
  const CursorFile file;
  {
    auto cursor = file.open();
    CHECK(cursor.is_new());
    CHECK(cursor.watch("EAST", "BOLT").version == 0);
    cursor.watch("EAST", "BOLT") = {7, true};
    cursor.watch("서울", "NUT 10") = {INT64_MAX, false};
    cursor.save();
  }
  auto cursor = file.open();
  CHECK_FALSE(cursor.is_new());
  CHECK(cursor.watch("EAST", "BOLT").version == 7);
  CHECK(cursor.watch("EAST", "BOLT").low);
  CHECK(cursor.watch("서울", "NUT 10").version == INT64_MAX);
  CHECK_FALSE(cursor.watch("서울", "NUT 10").low);
}

TEST_CASE("what was not saved is not remembered") {
  const CursorFile file;
  file.open().save();
  const auto before = file.read();
  file.open().watch("EAST", "BOLT") = {7, true};
  CHECK(file.read() == before);
}

TEST_CASE("one run at a time has a cursor") {
  const CursorFile file;
  const auto cursor = file.open();
  const auto refusal = file.refusal();
  CHECK(refusal.exit == Exit::busy);
  CHECK_THAT(refusal.message, Catch::Contains("another run has the cursor"));
}

TEST_CASE("a cursor is of one database and one filter") {
  const CursorFile file;
  file.open().save();
  const auto refusal = file.refusal({"EAST", std::nullopt});
  CHECK(refusal.exit == Exit::conflict);
  CHECK(refusal.code == "other_cursor");
  CHECK(file.refusal().exit == Exit::ok);
}

TEST_CASE("a file that is no cursor is refused, and stays as it is") {
  const std::string head = "invctl-alert-cursor-1\tdb-1\t\t\n";
  const std::vector<std::pair<std::string, std::string>> files = {
      {"", "it does not begin like one"},
      {"hello\n", "it does not begin like one"},
      {head, "it ends too early"},
      {head + "EAST\tBOLT\t7\t1\n", "it ends too early"},
      {head + "EAST\tBOLT\t7\t1\nend\t2\n", "line 3 cannot be read"},
      {head + "EAST\tBOLT\t7\nend\t1\n", "line 2 cannot be read"},
      {head + "EAST\tBOLT\tseven\t1\nend\t1\n", "line 2 cannot be read"},
      {head + "EAST\tBOLT\t-7\t1\nend\t1\n", "line 2 cannot be read"},
      {head + "EAST\tBOLT\t7\t2\nend\t1\n", "line 2 cannot be read"},
  };
  for (const auto& [text, what] : files) {
    const CursorFile file;
    file.write(text);
    INFO(text);
    const auto refusal = file.refusal();
    CHECK(refusal.exit == Exit::bad_input);
    CHECK_THAT(refusal.message, Catch::Contains("is not a cursor of alerts: " + what));
    CHECK_FALSE(refusal.hint.empty());
    CHECK(file.read() == text);
  }
}

}  // namespace alert_cursor_test
