// What reservations hold, followed through the ledger alone: for whoever checks the open holds or makes them
// anew. Memory grows with what is open.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "stock/store.hpp"

namespace invctl {

class OpenHolds {
 public:
  // An accepted operation, before its movements; reservations are known by their uid.
  void operation(const OperationRecord& operation);
  // A movement of the operation given last. False where it changes what is reserved, but no reservation holds
  // as much of the row.
  bool movement(std::int64_t inventory_id, Quantity reserved_delta);

  struct Open {
    std::int64_t reservation = 0;  // the id that its operation had
    Uid uid{};
    std::int64_t inventory_id = 0;
    Quantity quantity = 0;
    Micros expires_at = 0;
  };
  // By reservation, then inventory id.
  std::vector<Open> open() const;

 private:
  struct Reservation {
    std::int64_t id = 0;
    Micros expires_at = 0;
    std::map<std::int64_t, Quantity> rows;
  };
  std::map<Uid, Reservation> reservations_;
  std::optional<Uid> current_;  // whose reservation the movements are of
};

}  // namespace invctl
