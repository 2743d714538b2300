#include "io/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <optional>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl::io {

namespace {

constexpr std::size_t usual_width = 80;

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<std::size_t> width_from_environment() {
  const auto columns = variable("COLUMNS");
  std::size_t width = 0;
  const auto [end, error] = std::from_chars(columns.data(), columns.data() + columns.size(), width);
  if (error != std::errc() || end != columns.data() + columns.size()) return std::nullopt;
  if (width < 20 || width > 1000) return std::nullopt;
  return width;
}

std::size_t width_of(int fd) {
  if (const auto width = width_from_environment()) return *width;
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return usual_width;
}

bool has_color(bool is_terminal, ColorPolicy policy) {
  if (policy != ColorPolicy::automatic) return policy == ColorPolicy::always;
  const auto term = variable("TERM");
  return is_terminal && !term.empty() && term != "dumb" && variable("NO_COLOR").empty();
}

}  // namespace

ColorPolicy parse_color(std::string_view s) {
  if (s == "auto") return ColorPolicy::automatic;
  if (s == "always") return ColorPolicy::always;
  if (s == "never") return ColorPolicy::never;
  throw Error(Exit::usage, fmt::format("color {} is not one of auto, always, never", text::quoted(s)));
}

Terminal inspect_terminal(int fd, ColorPolicy policy) {
  Terminal terminal;
  terminal.is_terminal = ::isatty(fd) == 1;
  if (terminal.is_terminal) terminal.width = width_of(fd);
  terminal.color = has_color(terminal.is_terminal, policy);
  return terminal;
}

std::string Style::wrap(std::string_view code, std::string_view s) const {
  return on_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, s) : std::string(s);
}

}  // namespace invctl::io
