// JSON and error texts. JSON made here is always valid: bytes that are not UTF-8 become U+FFFD, and
// characters that could steer a terminal (C1, DEL, bidirectional controls) are written as \uXXXX, which is
// the same value.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "io/terminal.hpp"

namespace invctl::io {

std::string json_string(std::string_view s);      // with its quotes
std::string json_value(const FieldValue& value);  // null, number, string, true or false

nlohmann::ordered_json to_json(const FieldValue& value);

// `indent` < 0: one line.
std::string json_text(const nlohmann::ordered_json& value, int indent = -1);

// {"error":{"code","exit","message","hint","lines":[...]}} on one line with its line feed. `hint` is null
// where there is none; a line is the object of its fields plus "message".
std::string error_json(const Error& error);

// `invctl: ship: only 3 of BOLT-10 in EAST, 5 requested` and the hint, each with its line feed. An error with
// lines prints every line's message and not its own, which is then a summary for JSON. `command` may be
// empty.
std::string error_text(const Error& error, std::string_view command, const Style& style = Style());

}  // namespace invctl::io
