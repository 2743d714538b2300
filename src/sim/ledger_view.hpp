// What the ledger says after a run, of the run's own warehouse.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "stock/verify.hpp"

namespace invctl::sim {

struct LedgerMovement {
  std::string sku;
  std::int64_t version = 0;
  Quantity on_hand_delta = 0, reserved_delta = 0, on_hand_after = 0, reserved_after = 0;
};

struct LedgerOperation {
  std::int64_t id = 0;
  std::string request;  // whose it is, name_of(); empty: nobody's, such as the receipt of the stock
  std::string key;
  Kind kind = Kind::receive;
  std::vector<LedgerMovement> movements;

  // Whether it is what a request asked for, and not a step on the way to it.
  bool is_final() const { return kind != Kind::reserve; }
  // Taken out; below zero, brought in.
  Quantity units_out() const;
};

struct LedgerView {
  std::vector<LedgerOperation> operations;  // by id
  std::vector<Violation> violations;        // of the whole ledger
  std::int64_t movements = 0;               // of the whole ledger

  // The final operations of each request.
  using ByRequest = std::unordered_map<std::string, std::vector<const LedgerOperation*>>;
  ByRequest by_request() const;
};

LedgerView read_ledger(LedgerReader& reader, const std::string& warehouse);

}  // namespace invctl::sim
