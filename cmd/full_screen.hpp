// A full-screen terminal, and giving it back.
#pragma once

#include <memory>
#include <vector>

#include "watch/screen.hpp"

namespace invctl::cmd {

enum class Key {
  none,
  quit,
  filter,
  sort,
  reverse,
  low,
  pause,
  up,
  down,
  page_up,
  page_down,
  home,
  end,
  enter,
  escape,
  erase,
  resize,
  text
};

struct KeyPress {
  Key key = Key::none;
  std::string typed;  // UTF-8: what was pressed, for a filter
};

// ncurses behind an interface that does not leak it. One at a time. The terminal is as it was once this is
// gone, and also where the program ends by a signal.
class FullScreen {
 public:
  explicit FullScreen(bool color);  // throws Error(usage) where the terminal cannot do it
  ~FullScreen();
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;

  std::size_t lines() const;
  std::size_t columns() const;
  void show(const std::vector<watch::Line>& screen);
  // Waits for a key for so long; `typing`: letters are text.
  KeyPress key(int wait_ms, bool typing);
};

}  // namespace invctl::cmd
