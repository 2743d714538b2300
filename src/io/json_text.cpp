#include "io/json_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace invctl::io {

namespace {

using nlohmann::ordered_json;

// The code point of the character at `at` if it is one that JSON allows but a terminal may obey: DEL, C1, the
// line and paragraph separators, and the marks that reorder text. `length` is its size in bytes.
unsigned steering_at(std::string_view s, std::size_t at, std::size_t& length) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < s.size() ? static_cast<unsigned char>(s[at + i]) : 0U;
  };
  length = 1;
  if (byte(0) == 0x7f) return 0x7f;
  if (byte(0) == 0xc2 && byte(1) < 0xa0) {
    length = 2;
    return byte(1);
  }
  if (byte(0) == 0xd8 && byte(1) == 0x9c) {  // the Arabic letter mark
    length = 2;
    return 0x61c;
  }
  length = 3;
  if (byte(0) != 0xe2) return 0;
  const unsigned c = 0x2000U | ((byte(1) & 0x3fU) << 6U) | (byte(2) & 0x3fU);
  const bool mark = c == 0x200e || c == 0x200f;
  const bool separator_or_embedding = c >= 0x2028 && c <= 0x202e;
  const bool isolate = c >= 0x2066 && c <= 0x2069;
  return mark || separator_or_embedding || isolate ? c : 0;
}

// In JSON text these characters occur only inside strings, so escaping them there leaves the value as it is.
std::string without_steering(std::string text) {
  if (text.find_first_of("\x7f\xc2\xd8\xe2") == std::string::npos) return text;
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    if (const unsigned c = steering_at(text, at, length); c != 0) {
      out += fmt::format("\\u{:04x}", c);
      at += length;
    } else {
      out += text[at++];
    }
  }
  return out;
}

bool needs_escape(unsigned char c) {
  return c < 0x20 || c >= 0x7f || c == '"' || c == '\\';
}

}  // namespace

std::string json_text(const ordered_json& value, int indent) {
  return without_steering(value.dump(indent, ' ', false, ordered_json::error_handler_t::replace));
}

std::string json_string(std::string_view s) {
  for (const char c : s) {
    if (needs_escape(static_cast<unsigned char>(c))) return json_text(ordered_json(s));
  }
  return fmt::format("\"{}\"", s);
}

std::string json_value(const FieldValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::to_string(*number);
  if (const auto* string = std::get_if<std::string>(&value)) return json_string(*string);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return "null";
}

ordered_json to_json(const FieldValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* string = std::get_if<std::string>(&value)) return *string;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  return nullptr;
}

std::string error_json(const Error& error) {
  ordered_json lines = ordered_json::array();
  for (const auto& line : error.lines) {
    ordered_json object = ordered_json::object();
    for (const auto& [key, value] : line.fields) object[key] = to_json(value);
    object["message"] = line.message;
    lines.push_back(std::move(object));
  }
  ordered_json body = ordered_json::object();
  body["code"] = error.code;
  body["exit"] = static_cast<int>(error.exit);
  body["message"] = error.message;
  body["hint"] = error.hint.empty() ? ordered_json(nullptr) : ordered_json(error.hint);
  body["lines"] = std::move(lines);
  ordered_json whole = ordered_json::object();
  whole["error"] = std::move(body);
  return json_text(whole) + '\n';
}

std::string error_text(const Error& error, std::string_view command, const Style& style) {
  std::string prefix = style.red("invctl:") + ' ';
  if (!command.empty()) prefix += text::printable(command) + ": ";
  std::string out;
  for (const auto& line : error.lines) out += prefix + text::printable(line.message) + '\n';
  if (error.lines.empty()) out += prefix + text::printable(error.message) + '\n';
  if (!error.hint.empty()) out += style.bold("hint:") + ' ' + text::printable(error.hint) + '\n';
  return out;
}

}  // namespace invctl::io
