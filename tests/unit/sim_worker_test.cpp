// Workers without a database: what they are told, what they say, and that a run always ends.
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <set>
#include <thread>

#include "memory_store.hpp"
#include "sim/combiner.hpp"
#include "sim/message.hpp"
#include "sim/processes.hpp"
#include "sim/scenario.hpp"
#include "sim/strategy_store.hpp"
#include "sim/threads.hpp"

namespace sim_worker_test {

using namespace invctl;
using namespace invctl::sim;
using test::MemoryStore;

namespace {

WorkerOptions quickly(std::string_view strategy) {
  return {.strategy = find_strategy(strategy),
          .lock_timeout = std::chrono::milliseconds(200),
          .origin = {"host", "0"}};
}
const WorkerOptions quick = quickly("pessimistic");

Request wants(std::int64_t number, Quantity units = 1, std::int64_t arrival_ns = 0) {
  return {.number = number,
          .arrival_ns = arrival_ns,
          .kind = Request::Kind::purchase,
          .items = {{"ITEM-1", units}}};
}

void stock(MemoryStore& store, Quantity units) {
  store.add_warehouse("SIM");
  store.add_product("ITEM-1", 1999);
  auto request = wants(0, units);
  request.kind = Request::Kind::receive;
  std::vector<Operation> batch{operation_of(request, "SIM")};
  REQUIRE_FALSE(Ledger(store, quick.origin).post(batch, {}).front().rejection);
}

// A worker's own way to a store that all share, one transaction at a time.
class MemorySession : public Session {
 public:
  MemorySession(MemoryStore& store, std::mutex& turn) : shared_(store, turn), memory_(store) {}
  PostingStore& store() override { return shared_; }
  Quantity available(const std::string& warehouse, const std::string& sku) override {
    return memory_.row(warehouse, sku).available();
  }

 private:
  class SharedStore : public StrategyStore {
   public:
    SharedStore(MemoryStore& store, std::mutex& turn) : StrategyStore(store), turn_(turn) {}
    void begin(const Deadline& deadline) override {
      std::unique_lock turn(turn_);
      StrategyStore::begin(deadline);
      turn.release();
      inside_ = true;
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

  SharedStore shared_;
  MemoryStore& memory_;
};

// One worker and all that it needs.
struct Alone {
  MemoryStore store;
  std::mutex turn;
  MemorySession session{store, turn};

