// The program on a Galera cluster of three nodes. FOR UPDATE does not lock across nodes: who loses is told so
// at COMMIT, and repeats the whole transaction.
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "cli/harness.hpp"
#include "grants.hpp"
#include "server/galera_cluster.hpp"
#include "server/mysql_server.hpp"

namespace galera_test {

using namespace invctl::test;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

const std::vector<std::vector<int>> orders = {{1, 2, 3}, {2, 3, 1}, {3, 1, 2}};

GaleraCluster& cluster() {
  static GaleraCluster made;
  return made;
}

struct Attempt {
  Words words;
  std::string key;
  int exit = -1;
  std::string said = "";
};

// One database on the cluster, worked on by the operator's account through lists of all nodes.
class Shop {
 public:
  Shop() {
    static int count = 0;
    name_ = "shop_" + std::to_string(++count);
    const auto root = cluster().root(1);
    root->execute("CREATE DATABASE " + name_ + " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    must_as("root", {"init-db"});
    for (const auto& sql : grant_statements(invctl::db::grants_sql("operator", name_), "127.0.0.1")) {
      root->execute(sql);
    }
    // Rights travel like everything else: a node that was asked knows all that came before.
    REQUIRE(everywhere("SELECT COUNT(*) > 0 FROM DB.setting") == std::set<std::int64_t>{1});
    must({"warehouse", "add", "E"});
    must({"product", "add", "HOT", "--price", "1"});
    must({"product", "add", "COLD", "--price", "1"});
  }

  Result run(int first, const Words& words) const { return run_as(operator_user, first, words); }
  void must(const Words& words) const { must_as(operator_user, words); }

  // The same number by each of the nodes, or all three where they differ.
  std::set<std::int64_t> everywhere(const std::string& what,
                                    const std::vector<int>& nodes = {1, 2, 3}) const {
    std::set<std::int64_t> found;
    for (const int node : nodes) found.insert(cluster().number(node, on(what)));
    return found;
  }
  std::int64_t stored(const std::string& key, int node = 1) const {
    return cluster().number(node,
                            on("SELECT COUNT(*) FROM DB.operation WHERE idempotency_key = '" + key + "'"));
  }
  std::string on(std::string sql) const {
    for (auto at = sql.find("DB."); at != std::string::npos; at = sql.find("DB.")) sql.replace(at, 2, name_);
    return sql;
  }
  void verify_everywhere() const {
    for (int first = 0; first < 3; ++first) {
      const auto result = run(first, {"verify"});
      INFO(result);
      CHECK(result.exit == 0);
    }
  }

 private:
  Result run_as(const std::string& user, int first, const Words& words) const {
    const auto url = cluster().url(name_, orders[static_cast<std::size_t>(first)], user);
    return invctl::test::run(words,
                             {.env = {{"HOME", home_.path()}, {"INVCTL_DB", url}}, .cwd = home_.path()});
  }
  void must_as(const std::string& user, const Words& words) const {
    const auto result = run_as(user, 0, words);
    INFO(result);
    REQUIRE(result.exit == 0);
  }

  TempDir home_;
  std::string name_;
};

// `count` writers at once, the i-th beginning its list of hosts with another node, each until `next` has no
// more words for it. Gives all attempts.
std::vector<Attempt> write(const Shop& shop, int count,
                           const std::function<std::optional<Attempt>(int writer, int turn)>& next) {
  std::mutex mutex;
  std::vector<Attempt> attempts;
  std::vector<std::thread> writers;
  for (int w = 0; w < count; ++w) {
    writers.emplace_back([&, w] {
      for (int turn = 0;; ++turn) {
        auto attempt = next(w, turn);
        if (!attempt) return;
        auto words = attempt->words;
        words.insert(words.end(), {"--id", attempt->key});
        const auto result = shop.run(w % 3, words);
        attempt->exit = result.exit;
        attempt->said = result.err;
        if (attempt->exit != 0 && attempt->exit != 4) std::this_thread::sleep_for(20ms);
        const std::scoped_lock lock(mutex);
        attempts.push_back(std::move(*attempt));
      }
    });
  }
  for (auto& writer : writers) writer.join();
  return attempts;
}

std::string told(const std::vector<Attempt>& attempts) {
  std::map<int, int> exits;
  std::string text;
  for (const auto& attempt : attempts) {
    if (++exits[attempt.exit] == 1 && attempt.exit != 0 && attempt.exit != 4) text += "; " + attempt.said;
  }
  for (const auto& [exit, count] : exits)
    text += ", " + std::to_string(count) + " x exit " + std::to_string(exit);
  return std::to_string(attempts.size()) + " operations" + text;
}

// What the exit codes promised, against what a node has. Then everything that did not succeed is repeated.
void check_and_repeat(const Shop& shop, const std::vector<Attempt>& attempts, int node) {
  for (const auto& attempt : attempts) {
    const auto stored = shop.stored(attempt.key, node);
    const bool possible = attempt.exit == 0    ? stored == 1
                          : attempt.exit == 10 ? stored <= 1
                                               : (attempt.exit == 6 || attempt.exit == 9) && stored == 0;
    if (!possible)
      FAIL(attempt.key << " ended with exit " << attempt.exit << " and is stored " << stored << " times");
  }
  for (const auto& attempt : attempts) {
    if (attempt.exit == 0) continue;
    auto words = attempt.words;
    words.insert(words.end(), {"--id", attempt.key});
    const auto again = shop.run(node - 1, words);
    INFO(again);
    REQUIRE(again.exit == 0);
    REQUIRE(shop.stored(attempt.key, node) == 1);
  }
}

std::int64_t conflicts() {
  std::int64_t sum = 0;
  for (int node = 1; node <= 3; ++node) {
    for (const auto* name : {"wsrep_local_cert_failures", "wsrep_local_bf_aborts"}) {
      sum += std::stoll(cluster().status(node, name));
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("one hot row through all nodes: every answer is stored, and every node has the same sum",
          "[galera]") {
  const Shop shop;
  const auto conflicts_before = conflicts();
  const auto attempts = write(shop, 12, [&](int writer, int turn) -> std::optional<Attempt> {
    if (turn == 15) return std::nullopt;
    const auto key = std::to_string(writer) + "-" + std::to_string(turn);
    const std::string kind = turn % 3 == 2 ? "ship" : "receive";
    return Attempt{
        {kind, "-w", "E", "HOT=" + std::string(turn % 3 == 2 ? "1" : "2"), "--lock-timeout", "60s"}, key};
  });
  WARN(told(attempts) << "; " << conflicts() - conflicts_before << " lost certification and were repeated");
  for (const auto& attempt : attempts) REQUIRE(attempt.exit == 0);
  CHECK(shop.everywhere("SELECT COUNT(*) FROM DB.operation") == std::set<std::int64_t>{12 * 15});
  CHECK(shop.everywhere("SELECT SUM(on_hand) FROM DB.inventory") ==
        std::set<std::int64_t>{12 * (10 * 2 - 5)});
  CHECK(shop.everywhere("SELECT SUM(on_hand_delta) FROM DB.movement") ==
        std::set<std::int64_t>{12 * (10 * 2 - 5)});
  CHECK(conflicts() > conflicts_before);  // or the race was none
  shop.verify_everywhere();
}

TEST_CASE("a thousand buyers for a hundred units through three nodes: a hundred get one each", "[galera]") {
  const Shop shop;
  shop.must({"receive", "-w", "E", "HOT=100"});
  std::atomic<int> next_buyer = 0;
  const auto attempts = write(shop, 24, [&](int, int) -> std::optional<Attempt> {
    const int buyer = ++next_buyer;
    if (buyer > 1000) return std::nullopt;
    const auto name = "buyer-" + std::to_string(buyer);
    return Attempt{{"purchase", "HOT=1", "--user", name, "--lock-timeout", "60s"}, name};
  });
  WARN(told(attempts));
  std::set<std::string> served;
  std::map<int, int> exits;
  for (const auto& attempt : attempts) {
    ++exits[attempt.exit];
    if (attempt.exit == 0) served.insert(attempt.key);
  }
  CHECK(exits == std::map<int, int>{{0, 100}, {4, 900}});
  CHECK(served.size() == 100);
  CHECK(shop.everywhere("SELECT SUM(quantity) FROM DB.purchase") == std::set<std::int64_t>{100});
  CHECK(shop.everywhere("SELECT COUNT(DISTINCT user_name) FROM DB.purchase") == std::set<std::int64_t>{100});
  CHECK(shop.everywhere("SELECT SUM(on_hand) FROM DB.inventory") == std::set<std::int64_t>{0});
  for (const auto& key : served) CHECK(shop.stored(key) == 1);
  shop.verify_everywhere();
}

TEST_CASE("each way of keeping rivals apart sells exactly ten of ten to twenty through three nodes",
          "[galera]") {
  const auto url = cluster().url("mysql", {1, 2, 3});
  const auto simulate = [&](const std::string& strategy, const std::string& mode) {
    return invctl::test::run({"simulate-concurrency", "--json", "--lock-timeout", "60s", "--scenario",
                              "ten-twenty", "--strategy", strategy, "--mode", mode},
                             {.env = {{"INVCTL_DB", url}}, .timeout = 120s});
  };
  for (const std::string mode : {"threads", "processes"}) {
    for (const std::string strategy :
         {"pessimistic", "conditional", "optimistic", "serializable", "reserve", "combined", "guards-only"}) {
      const auto result = simulate(strategy, mode);
      INFO(strategy << " with " << mode << result);
      REQUIRE(result.exit == 0);
      CHECK(result.json().at("sold") == 10);
      CHECK(result.json().at("oversold") == 0);
    }
    const auto caught = simulate("none", mode);
    INFO(mode << caught);
    CHECK(caught.exit == 7);
    CHECK(caught.json().at("oversold") > 0);
  }
  CHECK(simulate("advisory", "threads").exit == 2);  // a node knows only its own named locks
}

TEST_CASE("kill -9 of a node under load: what was acknowledged is stored, and it catches up", "[galera]") {
  const Shop shop;
  std::atomic<bool> stop = false;
  std::vector<Attempt> attempts;
  std::thread load([&] {
    attempts = write(shop, 9, [&](int writer, int turn) -> std::optional<Attempt> {
      if (stop) return std::nullopt;
      const auto key = std::to_string(writer) + "-" + std::to_string(turn);
      const std::string sku = writer % 2 == 0 ? "HOT" : "COLD";
      // Half of them wait until the cluster has agreed that the node is gone, half are told at once.
      return Attempt{{"receive", "-w", "E", sku + "=1", "--lock-timeout", writer < 5 ? "60s" : "300ms"}, key};
    });
  });
  std::this_thread::sleep_for(1500ms);
  cluster().kill_hard(3);
  const auto killed_at = shop.everywhere("SELECT COUNT(*) FROM DB.operation", {1});
  std::this_thread::sleep_for(8s);
  const auto later = shop.everywhere("SELECT COUNT(*) FROM DB.operation", {1});
  stop = true;
  load.join();
  WARN(told(attempts) << "; " << *killed_at.begin() << " stored when a node was killed, " << *later.begin()
                      << " eight seconds later");
  CHECK(*later.begin() > *killed_at.begin());  // the other two went on
  check_and_repeat(shop, attempts, 1);
  cluster().join(3);
  const auto all = static_cast<std::int64_t>(attempts.size());
  CHECK(shop.everywhere("SELECT COUNT(*) FROM DB.operation") == std::set<std::int64_t>{all});
  CHECK(shop.everywhere("SELECT SUM(on_hand) FROM DB.inventory") == std::set<std::int64_t>{all});
  shop.verify_everywhere();
}

TEST_CASE("two of three nodes dead: nothing is sold and nothing is lied about until there is a cluster again",
          "[galera]") {
  const Shop shop;
  std::atomic<bool> stop = false;
  std::vector<Attempt> attempts;
  std::thread load([&] {
    attempts = write(shop, 6, [&](int writer, int turn) -> std::optional<Attempt> {
      if (stop) return std::nullopt;
      return Attempt{{"receive", "-w", "E", "HOT=1", "--lock-timeout", "2s"},
                     std::to_string(writer) + "-" + std::to_string(turn)};
    });
  });
  std::this_thread::sleep_for(1s);
  cluster().kill_hard(2);
  cluster().kill_hard(3);
  std::this_thread::sleep_for(9s);
  CHECK(cluster().status(1, "wsrep_cluster_status") == "non-Primary");
  stop = true;
  load.join();
  // The one that is left refuses, whatever is asked of it.
  for (const Words& words :
       {Words{"receive", "-w", "E", "HOT=1", "--id", "alone", "--lock-timeout", "1s"},
        Words{"ship", "-w", "E", "HOT=1", "--id", "alone", "--lock-timeout", "1s"}, Words{"stock"}}) {
    const auto refused = shop.run(0, words);
    INFO(refused);
    CHECK((refused.exit == 9 || refused.exit == 6));
    CHECK(refused.out.empty());
  }
  WARN(told(attempts));
  cluster().become_primary(1);
  for (int i = 0; i < 100 && cluster().status(1, "wsrep_ready") != "ON"; ++i)
    std::this_thread::sleep_for(100ms);
  CHECK(shop.stored("alone") == 0);
  check_and_repeat(shop, attempts, 1);
  cluster().join(2);
  cluster().join(3);
  const auto all = static_cast<std::int64_t>(attempts.size());
  CHECK(shop.everywhere("SELECT COUNT(*) FROM DB.operation") == std::set<std::int64_t>{all});
  CHECK(shop.everywhere("SELECT SUM(on_hand) FROM DB.inventory") == std::set<std::int64_t>{all});
  shop.verify_everywhere();
}

}  // namespace galera_test
