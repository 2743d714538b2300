// kill -9 at random moments of `apply`, then the same command again: the end is that of a run nobody
// disturbed, and what was answered before is stored. INVCTL_TEST_APPLY_KILLS says how often (default 12); the
// seed is printed, and INVCTL_TEST_SEED repeats one.
#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <map>
#include <sstream>
#include <thread>

#include "cli/harness.hpp"
#include "unit/property.hpp"

namespace apply_kill_test {

using namespace invctl::test;

namespace {

constexpr int operation_count = 1500;

int kills_asked() {
  const char* text = std::getenv("INVCTL_TEST_APPLY_KILLS");
  return text == nullptr ? 12 : std::atoi(text);
}

using Clock = std::chrono::steady_clock;

std::int64_t microseconds_since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count();
}

// Some time before `whole` microseconds are over.
Result kill_within(Process& process, std::int64_t whole, Random& random) {
  std::this_thread::sleep_for(std::chrono::microseconds(random.between(0, whole)));
  process.signal(SIGKILL);
  return process.wait();
}

// Deliveries, and shipments of what they brought: possible in this order only.
std::string rows_of_a_day() {
  std::string rows = "doc,kind,warehouse,sku,quantity\n";
  for (int i = 0; i < operation_count; ++i) {
    for (int line = 0; line < 4; ++line) {
      rows += std::to_string(i) + (i % 2 == 0 ? ",receive,E,S" : ",ship,E,S") +
              std::to_string((i / 2 + line * 7) % 40) + ",3\n";
    }
  }
  return rows;
}

struct Shop : Database {
  Shop() {
    std::string products = "sku,name\n";
    for (int i = 0; i < 40; ++i) products += "S" + std::to_string(i) + ",S\n";
    must({"warehouse", "add", "E", "--name", "East"});
    must({"seed-from-csv", "--products", dir().write("p.csv", products)});
    file = dir().write("day.csv", rows_of_a_day());
  }
  std::vector<std::string> command(const std::string& mode) const {
    std::vector<std::string> words = {"apply", file, "--group-by", "doc", "--on-error", mode};
    if (mode == "skip") words.insert(words.end(), {"--batch", "40"});
    return words;
  }
  // All that does not differ from run to run, as times and random identities do.
  Rows end_state() {
    auto state = rows(
        "SELECT p.sku, i.on_hand, i.version FROM inventory i JOIN product p ON p.id = i.product_id ORDER BY "
        "p.sku");
    for (const auto* sql :
         {"SELECT COUNT(*), COUNT(DISTINCT idempotency_key), (SELECT COUNT(*) FROM movement), "
          "(SELECT COUNT(*) FROM applied_file) FROM operation",
          "SELECT idempotency_key, kind FROM operation ORDER BY id"}) {
      for (auto& row : rows(sql)) state.push_back(row);
    }
    return state;
  }
  std::string file;
};

}  // namespace

TEST_CASE("apply that is killed at any moment and repeated ends as if nothing had happened") {
  Random random;
  INFO(random);
  const int kills = kills_asked();
  for (const std::string mode : {"skip", "abort"}) {
    Shop undisturbed;
    const auto start = Clock::now();
    undisturbed.must(undisturbed.command(mode));
    const auto whole = microseconds_since(start);
    const auto expected = undisturbed.end_state();
    int in_the_middle = 0;
    for (int i = 0; i < kills; ++i) {
      Shop shop;
      const auto killed = kill_within(*shop.start(shop.command(mode)), whole, random);
      INFO(mode << ", kill " << i << ": " << killed);
      const auto done = shop.integer("SELECT COUNT(*) FROM operation");
      if (done > 0 && done < operation_count) ++in_the_middle;
      if (mode == "abort") CHECK((done == 0 || done == operation_count));
      shop.must(shop.command(mode));
      REQUIRE(shop.end_state() == expected);
    }
    // Kills that never hit the middle would show nothing.
    if (mode == "skip" && kills >= 12) CHECK(in_the_middle > 0);
  }
}

namespace {

using Numbers = std::map<std::string, std::int64_t>;

// The same day as lines of a pipe, some of which go into one transaction.
class Stream : public Shop {
 public:
  static constexpr int count = 240;
  static constexpr int batch = 4;

  Stream() {
    std::string lines;
    for (int i = 0; i < count; ++i) {
      lines += std::string(R"({"kind":)") + (i % 2 == 0 ? R"("receive")" : R"("ship")") +
               R"(,"warehouse":"E","sku":"S)" + std::to_string(i / 2 % 40) + R"(","quantity":3,"id":"k)" +
               std::to_string(i) + "\"}\n";
    }
    input_ = dir().write("lines", lines);
  }

  std::unique_ptr<Process> begin(RunOptions options = {}) {
    answers_ = dir().write("answers" + std::to_string(++runs_), "");
    options.wrapper = {"sh", "-c", "exec \"$@\" < '" + input_ + "'", "sh"};
    options.stdout_to = answers_;
    return start({"apply", "-", "--ack", "--batch", std::to_string(batch)}, options);
  }
  // Number by key of each operation that was answered with success; the last line may be cut off.
  Numbers answered() const {
    Numbers found;
    std::istringstream lines(read_file(answers_));
    for (std::string line; std::getline(lines, line) && !lines.eof();) {
      const auto answer = nlohmann::json::parse(line);
      if (answer.at("exit") == 0) found[answer.at("id")] = answer.at("operation");
    }
    return found;
  }
  Numbers stored() {
    Numbers found;
    for (const auto& row : rows("SELECT idempotency_key, id FROM operation")) {
      found[row[0]] = std::stoll(row[1]);
    }
    return found;
  }

 private:
  std::string input_, answers_;
  int runs_ = 0;
};

// Those that were answered, and are not there, or under another number.
int lost(const Numbers& answered, const Numbers& stored) {
  int count = 0;
  for (const auto& [key, number] : answered) {
    const auto found = stored.find(key);
    if (found == stored.end() || found->second != number) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("what apply --ack has answered is stored when it is killed at any moment, and answered so again") {
  Random random;
  INFO(random);
  Stream undisturbed;
  const auto start = Clock::now();
  REQUIRE(undisturbed.begin()->wait().exit == 0);
  const auto whole = microseconds_since(start);
  REQUIRE(undisturbed.answered().size() == Stream::count);
  const auto expected = undisturbed.end_state();
  int in_the_middle = 0;
  const int kills = (kills_asked() + 1) / 2;
  for (int i = 0; i < kills; ++i) {
    Stream stream;
    const auto killed = kill_within(*stream.begin(), whole, random);
    INFO("kill " << i << ": " << killed);
    const auto before = stream.answered();
    const auto there = stream.stored();
    CHECK(lost(before, there) == 0);
    CHECK(there.size() <= before.size() + Stream::batch);  // nothing runs ahead of its answers
    if (!before.empty() && before.size() < Stream::count) ++in_the_middle;
    const auto repeated = stream.begin()->wait();
    INFO(repeated);
    REQUIRE(repeated.exit == 0);
    CHECK(lost(there, stream.answered()) == 0);
    REQUIRE(stream.end_state() == expected);
  }
  if (kills >= 6) CHECK(in_the_middle > 0);
}

TEST_CASE("negative control: what apply --ack answers and does not store is seen to be lost") {
  Stream stream;
  stream.begin({.env = {{"INVCTL_FAIL_POINT", "before-commit:5:lie"}}, .binary = INVCTL_FAULTY})->wait();
  CHECK(lost(stream.answered(), stream.stored()) > 0);
}

}  // namespace apply_kill_test
