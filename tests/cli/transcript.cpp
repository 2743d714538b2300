#include "transcript.hpp"

#include <sstream>
#include <stdexcept>

namespace invctl::test {

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<Step> steps_of(const std::vector<std::string>& blocks) {
  std::vector<Step> steps;
  for (const auto& block : blocks) {
    for (const auto& line : split_lines(block)) {
      if (line.starts_with("$ ")) {
        steps.push_back({line.substr(2), {}});
      } else if (steps.empty()) {
        throw std::runtime_error("an answer before the first command: " + line);
      } else if (line.starts_with("> ")) {
        steps.back().command += "\n" + line.substr(2);
      } else {
        steps.back().expected.push_back(line);
      }
    }
  }
  return steps;
}

std::vector<std::vector<std::string>> answers_of(const std::vector<Step>& steps, const TempDir& directory,
                                                 const Environment& env) {
  std::string script = "exec 2>&1\n";
  for (const auto& step : steps) script += step.command + "\n__s=$?; echo '@@@'; (exit $__s)\n";
  const auto result = run_script("sh", script, directory, env);
  std::vector<std::vector<std::string>> answers(1);
  for (const auto& line : split_lines(result.out)) {
    line == "@@@" ? void(answers.emplace_back()) : answers.back().push_back(line);
  }
  answers.pop_back();
  return answers;
}

}  // namespace invctl::test
