// Charts of a simulation for a terminal: lines of text, at any width from 20 columns on. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace invctl::sim {

// Nanoseconds as people read them, to three digits: "850 ns", "1.24 ms", "12.4 s". Nothing and less: "0 s".
std::string latency_text(std::int64_t ns);

// How many answers took how long: a heading, then one row per range of latency with the end of the range, a
// bar, the number of answers in it, and how many percent of all answers came up to there (rounded down, so
// that 100 is all of them). Nothing where there were no answers.
//
// The ranges grow by a constant factor, more or less: they end at 1, 2 and 5 times the powers of ten, or at
// finer or coarser round numbers where these would make too many or too few rows. There are at most 12 rows
// for anything that ends within an hour. Whatever took less than a microsecond is in the first range.
//
// A row is at most `width` columns wide, which are 20 or more; where there is no room for all, first the
// numbers of answers are left out, then the percentages.
std::vector<std::string> latency_histogram(std::span<const std::int64_t> sorted_ns, std::size_t width);

// Exactly `width` columns, each a block as high as the mean of the values that fall into it; the highest is a
// full block. `·` stands for zero, and only for it. Nothing where there are no values, none below zero.
std::string sparkline(std::span<const std::int64_t> values, std::size_t width);

}  // namespace invctl::sim
