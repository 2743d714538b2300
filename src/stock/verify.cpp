#include "stock/verify.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "core/time.hpp"
#include "stock/chain.hpp"

namespace invctl {

namespace {

// People compare the first digits of a hash; the rest would push everything else out of sight.
std::string brief(const std::string& value) {
  return value.size() < 64 ? value : value.substr(0, value.size() - 52) + "...";
}

// Movements of a row that wait for an earlier one; more are not the disorder of a cluster.
constexpr std::size_t most_early = 1000;

bool sells(const std::optional<Kind>& kind) {
  return kind == Kind::purchase || kind == Kind::confirm;
}

std::string purchase_name(const PurchaseRecord& purchase, std::int64_t operation) {
  return fmt::format("{} (line {} of operation {})", purchase.id, purchase.line, operation);
}

}  // namespace

std::string Violation::message() const {
  return fmt::format("{} {}: {} expected, {} found", table, key, brief(expected), brief(actual));
}

bool VerifyScope::has(std::string_view check) const {
  return checks.empty() || std::find(checks.begin(), checks.end(), check) != checks.end();
}

LedgerVerifier::LedgerVerifier(VerifyScope scope, bool ids_ascend)
    : scope_(std::move(scope)), ids_ascend_(ids_ascend), check_hashes_(scope_.has("hash-chain")) {}

std::string LedgerVerifier::row_name(const RowState& row) {
  if (row.missing) return fmt::format("row {}", row.stored.row.id);
  return fmt::format("{} in {}", text::printable(row.stored.sku), text::printable(row.stored.warehouse));
}

std::string LedgerVerifier::movement_name(std::int64_t id, std::int64_t version, const RowState& row) {
  return fmt::format("{} (version {} of {})", id, version, row_name(row));
}

void LedgerVerifier::add(std::string_view check, std::string table, std::string key, std::string expected,
                         std::string actual) {
  if (!scope_.has(check)) return;
  found_.push_back({position_, Violation{std::string(check), std::move(table), std::move(key),
                                         std::move(expected), std::move(actual)}});
}

// Ids are nearly without gaps, so that a list finds most rows; where they are not, it stays within a few
// times the number of rows.
void LedgerVerifier::note_near(std::int64_t id, RowState& row) {
  if (id < 0 || static_cast<std::size_t>(id) > 4 * rows_.size() + 1000) return;
  const auto at = static_cast<std::size_t>(id);
  if (at >= near_.size()) near_.resize(at + 1);
  near_[at] = &row;
}

void LedgerVerifier::balance(const BalanceEntry& entry) {
  ++position_;
  auto& row = rows_[entry.row.id];
  note_near(entry.row.id, row);
  row.stored = entry;
  row.place = movement_place(entry.warehouse, entry.sku);
  row.selected = scope_.has_row(entry.warehouse, entry.sku);
  order_.push_back(entry.row.id);
  if (row.selected && (entry.row.reserved < 0 || entry.row.on_hand < entry.row.reserved)) {
    add("non-negative", "inventory", row_name(row), "0 <= reserved <= on hand",
        fmt::format("{} on hand, {} reserved", entry.row.on_hand, entry.row.reserved));
  }
}

void LedgerVerifier::row_without_balance(const BalanceEntry& entry) {
  auto& row = rows_[entry.row.id];
  note_near(entry.row.id, row);
  row.stored = entry;
  row.has_balance = false;
  row.place = movement_place(entry.warehouse, entry.sku);
  row.selected = scope_.has_row(entry.warehouse, entry.sku);
  order_.push_back(entry.row.id);
}

// --- operations

void LedgerVerifier::operation(const OperationEntry& entry) {
  close_operation();
  ++position_;
  ++operations_;
  current_.open = true;
  current_.entry = entry;
  current_.kind = parse_kind(entry.kind);
  current_.lines.clear();
  current_.purchases_met = 0;
  current_.selected = !scope_.narrow();
  current_.hashed = false;
  current_.opens.reset();
  if (current_.kind == Kind::opening) current_.opens = true;
  if (const auto reversed = entry.record.reverses_id; reversed && !openings_.empty()) {
    if (const auto found = openings_.find(*reversed); found != openings_.end()) {
      current_.opens = !found->second;
    }
  }
  if (current_.opens) openings_[entry.record.id] = *current_.opens;
  if (entry.record.accepted) holds_.operation(entry.record);
  if (current_.selected) check_hash_of_operation();
}

void LedgerVerifier::check_hash_of_operation() {
  if (current_.hashed) return;
  current_.hashed = true;
  const auto& entry = current_.entry;
  const bool readable = current_.kind && (entry.outcome == "accepted" || entry.outcome == "rejected");
  if (!readable) {
    add("hash-chain", "operation", std::to_string(entry.record.id), "a known kind and outcome",
        fmt::format("{}, {}", text::quoted(entry.kind), text::quoted(entry.outcome)));
  } else if (check_hashes_) {
    hashes_.operation(position_, entry.record, entry.purchases);
  }
}

void LedgerVerifier::close_operation() {
  if (!current_.open) return;
  current_.open = false;
  if (scope_.heads_after == movements_ && !heads_) heads_ = heads_now();
  for (const auto& purchase : current_.entry.purchases) {
    const bool selected = scope_.has_row(purchase.warehouse, purchase.sku);
    current_.selected = current_.selected || selected;
    if (ids_ascend_ && purchase.id <= last_purchase_ && selected) {
      add("operations-complete", "purchase", purchase_name(purchase, current_.entry.record.id),
          fmt::format("an id above {}", last_purchase_), std::to_string(purchase.id));
    }
    last_purchase_ = std::max(last_purchase_, purchase.id);
  }
  if (!current_.selected) return;
  check_hash_of_operation();
  check_lines();
  check_result();
}

void LedgerVerifier::check_lines() {
  auto& lines = current_.lines;
  const auto& entry = current_.entry;
  const auto name = std::to_string(entry.record.id);
  if (!entry.record.accepted) {
    if (!lines.empty()) {
      add("operations-complete", "operation", name, "no movements, as it was refused",
          text::count(static_cast<long long>(lines.size()), "movement"));
    }
  } else if (lines.empty()) {
    add("operations-complete", "operation", name, "movements", "none");
  } else {
    // In order already, but where somebody has changed them.
    if (!std::is_sorted(lines.begin(), lines.end())) std::sort(lines.begin(), lines.end());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i] == static_cast<std::int64_t>(i) + 1) continue;
      add("operations-complete", "operation", name, fmt::format("a movement of line {}", i + 1),
          fmt::format("line {}", lines[i]));
      break;
    }
  }
  // Purchases without a movement of their line: those with one were seen there.
  if (current_.purchases_met == entry.purchases.size()) return;
  for (const auto& purchase : entry.purchases) {
    if (!scope_.has_row(purchase.warehouse, purchase.sku)) continue;
    const bool unmatched =
        !sells(current_.kind) || !std::binary_search(lines.begin(), lines.end(), purchase.line);
    if (unmatched) {
      add("purchases-match", "purchase", purchase_name(purchase, entry.record.id),
          "a movement of kind purchase", "none");
    }
  }
}

