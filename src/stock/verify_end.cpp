// LedgerVerifier: what there is to say once everything was fed.
#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "core/time.hpp"
#include "stock/verify.hpp"

namespace invctl {

namespace {

std::string shown(const std::optional<Quantity>& quantity) {
  return quantity ? std::to_string(*quantity) : "none";
}

std::string hold_name(std::int64_t reservation, const std::string& row) {
  return fmt::format("{} of reservation {}", row, reservation);
}

std::string shown_hold(Quantity quantity, Micros expires_at) {
  return fmt::format("{} until {}", quantity, format_time(expires_at));
}

}  // namespace

void LedgerVerifier::finish_row(const RowState& row) {
  if (!row.selected || !row.has_balance) return;
  const auto& stored = row.stored.row;
  const auto expect = [&](bool holds, std::string expected, std::string actual) {
    if (!holds) {
      add("balance-equals-ledger", "inventory", row_name(row), std::move(expected), std::move(actual));
    }
  };
  if (row.missing) {
    expect(false, text::count(row.count, "movement") + " lead to a row of its own", "none");
    return;
  }
  expect(bits(stored.on_hand) == row.on_hand_sum && bits(stored.reserved) == row.reserved_sum,
         fmt::format("{} on hand, {} reserved", static_cast<Quantity>(row.on_hand_sum),
                     static_cast<Quantity>(row.reserved_sum)),
         fmt::format("{} and {}", stored.on_hand, stored.reserved));
  expect(stored.version == row.version, fmt::format("version {}", row.version),
         std::to_string(stored.version));
  expect(stored.opening == row.opening, "opening stock " + shown(row.opening), shown(stored.opening));
  if (stored.head != row.head) {
    add("hash-chain", "inventory", row_name(row), "the head " + to_hex(row.head), to_hex(stored.head));
  }
}

void LedgerVerifier::hold(const Hold& hold) {
  stored_holds_[{hold.reservation, hold.inventory_id}] = hold;
}

void LedgerVerifier::finish_holds() {
  if (!holds_known_) return;
  const auto differ = [&](std::string name, std::string expected, std::string actual) {
    holds_differ_ = true;
    add("holds-match", "hold", std::move(name), std::move(expected), std::move(actual));
  };
  auto stored = stored_holds_;
  for (const auto& open : holds_.open()) {
    if (!rows_.at(open.inventory_id).selected) continue;
    const auto found = stored.find({open.reservation, open.inventory_id});
    const auto name = hold_name(open.reservation, row_name(rows_.at(open.inventory_id)));
    const auto expected = shown_hold(open.quantity, open.expires_at);
    if (found == stored.end()) {
      differ(name, expected, "none");
      continue;
    }
    const auto& hold = found->second;
    if (hold.quantity != open.quantity || hold.expires_at != open.expires_at) {
      differ(name, expected, shown_hold(hold.quantity, hold.expires_at));
    }
    stored.erase(found);
  }
  for (const auto& [key, hold] : stored) {
    if (!scope_.has_row(hold.warehouse, hold.sku)) continue;
    const auto row = fmt::format("{} in {}", text::printable(hold.sku), text::printable(hold.warehouse));
    differ(hold_name(hold.reservation, row), "none", shown_hold(hold.quantity, hold.expires_at));
  }
}

std::vector<Hold> LedgerVerifier::open_holds() const {
  std::vector<Hold> holds;
  for (const auto& open : holds_.open()) {
    Hold hold;
    hold.reservation = open.reservation;
    hold.uid = open.uid;
    hold.inventory_id = open.inventory_id;
    hold.quantity = open.quantity;
    hold.expires_at = open.expires_at;
    holds.push_back(std::move(hold));
  }
  return holds;
}

std::vector<BalanceDifference> LedgerVerifier::differences() const {
  std::vector<BalanceDifference> differences;
  for (const auto id : order_) {
    const auto& row = rows_.at(id);
    const auto& stored = row.stored.row;
    auto ledger = stored;
    ledger.on_hand = static_cast<Quantity>(row.on_hand_sum);
    ledger.reserved = static_cast<Quantity>(row.reserved_sum);
    ledger.version = row.version;
    ledger.head = row.head;
    ledger.opening = row.opening;
    const bool same = ledger.on_hand == stored.on_hand && ledger.reserved == stored.reserved &&
                      ledger.version == stored.version && ledger.head == stored.head &&
                      ledger.opening == stored.opening;
    if (!same && row.selected && row.has_balance) differences.push_back({row.stored, ledger});
  }
  return differences;
}

std::vector<ChainHead> LedgerVerifier::heads_now() const {
  std::vector<ChainHead> heads;
  for (const auto& [id, row] : rows_) {
    if (row.version > 0) heads.push_back({row.stored.warehouse, row.stored.sku, row.version, row.head});
  }
  return heads;
}

void LedgerVerifier::take_wrong_hashes() {
  for (const auto& wrong : hashes_.finish()) {
    const auto* row = static_cast<const RowState*>(wrong.row);
    found_.push_back({wrong.order, Violation{"hash-chain", row == nullptr ? "operation" : "movement",
                                             row == nullptr ? std::to_string(wrong.id)
                                                            : movement_name(wrong.id, wrong.version, *row),
                                             to_hex(wrong.computed), to_hex(wrong.stored)}});
  }
}

std::vector<Violation> LedgerVerifier::finish() {
  close_operation();
  ++position_;
  for (auto& [id, row] : rows_) {
    while (!row.early.empty()) skip_gap(row);
  }
  take_wrong_hashes();
  for (const auto id : order_) finish_row(rows_.at(id));
  for (const auto id : missing_) finish_row(rows_.at(id));
  finish_holds();
  std::stable_sort(found_.begin(), found_.end(),
                   [](const Found& a, const Found& b) { return a.order < b.order; });
  std::vector<Violation> violations;
  violations.reserve(found_.size());
  for (auto& found : found_) violations.push_back(std::move(found.violation));
  return violations;
}

}  // namespace invctl
