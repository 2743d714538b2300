// A server that has no connection left: before a command, and in the middle of one.
#include <catch2/catch.hpp>
#include <map>
#include <thread>

#include "core/error.hpp"
#include "resilience/own_shop.hpp"
#include "sql_store.hpp"

namespace full_server_test {

using namespace invctl::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

const std::vector<std::string> few = {"--max-connections=10"};  // the least that MariaDB takes

// All the connections that the server gives to the operator.
std::vector<std::unique_ptr<invctl::db::Connection>> take_all(const OwnShop& shop) {
  std::vector<std::unique_ptr<invctl::db::Connection>> held;
  try {
    for (;;) {
      held.push_back(
          invctl::db::open_connection(shop.server->url(shop.name, operator_user), {.patience = 0ms}));
    }
  } catch (const invctl::Error& error) {
    if (error.exit != invctl::Exit::busy) throw;
  }
  return held;
}

}  // namespace

TEST_CASE("a full server is exit 6 when the time to wait is over, and serves who waits until there is room") {
  OwnShop shop(few);
  shop.stock_up();
  auto held = take_all(shop);
  REQUIRE(held.size() >= 9);
  const auto refused = shop.run(receive_one("r", "300ms"));
  INFO(refused);
  CHECK(refused.exit == 6);
  CHECK(refused.error_code() == "busy");
  CHECK_THAT(refused.error().at("message").get<std::string>(), Contains("takes no more connections"));
  CHECK_THAT(refused.error().at("hint").get<std::string>(), Contains("--lock-timeout"));
  CHECK(shop.run({"stock", "--lock-timeout", "300ms"}).exit == 6);
  CHECK(shop.run({"doctor"}).exit == 9);
  const auto patient = shop.start(receive_one("p", "60s"));
  std::this_thread::sleep_for(100ms);
  held.clear();
  CHECK(patient->wait().exit == 0);
  CHECK(shop.run(receive_one("r", "20s")).exit == 0);
  CHECK(shop.on_hand() == 1002);
}

TEST_CASE("more processes than the server or the account has connections are all served, each once") {
  OwnShop shop(few);
  shop.stock_up();
  const auto all_at_once = [&](const std::string& prefix, int count) {
    std::vector<std::unique_ptr<Process>> processes;
    for (int i = 0; i < count; ++i) {
      processes.push_back(shop.start(receive_one(prefix + std::to_string(i), "100s")));
    }
    std::map<int, int> exits;
    for (const auto& process : processes) ++exits[process->wait().exit];
    CHECK(exits == std::map<int, int>{{0, count}});
  };
  all_at_once("server", 40);
  shop.execute("ALTER USER '" + std::string(operator_user) + "'@'localhost' WITH MAX_USER_CONNECTIONS 2");
  all_at_once("account", 12);
  CHECK(shop.on_hand() == 1052);
  CHECK(shop.integer("SELECT COUNT(*) FROM operation") == 53);
  CHECK(shop.is_sound());
}

TEST_CASE(
    "a stream whose connection is lost to a full server is exit 6 or goes on, and nothing is posted twice") {
  OwnShop shop(few);
  shop.stock_up();
  const auto line = [](const std::string& id) {
    return R"({"kind":"receive","warehouse":"E","sku":"B","quantity":1,"id":")" + id + "\"}";
  };
  for (const bool room_comes_back : {false, true}) {
    const std::string mark = room_comes_back ? "b" : "a";
    // The second line comes when the first is answered and the file `go` is there.
    const auto script = "{ echo '" + line(mark + "1") + "'; until [ -e go" + mark +
                        " ]; do sleep 0.02; done; echo '" + line(mark + "2") + "'; } | \"$0\" \"$@\"";
    const auto stream = shop.start({"apply", "-", "--ack", "--lock-timeout", room_comes_back ? "60s" : "1s"},
                                   {.wrapper = {"bash", "-c", script}});
    for (int i = 0; i < 1000 && shop.stored(mark + "1") == 0; ++i) std::this_thread::sleep_for(10ms);
    REQUIRE(shop.stored(mark + "1") == 1);
    const auto root = shop.server->root();
    const auto sessions = [&](const std::string& more) {
      std::vector<std::int64_t> ids;
      invctl::db::Query query(*root, "SELECT id FROM information_schema.processlist WHERE user = '" +
                                         std::string(operator_user) + "'" + more);
      while (query.next()) ids.push_back(query.integer(0));
      return ids;
    };
    auto held = take_all(shop);
    // The stream's own session is the oldest; it goes, and its place is taken.
    const auto ids = sessions(" ORDER BY id");
    REQUIRE(!ids.empty());
    root->execute("KILL " + std::to_string(ids.front()));
    // The server takes its time to end it.
    const auto all = held.size() + 1;
    for (int i = 0; i < 1000 && held.size() < all; ++i) {
      for (auto& connection : take_all(shop)) held.push_back(std::move(connection));
      std::this_thread::sleep_for(10ms);
    }
    REQUIRE(held.size() == all);
    shop.dir.write("go" + mark, "");
    if (room_comes_back) {
      std::this_thread::sleep_for(300ms);
      held.clear();
    }
    const auto result = stream->wait();
    held.clear();
    INFO(result);
    CHECK(shop.stored(mark + "1") == 1);
    CHECK(shop.stored(mark + "2") == (room_comes_back ? 1 : 0));
    CHECK(result.exit == (room_comes_back ? 0 : 12));
  }
  CHECK(shop.is_sound());
}

}  // namespace full_server_test