void LedgerVerifier::check_result() {
  const auto& record = current_.entry.record;
  const auto name = std::to_string(record.id);
  if (record.accepted == record.result.has_value()) {
    add("operations-complete", "operation", name, record.accepted ? "no stored refusal" : "a stored refusal",
        record.accepted ? "one" : "none");
  }
  const bool reverses = record.reverses_id.has_value();
  if (reverses != (current_.kind == Kind::reverse && record.accepted)) {
    add("operations-complete", "operation", name,
        reverses ? "kind reverse" : "the operation that it reverses",
        reverses ? text::quoted(current_.entry.kind) : "none");
  } else if (reverses && !record.reverses_uid) {
    add("operations-complete", "operation", name, fmt::format("operation {}", *record.reverses_id), "none");
  }
}

// --- movements

LedgerVerifier::RowState& LedgerVerifier::row_of(const MovementEntry& entry) {
  const auto id = entry.inventory_id;
  if (id >= 0 && static_cast<std::size_t>(id) < near_.size()) {
    if (auto* const near = near_[static_cast<std::size_t>(id)]) return *near;
  }
  const auto found = rows_.find(id);
  if (found != rows_.end()) return found->second;
  auto& row = rows_[id];
  row.stored.row.id = id;
  row.missing = true;
  row.selected = !scope_.narrow();
  missing_.push_back(entry.inventory_id);
  return row;
}

