// A server that comes back with other settings: how it reads SQL, how much it takes at once, how long it
// keeps a silent client; and one whose database is gone.
#include <catch2/catch.hpp>
#include <thread>

#include "resilience/own_shop.hpp"
#include "sql_store.hpp"

namespace server_settings_test {

using namespace invctl::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

std::string many_receipts(int count) {
  std::string rows = "id,kind,warehouse,sku,quantity,note\n";
  for (int i = 0; i < count; ++i) {
    rows += "m" + std::to_string(i) + ",receive,E,B,1," + std::string(100, 'n') + "\n";
  }
  return rows;
}

}  // namespace

TEST_CASE("however the server reads SQL, the program says how its own is to be read") {
  const OwnShop shop;
  shop.stock_up();
  const std::string odd = R"(it's "odd" \ | 20% `)";
  int n = 0;
  for (const std::string mode :
       {"ANSI", "ORACLE", "NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT", "",
        "ANSI_QUOTES,IGNORE_SPACE,PAD_CHAR_TO_FULL_LENGTH", "NO_AUTO_VALUE_ON_ZERO,MSSQL"}) {
    CAPTURE(mode);
    shop.server->restart({"--sql-mode=" + mode, "--autocommit=0", "--character-set-server=latin1",
                          "--collation-server=latin1_swedish_ci", "--transaction-isolation=SERIALIZABLE"});
    const auto id = "odd " + std::to_string(++n);
    shop.must({"receive", "-w", "E", "B=1", "--note", odd, "--ref", id, "--id", id});
    CHECK(shop.must({"history", "--ref", id, "--json"}).json().at(0).at("reference") == id);
    CHECK(shop.rows("SELECT note FROM operation WHERE idempotency_key = '" + id + "'") == Rows{{odd}});
    shop.must({"ship", "-w", "E", "B=1"});
    CHECK(shop.run({"doctor"}).exit == 0);
    CHECK(shop.is_sound());
  }
  CHECK(shop.on_hand() == 1000);
}

TEST_CASE("where the server takes less at once, a batch goes in more pieces, or says what to do") {
  const OwnShop shop;
  shop.stock_up();
  const auto file = shop.dir.write("many.csv", many_receipts(400));
  shop.server->restart({"--max-allowed-packet=1M"});
  shop.server->root()->execute("SET GLOBAL max_allowed_packet = 16384");
  const auto refused = shop.run({"apply", file, "--json"});
  INFO(refused);
  CHECK(refused.exit == 9);
  CHECK(refused.error_code() == "packet_too_large");
  CHECK_THAT(refused.error().at("message").get<std::string>(), Contains("16384"));
  CHECK_THAT(refused.error().at("hint").get<std::string>(), Contains("max_allowed_packet"));
  CHECK(shop.on_hand() == 1000);
  CHECK_THAT(shop.run({"doctor"}).out, Contains("max_allowed_packet"));
  // Smaller batches fit, and so does what one command writes.
  CHECK(shop.run({"apply", file, "--on-error", "skip", "--batch", "10"}).exit == 0);
  CHECK(shop.on_hand() == 1400);
  CHECK(shop.is_sound());
}

TEST_CASE("statements that go together go apart where the server does not take them at once") {
  const OwnShop shop;
  shop.server->root()->execute("SET GLOBAL max_allowed_packet = 16384");
  const auto connection = invctl::db::open_connection(shop.root_url());
  const auto add = [&](std::size_t size) {
    invctl::db::Query(*connection, "SET @sum = COALESCE(@sum, 0) + LENGTH(?)")
        .bind(std::string(size, 'x'))
        .run_later(-1);
  };
  const auto sum = [&] {
    invctl::db::Query query(*connection, "SELECT @sum");
    query.next();
    return query.integer(0);
  };
  for (int i = 0; i < 7; ++i) add(5000);
  CHECK(sum() == 35000);
  add(1);
  add(20000);
  CHECK_THROWS_WITH(sum(), Contains("max_allowed_packet is 16384"));
  // The session is as good as before.
  add(1);
  CHECK(sum() == 35002);
}

TEST_CASE("a server that ends silent sessions keeps no long command from going on") {
  OwnShop shop({"--wait-timeout=1", "--interactive-timeout=1", "--idle-transaction-timeout=1"});
  shop.stock_up();
  const auto line = [](const std::string& id) {
    return R"({"kind":"receive","warehouse":"E","sku":"B","quantity":1,"id":")" + id + "\"}";
  };
  const auto slowly = [&](const std::string& prefix) {
    return "{ echo '" + line(prefix + "1") + "'; sleep 2; echo '" + line(prefix + "2") +
           "'; sleep 2; echo '" + line(prefix + "3") + "'; } | \"$0\" \"$@\"";
  };
  const auto spooled =
      shop.start({"apply", "-", "--lock-timeout", "10s"}, {.wrapper = {"bash", "-c", slowly("s")}});
  const auto stream =
      shop.start({"apply", "-", "--ack", "--lock-timeout", "10s"}, {.wrapper = {"bash", "-c", slowly("a")}});
  const auto s = spooled->wait();
  INFO(s);
  CHECK(s.exit == 0);
  const auto a = stream->wait();
  INFO(a);
  CHECK(a.exit == 0);
  CHECK(shop.on_hand() == 1006);
  CHECK(shop.is_sound());
}

TEST_CASE("a database that is dropped under the program is exit 9, and a new one is not taken for it") {
  OwnShop shop;
  shop.stock_up();
  const auto script =
      R"({ echo '{"kind":"receive","warehouse":"E","sku":"B","quantity":1,"id":"d1"}'; )"
      R"(until [ -e gone ]; do sleep 0.02; done; )"
      R"(echo '{"kind":"receive","warehouse":"E","sku":"B","quantity":1,"id":"d2"}'; } | "$0" "$@")";
  const auto stream =
      shop.start({"apply", "-", "--ack", "--lock-timeout", "2s"}, {.wrapper = {"bash", "-c", script}});
  for (int i = 0; i < 1000 && shop.stored("d1") == 0; ++i) std::this_thread::sleep_for(10ms);
  REQUIRE(shop.stored("d1") == 1);
  shop.server->root()->execute("DROP DATABASE " + shop.name);
  shop.dir.write("gone", "");
  const auto cut = stream->wait();
  INFO(cut);
  CHECK(cut.exit == 12);  // the first line was posted
  for (const auto& words : std::vector<Words>{receive_one("r", "2s"), {"stock"}, {"verify"}}) {
    const auto missing = shop.run(words);
    INFO(missing);
    CHECK(missing.exit == 9);
    CHECK_THAT(missing.err, Contains("CREATE DATABASE"));
  }
  CHECK(shop.run({"doctor"}).exit == 9);
  shop.server->root()->execute("CREATE DATABASE " + shop.name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
  const auto empty = shop.run(receive_one("r", "2s"));
  INFO(empty);
  CHECK(empty.exit == 9);
  CHECK_THAT(empty.err, Contains("invctl init-db"));
}

}  // namespace server_settings_test
