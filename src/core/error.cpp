#include "core/error.hpp"

namespace invctl {

std::string_view exit_name(Exit exit) {
  switch (exit) {
    case Exit::ok:
      return "ok";
    case Exit::internal:
      return "internal";
    case Exit::usage:
      return "usage";
    case Exit::not_found:
      return "not_found";
    case Exit::insufficient_stock:
      return "insufficient_stock";
    case Exit::conflict:
      return "conflict";
    case Exit::busy:
      return "busy";
    case Exit::invariant:
      return "invariant";
    case Exit::bad_input:
      return "bad_input";
    case Exit::unavailable:
      return "unavailable";
    case Exit::unknown_outcome:
      return "unknown_outcome";
    case Exit::not_permitted:
      return "not_permitted";
    case Exit::partial:
      return "partial";
    case Exit::unreported:
      return "unreported";
    case Exit::alert:
      return "alert";
  }
  return "internal";
}

Error::Error(Exit exit_code, std::string text, std::string advice)
    : exit(exit_code), code(exit_name(exit_code)), message(std::move(text)), hint(std::move(advice)) {}

Error::Error(Exit exit_code, std::string name, std::string text, std::string advice)
    : exit(exit_code), code(std::move(name)), message(std::move(text)), hint(std::move(advice)) {}

Error& Error::add_line(ErrorLine line) & {
  lines.push_back(std::move(line));
  return *this;
}

Error&& Error::add_line(ErrorLine line) && {
  lines.push_back(std::move(line));
  return std::move(*this);
}

}  // namespace invctl
