// What simulate-concurrency and its workers read from their command lines alike.
#pragma once

#include <chrono>
#include <string>

#include "sim/strategy.hpp"
#include "sql_store.hpp"

namespace invctl::cmd {

// Both throw Error(usage).
const sim::Strategy& required_strategy(const std::string& name);
std::chrono::milliseconds required_duration(const std::string& text, const char* option);

db::OpenOptions open_options(const sim::Strategy& strategy, bool turnstile);

}  // namespace invctl::cmd
