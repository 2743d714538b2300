// Exit 11: a user whom the file system does not let do what is asked. The tests may run as root, whom it lets
// do anything: then the program runs as nobody.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "harness.hpp"

namespace not_permitted_test {

using namespace invctl::test;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

constexpr uid_t nobody = 65534;

bool is_root() {
  return geteuid() == 0;
}

// Nothing, and a message, where this cannot be tried.
bool can_be_tried() {
  if (backend_name() != "sqlite") return false;  // a server has its own accounts: store tests
  if (is_root() && std::system("setpriv --reuid=65534 --clear-groups true 2>/dev/null") != 0) {
    WARN("skipped: runs as root, and without setpriv nobody else can be");
    return false;
  }
  return true;
}

// A database that somebody else made, in a directory that all may enter.
class OthersShop {
 public:
  OthersShop() : binary_(place_.path("invctl")), database_(place_.path("shop/shop.db")) {
    fs::permissions(place_.path(), fs::perms(0755));
    fs::copy_file(INVCTL_BINARY, binary_);  // where it was built may be closed to others
    fs::permissions(binary_, fs::perms(0755));
    fs::create_directory(place_.path("shop"));
    REQUIRE(run({"init-db", "--db", database_}).exit == 0);
    REQUIRE(run({"warehouse", "add", "EAST", "--db", database_}).exit == 0);
    REQUIRE(run({"product", "add", "BOLT", "--db", database_}).exit == 0);
    // What is in the log goes into the file: then the side files can be taken away.
    REQUIRE(run({"backup", place_.path("copy.db"), "--db", database_}).exit == 0);
    for (const auto& entry : fs::directory_iterator(place_.path("shop"))) fs::remove(entry.path());
    fs::rename(place_.path("copy.db"), database_);
  }
  ~OthersShop() {
    std::error_code ignored;  // so that it can be removed by who is not root
    fs::permissions(place_.path("shop"), fs::perms(0755), ignored);
  }
  OthersShop(const OthersShop&) = delete;
  OthersShop& operator=(const OthersShop&) = delete;

  const std::string& database() const { return database_; }
  std::string path(const std::string& name) const { return place_.path(name); }

  void allow(unsigned file_mode, unsigned directory_mode) {
    fs::permissions(database_, fs::perms(file_mode));
    fs::permissions(place_.path("shop"), fs::perms(directory_mode));
  }
  // For files whose owner counts.
  void give_file_away() const {
    if (is_root()) REQUIRE(chown(database_.c_str(), nobody, nobody) == 0);
  }

  // All that is asked for can be done.
  void hand_over() {
    give_file_away();
    allow(0600, is_root() ? 0777 : 0755);
  }
  // As the user who is not permitted.
  Result refused(std::vector<std::string> arguments) const {
    // Its own home is closed to others as well.
    RunOptions options{.env = {{"HOME", place_.path()}}, .cwd = "/", .binary = binary_};
    if (is_root()) {
      options.wrapper = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"};
    }
    arguments.insert(arguments.end(), {"--db", database_});
    return run(arguments, options);
  }

  std::int64_t operations() {
    allow(0644, 0755);
    const auto history = run({"history", "--json", "--db", database_});
    REQUIRE(history.exit == 0);
    return static_cast<std::int64_t>(history.json().size());
  }

 private:
  TempDir place_;
  std::string binary_, database_;
};

void check_refused(const Result& result) {
  INFO(result);
  CHECK(result.exit == 11);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains("shop.db"));
  CHECK_THAT(result.err, Contains("hint: "));
}

}  // namespace

TEST_CASE("exit 11: a database file that may be read but not written", "[exit]") {
  if (!can_be_tried()) return;
  OthersShop shop;
  shop.allow(0444, 0555);
  check_refused(shop.refused({"receive", "-w", "EAST", "BOLT=1"}));
  check_refused(shop.refused({"product", "add", "NUT"}));
  check_refused(shop.refused({"init-db"}));
  const auto json = shop.refused({"receive", "-w", "EAST", "BOLT=1", "--json"});
  CHECK(json.error().at("code") == "not_permitted");
  CHECK(json.error().at("exit") == 11);
  CHECK(shop.operations() == 0);
}

