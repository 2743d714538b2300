// Codes that are legal and that shells, completions and parsers trip over.
#pragma once

#include <string>
#include <vector>

#include "harness.hpp"

namespace invctl::test {

// Codes with everything that a shell gives a meaning to.
inline const std::vector<std::string> hostile_skus = {
    "BOLT-10", "BOLT 12", "tab&amp;", "a@b:c", "[x]",    "#hash",  "~home", "!bang",
    "-dash",   "Ω=weird", "50% off*", "$HOME", "a\\b;c", "\"q\"",  "it's",  "`id`",
    "(1)",     "<2>",     "{a,b}",    "?",     "x|y",    "^caret", "볼트"};
inline const std::vector<std::string> hostile_warehouses = {"EAST", "서울 창고", "A:1 b", "it's $5 \"x\""};

inline void add_hostile_codes(Database& database) {
  for (const auto& sku : hostile_skus) database.must({"product", "add", "--", sku});
  for (const auto& code : hostile_warehouses) database.must({"warehouse", "add", "--", code});
}

}  // namespace invctl::test
