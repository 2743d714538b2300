// What a database says, and what an answer says, in the words of a script's model.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/harness.hpp"
#include "script.hpp"

namespace invctl::test {

// One line for each fact, sorted, as Expected::facts() has them. `rows` runs a query. One statement: what it
// sees is the state of one moment.
std::vector<std::string> read_facts(const std::function<Rows(const std::string&)>& rows);

// The number that a change gave its operation, or its count.
std::optional<std::int64_t> number_in(const Result& result);

// Whether an answer of alerts tells that something has become low.
bool tells_low(const Result& result);

// Whether it ended as the model says; `again`: it is the repetition of one that was disturbed.
bool ends_as_it_should(const Step& step, const Result& result, bool again = false);

// Whether a command has left nothing of itself, or of its transactions, which may be several, the first ones:
// what 130 and 143 promise.
bool is_unchanged(const Step& step, const Expected& before, const std::vector<std::string>& found);

// Whether what a disturbed command's exit code promises is what the database has: all of it, where it ended
// as the model says; nothing, for 1, 6, 9 and 11; a part that is whole transactions, for 12; any of these
// for 10.
bool is_true(const Step& step, const Expected& before, const Result& result,
             const std::vector<std::string>& found);

}  // namespace invctl::test
