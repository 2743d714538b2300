// Another program, started and waited for.
#pragma once

#include <string>
#include <vector>

namespace invctl {

struct ChildResult {
  int exit = -1;         // as a shell says it: 128 + the signal that ended it
  std::string out, err;  // at most 1 MiB of each; what is more is read and dropped
};

struct ChildOptions {
  // NAME=VALUE: takes the place of the variable in this process' environment.
  std::vector<std::string> environment;
  bool capture_err = true;  // else its stderr is ours
};

// Runs `words` (the first is looked for in PATH where it has no slash) with /dev/null as input, until it has
// ended and its output is read. It is killed where this throws. Throws Error(not_found) where there is no
// such program, Error(internal) where it cannot be started otherwise.
ChildResult run_child(const std::vector<std::string>& words, const ChildOptions& options);

// NAME=VALUE for a new process: this one's environment, but for what `own` gives.
std::vector<std::string> merged_environment(const std::vector<std::string>& own);

// argv or envp of these texts, which must outlive it.
std::vector<char*> c_pointers(std::vector<std::string>& texts);

}  // namespace invctl