  Answer serve(const Request& request, const WorkerOptions& options = quick) {
    return Worker(session, options).serve(request, monotonic_ns());
  }
};

std::vector<Request> crowd(std::int64_t buyers) {
  Demand demand;
  demand.requests = buyers;
  demand.skus = {"ITEM-1"};
  demand.window = std::chrono::milliseconds(20);
  return make_requests(demand);
}

const Stop never = [] { return false; };
const sim::Watch nobody = [](std::size_t) {};

}  // namespace

TEST_CASE("a buyer is told whether he bought, and is charged one transaction when nobody is in the way") {
  Alone alone;
  stock(alone.store, 1);
  const auto first = alone.serve(wants(1));
  CHECK(first.fate() == Fate::accepted);
  CHECK(first.lines == std::vector<AnswerLine>{{"ITEM-1", 0}});
  CHECK_FALSE(first.key.empty());
  CHECK(first.retries == 0);
  CHECK(first.begin_ns >= first.arrival_ns);
  CHECK(first.end_ns >= first.begin_ns);
  const auto second = alone.serve(wants(2));
  CHECK(second.fate() == Fate::sold_out);
  CHECK(second.lines == std::vector<AnswerLine>{{"ITEM-1", 0}});
  CHECK(second.key.empty());
  CHECK_FALSE(second.message.empty());
}

TEST_CASE("a CHECK that refuses a purchase is a lost race: it is decided anew, and only then final") {
  using Step = MemoryStore::Step;
  Alone alone;
  auto& store = alone.store;
  stock(store, 2);
  SECTION("and there is enough after all") {
    store.before_next_append([](MemoryStore&) {
      throw Error(Exit::insufficient_stock, "a constraint of the database refuses the change");
    });
    const auto answer = alone.serve(wants(1));
    CHECK(answer.fate() == Fate::accepted);
    CHECK(answer.retries == 1);
  }
  SECTION("and it is gone") {
    store.before_next_append([](MemoryStore& all) {
      for (auto& [key, row] : all.tamper().rows) row.on_hand = 0;
      throw Error(Exit::insufficient_stock, "a constraint of the database refuses the change");
    });
    const auto answer = alone.serve(wants(1));
    CHECK(answer.fate() == Fate::sold_out);
    CHECK(answer.retries == 1);
  }
  SECTION("while any other failure is told as it is") {
    store.fail(Step::append, {MemoryStore::Failure{StoreError::Kind::other, false, Exit::not_permitted}});
    const auto answer = alone.serve(wants(1));
    CHECK(answer.exit == Exit::not_permitted);
    CHECK(answer.fate() == Fate::failed);
  }
}

TEST_CASE("a buyer who cannot get through gives up at the lock timeout") {
  Alone alone;
  auto& store = alone.store;
  stock(store, 1);
  store.fail_always(MemoryStore::Step::begin, {});
  const auto answer = alone.serve(wants(1));
  CHECK(answer.fate() == Fate::busy);
  CHECK(answer.retries > 0);
}

TEST_CASE("who may try only so often gives up when others were faster each time") {
  Alone alone;
  stock(alone.store, 1);
  alone.store.fail(MemoryStore::Step::append,
                   std::vector<std::optional<MemoryStore::Failure>>(3, MemoryStore::Failure{}));
  auto options = quickly("optimistic");
  options.attempts_most = 3;
  const auto answer = alone.serve(wants(1), options);
  CHECK(answer.fate() == Fate::busy);
  CHECK(answer.retries == 2);
}

TEST_CASE("a hold is confirmed as a sale; what cannot be held is refused and leaves nothing") {
  Alone alone;
  stock(alone.store, 1);
  const auto options = quickly("reserve");
  const auto sold = alone.serve(wants(1), options);
  CHECK(sold.fate() == Fate::accepted);
  CHECK(sold.lines == std::vector<AnswerLine>{{"ITEM-1", 0}});
  const auto& operations = alone.store.stored().operations;
  REQUIRE(operations.size() == 3);
  CHECK(operations[1].record.kind == Kind::reserve);
  CHECK(operations[2].record.kind == Kind::confirm);
  CHECK(operations[2].purchases.size() == 1);
  CHECK(operations[2].record.key == sold.key);
  const auto refused = alone.serve(wants(2), options);
  CHECK(refused.fate() == Fate::sold_out);
  CHECK(operations.size() == 3);
  CHECK(alone.store.row("SIM", "ITEM-1").reserved == 0);
}

TEST_CASE("who only looks is told what is available, and changes nothing") {
  Alone alone;
  stock(alone.store, 7);
  auto request = wants(1);
  request.kind = Request::Kind::look;
  const auto answer = alone.serve(request);
  CHECK(answer.fate() == Fate::accepted);
  CHECK(answer.is_look());
  CHECK(answer.lines == std::vector<AnswerLine>{{"ITEM-1", 7}});
  CHECK(alone.store.stored().operations.size() == 1);
}

TEST_CASE("one writer posts what many ask for in few transactions, in the order in which they asked") {
  MemoryStore store;
  std::mutex turn;
  stock(store, 40);
  const auto before = store.counts.begins;
  const auto options = quickly("combined");
  std::vector<PostResult> results(100);
  {
    const OpenSession open = [&] { return std::make_unique<MemorySession>(store, turn); };
    turn.lock();  // the writer cannot begin until all have asked
    Combiner combiner(open, options);
    for (std::int64_t i = 0; i < 100; ++i) {
      combiner.submit(operation_of(wants(i + 1), "SIM"), [&, i](PostResult result) {
        results[static_cast<std::size_t>(i)] = std::move(result);
      });
    }
    turn.unlock();
  }
  std::int64_t left = 40;
  for (const auto& result : results) {
    REQUIRE(result.outcome);
    if (result.outcome->rejection) {
      CHECK(left == 0);
    } else {
      CHECK(result.outcome->receipt->lines.front().on_hand == --left);
    }
  }
  CHECK(left == 0);
  CHECK(store.counts.begins - before <= 2);
}

TEST_CASE(
    "what the one writer cannot post is everybody's failure, and what cannot be opened is said at once") {
  MemoryStore store;
  std::mutex turn;
  stock(store, 1);
  const auto options = quickly("combined");
  const OpenSession open = [&] { return std::make_unique<MemorySession>(store, turn); };
  store.fail(MemoryStore::Step::append,
             {MemoryStore::Failure{StoreError::Kind::other, false, Exit::not_permitted}});
  const auto result = Combiner(open, options).post(operation_of(wants(1), "SIM"));
  REQUIRE(result.error);
  CHECK(result.error->exit == Exit::not_permitted);
  const OpenSession closed = []() -> std::unique_ptr<Session> {
    throw Error(Exit::unavailable, "no such place");
  };
  CHECK_THROWS_AS(Combiner(closed, options), Error);
}

TEST_CASE("threads share out the demand: everybody is answered once, nobody before he has come") {
  MemoryStore store;
  stock(store, 30);
  std::mutex turn;
  std::atomic<int> opened{0};
  const OpenSession open = [&]() -> std::unique_ptr<Session> {
    ++opened;
    return std::make_unique<MemorySession>(store, turn);
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
    CHECK(answer.number == demand[i].number);
    CHECK(answer.worker < 8);
    CHECK(answer.arrival_ns == result.start_ns + demand[i].arrival_ns);
    CHECK(answer.begin_ns >= answer.arrival_ns);
    if (answer.fate() == Fate::accepted) ++sold;
  }
  CHECK(sold == 30);
}

TEST_CASE("where one thread cannot open its store the run fails with that error, and the others go home") {
  MemoryStore store;
  std::mutex turn;
  std::atomic<int> opened{0};
  const OpenSession open = [&]() -> std::unique_ptr<Session> {
    if (++opened == 3) throw Error(Exit::unavailable, "no such place");
    return std::make_unique<MemorySession>(store, turn);
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
  const OpenSession open = [&] { return std::make_unique<MemorySession>(store, turn); };
  const std::vector<Request> demand{wants(1), wants(2), wants(3, 1, 3'600'000'000'000)};
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
        ends[1], [&] { return std::make_unique<MemorySession>(store, turn); }, quick);
    close(ends[1]);
  });
  const auto start = monotonic_ns();
  CHECK(parse_message(receive_packet(ends[0]).value_or("")).ready);
  for (const std::int64_t number : {7, 8}) {
    REQUIRE(send_packet(ends[0], to_text(Assignment{wants(number, 1, 1000), start})));
    const auto message = parse_message(receive_packet(ends[0]).value_or(""));
    REQUIRE(message.answer);
    CHECK(message.answer->number == number);
    CHECK(message.answer->arrival_ns == start + 1000);
    CHECK(message.answer->fate() == (number == 7 ? Fate::accepted : Fate::sold_out));
    CHECK(message.answer->key.empty() == (number == 8));
  }
  shutdown(ends[0], SHUT_WR);
  CHECK_FALSE(receive_packet(ends[0]).has_value());
  worker.join();
  close(ends[0]);
}

TEST_CASE("a worker whose parent is the one writer asks it to post, and says what it was told") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  MemoryStore store;
  std::mutex turn;
  const auto options = quickly("combined");
  std::thread worker([&] {
    serve(
        ends[1], [&] { return std::make_unique<MemorySession>(store, turn); }, options);
    close(ends[1]);
  });
  CHECK(parse_message(receive_packet(ends[0]).value_or("")).ready);
  const auto start = monotonic_ns();
  REQUIRE(send_packet(ends[0], to_text(Assignment{wants(3), start})));
  CHECK(parse_message(receive_packet(ends[0]).value_or("")).post);
  auto told = unanswered(wants(3), start);
  told.exit = Exit::ok;
  told.key = "auto-1";
  told.lines = {{"ITEM-1", 9}};
  REQUIRE(send_packet(ends[0], to_text(told)));
  const auto message = parse_message(receive_packet(ends[0]).value_or(""));
  REQUIRE(message.answer);
  CHECK(message.answer->key == "auto-1");
  CHECK(message.answer->lines == told.lines);
  CHECK(message.answer->begin_ns >= start);
  CHECK(message.answer->end_ns >= message.answer->begin_ns);
  shutdown(ends[0], SHUT_WR);
  worker.join();
  close(ends[0]);
}

