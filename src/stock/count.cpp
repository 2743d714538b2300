#include "stock/count.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/sha256.hpp"
#include "core/text.hpp"

namespace invctl {

namespace {

Error ended(const StockCount& count) {
  return Error(Exit::conflict, "count_ended", fmt::format("count {} is {}", count.id, count.state),
               "open a new one");
}

void check_same(const CountEntries& before, const CountEntries& now) {
  const auto equal = [](const CountEntry& a, const CountEntry& b) {
    return a.sku == b.sku && a.quantity == b.quantity;
  };
  if (before.add == now.add && before.entries.size() == now.entries.size() &&
      std::is_permutation(before.entries.begin(), before.entries.end(), now.entries.begin(), equal)) {
    return;
  }
  throw Error(Exit::conflict, "key_reused",
              fmt::format("something else was entered under the id {}", text::quoted(now.key)),
              "use a new id for what is entered anew");
}

void check_entries(CountStore& store, std::int64_t id, const CountEntries& entries,
                   std::span<const std::string> skus) {
  Error unknown(Exit::not_found, "not_found", "some products do not exist, nothing is entered",
                "`invctl product list` shows the products");
  for (const auto& sku : store.unknown_skus(skus)) {
    unknown.add_line(
        {"no product " + text::printable(sku), {{"sku", sku}, {"code", std::string("not_found")}}});
  }
  if (!unknown.lines.empty()) throw unknown;
  if (!entries.add) return;
  const auto counted = store.counted(id, skus);
  for (std::size_t i = 0; i < skus.size(); ++i) {
    if (!counted[i] || checked_add(*counted[i], entries.entries[i].quantity)) continue;
    throw Error(Exit::conflict, "overflow",
                fmt::format("{} would be counted more often than 64 bits hold", text::printable(skus[i])));
  }
}

// The key makes closing happen once. It looks like one that the program made, so a refusal is not remembered:
// what was refused today can be closed tomorrow.
std::string closing_key(const StockCount& count) {
  return "auto-" + to_hex(count.uid);
}

}  // namespace

Error no_count(std::int64_t id) {
  return Error(Exit::not_found, fmt::format("no count {}", id), "`invctl count list` shows them");
}

std::optional<CountPolicy::Kind> parse_count_policy(std::string_view name) {
  if (name == "strict") return CountPolicy::Kind::strict;
  if (name == "rebase") return CountPolicy::Kind::rebase;
  if (name == "as-counted") return CountPolicy::Kind::as_counted;
  return std::nullopt;
}

CountEntered enter_counts(CountStore& store, std::int64_t id, const CountEntries& entries,
                          const Deadline& deadline) {
  std::vector<std::string> skus;
  for (const auto& entry : entries.entries) skus.push_back(entry.sku);
  CountEntered entered;
  write_transaction(store, deadline, entries.key, [&] {
    const bool open = store.begin_entry(id);
    const auto before = store.find_entries(id, entries.key);
    entered.replayed = before.has_value();
    if (before) {
      check_same(*before, entries);
    } else {
      if (!open) {
        const auto count = store.find_count(id);
        throw count ? ended(*count) : no_count(id);
      }
      check_entries(store, id, entries, skus);
      store.add_entries(id, entries);
    }
    entered.counted = store.counted(id, skus);
    return !entered.replayed;
  });
  return entered;
}

Operation closing_of(CountStore& store, const StockCount& count, const CountPolicy& policy) {
  if (count.state == "cancelled") throw ended(count);
  Operation operation;
  operation.kind = Kind::count;
  operation.key = closing_key(count);
  operation.reference = fmt::format("count {}", count.id);
  const auto warehouse = WarehouseCode::trusted(count.warehouse);
  for (const auto& row : store.count_lines(count.id)) {
    if (!row.counted && !policy.uncounted_is_zero) continue;
    const auto counted = row.counted.value_or(0);
    Line line{
        .warehouse = warehouse, .sku = Sku::trusted(row.sku), .quantity = counted, .expect = std::nullopt};
    if (policy.kind == CountPolicy::Kind::as_counted) {
      line.mode = Line::Mode::set;
    } else {
      line.quantity = counted - row.snapshot;  // both are non-negative: no overflow
    }
    // Posting sees under its locks whether anything happened after what was read here.
    if (policy.kind == CountPolicy::Kind::strict) {
      line.expect_version = row.moved ? row.snapshot_version : row.version_now;
    }
    operation.lines.push_back(std::move(line));
  }
  if (operation.lines.empty()) {
    throw Error(Exit::conflict, "nothing_counted", fmt::format("nothing was counted in count {}", count.id),
                "`invctl count enter` takes what was counted, `invctl count cancel` ends it");
  }
  return operation;
}

std::function<void(std::span<const Outcome>)> closing_step(CountStore& store, const StockCount& count,
                                                           const CountPolicy& policy) {
  return [&store, count, policy](std::span<const Outcome> outcomes) {
    const auto& receipt = outcomes.front().receipt;
    if (!receipt) return;  // refused: only what had expired is written
    Error too_much(Exit::conflict, "variance", "", "count these again, or allow more with --max-variance");
    for (const auto& line : receipt->lines) {
      const auto limit = policy.max_variance;
      if (!limit || (line.delta <= *limit && line.delta >= -*limit)) continue;
      too_much.add_line(
          {fmt::format("{} in {} differs by {:+}, {} at most is allowed", text::printable(line.sku),
                       text::printable(line.warehouse), line.delta, *limit),
           {{"warehouse", line.warehouse}, {"sku", line.sku}, {"delta", line.delta}}});
    }
    if (!too_much.lines.empty()) {
      too_much.message =
          fmt::format("count {}: {} larger than allowed, nothing is changed", count.id,
                      text::count(static_cast<long long>(too_much.lines.size()), "difference"));
      throw too_much;
    }
    if (!store.end_count(count, receipt->operation)) {
      throw Error(Exit::conflict, "count_changed",
                  fmt::format("count {} was changed or ended while it was being closed", count.id),
                  "look at it, and close it again");
    }
  };
}

}  // namespace invctl
