// The store tests run on the engine that INVCTL_TEST_BACKEND names: sqlite (the default) or mysql.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <iostream>

#include "fixture.hpp"
#include "server/mysql_server.hpp"

int main(int argc, char** argv) {
  using namespace invctl::test;
  if (on_mysql()) {
    if (const auto why = MysqlServer::missing()) {
      std::cout << "SKIPPED: " << *why << "\n";
      return 0;
    }
  }
  return Catch::Session().run(argc, argv);
}
