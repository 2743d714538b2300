// A refusal as the JSON that `operation.result` keeps, and back.
#pragma once

#include <string>

#include "core/error.hpp"

namespace invctl {

std::string rejection_to_json(const Error& rejection);
// Throws Error(internal) where the text is not what rejection_to_json wrote.
Error rejection_from_json(const std::string& json);

}  // namespace invctl
