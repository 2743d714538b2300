#include "core/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace invctl::interrupt {

namespace {

std::atomic<int> held{0};
std::atomic<int> pending{0};
std::atomic<void (*)()> cleanup_function{nullptr};
static_assert(std::atomic<int>::is_always_lock_free);

[[noreturn]] void end(int signal_number) {
  if (auto* cleanup = cleanup_function.load()) cleanup();
  _exit(128 + signal_number);
}

void handle(int signal_number) {
  if (held.load() > 0) {
    pending = signal_number;
  } else {
    end(signal_number);
  }
}

}  // namespace

void install_handlers() {
  for (const int signal_number : {SIGINT, SIGTERM}) {
    struct sigaction before {};
    sigaction(signal_number, nullptr, &before);
    // A parent that ignores the signal for its children (nohup, a background job) means it.
    if (before.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    sigaction(signal_number, &action, nullptr);
  }
  // A reader who has left, and a limit to the size of files, are errors of a write.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void hold() noexcept {
  ++held;
}

void release() noexcept {
  if (held.load() > 0 && --held == 0 && pending != 0) end(pending);
}

void set_cleanup(void (*cleanup)()) noexcept {
  cleanup_function = cleanup;
}

}  // namespace invctl::interrupt
