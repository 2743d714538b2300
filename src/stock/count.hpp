// Stocktaking while stock moves. A count remembers each row as it stood when it was opened (on hand and
// version); what was counted is entered meanwhile; closing it posts the differences as one operation of kind
// count, once only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/types.hpp"
#include "stock/ledger.hpp"
#include "stock/transactions.hpp"

namespace invctl {

struct StockCount {
  std::int64_t id = 0;
  Uid uid{};
  std::string warehouse;
  std::optional<std::string> note;
  std::string actor;
  Micros opened_at = 0;
  std::optional<Micros> ended_at;
  std::string state = "open";             // open, closed or cancelled
  std::optional<std::int64_t> operation;  // that closed it
  std::int64_t version = 0;               // changes with every entry
  std::int64_t lines = 0, counted = 0;
};

struct CountLine {
  std::string sku, name;
  std::optional<std::string> unit, barcode;
  std::int64_t snapshot_version = 0;
  Quantity snapshot = 0;            // on hand when the count was opened
  std::optional<Quantity> counted;  // nothing was entered
  std::int64_t version_now = 0;
  Quantity on_hand = 0;  // now
  bool moved = false;    // stock came or went since the snapshot; what is only held did not move
};

// What was found of one product: all there is, or more of it.
struct CountEntry {
  std::string sku;
  Quantity quantity = 0;
};

struct CountEntries {
  std::vector<CountEntry> entries;  // each SKU once
  bool add = false;                 // to what was entered before, instead of replacing it
  std::string key;                  // entered once for each key
  std::string actor;
};

class CountStore : public virtual Transactions {
 public:
  // Takes the snapshot, in one statement: every row of the warehouse whose product is not retired or that has
  // stock, of these SKUs only if there are any. Gives the id. Inside a write transaction.
  virtual std::int64_t open_count(const StockCount& count, std::span<const std::string> skus) = 0;
  virtual std::optional<StockCount> find_count(std::int64_t id) = 0;
  virtual std::optional<StockCount> find_count(const Uid& uid) = 0;
  virtual void counts(const std::function<void(const StockCount&)>& row) = 0;  // newest first
  virtual std::vector<CountLine> count_lines(std::int64_t id) = 0;             // by SKU

  // Inside a write transaction: keeps others from entering or closing, and counts the entry. False where the
  // count is not open.
  virtual bool begin_entry(std::int64_t id) = 0;
  // What was entered under this key before; nothing if nothing was.
  virtual std::optional<CountEntries> find_entries(std::int64_t id, const std::string& key) = 0;
  // What was found of these products so far, in their order.
  virtual std::vector<std::optional<Quantity>> counted(std::int64_t id,
                                                       std::span<const std::string> skus) = 0;
  // The SKUs that no product has.
  virtual std::vector<std::string> unknown_skus(std::span<const std::string> skus) = 0;
  // Inside a write transaction. A product that was not on the sheet is put there, as it stands now.
  virtual void add_entries(std::int64_t id, const CountEntries& entries) = 0;

  // Inside a write transaction. False where the count is not open, or is not at this version any more.
  virtual bool end_count(const StockCount& count, std::optional<std::int64_t> operation) = 0;
};

struct CountPolicy {
  enum class Kind {
    strict,      // a row that moved since the snapshot is refused
    rebase,      // the difference of count and snapshot is posted on top of what happened meanwhile
    as_counted,  // on hand becomes what was counted
  } kind = Kind::strict;
  bool uncounted_is_zero = false;        // else what was not counted is left as it is
  std::optional<Quantity> max_variance;  // units per row, either way
};

std::optional<CountPolicy::Kind> parse_count_policy(std::string_view name);

struct CountEntered {
  std::vector<std::optional<Quantity>> counted;  // what was found of each by now, as in the entries
  bool replayed = false;
};

// Enters counts in one transaction, once for each key. Throws Error: not_found (the count; or SKUs, listed),
// conflict (count_ended; key_reused for other entries under the same key; overflow).
CountEntered enter_counts(CountStore& store, std::int64_t id, const CountEntries& entries,
                          const Deadline& deadline);

// What closing posts; who asks is filled in by the caller. Throws Error: conflict (count_ended for a
// cancelled one, nothing_counted). Of a closed count it gives what closed it, so that it replays, if the
// policy is the same.
Operation closing_of(CountStore& store, const StockCount& count, const CountPolicy& policy);

// What has to happen in the closing's transaction: the count ends, and no difference is larger than allowed.
// Throws Error(conflict): count_changed, variance.
std::function<void(std::span<const Outcome>)> closing_step(CountStore& store, const StockCount& count,
                                                           const CountPolicy& policy);

Error no_count(std::int64_t id);

}  // namespace invctl
