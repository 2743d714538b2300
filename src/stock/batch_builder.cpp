#include "stock/batch_builder.hpp"

#include "stock/chain.hpp"
#include "stock/rejection.hpp"

namespace invctl {

Posting::Rows BatchBuilder::add(const Operation& operation, const Decision& decision) {
  const auto index = batch_.operations.size();
  OperationRecord record;
  record.uid = random_uid();
  record.key = *operation.key;
  record.request_hash = request_hash(operation);
  record.kind = operation.kind;
  record.accepted = decision.accepted();
  record.actor = operation.actor;
  record.reference = operation.reference;
  record.reason = operation.reason;
  record.note = operation.note;
  record.recorded_at = now_;
  record.occurred_at = operation.occurred_at.value_or(occurs_);
  record.host = origin_.host;
  record.tool_version = origin_.tool_version;
  if (decision.rejection) record.result = rejection_to_json(*decision.rejection);
  if (operation.reverses && decision.accepted()) {
    record.reverses_id = operation.reverses->id;
    record.reverses_uid = operation.reverses->uid;
  }
  if (operation.reservation) {
    record.reservation_id = operation.reservation->id;
    record.reservation_uid = operation.reservation->uid;
  }
  if (operation.ttl && decision.accepted()) record.expires_at = clock_ + *operation.ttl;

  const auto first_purchase = batch_.purchases.size();
  const auto first_movement = batch_.movements.size();
  std::int64_t line = 0;
  for (const auto& movement : decision.movements) {
    ++line;
    if (movement.unit_price_minor) {
      batch_.purchases.push_back({index, line, movement.key, operation.user.value_or(""), movement.warehouse,
                                  movement.sku, -movement.on_hand_delta, *movement.unit_price_minor,
                                  *movement.amount_minor});
    }
  }
  record.hash = operation_hash(record, std::span(batch_.purchases).subspan(first_purchase));
  for (const auto& movement : decision.movements) note_before(movement.key);
  // Opening stock is one operation of many lines. For many operations growth must stay geometric.
  if (batch_.movements.empty()) batch_.movements.reserve(decision.movements.size());
  apply(book_, operation, decision);
  if (decision.accepted()) note_holds(index, operation, decision, record.expires_at.value_or(0));
  line = 0;
  for (const auto& movement : decision.movements) append_movement(index, ++line, operation, movement, record);
  batch_.operations.push_back(std::move(record));
  return {index, first_movement, batch_.movements.size() - first_movement, first_purchase,
          batch_.purchases.size() - first_purchase};
}

AppendBatch BatchBuilder::finish() {
  for (auto& change : batch_.changes) change.after = book_.row(change.before.key);
  for (const auto& [hold, change] : holds_) batch_.holds.push_back(change);
  return std::move(batch_);
}

void BatchBuilder::note_before(const InventoryKey& key) {
  if (touched_.insert(key).second) batch_.changes.push_back({book_.row(key), {}});
}

void BatchBuilder::note_holds(std::size_t index, const Operation& operation, const Decision& decision,
                              Micros expires_at) {
  if (operation.kind == Kind::reserve) {
    for (const auto& movement : decision.movements) {
      if (movement.reserved_delta == 0) continue;
      batch_.holds.push_back({index, 0, movement.key, movement.reserved_delta, expires_at});
    }
  }
  if (!operation.reservation) return;
  const auto id = operation.reservation->id;
  auto& reservation = book_.reservation_for_update(id);
  if (operation.kind == Kind::extend) reservation.expires_at = expires_at;
  for (const auto& movement : decision.movements) {
    // A purchase may also take what the reservation does not hold.
    if (movement.reserved_delta == 0 && operation.kind != Kind::extend) continue;
    const auto hold = reservation.holds.find(movement.key);
    const auto left = hold == reservation.holds.end() ? 0 : hold->second.quantity;
    holds_[{id, movement.key}] = {std::nullopt, id, movement.key, left, reservation.expires_at};
  }
}

void BatchBuilder::append_movement(std::size_t index, std::int64_t line, const Operation& operation,
                                   const PlannedMovement& movement, const OperationRecord& record) {
  MovementRecord row;
  row.operation = index;
  row.key = movement.key;
  row.line = line;
  row.version = movement.version;
  row.on_hand_delta = movement.on_hand_delta;
  row.reserved_delta = movement.reserved_delta;
  row.on_hand_after = movement.on_hand_after;
  row.reserved_after = movement.reserved_after;
  row.warehouse = movement.warehouse;
  row.sku = movement.sku;
  row.unit_cost_minor = movement.unit_cost_minor;
  auto& inventory = book_.row_for_update(movement.key);
  row.hash = movement_hash(inventory.head, record.hash, operation.kind, row);
  inventory.head = row.hash;
  if (operation.kind == Kind::opening) inventory.opening = movement.on_hand_delta;
  if (operation.reverses && operation.reverses->first == Kind::opening) {
    // Undone opening stock can be posted again, and differently.
    inventory.opening = operation.reverses->undoes ? std::nullopt : std::optional(movement.on_hand_delta);
  }
  batch_.movements.push_back(std::move(row));
}

}  // namespace invctl
