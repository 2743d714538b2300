#include "sim/strategy_store.hpp"

#include <algorithm>
#include <map>
#include <thread>
#include <utility>

namespace invctl::sim {

namespace {

[[noreturn]] void throw_lost_race() {
  throw StoreError(StoreError::Kind::retry, Exit::busy, "the stock was sold while it was being bought");
}

}  // namespace

template <class F>
auto StrategyStore::counting(F&& step) -> decltype(step()) {
  try {
    return step();
  } catch (const StoreError& error) {
    if (error.deadlock) ++counts_.deadlocks;
    throw;
  }
}

void StrategyStore::leave() noexcept {
  if (std::exchange(inside_, false)) excluder_->leave();
}

void StrategyStore::begin(const Deadline& deadline) {
  if (options_.attempts_most && counts_.begun >= *options_.attempts_most) {
    throw Error(Exit::busy, "others were faster each time", "more --retries try more often");
  }
  ++counts_.begun;
  const auto since = Deadline::Clock::now();
  if (excluder_ != nullptr) {
    excluder_->enter(options_.names, deadline);
    inside_ = true;
  }
  try {
    counting([&] { store_.begin(deadline); });
  } catch (...) {
    leave();
    throw;
  }
  counts_.waited += Deadline::Clock::now() - since;
}

void StrategyStore::commit() {
  try {
    counting([&] { store_.commit(); });
  } catch (...) {
    leave();
    throw;
  }
  leave();
}

void StrategyStore::rollback() noexcept {
  store_.rollback();
  leave();
}

LockedLines StrategyStore::lock_lines(std::span<const Place> places) {
  const auto since = Deadline::Clock::now();
  auto locked = counting([&] {
    auto found = store_.lock_lines(places);
    if (options_.way == Way::claim) claim(found);
    return found;
  });
  counts_.waited += Deadline::Clock::now() - since;
  return locked;
}

// The rows come back as they were before what was claimed of them, which is what posting decides about. Where
// there was not enough, that must be seen now too, or there is enough since.
void StrategyStore::claim(LockedLines& locked) const {
  std::map<std::int64_t, Quantity> deltas;
  for (const auto& product : locked.codes.products) deltas[product.id] = options_.deltas.at(product.sku);
  std::vector<Claim> claims;
  for (const auto& row : locked.rows) claims.push_back({row, deltas.at(row.key.product_id)});
  auto [made, now] = claims_->claim(claims);
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (made.at(i)) {
      now[i].on_hand -= claims[i].delta;
      --now[i].version;
    } else if (now[i].available() + claims[i].delta >= 0) {
      throw_lost_race();
    }
  }
  locked.rows = std::move(now);
}

template <class F>
void StrategyStore::write(F&& work) {
  if (options_.think.count() > 0) std::this_thread::sleep_for(options_.think);
  try {
    counting(work);
  } catch (const StoreError&) {
    throw;
  } catch (const Error& error) {
    if (error.exit != Exit::insufficient_stock) throw;
    throw_lost_race();
  }
}

void StrategyStore::append(AppendBatch& batch) {
  write([&] { store_.append(batch); });
}

void StrategyStore::append_and_commit(AppendBatch& batch, const std::function<void()>& before_commit) {
  try {
    write([&] { store_.append_and_commit(batch, before_commit); });
  } catch (...) {
    leave();
    throw;
  }
  leave();
}

}  // namespace invctl::sim
