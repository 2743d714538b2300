// Work that a thread of its own does on values, a few behind the one who makes them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/quiet_thread.hpp"

namespace invctl {

template <class T>
class Behind {
 public:
  // `use` is called with each value in order, in the other thread once there is one. The value stays whole,
  // so that its memory can be filled again.
  Behind(std::function<void(T&)> use, std::size_t most) : use_(std::move(use)), most_(most) {
    used_.reserve(most + 2);  // in the other thread nothing may fail but `use`
  }
  // What is still in line is left out: finish() before.
  ~Behind() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  Behind(const Behind&) = delete;
  Behind& operator=(const Behind&) = delete;

  // One that was used before, or a new one.
  T fresh() {
    const std::lock_guard lock(mutex_);
    if (used_.empty()) return T();
    T value(std::move(used_.back()));
    used_.pop_back();
    return value;
  }

  // Waits while `most` values are in line. Throws what using an earlier one threw.
  void give(T value) {
    if (!thread_.joinable() && !start()) {
      use_(value);
      used_.push_back(std::move(value));
      return;
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return line_.size() < most_ || failure_; });
    if (failure_) std::rethrow_exception(failure_);
    line_.push_back(std::move(value));
    lock.unlock();
    changed_.notify_all();
  }

  // Waits until every value was used. Throws what using one threw.
  void finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return (line_.empty() && !busy_) || failure_; });
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  bool start() {
    try {
      thread_ = quiet_thread([this] { work(); });
      return true;
    } catch (const std::system_error&) {
      return false;  // there may be no more threads
    }
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return !line_.empty() || stopped_; });
      if (stopped_) return;
      T value(std::move(line_.front()));
      line_.pop_front();
      busy_ = true;
      lock.unlock();
      changed_.notify_all();
      std::exception_ptr failure;
      try {
        use_(value);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      busy_ = false;
      failure_ = failure;
      used_.push_back(std::move(value));
      changed_.notify_all();
      if (failure_) return;
    }
  }

  std::function<void(T&)> use_;
  std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> line_;
  std::vector<T> used_;
  bool busy_ = false, stopped_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace invctl
