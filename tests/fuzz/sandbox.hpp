// Keeps command lines that nobody has chosen from doing harm on the machine that tries them.
#pragma once

#include <string>
#include <vector>

namespace invctl::fuzz {

// From here on this process, and all of its threads, start no other program and make no other process, reach
// no network, send no signal to others; where the kernel has Landlock it writes only beneath `writable`.
// There is no way back. Throws std::runtime_error where the kernel cannot promise the first.
void enter_sandbox(const std::vector<std::string>& writable);

// Whether no path in a word leaves the directory that the process works in.
bool stays_here(const std::string& word);

}  // namespace invctl::fuzz
