// What a worker needs from a database beyond posting.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "stock/store.hpp"

namespace invctl::sim {

// Keeps rivals out while one reads, decides and writes.
class Excluder {
 public:
  virtual ~Excluder() = default;
  // Takes the locks of these names, in their order. Throws StoreError(retry) when the deadline passes.
  virtual void enter(std::span<const std::string> names, const Deadline& deadline) = 0;
  virtual void leave() noexcept = 0;
};

// A change of one row that is made only if so much is available.
struct Claim {
  InventoryRow row;  // as it was read
  Quantity delta = 0;
};

// Takes stock with a condition and no lock before it. Inside the transaction.
class ClaimStore {
 public:
  virtual ~ClaimStore() = default;
  // Changes each row by its delta if what is available allows it, all in the order given, and returns the
  // rows as they are then, locked by the change; false in `made` where the condition was not true.
  struct Made {
    std::vector<bool> made;
    std::vector<InventoryRow> rows;
  };
  virtual Made claim(std::span<const Claim> claims) = 0;
};

// One worker's connection.
class Session {
 public:
  virtual ~Session() = default;
  virtual PostingStore& store() = 0;
  virtual Quantity available(const std::string& warehouse, const std::string& sku) = 0;
  virtual ClaimStore* claims() { return nullptr; }
  virtual Excluder* excluder() { return nullptr; }
};
using OpenSession = std::function<std::unique_ptr<Session>()>;

}  // namespace invctl::sim
