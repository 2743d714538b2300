// Remembers what the program tells its log.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "core/trace.hpp"

namespace invctl::test {

class TraceLog : public TraceSink {
 public:
  TraceLog() { set_trace_sink(this); }
  ~TraceLog() override { set_trace_sink(nullptr); }
  TraceLog(const TraceLog&) = delete;
  TraceLog& operator=(const TraceLog&) = delete;

  bool wants(TraceLevel) const override { return true; }
  void write(TraceLevel, std::string_view event,
             std::initializer_list<std::pair<std::string_view, FieldValue>>) override {
    const std::scoped_lock lock(mutex_);
    events_.emplace_back(event);
  }
  long count(std::string_view event) const {
    const std::scoped_lock lock(mutex_);
    return std::count(events_.begin(), events_.end(), event);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> events_;
};

}  // namespace invctl::test
