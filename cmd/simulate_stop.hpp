// SIGINT and SIGTERM while a simulation runs: the scratch database must be removed before the program ends,
// so they are not handled but kept waiting, and asked for between purchases.
#pragma once

#include <atomic>
#include <csignal>

namespace invctl::cmd {

class StopSignals {
 public:
  StopSignals();   // from now on they wait, in this thread and in those that it starts
  ~StopSignals();  // as it was before
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // The signal that came, or 0. Any thread may ask.
  int requested();
  // What the signal mask was before: for processes that are started.
  const sigset_t& mask_before() const { return before_; }

 private:
  sigset_t waiting_{}, before_{};
  std::atomic<int> came_{0};
};

}  // namespace invctl::cmd
