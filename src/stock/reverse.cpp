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
  for (const auto& movement : stored->movements) {
    if (movement.reserved_delta != 0) {
      throw Error(Exit::conflict, "nothing_to_reverse",
                  fmt::format("operation {} changed what is reserved: release it instead", id), "");
    }
    Line line{.warehouse = WarehouseCode::trusted(movement.warehouse),
              .sku = Sku::trusted(movement.sku),
              .quantity = -movement.on_hand_delta,  // a balance is never negative: no overflow
              .expect = std::nullopt};
    operation.lines.push_back(std::move(line));
  }
  return operation;
}

}  // namespace invctl
