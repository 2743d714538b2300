// Whether a run was right: what the clients were told against what the ledger holds. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/ledger_view.hpp"
#include "sim/metrics.hpp"
#include "sim/scenario.hpp"

namespace invctl::sim {

struct Check {
  std::string name;
  bool ok = true;
  std::string detail;  // what was found; where it fails, the smallest explanation
};

struct Verdict {
  std::vector<Check> checks;
  Quantity oversold = 0;  // units that were promised or taken beyond what there was
  bool ok() const;
  const Check* first_failure() const;  // null: none
};

// The checks of the ledger (stock/verify.hpp), and
//   sold-what-there-was    sold = min(demand, stock); fewer only by those who were not answered
//   acknowledged-once      each operation that was acknowledged is in the ledger once, under its key
//   refused-absent         nothing was changed for those who were refused or gave up, nor for strangers
//   everyone-answered      every client got one answer
//   real-time-order        who was answered before another began has the lower version of a row of both
//   one-order              all operations have one order in which both are true of all rows at once
//   answers-match          the history, done again in memory, gives every client the answer that he got
Verdict judge(const Scenario& scenario, std::span<const Answer> answers, const LedgerView& ledger);

// First come, first served: arrivals against the versions of those who were served, product by product. Who
// was refused counts as served after every one who was not. Those without an answer are left out.
Inversions fairness(const Scenario& scenario, std::span<const Answer> answers, const LedgerView& ledger);

// Of those who were served, in the order of the ledger: which to come, which to be served; both from 1.
std::vector<std::pair<std::int64_t, std::int64_t>> service_order(std::span<const Answer> answers,
                                                                 const LedgerView& ledger);

}  // namespace invctl::sim
