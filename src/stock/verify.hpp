// Checking the ledger against itself and against the balances that it explains. Pure: it is fed row by row.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stock/audit.hpp"
#include "stock/hash_check.hpp"
#include "stock/holds.hpp"

namespace invctl {

// Sums over a ledger that may be damaged are made of these: they wrap around where a sum of quantities
// overflows.
inline std::uint64_t bits(Quantity quantity) {
  return static_cast<std::uint64_t>(quantity);
}

// One thing that is not as it must be.
struct Violation {
  std::string check;  // one of ledger_checks
  std::string table, key;
  std::string expected, actual;
  std::string message() const;  // "movement 17 of BOLT in EAST: 4 on hand expected, 5 found"
};

//   balance-equals-ledger           on hand, reserved, version and opening stock are what the movements
//                                   lead to; every movement has its row
//   versions-gapless                each row's movements are versions 1, 2, 3, ...
//   after-equals-before-plus-delta  each movement starts where the one before it ended
//   non-negative                    0 <= reserved <= on hand, after every movement and now
//   hash-chain                      the hashes of operations and movements, computed again, and each
//                                   row's head
//   operations-complete             an accepted operation has lines 1, 2, ... of its kind and no result, a
//                                   refused one has a result and no lines; a reversal, and nothing else,
//                                   says what it reverses; every movement has its operation; where only one
//                                   transaction writes at a time, ids ascend
//   purchases-match                 one purchase for each line of an operation of kind purchase, and for each
//                                   line that takes stock of a confirmation that sells, and no other,
//                                   with the line's row and quantity, quantity x price = total, one user and
//                                   the operation's time
//   holds-match                     what is reserved is held by reservations, and what is open is what the
//                                   ledger's reservations leave
inline constexpr std::string_view ledger_checks[] = {
    "balance-equals-ledger", "versions-gapless", "after-equals-before-plus-delta",
    "non-negative",          "hash-chain",       "operations-complete",
    "purchases-match",       "holds-match"};

// The newest movement of an inventory row.
struct ChainHead {
  std::string warehouse, sku;
  std::int64_t version = 0;
  Digest head{};
};

// An inventory row that is not what the ledger says.
struct BalanceDifference {
  BalanceEntry stored;
  InventoryRow ledger;
};

// What to look at; everything by default.
struct VerifyScope {
  std::vector<std::string> checks = {};  // names; empty: all
  // Only these rows, and the operations and purchases that have to do with them.
  std::optional<std::string> warehouse = {}, sku = {};
  // The heads of all rows are wanted as they were after so many movements, in the order of operations.
  std::optional<std::int64_t> heads_after = {};

  bool has(std::string_view check) const;
  bool has_all() const { return checks.empty() && !narrow(); }
  bool narrow() const { return warehouse || sku; }
  bool has_row(std::string_view warehouse_code, std::string_view sku_code) const {
    return (!warehouse || *warehouse == warehouse_code) && (!sku || *sku == sku_code);
  }
};

// Feed it all balances, then each operation followed by its movements, then finish(). Memory grows with the
// balances (and with what is wrong); movements are kept only where an earlier version has not come yet.
class LedgerVerifier {
 public:
  explicit LedgerVerifier(VerifyScope scope = {}, bool ids_ascend = false);

  void balance(const BalanceEntry& entry);
  // A row of which nothing but its place is known, as in an export: to be fed before its first movement.
  void row_without_balance(const BalanceEntry& entry);
  void operation(const OperationEntry& entry);
  void movement(const MovementEntry& entry);
  void orphan(const OrphanPurchase& entry);
  // A hold as it is stored. begin_holds(): they are known, if there are any.
  void begin_holds() { holds_known_ = true; }
  void hold(const Hold& hold);
  // Every violation, in the order in which they were met.
  std::vector<Violation> finish();

  // Rows whose balance is not what the movements lead to. After finish().
  std::vector<BalanceDifference> differences() const;
  // Whether the stored holds are others than those of the ledger, which open_holds() has. After finish().
  bool holds_differ() const { return holds_differ_; }
  std::vector<Hold> open_holds() const;
  // The heads that were asked for; nothing where no operation ended there.
  std::optional<std::vector<ChainHead>> heads() { return std::move(heads_); }
  // As everything fed so far leaves them.
  std::vector<ChainHead> heads_now() const;

