// The same history once more, in memory: what every answer should have been. Pure, and independent of the
// rules and of the storage that it checks: it knows nothing but deltas and times.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/answer.hpp"
#include "sim/ledger_view.hpp"

namespace invctl::sim {

// Nanoseconds between which somebody was served; an end that nobody saw is at the end of time.
struct Interval {
  std::int64_t begin = 0, end = 0;
};

class Model {
 public:
  // `answers`: of all requests that there were.
  Model(std::span<const Answer> answers, const LedgerView& ledger);

  // Each of these returns what is wrong, or nothing.

  // An accepted answer tells what was on hand once it had been served; a refusal and a look tell what was
  // available at some moment between their beginning and their end. `wanted`: of each product.
  std::optional<std::string> check(const Answer& answer, std::span<const Item> wanted) const;

  // There is one order of all operations in which each row's versions ascend and nobody comes before somebody
  // who had been answered before he began: the run was strictly serializable.
  std::optional<std::string> find_cycle() const;

  // Where the stock after a movement is not what the deltas before it make.
  std::optional<std::string> find_wrong_balance() const;

 private:
  struct Step {
    const LedgerOperation* operation = nullptr;
    std::int64_t version = 0;
    Quantity on_hand = 0, reserved = 0;  // after it
    Interval when;
  };
  // What happened to one product, by version. Before the first step there is nothing.
  struct Row {
    std::vector<Step> steps;
    // For every time, the last step that must, and the last that can, be seen then: (time, steps so far).
    std::vector<std::pair<std::int64_t, std::size_t>> must_by_end, can_by_begin;
  };
  Interval when(const LedgerOperation& operation) const;
  std::optional<std::string> check_accepted(const Answer& answer) const;
  std::optional<std::string> check_seen(const Answer& answer, const AnswerLine& line,
                                        std::optional<Quantity> wanted) const;

  const LedgerView& ledger_;
  std::unordered_map<std::string, Interval> intervals_;  // by request
  LedgerView::ByRequest by_request_;
  std::map<std::string, Row> rows_;
  std::optional<std::string> wrong_balance_;
};

}  // namespace invctl::sim
