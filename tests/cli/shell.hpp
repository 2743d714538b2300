// Runs shells from tests, with the program under test first on PATH.
#pragma once

#include <string>
#include <vector>

#include "harness.hpp"

namespace invctl::test {

// Whether a program of this name is installed; says on stderr that a test is skipped where it is not.
bool have_program(const std::string& name);

std::string quoted_for_shell(const std::string& word);

// Runs `script` with `shell` (sh, bash, fish) in `directory`, which is HOME as well, with a clean environment
// and `env` on top of it.
Result run_script(const std::string& shell, const std::string& script, const TempDir& directory,
                  const Environment& env = {});

// An interactive shell on a terminal of its own, for what happens when somebody presses Tab.
class Terminal {
 public:
  Terminal(const std::vector<std::string>& command, const TempDir& directory, const Environment& env);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(const std::string& keys);
  // What appears until `mark` does, it included. Throws, with what there was, after ten seconds.
  std::string read_until(const std::string& mark);

 private:
  int fd_ = -1;
  int pid_ = -1;
};

}  // namespace invctl::test
