// Connections that break at a chosen packet between the program and the server. What its exit code says of
// the database must be true at that moment, and the same command again must leave the operation in the ledger
// once.
#include <cppconn/connection.h>
#include <cppconn/statement.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "cli/harness.hpp"
#include "mysql_connection.hpp"
#include "mysql_login.hpp"
#include "resilience/proxied_shop.hpp"
#include "server/mysql_server.hpp"
#include "sql_store.hpp"
#include "stock/ledger.hpp"

namespace proxy_test {

using namespace invctl;
using namespace invctl::test;
using namespace std::chrono_literals;

namespace {

using Shop = ProxiedShop;

std::function<bool(const ClientPacket&)> packet(int number) {
  return [number](const ClientPacket& p) { return p.number == number; };
}
bool is_commit(const ClientPacket& p) {
  return p.is_text() && p.payload.ends_with("COMMIT");
}
// The first COMMIT, and after it every new connection: what became of it cannot be looked up.
std::function<bool(const ClientPacket&)> commit_and_then_nothing() {
  return [broken = false](const ClientPacket& p) mutable {
    const bool strikes = broken || is_commit(p);
    broken = strikes;
    return strikes;
  };
}

// What an exit code promises of an operation that was sent once.
bool is_true(int exit, std::int64_t stored) {
  switch (exit) {
    case 0:
      return stored == 1;
    case 6:
    case 9:
      return stored == 0;
    case 10:
      return stored == 0 || stored == 1;
    default:
      return false;
  }
}

}  // namespace

TEST_CASE("wherever the connection breaks, the exit code is true and the same command stores it once") {
  Shop shop;
  const auto receive = [](const std::string& key, const std::string& patience) {
    return std::vector<std::string>{"receive",        "-w",     "E",     "B=1", "--id", key,
                                    "--lock-timeout", patience, "--json"};
  };
  std::atomic<int> packets = 0;  // up to COMMIT: what follows is good-bye
  shop.proxy.set_fault(Fault{.at = [&](const ClientPacket& p) {
    if (is_commit(p)) packets = p.number;
    return false;
  }});
  REQUIRE(shop.through(receive("counted", "5s")).exit == 0);
  REQUIRE(packets > 8);  // the login, BEGIN, reads, writes
  std::map<int, int> exits;
  int keys = 1;
  for (const int times : {1, always}) {
    for (int number = 0; number <= packets; ++number) {
      for (const auto cut : {Cut::before, Cut::within, Cut::after, Cut::answer_lost, Cut::answer_within}) {
        const auto key = "k" + std::to_string(++keys);
        shop.proxy.set_fault(Fault{.at = packet(number), .cut = cut, .times = times});
        const auto broken = shop.through(receive(key, times == 1 ? "20s" : "40ms"));
        const auto cuts = shop.proxy.cuts();
        const auto stored = shop.stored(key);
        INFO("packet " << number << " of " << packets << ", " << cut_name(cut) << ", " << times
                       << " times: " << broken << "\nstored " << stored << " times");
        if (cuts < 1) FAIL("nothing was broken");
        if (!is_true(broken.exit, stored)) FAIL("the exit code lied");
        // A connection that breaks once is made again, but for the first one of a command.
        if (times == 1 && broken.exit != 0 && broken.exit != 9) FAIL("it did not recover");
        if (broken.exit == 10 &&
            broken.error().at("message").get<std::string>().find(key) == std::string::npos) {
          FAIL("the key is not told");
        }
        ++exits[broken.exit];
        shop.proxy.set_fault(std::nullopt);
        const auto again = shop.through(receive(key, "5s"));
        if (again.exit != 0 || shop.stored(key) != 1) FAIL("after the repetition: " << again);
        if (again.json().at("replayed") != (stored == 1)) FAIL("replayed is wrong: " << again);
      }
    }
  }
  WARN(packets << " packets, " << keys << " operations: " << exits[0] << " ended with exit 0, " << exits[9]
               << " with 9, " << exits[6] << " with 6, " << exits[10] << " with 10");
  CHECK(exits[0] > 0);
  CHECK(exits[9] > 0);
  CHECK(shop.on_hand() == 1000 + keys);
  CHECK(shop.integer("SELECT COUNT(*) FROM operation") == 1 + keys);
  shop.must({"verify"});
}

TEST_CASE("apply goes on where the connection breaks once at the look between two batches") {
  Shop shop;
  int number = 0;
  for (const auto cut : {Cut::before, Cut::within, Cut::after, Cut::answer_lost, Cut::answer_within}) {
    INFO(cut_name(cut));
    std::string rows = "id,kind,warehouse,sku,quantity\n";
    for (int i = 0; i < 6; ++i) rows += "look-" + std::to_string(++number) + ",receive,E,B,1\n";
    const auto before = shop.on_hand();
    shop.proxy.set_fault(Fault{.at =
                                   [committed = false](const ClientPacket& p) mutable {
                                     committed = committed || is_commit(p);
                                     return committed && p.is_text() &&
                                            p.payload.find("SELECT idempotency_key, request_hash") !=
                                                std::string_view::npos;
                                   },
                               .cut = cut});
    const auto result = shop.through({"apply", shop.dir().write("look.csv", rows), "--on-error", "skip",
                                      "--batch", "2", "--lock-timeout", "20s", "--json"});
    INFO(result);
    CHECK(shop.proxy.cuts() == 1);
    CHECK(result.exit == 0);
    CHECK(result.json().at("operations").at("applied") == 6);
    CHECK(shop.on_hand() == before + 6);
  }
}

TEST_CASE("a COMMIT that breaks once is looked up, and the answer is the stored one") {
  Shop shop;
  int number = 0;
  for (const auto cut : {Cut::before, Cut::within, Cut::after, Cut::answer_lost, Cut::answer_within}) {
    for (const bool keyed : {true, false}) {
      INFO(cut_name(cut) << (keyed ? " with" : " without") << " --id");
      shop.proxy.set_fault(Fault{.at = is_commit, .cut = cut});
      std::vector<std::string> words = {"purchase",       "-w", "E", "B=1", "--user", "u", "--json",
                                        "--lock-timeout", "20s"};
      const auto key = "c" + std::to_string(++number);
      if (keyed) words.insert(words.end(), {"--id", key});
      const auto result = shop.through(words);
      INFO(result);
      CHECK(shop.proxy.cuts() == 1);
      CHECK(shop.proxy.connections() == 2);
      REQUIRE(result.exit == 0);
      const auto answer = result.json();
      if (keyed) CHECK(answer.at("id") == key);
      CHECK(shop.stored(answer.at("id")) == 1);
      CHECK(answer.at("lines").at(0).at("on_hand") == shop.on_hand());
      CHECK(shop.on_hand() == 1000 - number);
    }
  }
  shop.must({"verify"});
}

TEST_CASE(
    "a COMMIT that breaks for good is exit 10, and the id that it names tells which of the two it was") {
  Shop shop;
  std::set<std::int64_t> fates;
  std::int64_t units = 1000;
  for (const auto cut : {Cut::before, Cut::within, Cut::after, Cut::answer_lost, Cut::answer_within}) {
    for (const bool keyed : {true, false}) {
      INFO(cut_name(cut) << (keyed ? " with" : " without") << " --id");
      shop.proxy.set_fault(Fault{.at = commit_and_then_nothing(), .cut = cut, .times = always});
      const auto key = "gone-" + std::to_string(units);
      std::vector<std::string> words = {"receive", "-w", "E", "B=1", "--json", "--lock-timeout", "100ms"};
      auto first = words;
      if (keyed) first.insert(first.end(), {"--id", key});
      const auto result = shop.through(first);
      INFO(result);
      REQUIRE(result.exit == 10);
      CHECK(result.out.empty());
      const std::string hint = result.error().at("hint");
      REQUIRE(hint.starts_with("repeat with --id "));
      const auto named = hint.substr(17);
      if (keyed) CHECK(named == key);
      const auto stored = shop.stored(named);
      fates.insert(stored);
      shop.proxy.set_fault(std::nullopt);
      words.insert(words.end(), {"--id", named});
      const auto again = shop.through(words);
      INFO(again);
      REQUIRE(again.exit == 0);
      CHECK(again.json().at("replayed") == (stored == 1));
      CHECK(shop.stored(named) == 1);
      CHECK(shop.on_hand() == ++units);
    }
  }
  // Both fates were seen: so the program could not have guessed.
  CHECK(fates == std::set<std::int64_t>{0, 1});
  shop.must({"verify"});
}

TEST_CASE(
    "an apply of several batches survives a break at any of its commits, and its repetition completes it") {
  constexpr int operations = 30;
  std::string rows = "doc,kind,warehouse,sku,quantity\n";
  for (int i = 0; i < operations; ++i) {
    rows += std::to_string(i) + (i % 3 == 2 ? ",ship,E,B,1\n" : ",receive,E,B,2\n");
  }
  Shop shop;
  std::set<int> exits;
  int run = 0;
  for (const bool for_good : {false, true}) {
    for (const auto cut : {Cut::before, Cut::after, Cut::answer_lost}) {
      for (int commit = 0; commit <= 3; ++commit) {  // 0: everything in one transaction
        // Another reference, or it would be the file of the round before.
        const auto reference = "run-" + std::to_string(++run);
        const auto file = shop.dir().write("day.csv", rows);
        std::vector<std::string> words = {"apply",          file,
                                          "--group-by",     "doc",
                                          "--set",          "reference=" + reference,
                                          "--source",       reference,
                                          "--lock-timeout", for_good ? "100ms" : "20s"};
        if (commit > 0) words.insert(words.end(), {"--on-error", "skip", "--batch", "10"});
        const auto at = [&, seen = 0, broken = false](const ClientPacket& p) mutable {
          if (is_commit(p)) ++seen;
          const bool strikes = (for_good && broken) || (is_commit(p) && seen == std::max(commit, 1));
          broken = broken || strikes;
          return strikes;
        };
        const auto done = [&] {
          return shop.integer("SELECT COUNT(*) FROM operation WHERE reference = '" + reference + "'");
        };
        shop.proxy.set_fault(Fault{.at = at, .cut = cut, .times = for_good ? always : 1});
        const auto broken = shop.through(words);
        INFO(cut_name(cut) << " at commit " << commit << (for_good ? ", for good" : "") << ": " << broken);
        CHECK(shop.proxy.cuts() >= 1);
        exits.insert(broken.exit);
        if (for_good) {
          CHECK(broken.exit == 10);
          CHECK(done() % 10 == 0);
          if (commit == 0) CHECK(done() % operations == 0);
        } else {
          CHECK(broken.exit == 0);
          CHECK(done() == operations);
        }
        shop.proxy.set_fault(std::nullopt);
        const auto again = shop.through(words);
        INFO(again);
        REQUIRE(again.exit == 0);
        CHECK(done() == operations);
        CHECK(shop.on_hand() == 1000 + run * (2 * 20 - 10));
      }
    }
  }
  CHECK(exits == std::set<int>{0, 10});
  shop.must({"verify"});
}

TEST_CASE("an answer that is late is waited for, and nothing is sent twice") {
  Shop shop;
  for (const int what : {0, 1}) {
    shop.proxy.set_fault(Fault{
        .at = what == 0 ? packet(1) : std::function<bool(const ClientPacket&)>(is_commit), .delay = 700ms});
    const auto result = shop.through({"receive", "-w", "E", "B=1", "--id", "late-" + std::to_string(what)});
    INFO(result);
    CHECK(result.exit == 0);
    CHECK(shop.proxy.cuts() == 1);
    CHECK(shop.proxy.connections() == 1);
    CHECK(shop.stored("late-" + std::to_string(what)) == 1);
  }
}

TEST_CASE("a host that accepts and says nothing is given up, and the next one of the list serves") {
  Shop shop;
  TcpProxy good(MysqlServer::shared().socket());
  shop.proxy.set_fault(Fault{.at = packet(0), .cut = Cut::mute, .times = always});
  const auto both = shop.proxied() + ",127.0.0.1:" + std::to_string(good.port());
  const auto result = shop.through(both, {"receive", "-w", "E", "B=1", "--id", "second-host"});
  INFO(result);
  CHECK(result.exit == 0);
  CHECK(shop.proxy.cuts() >= 1);
  CHECK(good.connections() == 1);
  CHECK(shop.stored("second-host") == 1);
  // Alone it is unavailable, and nothing is stored.
  const auto alone = shop.through({"receive", "-w", "E", "B=1", "--id", "no-host", "--lock-timeout", "1s"});
  INFO(alone);
  CHECK(alone.exit == 9);
  CHECK(shop.stored("no-host") == 0);
}

TEST_CASE("a host that is lost in the middle of a posting is replaced by the next one of the list") {
  Shop shop;
  TcpProxy good(MysqlServer::shared().socket());
  const auto both = shop.proxied() + ",127.0.0.1:" + std::to_string(good.port());
  int number = 0;
  for (const auto cut : {Cut::before, Cut::after, Cut::answer_lost}) {
    for (const bool at_commit : {false, true}) {
      shop.proxy.set_fault(Fault{.at =
                                     [at_commit](const ClientPacket& p) {
                                       return at_commit ? is_commit(p)
                                                        : p.is_text() && p.payload.find("BEGIN;") !=
                                                                             std::string_view::npos;
                                     },
                                 .cut = cut,
                                 .times = always});
      good.set_fault(std::nullopt);
      const auto key = "moved-" + std::to_string(++number);
      const auto result =
          shop.through(both, {"ship", "-w", "E", "B=1", "--id", key, "--lock-timeout", "20s"});
      INFO(cut_name(cut) << (at_commit ? " at COMMIT: " : " at BEGIN: ") << result);
      CHECK(result.exit == 0);
      CHECK(shop.proxy.cuts() == 1);
      CHECK(good.connections() == 1);
      CHECK(shop.stored(key) == 1);
      CHECK(shop.on_hand() == 1000 - number);
    }
  }
}

TEST_CASE("a server that falls silent at COMMIT counts as lost when the time for that is over") {
  Shop shop;
  db::MysqlOptions options;
  options.silence = 1s;
  const auto url = db::parse_url(shop.address(shop.proxied()));
  db::SqlStore store(std::make_unique<db::MysqlConnection>(url, options));
  shop.proxy.set_fault(Fault{.at = is_commit, .cut = Cut::mute});
  Operation operation;
  operation.kind = Kind::receive;
  operation.actor = "tester";
  operation.key = "silent";
  operation.lines.push_back({.warehouse = WarehouseCode::parse("E"),
                             .sku = Sku::parse("B"),
                             .quantity = 1,
                             .expect = std::nullopt});
  std::vector<Operation> batch{operation};
  const auto outcomes = Ledger(store, {"host", "0"}).post(batch, {.lock_timeout = 20s});
  REQUIRE(outcomes.at(0).receipt);
  CHECK(outcomes.at(0).replayed);
  CHECK(shop.proxy.cuts() == 1);
  CHECK(shop.stored("silent") == 1);
}

TEST_CASE("negative control: without the key a repetition after exit 10 stores it twice, and is seen to") {
  Shop shop;
  shop.proxy.set_fault(Fault{.at = commit_and_then_nothing(), .cut = Cut::answer_lost, .times = always});
  const std::vector<std::string> words = {"receive",        "-w",   "E", "B=1", "--ref", "PO-1",
                                          "--lock-timeout", "100ms"};
  REQUIRE(shop.through(words).exit == 10);
  shop.proxy.set_fault(std::nullopt);
  REQUIRE(shop.through(words).exit == 0);
  CHECK(shop.integer("SELECT COUNT(*) FROM operation WHERE reference = 'PO-1'") == 2);
  CHECK(shop.on_hand() == 1002);
}

TEST_CASE("negative control: the connector's own commit hides what the proxy does") {
  Shop shop;
  const auto login = db::resolve_login(db::parse_url(shop.address(shop.proxied())));
  const auto session = db::open_session(login, login.endpoints.at(0), {});
  session->setAutoCommit(false);
  const std::unique_ptr<sql::Statement> statement(session->createStatement());
  statement->execute("INSERT INTO warehouse (code, name) VALUES ('LOST', 'Lost')");
  shop.proxy.set_fault(Fault{.at = [](const ClientPacket&) { return true; }, .cut = Cut::before});
  CHECK_NOTHROW(session->commit());
  CHECK(shop.proxy.cuts() == 1);
  CHECK(shop.integer("SELECT COUNT(*) FROM warehouse WHERE code = 'LOST'") == 0);
}

}  // namespace proxy_test
