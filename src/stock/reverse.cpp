#include "stock/reverse.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace invctl {

namespace {

// What was done before anything was undone, and whether reversing `operation` undoes that.
Reversed follow(PostingStore& store, const OperationRecord& operation) {
  Reversed reversed;
  reversed.id = operation.id;
  reversed.uid = operation.uid;
  reversed.first = operation.kind;
  for (auto next = operation.reverses_id; next;) {
    const auto stored = store.find_operation(*next);
    if (!stored) break;
    reversed.first = stored->record.kind;
    reversed.undoes = !reversed.undoes;
    next = stored->record.reverses_id;
  }
  return reversed;
}

}  // namespace

Operation reversal_of(PostingStore& store, std::int64_t id) {
  const auto stored = store.find_operation(id);
  if (!stored) {
    throw Error(Exit::not_found, fmt::format("no operation {}", id), "`invctl history` shows the operations");
  }
  if (!stored->record.accepted) {
    throw Error(Exit::conflict, "nothing_to_reverse",
                fmt::format("operation {} was refused: there is nothing to reverse", id), "");
  }
  Operation operation;
  operation.kind = Kind::reverse;
  operation.reverses = follow(store, stored->record);
  const auto kind = stored->record.kind;
  if (kind == Kind::reserve || kind == Kind::release || kind == Kind::extend || kind == Kind::expire) {
    const auto reservation = stored->record.reservation_id.value_or(id);
    throw Error(Exit::conflict, "nothing_to_reverse",
                fmt::format("operation {} moved no stock, it only held it", id),
                fmt::format("`invctl release {}` gives back what is still held", reservation));
  }
  // What was taken from a reservation comes back as stock; it is not held again.
  for (const auto& movement : stored->movements) {
    Line line{.warehouse = WarehouseCode::trusted(movement.warehouse),
              .sku = Sku::trusted(movement.sku),
              .quantity = -movement.on_hand_delta,  // a balance is never negative: no overflow
              .expect = std::nullopt};
    operation.lines.push_back(std::move(line));
  }
  return operation;
}

}  // namespace invctl
