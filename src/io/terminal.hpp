// What is known about the terminal behind a descriptor, and the few styles used on one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace invctl::io {

enum class ColorPolicy { automatic, always, never };

// "auto", "always" or "never"; throws Error(usage).
ColorPolicy parse_color(std::string_view s);

struct Terminal {
  bool is_terminal = false;
  std::size_t width = 0;  // columns; 0: not a terminal, do not cut
  bool color = false;
};

// Width: COLUMNS where it is a number from 20 to 1000, else what the terminal says, else 80.
// Colour under `automatic`: a terminal, TERM neither empty nor "dumb", NO_COLOR unset or empty
// (no-color.org).
Terminal inspect_terminal(int fd, ColorPolicy policy = ColorPolicy::automatic);

// Wraps text in an ANSI style, or returns it as it is where colour is off.
class Style {
 public:
  explicit Style(bool on = false) : on_(on) {}
  std::string bold(std::string_view s) const { return wrap("1", s); }
  std::string dim(std::string_view s) const { return wrap("2", s); }
  std::string red(std::string_view s) const { return wrap("31", s); }
  std::string green(std::string_view s) const { return wrap("32", s); }
  std::string yellow(std::string_view s) const { return wrap("33", s); }
  bool on() const { return on_; }

 private:
  std::string wrap(std::string_view code, std::string_view s) const;
  bool on_;
};

}  // namespace invctl::io
