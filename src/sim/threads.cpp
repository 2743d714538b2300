#include "sim/threads.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "sim/combiner.hpp"

namespace invctl::sim {

namespace {

// A run that is stopped is noticed at least this often.
constexpr std::chrono::milliseconds tick{50};

std::chrono::steady_clock::time_point at(std::int64_t monotonic) {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(monotonic));
}

// The threads of one run: they meet when all have opened their stores, then share out the demand.
class ThreadRun {
 public:
  ThreadRun(const std::vector<Request>& requests, int workers, const OpenSession& open,
            const WorkerOptions& options, const Stop& stop)
      : requests_(requests), open_(open), options_(options), stop_(stop), opening_(workers) {
    result_.answers.resize(requests.size());
    if (options.strategy->way == Way::combine) combiner_.emplace(open, options);
  }

  RunResult run(int workers, const Watch& watch) {
    std::vector<std::thread> threads;
    try {
      for (int i = 0; i < workers; ++i) threads.emplace_back([this, i] { work(i); });
    } catch (const std::system_error& error) {
      // Threads that the system will not give: the others must not wait for them.
      const std::scoped_lock guard(mutex_);
      if (!failure_) failure_ = std::make_exception_ptr(Error(Exit::internal, error.what()));
      opening_ -= workers - static_cast<int>(threads.size());
    }
    {
      std::unique_lock guard(mutex_);
      changed_.wait(guard, [&] { return opening_ == 0; });
      usage_before_ = usage_of_this_process();
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
    result_.usage = since(usage_before_);
    if (failure_) std::rethrow_exception(failure_);
    if (answered_ < requests_.size()) {
      std::erase_if(result_.answers, [](const Answer& answer) { return answer.number == 0; });
    }
    return std::move(result_);
  }

 private:
  void work(int number) {
    std::unique_ptr<Session> session;
    try {
      session = open_();
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
    if (!failure_) serve_all(*session, number);
    session.reset();
    const std::scoped_lock guard(mutex_);
    --running_;
    changed_.notify_all();
  }

  void serve_all(Session& session, int number) {
    Worker worker(session, options_, combiner_ ? &*combiner_ : nullptr);
    for (auto i = next_++; i < requests_.size(); i = next_++) {
      const auto& request = requests_[i];
      if (!wait_for_arrival(result_.start_ns + request.arrival_ns, stop_)) return;
      result_.answers[i] = worker.serve(request, result_.start_ns);
      result_.answers[i].worker = number;
      ++answered_;
    }
  }

  const std::vector<Request>& requests_;
  const OpenSession& open_;
  const WorkerOptions& options_;
  const Stop& stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int opening_;
  int running_ = 0;
  bool started_ = false;
  std::exception_ptr failure_;
  Usage usage_before_;
  std::atomic<std::size_t> next_{0}, answered_{0};
  RunResult result_;
  std::optional<Combiner> combiner_;
};

}  // namespace

bool wait_for_arrival(std::int64_t arrival_ns, const Stop& stop) {
  while (!stop()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= at(arrival_ns)) return true;
    std::this_thread::sleep_until(std::min(at(arrival_ns), now + tick));
  }
  return false;
}

RunResult run_threads(const std::vector<Request>& requests, int workers, const OpenSession& open,
                      const WorkerOptions& options, const Stop& stop, const Watch& watch) {
  return ThreadRun(requests, workers, open, options, stop).run(workers, watch);
}

}  // namespace invctl::sim
