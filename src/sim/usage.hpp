// What the machine gave for a run.
#pragma once

#include <sys/resource.h>

#include <cstdint>

namespace invctl::sim {

struct Usage {
  std::int64_t user_us = 0, system_us = 0;  // processor time of the program's own, without a server's
  std::int64_t peak_bytes = 0;              // of resident memory, of the largest process
};

inline Usage usage_of(const rusage& usage) {
  const auto microseconds = [](const timeval& time) {
    return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
  };
  return {microseconds(usage.ru_utime), microseconds(usage.ru_stime), std::int64_t{usage.ru_maxrss} * 1024};
}

inline Usage usage_of_this_process() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage_of(usage);
}

inline void add_time(Usage& sum, const Usage& more) {
  sum.user_us += more.user_us;
  sum.system_us += more.system_us;
}

// The time that went by, and the peak so far.
inline Usage since(const Usage& before) {
  auto usage = usage_of_this_process();
  usage.user_us -= before.user_us;
  usage.system_us -= before.system_us;
  return usage;
}

}  // namespace invctl::sim