void LedgerVerifier::movement(const MovementEntry& entry) {
  ++position_;
  ++movements_;
  auto& row = row_of(entry);
  const bool orphan = !current_.open || current_.entry.record.id != entry.operation_id;
  if (orphan) {
    close_operation();
  } else {
    current_.lines.push_back(entry.record.line);
    if (row.selected) {
      current_.selected = true;
      check_hash_of_operation();
    }
  }
  if (!row.selected) {
    last_movement_ = std::max(last_movement_, entry.id);
    return;
  }
  check_ids(entry);
  if (orphan) {
    add("operations-complete", "movement", movement_name(entry.id, entry.record.version, row),
        fmt::format("operation {}", entry.operation_id), "none");
  } else {
    check_line(entry, row);
    check_hold(entry, row);
    set_opening(entry, row);
  }
  ++row.count;
  row.on_hand_sum += bits(entry.record.on_hand_delta);
  row.reserved_sum += bits(entry.record.reserved_delta);
  const auto hash = orphan ? std::nullopt : std::optional(current_.entry.record.hash);
  if (entry.record.version != row.version + 1) {
    // A version that was there before cannot be followed; one from the future waits for its turn.
    const bool seen = entry.record.version <= row.version;
    if (seen || !row.early.emplace(entry.record.version, Step{entry, hash}).second) {
      add("versions-gapless", "movement", movement_name(entry.id, entry.record.version, row),
          "each version once", "another");
    }
    if (row.early.size() > most_early) skip_gap(row);
    return;
  }
  follow(row, entry, hash);
  follow_early(row);
}

void LedgerVerifier::follow_early(RowState& row) {
  while (!row.early.empty() && row.early.begin()->first == row.version + 1) {
    const auto next = row.early.extract(row.early.begin());
    follow(row, next.mapped().entry, next.mapped().operation_hash);
  }
}

// What was missing will not come any more: goes on behind it. The first movement there cannot be held against
// the one before it.
void LedgerVerifier::skip_gap(RowState& row) {
  const auto next = row.early.extract(row.early.begin());
  const auto& entry = next.mapped().entry;
  add("versions-gapless", "movement", movement_name(entry.id, entry.record.version, row),
      fmt::format("version {} before it", row.version + 1), "none");
  const auto before = [](Quantity after, Quantity delta) {
    return static_cast<Quantity>(bits(after) - bits(delta));
  };
  row.on_hand = before(entry.record.on_hand_after, entry.record.on_hand_delta);
  row.reserved = before(entry.record.reserved_after, entry.record.reserved_delta);
  follow(row, entry, std::nullopt);
  follow_early(row);
}

void LedgerVerifier::check_ids(const MovementEntry& entry) {
  if (ids_ascend_ && entry.id <= last_movement_) {
    add("operations-complete", "movement", std::to_string(last_movement_),
        fmt::format("an id below {}, which was written later", entry.id), std::to_string(last_movement_));
  }
  last_movement_ = std::max(last_movement_, entry.id);
}

void LedgerVerifier::check_line(const MovementEntry& entry, const RowState& row) {
  if (entry.kind != current_.entry.kind) {
    add("operations-complete", "movement", movement_name(entry.id, entry.record.version, row),
        "kind " + text::quoted(current_.entry.kind), text::quoted(entry.kind));
  }
  const bool sold = current_.kind == Kind::purchase ||
                    (current_.kind == Kind::confirm && !current_.entry.purchases.empty() &&
                     entry.record.on_hand_delta != 0);
  if (sold) check_purchase(entry, row);
}

void LedgerVerifier::check_hold(const MovementEntry& entry, const RowState& row) {
  if (!holds_.movement(entry.inventory_id, entry.record.reserved_delta) && row.selected) {
    add("holds-match", "movement", movement_name(entry.id, entry.record.version, row),
        "a reservation that holds as much", "none");
  }
}

