#include "stock/rebuild.hpp"

#include <fmt/format.h>

#include "core/text.hpp"
#include "stock/ledger.hpp"

namespace invctl {

namespace {

// What is wrong with `inventory` is what is to be repaired; everything else must be sound, and no row
// missing.
void require_sound_ledger(const VerifyReport& report) {
  Error error(Exit::invariant, "ledger_broken", "", "`invctl verify` names everything; restore a backup");
  for (const auto& violation : report.violations) {
    const bool repairable =
        violation.table == "hold" || (violation.table == "inventory" && !violation.key.starts_with("row "));
    if (!repairable) error.add_line({violation.message(), {{"check", violation.check}}});
  }
  if (error.lines.empty()) return;
  error.message = fmt::format("the ledger itself has {}, so no balance can be made from it",
                              text::count(static_cast<long long>(error.lines.size()), "fault"));
  throw error;
}

RebuildReport report_of(VerifyReport verified) {
  RebuildReport report;
  report.differences = std::move(verified.differences);
  for (auto& violation : verified.violations) {
    if (violation.table == "hold") report.holds.push_back(std::move(violation));
  }
  report.balances = verified.balances;
  report.movements = verified.movements;
  return report;
}

}  // namespace

RebuildReport compare_balances(RepairStore& store) {
  RebuildReport report;
  in_snapshot(store, [&] {
    report = report_of(verify_ledger(store, {.checks = {"balance-equals-ledger", "holds-match"}}));
  });
  return report;
}

RebuildReport rebuild_balances(RepairStore& store, const Deadline& deadline) {
  RebuildReport report;
  bool changed = false;
  write_transaction(store, deadline, "", [&] {
    store.lock_balances();
    auto verified = verify_ledger(store);
    require_sound_ledger(verified);
    if (verified.holds) store.overwrite_holds(*verified.holds);
    report = report_of(std::move(verified));
    for (const auto& difference : report.differences) store.overwrite_balance(difference.ledger);
    changed = !report.differences.empty() || !report.holds.empty();
    return changed;
  });
  report.applied = changed;
  return report;
}

}  // namespace invctl
