// The queue in front of a SQLite database: writers wait on a kernel lock on a side file before they ask
// SQLite. SQLite's own busy handler polls and serves in random order; the kernel's queue serves first come,
// first served, wakes the next at once, and forgets a process that dies.
#pragma once

#include <string>

#include "core/time.hpp"

namespace invctl::db {

class Turnstile {
 public:
  // Opens (or creates, mode 0600) the side file, which is never deleted. Where it cannot be opened, as on a
  // directory that this user may not write, enter() lets everybody pass and SQLite's own waiting decides.
  explicit Turnstile(const std::string& path);
  ~Turnstile();
  Turnstile(const Turnstile&) = delete;
  Turnstile& operator=(const Turnstile&) = delete;

  // Waits in line until it is this connection's turn. False when the deadline passes first. The wait is one
  // blocking call, because a waiter that is interrupted loses its place.
  bool enter(const Deadline& deadline);
  // Only if nobody is inside; without a place in the line.
  bool enter_if_free();
  void leave() noexcept;

 private:
  int fd_ = -1;
  bool inside_ = false;
};

}  // namespace invctl::db
