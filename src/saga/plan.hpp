// A plan of steps that must not share one transaction, because they are in several databases or outside of
// any: one JSON object on each line, done from first to last, undone from last to first.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/sha256.hpp"

namespace invctl::saga {

struct Step {
  std::size_t line = 0;            // of the plan
  std::string name;                // of its own within the plan
  bool external = false;           // a program; else a command of this one
  std::vector<std::string> words;  // the command and its arguments
  std::optional<std::string> db;   // where the command works; nothing: where the run is recorded
  enum class Undo {
    automatic,  // what was posted is reversed, what was reserved is released
    words,      // by undo_words
    nothing,    // it stays as it is
  } undo = Undo::automatic;
  std::vector<std::string> undo_words;
  bool repeatable = false;  // external: may be started again where nobody knows how it ended
};

struct Plan {
  std::string text;  // as it was read
  Digest digest{};   // of the text
  std::vector<Step> steps;
};

inline constexpr std::size_t most_steps = 1000;

// Reads a plan: members step, run or exec, db, undo, repeatable. Throws Error(bad_input, "bad_rows") with
// every fault, each with its line.
Plan parse_plan(std::string text, std::string_view file);

// The words with each ${STEP.FIELD} replaced by that field of what the step answered; `$${` stands for `${`.
// `answers` are those of the steps before, by index; empty: none. Nothing, and why, where a field is not
// there.
std::optional<std::vector<std::string>> fill_in(const std::vector<std::string>& words, const Plan& plan,
                                                const std::vector<std::string>& answers, std::string& why);

}  // namespace invctl::saga
