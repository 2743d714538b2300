// Checking the ledger against itself and against the balances that it explains. Pure: it is fed row by row.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stock/audit.hpp"

namespace invctl {

// One thing that is not as it must be.
struct Violation {
  std::string check;  // one of ledger_checks
  std::string table, key;
  std::string expected, actual;
  std::string message() const;  // "movement 17 of BOLT in EAST: 4 on hand expected, 5 found"
};

//   balance-equals-ledger           on hand, reserved, version and head are what the movements lead to
//   versions-gapless                each row's movements are versions 1, 2, 3, ...
//   after-equals-before-plus-delta  each movement starts where the one before it ended
//   non-negative                    0 <= reserved <= on hand, after every movement and now
//   hash-chain                      the hashes of operations and movements, computed again
inline constexpr std::string_view ledger_checks[] = {"balance-equals-ledger", "versions-gapless",
                                                     "after-equals-before-plus-delta", "non-negative",
                                                     "hash-chain"};

// Feed it all balances, then operations and movements in any order of the two, then finish(). Memory grows
// with the balances; movements are kept only where an earlier version has not come yet.
class LedgerVerifier {
 public:
  void balance(const BalanceEntry& entry);
  void operation(const OperationEntry& entry);
  void movement(const MovementEntry& entry);
  // Every violation, in the order in which they were met.
  std::vector<Violation> finish();

  std::int64_t movements() const { return movements_; }
  std::int64_t operations() const { return operations_; }

 private:
  struct RowState {
    BalanceEntry stored;
    Quantity on_hand = 0, reserved = 0;               // after the last movement that was followed
    std::uint64_t on_hand_sum = 0, reserved_sum = 0;  // of all deltas, modulo 2^64
    std::int64_t version = 0;
    Digest head{};
    std::map<std::int64_t, MovementEntry> early;
  };

  void follow(RowState& row, const MovementEntry& entry);
  void add(std::string_view check, std::string table, std::string key, std::string expected,
           std::string actual);

  std::unordered_map<std::int64_t, RowState> rows_;
  std::vector<std::int64_t> order_;  // of rows_, as they came
  std::vector<Violation> violations_;
  std::int64_t movements_ = 0, operations_ = 0;
};

// Reads everything in one snapshot through the verifier.
std::vector<Violation> verify_ledger(LedgerReader& reader);

}  // namespace invctl
