#include "stock/holds.hpp"

#include <algorithm>
#include <tuple>

namespace invctl {

void OpenHolds::operation(const OperationRecord& operation) {
  if (current_) {
    // One that was ended by the operation before this one.
    const auto last = reservations_.find(*current_);
    if (last != reservations_.end() && last->second.rows.empty()) reservations_.erase(last);
  }
  current_.reset();
  if (operation.kind == Kind::reserve) {
    current_ = operation.uid;
    reservations_[operation.uid] = {operation.id, operation.expires_at.value_or(0), {}};
  } else if (operation.reservation_uid) {
    current_ = operation.reservation_uid;
    const auto found = reservations_.find(*current_);
    if (found != reservations_.end() && operation.expires_at)
      found->second.expires_at = *operation.expires_at;
  }
}

bool OpenHolds::movement(std::int64_t inventory_id, Quantity reserved_delta) {
  if (reserved_delta == 0) return true;
  if (!current_) return false;
  const auto found = reservations_.find(*current_);
  if (found == reservations_.end()) return false;
  auto& held = found->second.rows[inventory_id];
  const auto left = checked_add(held, reserved_delta);
  const bool enough = left && *left >= 0;
  held = enough ? *left : 0;
  if (held == 0) found->second.rows.erase(inventory_id);
  return enough;
}

std::vector<OpenHolds::Open> OpenHolds::open() const {
  std::vector<Open> open;
  for (const auto& [uid, reservation] : reservations_) {
    for (const auto& [row, quantity] : reservation.rows) {
      open.push_back({reservation.id, uid, row, quantity, reservation.expires_at});
    }
  }
  std::sort(open.begin(), open.end(), [](const Open& a, const Open& b) {
    return std::tie(a.reservation, a.inventory_id) < std::tie(b.reservation, b.inventory_id);
  });
  return open;
}

}  // namespace invctl
