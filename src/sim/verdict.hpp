// Whether a run was right: what the buyers were told against what the ledger holds. Pure but for
// read_ledger().
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/metrics.hpp"
#include "sim/scenario.hpp"
#include "sim/worker.hpp"
#include "stock/verify.hpp"

namespace invctl::sim {

struct LedgerPurchase {
  std::string user, key;
  Quantity quantity = 0;
  std::int64_t version = 0;  // of the row that it was taken from
};

// What the ledger says after a run.
struct LedgerView {
  std::vector<LedgerPurchase> purchases;
  std::vector<Violation> violations;
  std::int64_t movements = 0;
};
LedgerView read_ledger(LedgerReader& reader);

struct Check {
  std::string name;
  bool ok = true;
  std::string detail;  // what was found; where it fails, the smallest explanation
};

struct Verdict {
  std::vector<Check> checks;
  bool ok() const;
  const Check* first_failure() const;  // null: none
};

// The checks of the ledger (stock/verify.hpp), and
//   sold-what-there-was    sold = min(demand, stock); fewer only by those who were not answered
//   acknowledged-once      each purchase that was acknowledged is in the ledger once, under its key
//   refused-absent         nothing was taken for those who were refused or gave up, nor for strangers
//   everyone-answered      every buyer got one answer
//   real-time-order        who was answered before another began has the lower version
Verdict judge(const Scenario& scenario, std::span<const Answer> answers, const LedgerView& ledger);

// First come, first served: arrivals against the versions of those who bought. A buyer who was refused counts
// as served after every one who was not. Those without an answer are left out.
Inversions fairness(std::span<const Answer> answers, const LedgerView& ledger);

}  // namespace invctl::sim