void LedgerVerifier::check_purchase(const MovementEntry& entry, const RowState& row) {
  const auto& purchases = current_.entry.purchases;
  const auto is_line = [&](const PurchaseRecord& p) { return p.line == entry.record.line; };
  const auto found = std::find_if(purchases.begin(), purchases.end(), is_line);
  if (found == purchases.end()) {
    add("purchases-match", "movement", movement_name(entry.id, entry.record.version, row), "a purchase",
        "none");
    return;
  }
  ++current_.purchases_met;
  // Texts are made only where something is wrong: millions of purchases are not.
  const auto complain = [&](std::string expected, std::string actual) {
    add("purchases-match", "purchase", purchase_name(*found, entry.operation_id), std::move(expected),
        std::move(actual));
  };
  if (std::find_if(std::next(found), purchases.end(), is_line) != purchases.end()) {
    complain("one purchase of the line", "another");
  }
  if (!row.missing && found->key != row.stored.row.key) {
    complain(row_name(row),
             fmt::format("{} in {}", text::printable(found->sku), text::printable(found->warehouse)));
  }
  const auto taken = static_cast<Quantity>(0 - bits(entry.record.on_hand_delta));
  if (found->quantity != taken) {
    complain(fmt::format("quantity {}", taken), std::to_string(found->quantity));
  }
  if (checked_mul(found->quantity, found->unit_price_minor) != found->total_minor) {
    complain(fmt::format("{} x {}", found->quantity, found->unit_price_minor),
             fmt::format("total {}", found->total_minor));
  }
  if (found->user != purchases.front().user) {
    complain("user " + text::quoted(purchases.front().user), text::quoted(found->user));
  }
  const auto occurred_at = current_.entry.record.occurred_at;
  if (found->purchased_at != occurred_at) {
    complain("purchased at " + format_time(occurred_at), format_time(found->purchased_at));
  }
}

void LedgerVerifier::set_opening(const MovementEntry& entry, RowState& row) {
  if (!current_.opens) return;
  row.opening = *current_.opens ? std::optional(entry.record.on_hand_delta) : std::nullopt;
}

void LedgerVerifier::follow(RowState& row, const MovementEntry& entry,
                            const std::optional<Digest>& operation_hash) {
  const auto& record = entry.record;
  const auto name = [&] { return movement_name(entry.id, record.version, row); };
  const auto on_hand = checked_add(row.on_hand, record.on_hand_delta);
  const auto reserved = checked_add(row.reserved, record.reserved_delta);
  if (on_hand != record.on_hand_after || reserved != record.reserved_after) {
    add("after-equals-before-plus-delta", "movement", name(),
        fmt::format("{}{:+} on hand, {}{:+} reserved", row.on_hand, record.on_hand_delta, row.reserved,
                    record.reserved_delta),
        fmt::format("{} and {}", record.on_hand_after, record.reserved_after));
  }
  if (record.reserved_after < 0 || record.on_hand_after < record.reserved_after) {
    add("non-negative", "movement", name(), "0 <= reserved <= on hand",
        fmt::format("{} on hand, {} reserved", record.on_hand_after, record.reserved_after));
  }
  const auto kind = parse_kind(entry.kind);
  if (!kind) {
    add("hash-chain", "movement", name(), "a known kind", text::quoted(entry.kind));
  } else if (check_hashes_ && operation_hash && !row.missing) {
    hashes_.movement(position_, &row, entry.id, row.place, *kind, row.head, *operation_hash, record);
  }
  // Goes on from what is stored, so that one fault is one violation and not one for each movement after it.
  row.on_hand = record.on_hand_after;
  row.reserved = record.reserved_after;
  row.version = record.version;
  row.head = record.hash;
}

void LedgerVerifier::orphan(const OrphanPurchase& entry) {
  ++position_;
  if (!scope_.has_row(entry.record.warehouse, entry.record.sku)) return;
  add("purchases-match", "purchase", purchase_name(entry.record, entry.operation_id),
      fmt::format("operation {}", entry.operation_id), "none");
}

}  // namespace invctl