TEST_CASE("an order of a thousand lines fits into one packet, with its key") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  auto request = wants(1);
  request.key = "once";
  for (int i = 0; i < 1000; ++i)
    request.items.push_back({"SKU-" + std::string(20, 'x') + std::to_string(i), i});
  REQUIRE(send_packet(ends[0], to_text(Assignment{request, 5})));
  const auto got = parse_assignment(receive_packet(ends[1]).value_or(""));
  CHECK(got.request.items.size() == 1001);
  CHECK(got.request.items.back().quantity == 999);
  CHECK(got.request.key == "once");
  CHECK(got.start_ns == 5);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("a worker process that cannot open the database says why") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  const OpenSession open = []() -> std::unique_ptr<Session> {
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
  answer.number = 7;
  CHECK(parse_message(to_text(answer)).answer->number == 7);
  auto text = to_text(answer);
  CHECK_THROWS_AS(parse_message(text.replace(text.find(":7"), 2, ":\"seven\"")), Error);
  CHECK_THROWS_AS(parse_message(R"({"number":7})"), Error);
  CHECK_THROWS_AS(parse_message(R"({"error":"why"})"), Error);
  CHECK_THROWS_AS(parse_assignment(R"({"number":7})"), Error);
}

}  // namespace sim_worker_test
