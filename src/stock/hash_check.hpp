// Computing the ledger's hashes again, by the million: beside the thread that reads them, because what is
// expected of each follows from stored values alone.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/sha256.hpp"
#include "stock/store.hpp"

namespace invctl {

// A hash that is not that of the fields beside it.
struct WrongHash {
  std::uint64_t order = 0;    // as given
  const void* row = nullptr;  // as given; null: an operation
  std::int64_t id = 0;        // of the operation or movement
  std::int64_t version = 0;   // of the movement
  Digest computed{}, stored{};
};

class HashCheck {
 public:
  HashCheck();
  ~HashCheck();
  HashCheck(const HashCheck&) = delete;
  HashCheck& operator=(const HashCheck&) = delete;

  // The arguments are copied, but for `place` (movement_place()), which lives until finish().
  void operation(std::uint64_t order, const OperationRecord& record,
                 std::span<const PurchaseRecord> purchases);
  void movement(std::uint64_t order, const void* row, std::int64_t id, std::string_view place, Kind kind,
                const Digest& previous, const Digest& operation, const MovementRecord& record);

  // Waits for what is being computed. In no order.
  std::vector<WrongHash> finish();

 private:
  struct Movement {
    std::uint64_t order;
    const void* row;
    std::int64_t id;
    std::string_view place;
    Kind kind;
    Digest previous, operation, stored;
    std::int64_t line, version;
    Quantity on_hand_delta, reserved_delta, on_hand_after, reserved_after;
    std::optional<Minor> unit_cost_minor;
  };
  struct OperationText {
    std::uint64_t order;
    std::int64_t id;
    std::size_t end;  // of its text in `texts`, which begins where the one before it ends
    Digest stored;
  };
  struct Batch {
    std::vector<Movement> movements;
    std::vector<OperationText> operations;
    std::string texts;
    std::vector<WrongHash> wrong;
  };

  static void compute(Batch& batch);
  void hand_over_when_full();
  void work();
  void stop();

  std::unique_ptr<Batch> batch_;
  FieldText text_{""};
  std::vector<WrongHash> wrong_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Batch>> waiting_, free_;
  std::size_t in_work_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace invctl
