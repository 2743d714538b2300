#include "sim/ledger_view.hpp"

#include <algorithm>
#include <numeric>

namespace invctl::sim {

Quantity LedgerOperation::units_out() const {
  return std::accumulate(movements.begin(), movements.end(), Quantity{0},
                         [](Quantity sum, const LedgerMovement& m) { return sum - m.on_hand_delta; });
}

LedgerView::ByRequest LedgerView::by_request() const {
  ByRequest found;
  for (const auto& operation : operations) {
    if (operation.is_final() && !operation.request.empty()) found[operation.request].push_back(&operation);
  }
  return found;
}

LedgerView read_ledger(LedgerReader& reader, const std::string& warehouse) {
  LedgerView view;
  LedgerVerifier verifier({}, reader.ids_ascend());
  std::unordered_map<std::int64_t, std::string> skus;  // of this warehouse, by inventory id
  LedgerOperation current;
  const auto close = [&] {
    if (!current.movements.empty()) view.operations.push_back(std::move(current));
    current = {};
  };
  in_snapshot(reader, [&] {
    reader.balances([&](const BalanceEntry& entry) {
      verifier.balance(entry);
      if (entry.warehouse == warehouse) skus[entry.row.id] = entry.sku;
    });
    verifier.begin_holds();
    reader.holds([&](const Hold& hold) { verifier.hold(hold); });
    reader.ledger({[&](const OperationEntry& entry) {
                     verifier.operation(entry);
                     close();
                     current.id = entry.record.id;
                     current.request = entry.record.reference.value_or("");
                     current.key = entry.record.key;
                     current.kind = parse_kind(entry.kind).value_or(Kind::adjust);
                   },
                   [&](const MovementEntry& entry) {
                     verifier.movement(entry);
                     const auto found = skus.find(entry.inventory_id);
                     if (found == skus.end() || entry.operation_id != current.id) return;
                     const auto& record = entry.record;
                     current.movements.push_back({found->second, record.version, record.on_hand_delta,
                                                  record.reserved_delta, record.on_hand_after,
                                                  record.reserved_after});
                   },
                   [&](const OrphanPurchase& entry) { verifier.orphan(entry); }});
    close();
  });
  view.movements = verifier.movements();
  view.violations = verifier.finish();
  return view;
}

}  // namespace invctl::sim
