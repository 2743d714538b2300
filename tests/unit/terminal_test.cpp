#include "io/terminal.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "io_support.hpp"

namespace terminal_test {

using namespace invctl;
using namespace invctl::io;
using namespace invctl::test;

TEST_CASE("a file is no terminal: it has no width and no colour unless that is asked for") {
  const ScopedVariable columns("COLUMNS", "40");
  const ScopedVariable term("TERM", "xterm");
  const MemoryFile file;
  const auto found = inspect_terminal(file.fd());
  CHECK_FALSE(found.is_terminal);
  CHECK(found.width == 0);
  CHECK_FALSE(found.color);
  CHECK(inspect_terminal(file.fd(), ColorPolicy::always).color);
}

TEST_CASE("the width is COLUMNS where that makes sense, else the terminal's own, else 80") {
  const PseudoTerminal wide(132);
  const PseudoTerminal unknown(0);
  {
    const ScopedVariable columns("COLUMNS", nullptr);
    CHECK(inspect_terminal(wide.fd()).is_terminal);
    CHECK(inspect_terminal(wide.fd()).width == 132);
    CHECK(inspect_terminal(unknown.fd()).width == 80);
  }
  const ScopedVariable columns("COLUMNS", "100");
  CHECK(inspect_terminal(wide.fd()).width == 100);
  for (const char* nonsense : {"", "0", "19", "1001", "-5", "100x", "99999999999999999999999"}) {
    const ScopedVariable replaced("COLUMNS", nonsense);
    CHECK(inspect_terminal(wide.fd()).width == 132);
  }
}

TEST_CASE("colour needs a terminal that can show it and a user who did not decline") {
  const PseudoTerminal terminal(80);
  const ScopedVariable term("TERM", "xterm-256color");
  const ScopedVariable no_color("NO_COLOR", nullptr);
  CHECK(inspect_terminal(terminal.fd()).color);
  CHECK_FALSE(inspect_terminal(terminal.fd(), ColorPolicy::never).color);
  for (const char* name : {"dumb", "", static_cast<const char*>(nullptr)}) {
    const ScopedVariable other("TERM", name);
    CHECK_FALSE(inspect_terminal(terminal.fd()).color);
    CHECK(inspect_terminal(terminal.fd(), ColorPolicy::always).color);
  }
  {
    const ScopedVariable empty("NO_COLOR", "");
    CHECK(inspect_terminal(terminal.fd()).color);
  }
  const ScopedVariable declined("NO_COLOR", "0");
  CHECK_FALSE(inspect_terminal(terminal.fd()).color);
  CHECK(inspect_terminal(terminal.fd(), ColorPolicy::always).color);
}

TEST_CASE("color takes auto, always and never and names them otherwise") {
  CHECK(parse_color("auto") == ColorPolicy::automatic);
  CHECK(parse_color("always") == ColorPolicy::always);
  CHECK(parse_color("never") == ColorPolicy::never);
  CHECK_THROWS_WITH(parse_color("Always"), "color \"Always\" is not one of auto, always, never");
}

TEST_CASE("a style without colour leaves text alone") {
  CHECK(Style(false).bold("x") == "x");
  CHECK(Style(true).bold("x") == "\x1b[1mx\x1b[0m");
  CHECK(Style(true).red("x") == "\x1b[31mx\x1b[0m");
  CHECK(Style().yellow("x") + Style().green("y") + Style().dim("z") == "xyz");
}

}  // namespace terminal_test
