#include <termios.h>
#include <unistd.h>

#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#define NCURSES_WIDECHAR 1
#include <curses.h>

#include "core/error.hpp"
#include "full_screen.hpp"

// Of <term.h>, whose macros (`lines`, `columns`, ...) are names of ours.
extern "C" {
int setupterm(const char* name, int file, int* error);
struct term* set_curterm(struct term* terminal);
int del_curterm(struct term* terminal);
}

namespace invctl::cmd {

namespace {

constexpr short good_pair = 1, warn_pair = 2, bad_pair = 3;
constexpr wint_t escape_key = 27, erase_key = 127;

attr_t attributes(watch::Tone tone, bool color) {
  switch (tone) {
    case watch::Tone::head:
      return A_REVERSE;
    case watch::Tone::dim:
      return A_DIM;
    case watch::Tone::good:
      return color ? static_cast<attr_t>(COLOR_PAIR(good_pair)) : A_NORMAL;
    case watch::Tone::warn:
      return color ? static_cast<attr_t>(COLOR_PAIR(warn_pair)) : A_NORMAL;
    case watch::Tone::bad:
      return A_BOLD | (color ? static_cast<attr_t>(COLOR_PAIR(bad_pair)) : A_NORMAL);
    case watch::Tone::plain:
      break;
  }
  return A_NORMAL;
}

std::string to_utf8(wint_t character) {
  std::string out;
  const auto c = static_cast<std::uint32_t>(character);
  const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xc0U | (c >> 6U));
    add(0x80U | (c & 0x3fU));
  } else if (c < 0x10000) {
    add(0xe0U | (c >> 12U));
    add(0x80U | ((c >> 6U) & 0x3fU));
    add(0x80U | (c & 0x3fU));
  } else {
    add(0xf0U | (c >> 18U));
    add(0x80U | ((c >> 12U) & 0x3fU));
    add(0x80U | ((c >> 6U) & 0x3fU));
    add(0x80U | (c & 0x3fU));
  }
  return out;
}

Key function_key(wint_t code) {
  switch (code) {
    case KEY_UP:
      return Key::up;
    case KEY_DOWN:
      return Key::down;
    case KEY_PPAGE:
      return Key::page_up;
    case KEY_NPAGE:
      return Key::page_down;
    case KEY_HOME:
      return Key::home;
    case KEY_END:
      return Key::end;
    case KEY_ENTER:
      return Key::enter;
    case KEY_BACKSPACE:
      return Key::erase;
    case KEY_RESIZE:
      return Key::resize;
    default:
      return Key::none;
  }
}

Key letter_key(wint_t code) {
  switch (code) {
    case 'q':
      return Key::quit;
    case '/':
      return Key::filter;
    case 's':
      return Key::sort;
    case 'r':
      return Key::reverse;
    case 'l':
      return Key::low;
    case 'p':
    case ' ':
      return Key::pause;
    case 'k':
      return Key::up;
    case 'j':
      return Key::down;
    case 'g':
      return Key::home;
    case 'G':
      return Key::end;
    default:
      return Key::none;
  }
}

bool colored = false;
SCREEN* screen_of_terminal = nullptr;

}  // namespace

FullScreen::FullScreen(bool color) {
  // Wide characters are drawn as the locale says; a name is UTF-8 whatever the caller's locale is.
  if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX < 4) std::setlocale(LC_CTYPE, "C.UTF-8");
  const char* terminal = std::getenv("TERM");
  // One that cannot put the cursor anywhere ("dumb") would get lines without end.
  int known = 0;
  const bool has_cursor = setupterm(terminal, STDOUT_FILENO, &known) == OK && tigetstr("cup") != nullptr;
  del_curterm(set_curterm(nullptr));  // newterm() reads the description for itself
  screen_of_terminal = has_cursor ? newterm(terminal, stdout, stdin) : nullptr;
  if (screen_of_terminal == nullptr) {
    throw Error(Exit::usage, "this terminal cannot show a screen",
                "set TERM, or use `invctl stock` and `invctl alerts`");
  }
  set_term(screen_of_terminal);
  cbreak();
  noecho();
  keypad(stdscr, TRUE);
  set_escdelay(50);
  // Ctrl-\\ would end the program without giving the terminal back.
  termios modes{};
  if (tcgetattr(STDIN_FILENO, &modes) == 0) {
    modes.c_cc[VQUIT] = _POSIX_VDISABLE;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
    def_prog_mode();
  }
  curs_set(0);
  colored = color && has_colors() == TRUE && start_color() == OK && use_default_colors() == OK;
  if (colored) {
    init_pair(good_pair, COLOR_GREEN, -1);
    init_pair(warn_pair, COLOR_YELLOW, -1);
    init_pair(bad_pair, COLOR_RED, -1);
  }
}

FullScreen::~FullScreen() {
  endwin();
  delscreen(screen_of_terminal);
  screen_of_terminal = nullptr;
}

std::size_t FullScreen::lines() const {
  return static_cast<std::size_t>(LINES);
}
std::size_t FullScreen::columns() const {
  return static_cast<std::size_t>(COLS);
}

void FullScreen::show(const std::vector<watch::Line>& screen) {
  erase();
  int row = 0;
  for (const auto& line : screen) {
    move(row++, 0);
    for (const auto& piece : line) {
      attrset(static_cast<int>(attributes(piece.tone, colored)));
      addstr(piece.text.c_str());
    }
  }
  attrset(A_NORMAL);
  refresh();
}

KeyPress FullScreen::key(int wait_ms, bool typing) {
  timeout(wait_ms);
  wint_t code = 0;
  const int status = get_wch(&code);
  if (status == ERR) return {};
  if (status == KEY_CODE_YES) return {function_key(code), {}};
  if (code == escape_key) return {Key::escape, {}};
  if (code == '\n' || code == '\r') return {Key::enter, {}};
  if (code == erase_key || code == '\b') return {Key::erase, {}};
  if (typing) return {code < 32 ? Key::none : Key::text, to_utf8(code)};
  return {letter_key(code), {}};
}

}  // namespace invctl::cmd
