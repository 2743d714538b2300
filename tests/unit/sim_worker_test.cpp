// Buyers at work without a database: what they are told, what they say, and that a run always ends.
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <set>
#include <thread>

#include "memory_store.hpp"
#include "sim/message.hpp"
#include "sim/strategy.hpp"
#include "sim/worker.hpp"

using namespace invctl;
using namespace invctl::sim;
using test::MemoryStore;

namespace {

const WorkerOptions quick{
    .lock_timeout = std::chrono::milliseconds(200), .think = {}, .origin = {"host", "0"}};

void stock(MemoryStore& store, Quantity units) {
  store.add_warehouse("SIM");
  store.add_product("FLASH-1", 1999);
  Operation receipt;
  receipt.actor = "test";
  receipt.lines = purchase_of({1, 0, units}).lines;
  std::vector<Operation> batch{receipt};
  REQUIRE_FALSE(Ledger(store, quick.origin).post(batch, {}).front().rejection);
}

// A store of a thread's own, in front of one that all share.
class SharedStore : public StrategyStore {
 public:
  explicit SharedStore(MemoryStore& store, std::mutex& turn)
      : StrategyStore(store, std::chrono::microseconds(0)), turn_(turn) {}
  void begin(const Deadline& deadline) override {
    turn_.lock();
    inside_ = true;
    StrategyStore::begin(deadline);
  }
  void commit() override {
    StrategyStore::commit();
    leave();
  }
  void append_and_commit(AppendBatch& batch, const std::function<void()>& before_commit) override {
    StrategyStore::append_and_commit(batch, before_commit);
    leave();
  }
  void rollback() noexcept override {
    if (inside_) StrategyStore::rollback();
    leave();
  }

 private:
  void leave() noexcept {
    if (std::exchange(inside_, false)) turn_.unlock();
  }
  std::mutex& turn_;
  bool inside_ = false;
};

std::vector<Buyer> crowd(std::int64_t buyers) {
  Scenario scenario;
  scenario.buyers = buyers;
  scenario.window = std::chrono::milliseconds(20);
  return make_demand(scenario);
}

const Stop never = [] { return false; };
const Watch nobody = [](std::size_t) {};

}  // namespace

TEST_CASE("a buyer is told whether he bought, and is charged one transaction when nobody is in the way") {
  MemoryStore store;
  stock(store, 1);
  const auto first = buy(store, {1, 0, 1}, monotonic_ns(), quick);
  CHECK(first.fate() == Fate::sold);
  CHECK_FALSE(first.key.empty());
  CHECK(first.retries == 0);
  CHECK(first.begin_ns >= first.arrival_ns);
  CHECK(first.end_ns >= first.begin_ns);
  const auto second = buy(store, {2, 0, 1}, monotonic_ns(), quick);
  CHECK(second.fate() == Fate::sold_out);
  CHECK(second.key.empty());
  CHECK_FALSE(second.message.empty());
}

TEST_CASE("a CHECK that refuses a purchase is a lost race: it is decided anew, and only then final") {
  using Step = MemoryStore::Step;
  MemoryStore store;
  stock(store, 2);
  SECTION("and there is enough after all") {
    store.before_next_append([](MemoryStore&) {
      throw Error(Exit::insufficient_stock, "a constraint of the database refuses the change");
    });
    const auto answer = buy(store, {1, 0, 1}, monotonic_ns(), quick);
    CHECK(answer.fate() == Fate::sold);
    CHECK(answer.retries == 1);
  }
  SECTION("and it is gone") {
    store.before_next_append([](MemoryStore& all) {
      for (auto& [key, row] : all.tamper().rows) row.on_hand = 0;
      throw Error(Exit::insufficient_stock, "a constraint of the database refuses the change");
    });
    const auto answer = buy(store, {1, 0, 1}, monotonic_ns(), quick);
    CHECK(answer.fate() == Fate::sold_out);
    CHECK(answer.retries == 1);
  }
  SECTION("while any other failure is told as it is") {
    store.fail(Step::append, {MemoryStore::Failure{StoreError::Kind::other, false, Exit::not_permitted}});
    const auto answer = buy(store, {1, 0, 1}, monotonic_ns(), quick);
    CHECK(answer.exit == Exit::not_permitted);
    CHECK(answer.fate() == Fate::failed);
  }
}

TEST_CASE("a buyer who cannot get through gives up at the lock timeout") {
  MemoryStore store;
  stock(store, 1);
  store.fail_always(MemoryStore::Step::begin, {});
  const auto answer = buy(store, {1, 0, 1}, monotonic_ns(), quick);
  CHECK(answer.fate() == Fate::busy);
  CHECK(answer.retries > 0);
}

