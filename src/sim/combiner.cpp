#include "sim/combiner.hpp"

#include <algorithm>
#include <future>

#include "sim/strategy_store.hpp"

namespace invctl::sim {

namespace {

constexpr std::size_t batch_most = 500;  // of one transaction, as everywhere

}  // namespace

Combiner::Combiner(OpenSession open, const WorkerOptions& options)
    : open_(std::move(open)), options_(options), thread_([this] { work(); }) {
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [&] { return open_done_; });
  if (!failure_) return;
  guard.unlock();
  thread_.join();
  std::rethrow_exception(failure_);
}

Combiner::~Combiner() {
  {
    const std::scoped_lock guard(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Combiner::submit(Operation operation, Done done) {
  {
    const std::scoped_lock guard(mutex_);
    waiting_.push_back({std::move(operation), std::move(done)});
  }
  changed_.notify_all();
}

PostResult Combiner::post(Operation operation) {
  std::promise<PostResult> promise;
  auto result = promise.get_future();
  submit(std::move(operation), [&](PostResult posted) { promise.set_value(std::move(posted)); });
  return result.get();
}

std::vector<Combiner::Wanted> Combiner::next_batch() {
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [&] { return closing_ || !waiting_.empty(); });
  std::vector<Wanted> batch;
  while (!waiting_.empty() && batch.size() < batch_most) {
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch;
}

void Combiner::work() {
  std::unique_ptr<Session> session;
  try {
    session = open_();
  } catch (...) {
    failure_ = std::current_exception();
  }
  {
    const std::scoped_lock guard(mutex_);
    open_done_ = true;
  }
  changed_.notify_all();
  if (failure_) return;
  for (auto batch = next_batch(); !batch.empty(); batch = next_batch()) write(*session, batch);
}

void Combiner::write(Session& session, std::vector<Wanted>& batch) const {
  std::vector<Operation> operations;
  operations.reserve(batch.size());
  for (auto& wanted : batch) operations.push_back(std::move(wanted.operation));
  StrategyStore store(session.store(), {.think = options_.think, .attempts_most = options_.attempts_most});
  std::vector<PostResult> results(batch.size());
  try {
    auto outcomes = Ledger(store, options_.origin).post(operations, {.lock_timeout = options_.lock_timeout});
    for (std::size_t i = 0; i < outcomes.size(); ++i) results[i].outcome = std::move(outcomes[i]);
  } catch (const Error& error) {
    for (auto& result : results) result.error = error;
  } catch (const std::exception& error) {
    for (auto& result : results) result.error = Error(Exit::internal, error.what());
  }
  // The transaction was one: what it cost is told once.
  const auto& counts = store.counts();
  results.front().retries = std::max<std::int64_t>(counts.begun - 1, 0);
  results.front().deadlocks = counts.deadlocks;
  results.front().waited = counts.waited;
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].done(std::move(results[i]));
}

}  // namespace invctl::sim
