#include "stock/reservation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl {

Error no_reservation(std::int64_t id) {
  return Error(Exit::not_found, fmt::format("no reservation {}", id),
               "`invctl reservation list` shows the open ones");
}

Operation on_reservation(PostingStore& store, std::int64_t id, Kind kind) {
  const auto stored = store.find_operation(id);
  if (!stored || stored->record.kind != Kind::reserve || !stored->record.accepted) {
    throw no_reservation(id);
  }
  Operation operation;
  operation.kind = kind;
  operation.reservation = ReservationRef{id, stored->record.uid};
  for (const auto& movement : stored->movements) {
    operation.lines.push_back({.warehouse = WarehouseCode::trusted(movement.warehouse),
                               .sku = Sku::trusted(movement.sku),
                               .mode = Line::Mode::held,
                               .expect = std::nullopt});
  }
  return operation;
}

void take_only(Operation& confirmation, std::vector<Line> taken) {
  normalise_lines(taken);
  const auto id = confirmation.reservation->id;
  Error unknown(Exit::not_found, fmt::format("reservation {} does not hold that", id),
                fmt::format("`invctl reservation show {}` lists what it holds", id));
  for (auto& line : confirmation.lines) line.mode = Line::Mode::delta;  // 0: all of it goes back
  for (const auto& wanted : taken) {
    const auto found = std::find_if(confirmation.lines.begin(), confirmation.lines.end(),
                                    [&](const Line& line) { return line.sku == wanted.sku; });
    if (found == confirmation.lines.end()) {
      unknown.add_line({fmt::format("reservation {} holds no {}", id, text::printable(wanted.sku.str())),
                        {{"sku", wanted.sku.str()}}});
    } else {
      found->quantity = wanted.quantity;
    }
  }
  if (!unknown.lines.empty()) throw unknown;
}

}  // namespace invctl
