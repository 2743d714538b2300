// Values made in a thread of their own, a few ahead of the one who uses them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "core/quiet_thread.hpp"

namespace invctl {

template <class T>
class Ahead {
 public:
  // `make` is called in the other thread until it returns nothing or throws, and what it made waits while
  // `most` values are not taken. What it reads must not change before the end, or this object, is reached.
  // With 0 there is no other thread: next() makes each value itself.
  Ahead(std::function<std::optional<T>()> make, std::size_t most) : make_(std::move(make)), most_(most) {
    if (most == 0) return;
    try {
      thread_ = quiet_thread([this] { work(); });
    } catch (const std::system_error&) {
      // There may be no more threads: then as with 0.
    }
  }
  ~Ahead() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

  // The next value in order, nothing at the end; throws what making it threw.
  std::optional<T> next() {
    if (!thread_.joinable()) return make_();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !ready_.empty() || ended_; });
    if (ready_.empty()) {
      if (failure_) std::rethrow_exception(failure_);
      return std::nullopt;
    }
    std::optional<T> value(std::move(ready_.front()));
    ready_.pop_front();
    lock.unlock();
    changed_.notify_all();
    return value;
  }

 private:
  void work() {
    std::exception_ptr failure;
    try {
      while (auto value = make_()) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ready_.size() < most_ || stopped_; });
        if (stopped_) return;
        ready_.push_back(std::move(*value));
        lock.unlock();
        changed_.notify_all();
      }
    } catch (...) {
      failure = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      failure_ = failure;
      ended_ = true;
    }
    changed_.notify_all();
  }

  std::function<std::optional<T>()> make_;
  std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> ready_;
  bool ended_ = false, stopped_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace invctl
