#include "turnstile.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <mutex>

#include "core/error.hpp"
#include "core/trace.hpp"

namespace invctl::db {

namespace {

int wake_signal() {
  return SIGRTMIN + 1;
}

// A handler that does nothing, installed without SA_RESTART: the signal's only effect is EINTR.
void install_wake_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(wake_signal(), &action, nullptr);
  });
}

// Interrupts the thread that made it, first when the deadline passes and then every few milliseconds: a
// single signal could arrive just before the wait begins and be lost.
class WakeTimer {
 public:
  explicit WakeTimer(const Deadline& deadline) {
    install_wake_handler();
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = wake_signal();
    event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
    if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) {
      throw Error(Exit::internal, std::string("no timer for the lock wait: ") + std::strerror(errno));
    }
    const auto left = deadline.left().count();
    itimerspec when{};
    when.it_value.tv_sec = left / 1'000'000;
    when.it_value.tv_nsec = (left % 1'000'000) * 1000 + 1;  // zero would disarm it
    when.it_interval.tv_nsec = 5'000'000;
    timer_settime(timer_, 0, &when, nullptr);
  }
  ~WakeTimer() { timer_delete(timer_); }
  WakeTimer(const WakeTimer&) = delete;
  WakeTimer& operator=(const WakeTimer&) = delete;

 private:
  timer_t timer_{};
};

}  // namespace

Turnstile::Turnstile(const std::string& path) {
  fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) {
    const int reason = errno;
    trace(TraceLevel::warn, "turnstile_unavailable", {{"file", path}, {"why", std::strerror(reason)}});
  }
}

Turnstile::~Turnstile() {
  if (fd_ >= 0) close(fd_);
}

bool Turnstile::enter(const Deadline& deadline) {
  if (fd_ < 0 || inside_) return true;
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return true;  // a file system without locks: SQLite's own waiting decides
    trace(TraceLevel::debug, "lock_wanted", {});
    const auto since = Deadline::Clock::now();
    const WakeTimer timer(deadline);
    while (flock(fd_, LOCK_EX) != 0) {
      if (errno != EINTR) return true;
      if (deadline.passed()) return false;
    }
    trace(TraceLevel::debug, "lock_waited",
          {{"microseconds",
            std::chrono::duration_cast<std::chrono::microseconds>(Deadline::Clock::now() - since).count()}});
  }
  inside_ = true;
  return true;
}

bool Turnstile::enter_if_free() {
  if (fd_ < 0 || inside_) return true;
  inside_ = flock(fd_, LOCK_EX | LOCK_NB) == 0;
  return inside_ || errno != EWOULDBLOCK;
}

void Turnstile::leave() noexcept {
  if (!inside_) return;
  flock(fd_, LOCK_UN);
  inside_ = false;
}

}  // namespace invctl::db
