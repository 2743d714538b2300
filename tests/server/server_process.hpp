// Small things that the fixtures of servers share.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace invctl::test {

// Nothing where the file cannot be read or is empty.
std::optional<std::string> first_line(const std::string& path);

// Runs a program to its end. Throws where that is not exit 0.
void run_program(const std::string& program, const std::vector<std::string>& words);

// SIGKILL to a process that need not be our child, and waits until its memory and its sockets are gone.
void kill_and_wait(int pid);

}  // namespace invctl::test
