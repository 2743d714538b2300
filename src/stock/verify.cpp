#include "stock/verify.hpp"

#include <fmt/format.h>

#include "core/text.hpp"
#include "stock/chain.hpp"

namespace invctl {

namespace {

std::string row_name(const BalanceEntry& entry) {
  return fmt::format("{} in {}", text::printable(entry.sku), text::printable(entry.warehouse));
}

std::string movement_name(const MovementEntry& movement, const BalanceEntry& row) {
  return fmt::format("{} (version {} of {})", movement.id, movement.record.version, row_name(row));
}

// People compare the first digits of a hash; the rest would push everything else out of sight.
std::string brief(const std::string& value) {
  return value.size() < 64 ? value : value.substr(0, value.size() - 52) + "...";
}

std::uint64_t bits(Quantity quantity) {
  return static_cast<std::uint64_t>(quantity);
}

}  // namespace

std::string Violation::message() const {
  return fmt::format("{} {}: {} expected, {} found", table, key, brief(expected), brief(actual));
}

void LedgerVerifier::add(std::string_view check, std::string table, std::string key, std::string expected,
                         std::string actual) {
  violations_.push_back(
      {std::string(check), std::move(table), std::move(key), std::move(expected), std::move(actual)});
}

void LedgerVerifier::balance(const BalanceEntry& entry) {
  auto& row = rows_[entry.row.id];
  row.stored = entry;
  order_.push_back(entry.row.id);
  if (entry.row.reserved < 0 || entry.row.on_hand < entry.row.reserved) {
    add("non-negative", "inventory", row_name(entry), "0 <= reserved <= on hand",
        fmt::format("{} on hand, {} reserved", entry.row.on_hand, entry.row.reserved));
  }
}

void LedgerVerifier::operation(const OperationEntry& entry) {
  ++operations_;
  const auto& record = entry.record;
  const bool readable =
      parse_kind(entry.kind).has_value() && (entry.outcome == "accepted" || entry.outcome == "rejected");
  if (!readable) {
    add("hash-chain", "operation", std::to_string(record.id), "a known kind and outcome",
        fmt::format("{}, {}", text::quoted(entry.kind), text::quoted(entry.outcome)));
    return;
  }
  const auto expected = operation_hash(record, entry.purchases);
  if (expected != record.hash) {
    add("hash-chain", "operation", std::to_string(record.id), to_hex(expected), to_hex(record.hash));
  }
}

void LedgerVerifier::movement(const MovementEntry& entry) {
  ++movements_;
  const auto found = rows_.find(entry.inventory_id);
  if (found == rows_.end()) {
    add("balance-equals-ledger", "movement", std::to_string(entry.id),
        fmt::format("inventory row {}", entry.inventory_id), "none");
    return;
  }
  auto& row = found->second;
  row.on_hand_sum += bits(entry.record.on_hand_delta);
  row.reserved_sum += bits(entry.record.reserved_delta);
  if (entry.record.version != row.version + 1) {
    // A version that was there before cannot be followed; one from the future waits for its turn.
    const bool seen = entry.record.version <= row.version;
    if (seen || !row.early.emplace(entry.record.version, entry).second) {
      add("versions-gapless", "movement", movement_name(entry, row.stored), "each version once", "another");
    }
    return;
  }
  follow(row, entry);
  while (!row.early.empty() && row.early.begin()->first == row.version + 1) {
    const auto next = row.early.extract(row.early.begin());
    follow(row, next.mapped());
  }
}

void LedgerVerifier::follow(RowState& row, const MovementEntry& entry) {
  auto record = entry.record;
  record.warehouse = row.stored.warehouse;
  record.sku = row.stored.sku;
  const auto name = movement_name(entry, row.stored);
  const auto on_hand = checked_add(row.on_hand, record.on_hand_delta);
  const auto reserved = checked_add(row.reserved, record.reserved_delta);
  if (on_hand != record.on_hand_after || reserved != record.reserved_after) {
    add("after-equals-before-plus-delta", "movement", name,
        fmt::format("{}{:+} on hand, {}{:+} reserved", row.on_hand, record.on_hand_delta, row.reserved,
                    record.reserved_delta),
        fmt::format("{} and {}", record.on_hand_after, record.reserved_after));
  }
  if (record.reserved_after < 0 || record.on_hand_after < record.reserved_after) {
    add("non-negative", "movement", name, "0 <= reserved <= on hand",
        fmt::format("{} on hand, {} reserved", record.on_hand_after, record.reserved_after));
  }
  const auto kind = parse_kind(entry.kind);
  if (!entry.operation_hash) {
    add("hash-chain", "movement", name, fmt::format("operation {}", entry.operation_id), "none");
  } else if (!kind) {
    add("hash-chain", "movement", name, "a known kind", text::quoted(entry.kind));
  } else if (const auto expected = movement_hash(row.head, *entry.operation_hash, *kind, record);
             expected != record.hash) {
    add("hash-chain", "movement", name, to_hex(expected), to_hex(record.hash));
  }
  // Goes on from what is stored, so that one fault is one violation and not one for each movement after it.
  row.on_hand = record.on_hand_after;
  row.reserved = record.reserved_after;
  row.version = record.version;
  row.head = record.hash;
}

std::vector<Violation> LedgerVerifier::finish() {
  for (const auto id : order_) {
    auto& row = rows_.at(id);
    const auto& stored = row.stored.row;
    const auto name = row_name(row.stored);
    for (const auto& [version, entry] : row.early) {
      add("versions-gapless", "movement", movement_name(entry, row.stored),
          fmt::format("version {} before it", row.version + 1), "none");
    }
    if (bits(stored.on_hand) != row.on_hand_sum || bits(stored.reserved) != row.reserved_sum) {
      add("balance-equals-ledger", "inventory", name,
          fmt::format("{} on hand, {} reserved", static_cast<Quantity>(row.on_hand_sum),
                      static_cast<Quantity>(row.reserved_sum)),
          fmt::format("{} and {}", stored.on_hand, stored.reserved));
    }
    const auto last = row.early.empty() ? row.version : row.early.rbegin()->first;
    if (stored.version != last) {
      add("balance-equals-ledger", "inventory", name, fmt::format("version {}", last),
          std::to_string(stored.version));
    }
    const auto& head = row.early.empty() ? row.head : row.early.rbegin()->second.record.hash;
    if (stored.head != head) {
      add("hash-chain", "inventory", name, "the head " + to_hex(head), to_hex(stored.head));
    }
  }
  return std::move(violations_);
}

std::vector<Violation> verify_ledger(LedgerReader& reader) {
  LedgerVerifier verifier;
  in_snapshot(reader, [&] {
    reader.balances([&](const BalanceEntry& entry) { verifier.balance(entry); });
    reader.operations([&](const OperationEntry& entry) { verifier.operation(entry); });
    reader.movements([&](const MovementEntry& entry) { verifier.movement(entry); });
  });
  return verifier.finish();
}

}  // namespace invctl
