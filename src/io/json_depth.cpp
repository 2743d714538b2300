#include "io/json_depth.hpp"

#include <algorithm>

namespace invctl::io {

bool nested_deeper(std::string_view json, std::size_t levels) {
  // Nothing is deeper than it has opening brackets: that much most texts are through with.
  const auto opening = std::count(json.begin(), json.end(), '[') + std::count(json.begin(), json.end(), '{');
  if (static_cast<std::size_t>(opening) <= levels) return false;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (in_string && c == '\\') {
      ++at;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      if (++depth > levels) return true;
    } else if (!in_string && (c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace invctl::io