  std::int64_t balances() const { return static_cast<std::int64_t>(order_.size()); }
  std::int64_t movements() const { return movements_; }
  std::int64_t operations() const { return operations_; }

 private:
  struct Step {
    MovementEntry entry;
    std::optional<Digest> operation_hash;  // none: there is no such operation
  };
  // What each movement needs comes first: with many rows, most of the time goes into fetching it.
  struct RowState {
    bool has_balance = true;
    bool missing = false;  // there are movements, but no row
    bool selected = true;
    std::int64_t version = 0;
    std::int64_t count = 0;
    Quantity on_hand = 0, reserved = 0;               // after the last movement that was followed
    std::uint64_t on_hand_sum = 0, reserved_sum = 0;  // of all deltas, modulo 2^64
    Digest head{};
    std::string place;  // movement_place()
    std::map<std::int64_t, Step> early;
    std::optional<Quantity> opening;
    BalanceEntry stored;
  };
  // The operation whose movements are being read.
  struct Current {
    bool open = false;
    OperationEntry entry;
    std::optional<Kind> kind;
    std::vector<std::int64_t> lines;
    std::size_t purchases_met = 0;
    bool selected = true;  // has to do with the rows that are looked at
    bool hashed = false;
    std::optional<bool> opens;  // opening stock: posts it, or takes it back
  };

  static std::string row_name(const RowState& row);
  static std::string movement_name(std::int64_t id, std::int64_t version, const RowState& row);
  RowState& row_of(const MovementEntry& entry);
  void note_near(std::int64_t id, RowState& row);
  void check_hash_of_operation();
  void check_ids(const MovementEntry& entry);
  void check_line(const MovementEntry& entry, const RowState& row);
  void check_purchase(const MovementEntry& entry, const RowState& row);
  void set_opening(const MovementEntry& entry, RowState& row);
  void close_operation();
  void check_lines();
  void check_result();
  void follow(RowState& row, const MovementEntry& entry, const std::optional<Digest>& operation_hash);
  void follow_early(RowState& row);
  void skip_gap(RowState& row);
  void finish_row(const RowState& row);
  void finish_holds();
  void check_hold(const MovementEntry& entry, const RowState& row);
  void take_wrong_hashes();
  void add(std::string_view check, std::string table, std::string key, std::string expected,
           std::string actual);

  VerifyScope scope_;
  bool ids_ascend_;
  bool check_hashes_;
  std::unordered_map<std::int64_t, RowState> rows_;
  std::vector<RowState*> near_;      // of rows_, by id, for those with small ids
  std::vector<std::int64_t> order_;  // of rows_, as they came
  std::vector<std::int64_t> missing_;
  Current current_;
  // Operations that post opening stock (true) or take it back (false).
  std::unordered_map<std::int64_t, bool> openings_;
  OpenHolds holds_;
  std::map<std::pair<std::int64_t, std::int64_t>, Hold> stored_holds_;  // by reservation and inventory id
  bool holds_known_ = false, holds_differ_ = false;
  std::int64_t last_movement_ = 0, last_purchase_ = 0;
  HashCheck hashes_;
  struct Found {
    std::uint64_t order;
    Violation violation;
  };
  std::vector<Found> found_;
  std::optional<std::vector<ChainHead>> heads_;
  std::uint64_t position_ = 0;  // in what is fed
  std::int64_t movements_ = 0, operations_ = 0;
};

struct VerifyReport {
  std::vector<Violation> violations;
  std::vector<BalanceDifference> differences;
  std::optional<std::vector<Hold>> holds;  // of the ledger, where the stored ones differ
  std::int64_t balances = 0, operations = 0, movements = 0;
  std::optional<std::vector<ChainHead>> heads;  // if asked for: as they were then
  std::vector<ChainHead> heads_now;             // only if asked for
};

// What there is to say once everything was fed.
VerifyReport report_of(LedgerVerifier& verifier, const VerifyScope& scope);

// Reads everything through the verifier. Inside a snapshot of the caller's.
VerifyReport verify_ledger(LedgerReader& reader, const VerifyScope& scope = {});

}  // namespace invctl
