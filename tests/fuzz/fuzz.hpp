// What the fuzz targets share. A target is a function of bytes that says broken() where a promise does not
// hold. libfuzzer.cpp makes a program of one target with libFuzzer; replay.cpp one of all of them that runs
// what is stored under corpus/, with any compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace invctl::fuzz {

using Target = void (*)(std::string_view input);
struct Entry {
  std::string name;
  Target target = nullptr;
};
std::vector<Entry>& targets();
bool add_target(const char* name, Target target);  // before main: const bool added = add_target(...)

// The end of this input: aborts under libFuzzer, throws Broken in the replay.
struct Broken {
  std::string message;
};
[[noreturn]] void broken(const std::string& promise, std::string_view detail = {});
inline void require(bool holds, const char* promise, std::string_view detail = {}) {
  if (!holds) broken(promise, detail);
}

// Whether a terminal can be given it: UTF-8 without control characters or marks that turn the direction of
// writing, but for line feeds.
bool is_safe(std::string_view text);
// All that an error says, as people and as programs get it, and that its exit code is one of the table.
void require_safe(const Error& error);

// Takes decisions from the front of an input, so that the rest stays text. Zeros where there is no more.
class Choices {
 public:
  explicit Choices(std::string_view input) : rest_(input) {}
  std::size_t below(std::size_t n);  // one byte; n <= 256
  bool flag() { return below(2) == 1; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace invctl::fuzz
