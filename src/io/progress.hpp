// A progress bar on stderr, for people only: it shows itself when stderr is a terminal and the user did not
// ask for quiet, and takes itself away when it ends, also by an exception. Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace invctl::io {

enum class Unit { rows, bytes };

class Progress {
 public:
  // `total` 0: not known. `wanted` is false for --quiet.
  Progress(std::string label, std::uint64_t total, Unit unit, bool wanted, int fd = 2);
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void set(std::uint64_t done);  // draws at most ten times a second; cheap otherwise
  void add(std::uint64_t n) { set(done_ + n); }
  void restart(std::string label, std::uint64_t total);  // the next stage, with its own clock
  void clear();  // makes room for a message; the next set() draws again
  void finish();
  bool shown() const { return shown_; }

 private:
  using Clock = std::chrono::steady_clock;
  void draw(Clock::time_point now);

  std::string label_;
  std::uint64_t total_;
  Unit unit_;
  int fd_;
  bool shown_;
  bool drawn_ = false;
  std::uint64_t done_ = 0;
  Clock::time_point started_;
  Clock::time_point next_draw_;
};

// The bar's text, at most `width` columns: parts that do not fit are left out, the percentage goes last.
std::string progress_line(std::string_view label, std::uint64_t done, std::uint64_t total, Unit unit,
                          std::chrono::milliseconds elapsed, std::size_t width);

std::string with_thousands(std::uint64_t n);  // "1,234,567"
std::string with_thousands(std::int64_t n);   // "-1,234,567"
std::string format_bytes(std::uint64_t n);    // "999 B", "1.5 MB": powers of 1000

}  // namespace invctl::io
