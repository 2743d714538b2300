// Shell sessions as documents show them: what is typed after `$ `, and what it answered.
#pragma once

#include <string>
#include <vector>

#include "shell.hpp"

namespace invctl::test {

struct Step {
  std::string command;  // may have several lines
  std::vector<std::string> expected;
};

std::vector<std::string> split_lines(const std::string& text);

// `$ ` begins a command, `> ` goes on with it, all else is what it answers.
std::vector<Step> steps_of(const std::vector<std::string>& blocks);

// Runs all steps in one shell and returns what each of them said, on both streams.
std::vector<std::vector<std::string>> answers_of(const std::vector<Step>& steps, const TempDir& directory,
                                                 const Environment& env = {});

}  // namespace invctl::test
