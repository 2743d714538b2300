#include "sim/worker.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "sim/message.hpp"
#include "sim/strategy.hpp"

namespace invctl::sim {

namespace {

// A run that is stopped is noticed at least this often.
constexpr std::chrono::milliseconds tick{50};

std::chrono::steady_clock::time_point at(std::int64_t monotonic) {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(monotonic));
}

// False where the run was stopped first.
bool wait_for_arrival(std::int64_t arrival_ns, const Stop& stop) {
  while (!stop()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= at(arrival_ns)) return true;
    std::this_thread::sleep_until(std::min(at(arrival_ns), now + tick));
  }
  return false;
}

// The threads of one run: they meet when all have opened their stores, then share out the demand.
class ThreadRun {
 public:
  ThreadRun(const std::vector<Buyer>& demand, int workers, const OpenStore& open,
            const WorkerOptions& options, const Stop& stop)
      : demand_(demand), open_(open), options_(options), stop_(stop), opening_(workers) {
    result_.answers.resize(demand.size());
  }

  RunResult run(int workers, const Watch& watch) {
    std::vector<std::thread> threads;
    try {
      for (int i = 0; i < workers; ++i) threads.emplace_back([this] { work(); });
    } catch (const std::system_error& error) {
      // Threads that the system will not give: the others must not wait for them.
      const std::scoped_lock guard(mutex_);
      if (!failure_) failure_ = std::make_exception_ptr(Error(Exit::internal, error.what()));
      opening_ -= workers - static_cast<int>(threads.size());
    }
    {
      std::unique_lock guard(mutex_);
      changed_.wait(guard, [&] { return opening_ == 0; });
      result_.start_ns = monotonic_ns();
      started_ = true;
      changed_.notify_all();
      while (running_ > 0) {
        changed_.wait_for(guard, tick);
        guard.unlock();
        watch(answered_);
        guard.lock();
      }
    }
    for (auto& thread : threads) thread.join();
    if (failure_) std::rethrow_exception(failure_);
    if (answered_ < demand_.size()) {
      std::erase_if(result_.answers, [](const Answer& answer) { return answer.buyer == 0; });
    }
    return std::move(result_);
  }

 private:
  void work() {
    std::unique_ptr<PostingStore> store;
    try {
      store = open_();
    } catch (...) {
      const std::scoped_lock guard(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
    {
      std::unique_lock guard(mutex_);
      ++running_;
      --opening_;
      changed_.notify_all();
      changed_.wait(guard, [&] { return started_; });
    }
    if (!failure_) serve_all(*store);
    store.reset();
    const std::scoped_lock guard(mutex_);
    --running_;
    changed_.notify_all();
  }

  void serve_all(PostingStore& store) {
    for (auto i = next_++; i < demand_.size(); i = next_++) {
      if (!wait_for_arrival(result_.start_ns + demand_[i].arrival_ns, stop_)) return;
      result_.answers[i] = buy(store, demand_[i], result_.start_ns, options_);
      ++answered_;
    }
  }

  const std::vector<Buyer>& demand_;
  const OpenStore& open_;
  const WorkerOptions& options_;
  const Stop& stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int opening_;
  int running_ = 0;
  bool started_ = false;
  std::exception_ptr failure_;
  std::atomic<std::size_t> next_{0}, answered_{0};
  RunResult result_;
};

}  // namespace

Fate Answer::fate() const {
  switch (exit) {
    case Exit::ok:
      return Fate::sold;
    case Exit::insufficient_stock:
      return Fate::sold_out;
    case Exit::busy:
      return Fate::busy;
    default:
      return Fate::failed;
  }
}

std::int64_t monotonic_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

Answer buy(PostingStore& store, const Buyer& buyer, std::int64_t start_ns, const WorkerOptions& options) {
  Answer answer;
  answer.buyer = buyer.number;
  answer.quantity = buyer.quantity;
  answer.arrival_ns = start_ns + buyer.arrival_ns;
  answer.begin_ns = monotonic_ns();
  StrategyStore observed(store, options.think);
  try {
    std::vector<Operation> batch{purchase_of(buyer)};
    const auto outcomes =
        Ledger(observed, options.origin).post(batch, {.lock_timeout = options.lock_timeout});
    const auto& outcome = outcomes.front();
    answer.exit = outcome.rejection ? outcome.rejection->exit : Exit::ok;
    if (outcome.receipt) answer.key = outcome.receipt->key;
    if (outcome.rejection) answer.message = outcome.rejection->message;
  } catch (const Error& error) {
    answer.exit = error.exit;
    answer.message = error.message;
  } catch (const std::exception& error) {
    answer.exit = Exit::internal;
    answer.message = error.what();
  }
  answer.end_ns = monotonic_ns();
  answer.retries = std::max<std::int64_t>(observed.begun() - 1, 0);
  return answer;
}

RunResult run_threads(const std::vector<Buyer>& demand, int workers, const OpenStore& open,
                      const WorkerOptions& options, const Stop& stop, const Watch& watch) {
  return ThreadRun(demand, workers, open, options, stop).run(workers, watch);
}

void serve(int fd, const OpenStore& open, const WorkerOptions& options) {
  std::unique_ptr<PostingStore> store;
  try {
    store = open();
  } catch (const Error& error) {
    send_packet(fd, to_text(error));
    throw;
  }
  if (!send_packet(fd, ready_text())) return;
  while (const auto packet = receive_packet(fd)) {
    const auto [buyer, start_ns] = parse_assignment(*packet);
    wait_for_arrival(start_ns + buyer.arrival_ns, [] { return false; });
    if (!send_packet(fd, to_text(buy(*store, buyer, start_ns, options)))) return;
  }
}

}  // namespace invctl::sim