TEST_CASE("exit 11: a database file that may not even be read", "[exit]") {
  if (!can_be_tried()) return;
  OthersShop shop;
  shop.allow(0000, 0755);
  check_refused(shop.refused({"stock"}));
  check_refused(shop.refused({"receive", "-w", "EAST", "BOLT=1"}));
  shop.allow(0644, 0000);
  check_refused(shop.refused({"stock"}));
  check_refused(shop.refused({"receive", "-w", "EAST", "BOLT=1"}));
  CHECK(shop.operations() == 0);
}

TEST_CASE("exit 11: a directory that may not be written, though the file may", "[exit]") {
  if (!can_be_tried()) return;
  OthersShop shop;
  shop.give_file_away();
  shop.allow(0600, 0555);
  check_refused(shop.refused({"receive", "-w", "EAST", "BOLT=1"}));
  CHECK_FALSE(fs::exists(shop.database() + "-wal"));
  CHECK(shop.operations() == 0);
}

TEST_CASE("exit 11: init-db where nothing may be made", "[exit]") {
  if (!can_be_tried()) return;
  OthersShop shop;
  fs::remove(shop.database());
  fs::permissions(shop.path("shop"), fs::perms(0555));
  check_refused(shop.refused({"init-db"}));
  CHECK_FALSE(fs::exists(shop.database()));
}

TEST_CASE("exit 11: a file beside the database that may not be opened, or only be read", "[exit]") {
  if (!can_be_tried()) return;
  OthersShop shop;
  shop.hand_over();
  const std::vector<std::string> receive = {"receive", "-w", "EAST", "BOLT=1"};
  std::int64_t stored = 0;
  for (const std::string beside : {"-wal", "-shm"}) {
    CAPTURE(beside);
    REQUIRE(shop.refused(receive).exit == 0);
    ++stored;
    const auto file = shop.database() + beside;
    fs::permissions(file, fs::perms(0000));
    check_refused(shop.refused(receive));
    check_refused(shop.refused({"stock"}));
    check_refused(shop.refused({"verify"}));
    CHECK(shop.refused({"doctor"}).exit == 9);
    fs::permissions(file, fs::perms(0444));
    check_refused(shop.refused(receive));
    CHECK(shop.refused({"stock"}).exit == 0);
    CHECK(shop.refused({"verify"}).exit == 0);
    CHECK(shop.refused({"doctor"}).exit == 0);
    fs::permissions(file, fs::perms(0600));
    const auto history = shop.refused({"history", "--json"});
    REQUIRE(history.exit == 0);
    CHECK(history.json().size() == static_cast<std::size_t>(stored));
  }
}

TEST_CASE("a queue that may not be entered is left out, with a warning", "[exit]") {
  if (!can_be_tried()) return;
  OthersShop shop;
  shop.hand_over();
  REQUIRE(shop.refused({"receive", "-w", "EAST", "BOLT=1"}).err.empty());
  for (const unsigned mode : {0000U, 0444U}) {
    CAPTURE(mode);
    fs::permissions(shop.database() + "-turnstile", fs::perms(mode));
    const auto result = shop.refused({"receive", "-w", "EAST", "BOLT=1"});
    INFO(result);
    CHECK(result.exit == 0);
    CHECK_THAT(result.err, Contains("warning turnstile_unavailable"));
    const auto doctor = shop.refused({"doctor"});
    INFO(doctor);
    CHECK_THAT(doctor.out, Contains("changes wait in random order"));
  }
  CHECK(shop.refused({"verify"}).exit == 0);
}

TEST_CASE("who may do all of it is served: the refusals above are those of the file system", "[exit]") {
  if (!can_be_tried()) return;
  OthersShop shop;
  shop.hand_over();
  const auto result = shop.refused({"receive", "-w", "EAST", "BOLT=1"});
  INFO(result);
  CHECK(result.exit == 0);
}

}  // namespace not_permitted_test
