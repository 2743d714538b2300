#include "harness.hpp"

#include <signal.h>

#include <catch2/catch.hpp>

namespace harness_test {

using namespace invctl::test;

TEST_CASE("the harness keeps stdout, stderr and the exit code apart") {
  const auto version = run({"--version"});
  CHECK(version.exit == 0);
  CHECK(version.out.starts_with("invctl "));
  CHECK(version.err.empty());
  const auto unknown = run({"recieve"});
  CHECK(unknown.exit == 2);
  CHECK(unknown.out.empty());
  CHECK(unknown.err.find("did you mean") != std::string::npos);
}

TEST_CASE("the harness gives a database that the binary and raw SQL both see") {
  Database db("GBP");
  CHECK(db.must({"warehouse", "add", "EAST", "--name", "East"}).err.empty());
  CHECK(db.text("SELECT name FROM warehouse WHERE code = 'EAST'") == "East");
  CHECK(db.text("SELECT value FROM setting WHERE name = 'currency'") == "GBP");
  const auto again = db.run({"warehouse", "add", "EAST", "--name", "East", "--json"});
  CHECK(again.exit == 5);
  CHECK(again.error().at("exit") == 5);
}

TEST_CASE("the harness hands the child none of the caller's settings") {
  setenv("INVCTL_FORMAT", "json", 1);
  const auto config = run({"config"});
  unsetenv("INVCTL_FORMAT");
  CHECK(config.exit == 0);
  CHECK(config.out.find("environment INVCTL_FORMAT") == std::string::npos);
}

TEST_CASE("the harness can write to a full device") {
  CHECK(run({"config"}, {.stdout_to = "/dev/full"}).exit == 1);
}

}  // namespace harness_test
