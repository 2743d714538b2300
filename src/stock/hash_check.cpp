#include "stock/hash_check.hpp"

#include <algorithm>
#include <system_error>

#include "stock/chain.hpp"

namespace invctl {

namespace {

constexpr std::size_t batch_size = 4096;
constexpr std::size_t most_waiting = 8;

std::size_t helper_count() {
  const auto cores = std::thread::hardware_concurrency();
  return cores < 2 ? 0 : std::min(cores - 1, 3U);
}

}  // namespace

HashCheck::HashCheck() : batch_(std::make_unique<Batch>()) {}

HashCheck::~HashCheck() {
  stop();
}

void HashCheck::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void HashCheck::operation(std::uint64_t order, const OperationRecord& record,
                          std::span<const PurchaseRecord> purchases) {
  operation_text(text_, record, purchases);
  batch_->texts += text_.str();
  batch_->operations.push_back({order, record.id, batch_->texts.size(), record.hash});
  hand_over_when_full();
}

void HashCheck::movement(std::uint64_t order, const void* row, std::int64_t id, std::string_view place,
                         Kind kind, const Digest& previous, const Digest& operation,
                         const MovementRecord& record) {
  batch_->movements.push_back({order, row, id, place, kind, previous, operation, record.hash, record.line,
                               record.version, record.on_hand_delta, record.reserved_delta,
                               record.on_hand_after, record.reserved_after, record.unit_cost_minor});
  hand_over_when_full();
}

void HashCheck::compute(Batch& batch) {
  std::size_t begin = 0;
  for (const auto& operation : batch.operations) {
    const auto computed = sha256(std::string_view(batch.texts).substr(begin, operation.end - begin));
    begin = operation.end;
    if (computed != operation.stored) {
      batch.wrong.push_back({operation.order, nullptr, operation.id, 0, computed, operation.stored});
    }
  }
  FieldText text("");
  MovementRecord record;
  for (const auto& movement : batch.movements) {
    record.line = movement.line;
    record.version = movement.version;
    record.on_hand_delta = movement.on_hand_delta;
    record.reserved_delta = movement.reserved_delta;
    record.on_hand_after = movement.on_hand_after;
    record.reserved_after = movement.reserved_after;
    record.unit_cost_minor = movement.unit_cost_minor;
    movement_text(text, movement.previous, movement.operation, movement.place, kind_name(movement.kind),
                  record);
    const auto computed = text.digest();
    if (computed != movement.stored) {
      batch.wrong.push_back(
          {movement.order, movement.row, movement.id, movement.version, computed, movement.stored});
    }
  }
  batch.operations.clear();
  batch.movements.clear();
  batch.texts.clear();
}

void HashCheck::hand_over_when_full() {
  if (batch_->movements.size() + batch_->operations.size() < batch_size) return;
  if (threads_.empty()) {
    // Only now: a ledger of a few thousand rows is done before a thread has started.
    try {
      for (std::size_t i = 0; i < helper_count(); ++i) threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      // There may be no more threads: those there are will do, or this one.
    }
  }
  if (threads_.empty()) {
    compute(*batch_);
    return;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.size() < most_waiting; });
  waiting_.push_back(std::move(batch_));
  if (free_.empty()) {
    batch_ = std::make_unique<Batch>();
  } else {
    batch_ = std::move(free_.back());
    free_.pop_back();
  }
  lock.unlock();
  changed_.notify_all();
}

void HashCheck::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    auto batch = std::move(waiting_.front());
    waiting_.pop_front();
    ++in_work_;
    lock.unlock();
    changed_.notify_all();
    compute(*batch);
    lock.lock();
    --in_work_;
    wrong_.insert(wrong_.end(), batch->wrong.begin(), batch->wrong.end());
    batch->wrong.clear();
    free_.push_back(std::move(batch));
    changed_.notify_all();
  }
}

std::vector<WrongHash> HashCheck::finish() {
  compute(*batch_);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.empty() && in_work_ == 0; });
  wrong_.insert(wrong_.end(), batch_->wrong.begin(), batch_->wrong.end());
  batch_->wrong.clear();
  return std::move(wrong_);
}

}  // namespace invctl
