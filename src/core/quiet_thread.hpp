// A thread that no signal of the process is delivered to: whether one may end the program now
// (core/interrupt) is known to who commits.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace invctl {

// Throws std::system_error where there may be no more threads.
template <class F>
std::thread quiet_thread(F&& work) {
  struct Blocked {
    Blocked() {
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, &before);
    }
    ~Blocked() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
    sigset_t before{};
  };
  const Blocked blocked;  // a new thread begins with the mask of the one that makes it
  return std::thread(std::forward<F>(work));
}

}  // namespace invctl
