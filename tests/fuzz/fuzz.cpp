#include "fuzz.hpp"

#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "io/json_text.hpp"

namespace invctl::fuzz {

std::vector<Entry>& targets() {
  static std::vector<Entry> all;
  return all;
}

bool add_target(const char* name, Target target) {
  targets().push_back({name, target});
  return true;
}

bool is_safe(std::string_view text) {
  if (text::invalid_utf8_at(text)) return false;
  for (const auto line : text::split(text, '\n')) {
    // What printable() has nothing to replace in.
    if (text::printable(line) != line) return false;
  }
  return true;
}

void require_safe(const Error& error) {
  const bool known = error.exit == Exit::internal || exit_name(error.exit) != "internal";
  require(known, "an exit code of the table", std::to_string(static_cast<int>(error.exit)));
  require(!error.code.empty() && is_safe(error.code), "an error has a code", error.code);
  const auto shown = io::error_text(error, "fuzz");
  require(is_safe(shown), "an error's text is safe", shown);
  const auto json = io::error_json(error);
  require(is_safe(json), "an error's JSON is safe", json);
  require(nlohmann::json::accept(json), "an error's JSON is valid", json);
}

std::size_t Choices::below(std::size_t n) {
  if (rest_.empty()) return 0;
  const auto byte = static_cast<unsigned char>(rest_.front());
  rest_.remove_prefix(1);
  return byte % n;
}

}  // namespace invctl::fuzz
