// Another session of the server holds what a command needs: a row, a table, its definition, all of the
// server.
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <thread>

#include "crash/facts.hpp"
#include "resilience/own_shop.hpp"
#include "resilience/proxied_shop.hpp"

namespace lock_wait_test {

using namespace invctl::test;
using namespace std::chrono_literals;

namespace {

// One command of each kind, with a key where it takes one.
std::vector<Words> commands() {
  return {{"receive", "-w", "E", "B=2", "--id", "receive"},
          {"ship", "-w", "E", "B=1", "--id", "ship"},
          {"transfer", "--from", "E", "--to", "W", "B=3", "--id", "transfer"},
          {"purchase", "B=1", "--user", "u", "-w", "E", "--id", "purchase"},
          {"reserve", "-w", "E", "B=1", "--ttl", "7d", "--id", "reserve"},
          {"adjust", "-w", "E", "B=+5", "--reason", "found", "--id", "adjust"},
          {"price", "set", "B=2.00", "--reason", "r", "--id", "price"},
          {"product", "set", "B", "--name", "Bolt"},
          {"threshold", "set", "B", "-w", "E", "--reorder-point", "5"},
          {"seal"},
          {"stock"},
          {"history"}};
}
const std::set<std::string> reads = {"stock", "history"};

class Holder {
 public:
  explicit Holder(const OwnShop& shop) : session_(shop.server->root()) {
    session_->execute("USE " + shop.name);
  }
  void run(const std::string& sql) const { session_->execute(sql); }

 private:
  std::unique_ptr<invctl::db::Connection> session_;
};

std::vector<std::string> facts_of(const OwnShop& shop) {
  return read_facts([&](const std::string& sql) { return shop.rows(sql); });
}

// All of them at once. The exit code of each.
std::map<std::string, int> run_all(const OwnShop& shop, const std::string& patience) {
  std::vector<std::pair<std::string, std::unique_ptr<Process>>> processes;
  for (auto words : commands()) {
    const auto name = words.front();
    words.insert(words.end(), {"--lock-timeout", patience});
    processes.emplace_back(name, shop.start(words));
  }
  std::map<std::string, int> exits;
  for (const auto& [name, process] : processes) exits[name] = process->wait().exit;
  return exits;
}

std::set<std::string> names_with(const std::map<std::string, int>& exits, int exit) {
  std::set<std::string> names;
  for (const auto& [name, code] : exits) {
    if (code == exit) names.insert(name);
  }
  return names;
}

class LockedShop : public OwnShop {
 public:
  LockedShop() {
    stock_up();
    must({"warehouse", "add", "W"});
  }
};

}  // namespace

TEST_CASE(
    "who waits for a row, a table or the whole server is exit 6 in time with nothing changed, and goes on "
    "later") {
  struct Hold {
    std::string what;
    std::vector<std::string> begin;
    std::string end;
    std::set<std::string> served;  // with exit 0 all the same
    bool reads_wait;
  };
  const std::set<std::string> catalog = {"price", "product", "threshold", "seal"};
  const std::vector<Hold> holds = {
      {"the row", {"BEGIN", "SELECT MAX(id) INTO @x FROM inventory FOR UPDATE"}, "ROLLBACK", catalog, false},
      {"the table",
       {"LOCK TABLES inventory WRITE"},
       "UNLOCK TABLES",
       {"price", "product", "threshold"},
       true},
      {"the ledger", {"LOCK TABLES operation READ"}, "UNLOCK TABLES", catalog, false},
      {"everything", {"FLUSH TABLES WITH READ LOCK"}, "UNLOCK TABLES", {}, false},
  };
  for (const auto& hold : holds) {
    INFO(hold.what);
    const LockedShop shop;
    const auto before = facts_of(shop);
    const Holder holder(shop);
    for (const auto& sql : hold.begin) holder.run(sql);
    const auto exits = run_all(shop, "1s");
    holder.run(hold.end);
    const auto busy = names_with(exits, 6);
    const auto done = names_with(exits, 0);
    CHECK(busy.size() + done.size() == exits.size());
    for (const auto& name : reads) CHECK(busy.contains(name) == hold.reads_wait);
    for (const auto& name : done) {
      CAPTURE(name);
      CHECK((reads.contains(name) || hold.served.contains(name)));
    }
    // What was busy left nothing behind.
    const auto without_catalog = [](std::vector<std::string> facts) {
      std::erase_if(facts, [](const std::string& fact) {
        return fact.starts_with("price") || fact.starts_with("threshold") || fact.starts_with("product");
      });
      return facts;
    };
    const auto now = without_catalog(facts_of(shop)), then = without_catalog(before);
    CHECK(now == then);
    for (const auto& [name, exit] : run_all(shop, "60s")) {
      CAPTURE(name);
      CHECK(exit == 0);
    }
    CHECK(shop.on_hand() == 1005);  // 1000 + 2 - 1 - 1 + 5, each once
    CHECK(shop.integer("SELECT COUNT(*) FROM operation") == 7);
    CHECK(shop.is_sound());
  }
}

TEST_CASE("who waits behind a change of the table's definition is exit 6 in time, and goes on later") {
  const LockedShop shop;
  const Holder reader(shop);
  reader.run("BEGIN");
  reader.run("SELECT COUNT(*) INTO @x FROM movement");
  // It waits for the reader, and everybody for it.
  std::thread alter([&] {
    const Holder session(shop);
    session.run("SET lock_wait_timeout = 60");
    session.run("ALTER TABLE movement COMMENT 'changed'");
  });
  const auto waiting = [&] {
    return std::stoi(
        rows_at(shop.server->url("mysql"),
                "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE '%metadata lock%'")
            .at(0)
            .at(0));
  };
  for (int i = 0; i < 500 && waiting() == 0; ++i) std::this_thread::sleep_for(10ms);
  const auto busy = shop.run(receive_one("r", "1s"));
  const auto stored = shop.stored("r");
  reader.run("ROLLBACK");
  alter.join();
  INFO(busy);
  CHECK(busy.exit == 6);
  CHECK(stored == 0);
  CHECK(shop.run(receive_one("r", "20s")).exit == 0);
  CHECK(shop.on_hand() == 1001);
}

TEST_CASE("a COMMIT that the server holds up is exit 6 with nothing stored, and goes on later") {
  const OwnShop shop;
  shop.stock_up();
  TcpProxy proxy(shop.server->socket());
  const Holder holder(shop);
  // The server is locked between the statements and COMMIT.
  proxy.set_fault(Fault{.at =
                            [&](const ClientPacket& p) {
                              const bool commits = p.is_text() && p.payload.ends_with("COMMIT");
                              if (commits) holder.run("FLUSH TABLES WITH READ LOCK");
                              return commits;
                            },
                        .delay = 1ms});
  const Environment through = {{"INVCTL_DB", std::string("mysql://") + operator_user + "@127.0.0.1:" +
                                                 std::to_string(proxy.port()) + "/" + shop.name}};
  const auto busy = shop.run(receive_one("r", "1s"), operator_user, {.env = through});
  proxy.set_fault(std::nullopt);
  INFO(busy);
  CHECK(busy.exit == 6);
  CHECK(shop.stored("r") == 0);
  holder.run("UNLOCK TABLES");
  CHECK(shop.run(receive_one("r", "20s")).exit == 0);
  CHECK(shop.on_hand() == 1001);
  CHECK(shop.is_sound());
}

}  // namespace lock_wait_test
