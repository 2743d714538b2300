// Compares the man pages with the program: a checker that returns complaints, so that it can be tested
// itself.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace invctl::test {

// One option as the program declares it: all its names, `-w` and `--warehouse`.
using OptionNames = std::vector<std::string>;

// What there is to be documented, from the program itself.
struct Declared {
  std::vector<std::string> commands;
  std::map<std::string, std::vector<std::string>> subcommands;  // by command
  std::vector<OptionNames> everywhere;                          // options that every command understands
  std::map<std::string, std::vector<OptionNames>> options;      // by command, subcommands included
  std::vector<std::pair<std::string, std::string>> exits;       // number, name
  std::vector<std::pair<std::string, std::string>> settings;    // name, variable
};
Declared ask_program();

// What is wrong with invctl(1), invctl-config(5) (both as mdoc source) and the README.
std::vector<std::string> check_manual(const std::string& mdoc, const Declared& declared);
std::vector<std::string> check_settings(const std::string& mdoc, const Declared& declared);
std::vector<std::string> check_readme(const std::string& markdown, const Declared& declared);

// The literal displays of one section, as a reader sees them.
std::vector<std::string> displays(const std::string& mdoc, const std::string& section);

}  // namespace invctl::test
