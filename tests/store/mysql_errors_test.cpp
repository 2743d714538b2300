// What becomes of the errors of MySQL and MariaDB, number by number.
#include "mysql_errors.hpp"

#include <catch2/catch.hpp>

#include "stock/transactions.hpp"

namespace mysql_errors_test {

using namespace invctl;
using db::MysqlPhase;

namespace {

struct Thrown {
  Exit exit;
  std::optional<StoreError::Kind> kind;
};

Thrown thrown(int number, MysqlPhase phase) {
  try {
    db::throw_mysql_error(number, "text", phase);
  } catch (const StoreError& error) {
    return {error.exit, error.kind};
  } catch (const Error& error) {
    return {error.exit, std::nullopt};
  }
}

}  // namespace

TEST_CASE("errors after which the whole transaction can be repeated are retries, and busy in the end") {
  for (const int number : {1213, 1205, 1020, 3572, 1040, 1203, 1226}) {
    for (const auto phase : {MysqlPhase::statement, MysqlPhase::commit}) {
      CAPTURE(number);
      const auto found = thrown(number, phase);
      CHECK(found.kind == StoreError::Kind::retry);
      CHECK(found.exit == Exit::busy);
    }
  }
}

TEST_CASE("a broken connection is lost, and so is a commit that stopped half way") {
  for (const int number : {2006, 2013, 2055, 1047, 1053, 1927, 4031}) {
    CAPTURE(number);
    CHECK(thrown(number, MysqlPhase::statement).kind == StoreError::Kind::lost);
    CHECK(thrown(number, MysqlPhase::commit).kind == StoreError::Kind::lost);
    CHECK(thrown(number, MysqlPhase::commit).exit == Exit::unavailable);
  }
  // A node whose copy of a table is damaged is left for another one.
  CHECK(thrown(1064, MysqlPhase::statement).kind == StoreError::Kind::lost);
  CHECK(thrown(1180, MysqlPhase::commit).kind == StoreError::Kind::lost);
  CHECK(thrown(1317, MysqlPhase::commit).kind == StoreError::Kind::lost);
  CHECK(thrown(1317, MysqlPhase::statement).kind == StoreError::Kind::retry);
}

TEST_CASE("every other number has its exit code") {
  const std::vector<std::pair<int, Exit>> table = {{4025, Exit::insufficient_stock},
                                                   {3819, Exit::insufficient_stock},
                                                   {1690, Exit::conflict},
                                                   {1142, Exit::not_permitted},
                                                   {1143, Exit::not_permitted},
                                                   {1044, Exit::not_permitted},
                                                   {1227, Exit::not_permitted},
                                                   {1370, Exit::not_permitted},
                                                   {1419, Exit::not_permitted},
                                                   {1644, Exit::not_permitted},
                                                   {1045, Exit::unavailable},
                                                   {2026, Exit::unavailable},
                                                   {1049, Exit::unavailable},
                                                   {1146, Exit::unavailable},
                                                   {1054, Exit::unavailable},
                                                   {1046, Exit::unavailable},
                                                   {1290, Exit::unavailable},
                                                   {1036, Exit::unavailable},
                                                   {1153, Exit::unavailable},
                                                   {2020, Exit::unavailable},
                                                   {1030, Exit::internal},
                                                   {1114, Exit::internal},
                                                   {0, Exit::internal}};
  for (const auto& [number, exit] : table) {
    CAPTURE(number);
    CHECK(thrown(number, MysqlPhase::statement).exit == exit);
    CHECK_FALSE(thrown(number, MysqlPhase::statement).kind);
  }
  CHECK(thrown(1062, MysqlPhase::statement).kind == StoreError::Kind::duplicate);
}

TEST_CASE("another host is tried after a failure to connect, not after a refused login") {
  for (const int number : {2002, 2003, 2005, 2013, 1040, 1047}) CHECK(db::may_try_next_host(number));
  for (const int number : {1045, 1049, 2026, 1044}) CHECK_FALSE(db::may_try_next_host(number));
}

}  // namespace mysql_errors_test