TEST_CASE("threads share out the demand: everybody is answered once, nobody before he has come") {
  MemoryStore store;
  stock(store, 30);
  std::mutex turn;
  std::atomic<int> opened{0};
  const OpenStore open = [&]() -> std::unique_ptr<PostingStore> {
    ++opened;
    return std::make_unique<SharedStore>(store, turn);
  };
  std::size_t watched = 0;
  const auto demand = crowd(100);
  const auto result = run_threads(demand, 8, open, quick, never, [&](std::size_t n) { watched = n; });
  CHECK(opened == 8);
  REQUIRE(result.answers.size() == 100);
  CHECK(watched == 100);
  std::int64_t sold = 0;
  for (std::size_t i = 0; i < result.answers.size(); ++i) {
    const auto& answer = result.answers[i];
    CHECK(answer.buyer == demand[i].number);
    CHECK(answer.arrival_ns == result.start_ns + demand[i].arrival_ns);
    CHECK(answer.begin_ns >= answer.arrival_ns);
    if (answer.fate() == Fate::sold) ++sold;
  }
  CHECK(sold == 30);
}

TEST_CASE("where one thread cannot open its store the run fails with that error, and the others go home") {
  MemoryStore store;
  std::mutex turn;
  std::atomic<int> opened{0};
  const OpenStore open = [&]() -> std::unique_ptr<PostingStore> {
    if (++opened == 3) throw Error(Exit::unavailable, "no such place");
    return std::make_unique<SharedStore>(store, turn);
  };
  try {
    run_threads(crowd(50), 8, open, quick, never, nobody);
    FAIL("the run did not fail");
  } catch (const Error& error) {
    CHECK(error.exit == Exit::unavailable);
  }
  CHECK(store.counts.begins == 0);
}

TEST_CASE("a run that is stopped ends at once with the answers that there are") {
  MemoryStore store;
  stock(store, 100);
  std::mutex turn;
  const OpenStore open = [&] { return std::make_unique<SharedStore>(store, turn); };
  std::vector<Buyer> demand{{1, 0, 1}, {2, 0, 1}, {3, 3'600'000'000'000, 1}};
  std::atomic<bool> stop{false};
  const auto result = run_threads(
      demand, 3, open, quick, [&] { return stop.load(); },
      [&](std::size_t answered) { stop = stop || answered == 2; });
  CHECK(result.answers.size() == 2);
}

TEST_CASE("a worker process says that it is ready, serves whoever is sent in, and ends with the line") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  MemoryStore store;
  stock(store, 1);
  std::mutex turn;
  std::thread worker([&] {
    serve(
        ends[1], [&] { return std::make_unique<SharedStore>(store, turn); }, quick);
    close(ends[1]);
  });
  const auto start = monotonic_ns();
  CHECK(parse_message(receive_packet(ends[0]).value_or("")).ready);
  for (const std::int64_t number : {7, 8}) {
    REQUIRE(send_packet(ends[0], to_text(Assignment{{number, 1000, 1}, start})));
    const auto message = parse_message(receive_packet(ends[0]).value_or(""));
    REQUIRE(message.answer);
    CHECK(message.answer->buyer == number);
    CHECK(message.answer->arrival_ns == start + 1000);
    CHECK(message.answer->fate() == (number == 7 ? Fate::sold : Fate::sold_out));
    CHECK(message.answer->key.empty() == (number == 8));
  }
  shutdown(ends[0], SHUT_WR);
  CHECK_FALSE(receive_packet(ends[0]).has_value());
  worker.join();
  close(ends[0]);
}

TEST_CASE("a worker process that cannot open the database says why") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  const OpenStore open = []() -> std::unique_ptr<PostingStore> {
    throw Error(Exit::unavailable, "no database \xff here", "create it");
  };
  CHECK_THROWS_AS(serve(ends[1], open, quick), Error);
  const auto message = parse_message(receive_packet(ends[0]).value_or(""));
  REQUIRE(message.error);
  CHECK(message.error->exit == Exit::unavailable);
  CHECK(message.error->message == "no database \xef\xbf\xbd here");
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("what a worker process should not say is an error and not a crash") {
  for (const std::string text : {"", "nonsense", "[1]", "{", "7", "\"ready\""}) {
    INFO(text);
    CHECK_THROWS_AS(parse_message(text), Error);
    CHECK_THROWS_AS(parse_assignment(text), Error);
  }
  // Objects of another shape: a value of another type, and fields that are not there.
  Answer answer;
  answer.buyer = 7;
  CHECK(parse_message(to_text(answer)).answer->buyer == 7);
  auto text = to_text(answer);
  CHECK_THROWS_AS(parse_message(text.replace(text.find(":7"), 2, ":\"seven\"")), Error);
  CHECK_THROWS_AS(parse_message(R"({"buyer":7})"), Error);
  CHECK_THROWS_AS(parse_message(R"({"error":"why"})"), Error);
  CHECK_THROWS_AS(parse_assignment(R"({"buyer":7})"), Error);
}
