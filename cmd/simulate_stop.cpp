#include "simulate_stop.hpp"

#include <ctime>

namespace invctl::cmd {

StopSignals::StopSignals() {
  sigemptyset(&waiting_);
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction now {};
    sigaction(number, nullptr, &now);
    // A signal that the caller ignores would otherwise be seen after all.
    if (now.sa_handler != SIG_IGN) sigaddset(&waiting_, number);
  }
  pthread_sigmask(SIG_BLOCK, &waiting_, &before_);
}

StopSignals::~StopSignals() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int StopSignals::requested() {
  if (came_ == 0) {
    constexpr timespec at_once{};
    const int number = sigtimedwait(&waiting_, nullptr, &at_once);
    if (number > 0) came_ = number;
  }
  return came_;
}

}  // namespace invctl::cmd
