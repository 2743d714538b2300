// Balances from the ledger alone. The ledger is the truth: what differs is put right in `inventory`, never
// the other way.
#pragma once

#include <cstdint>
#include <vector>

#include "core/time.hpp"
#include "stock/verify.hpp"

namespace invctl {

struct RebuildReport {
  std::vector<BalanceDifference> differences;  // by row id
  std::vector<Violation> holds;                // what is held otherwise than the ledger says
  std::int64_t balances = 0, movements = 0;
  bool applied = false;
};

// Compares, in one snapshot.
RebuildReport compare_balances(RepairStore& store);

// Compares and puts right, in one transaction that keeps changes of stock out. Throws Error(invariant,
// "ledger_broken"), changing nothing, where the ledger itself has faults: a balance cannot be made from it
// then.
RebuildReport rebuild_balances(RepairStore& store, const Deadline& deadline);

}  // namespace invctl
