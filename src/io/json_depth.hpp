// JSON from outside that is nested without end.
#pragma once

#include <cstddef>
#include <string_view>

namespace invctl::io {

// Whether lists and objects stand in each other more than `levels` deep. Parsing text does not mind that, but
// writing or copying what was parsed goes as deep as it is nested, and ends where the stack does.
inline constexpr std::size_t most_levels = 200;
bool nested_deeper(std::string_view json, std::size_t levels = most_levels);

}  // namespace invctl::io
