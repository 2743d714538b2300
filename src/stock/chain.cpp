#include "stock/chain.hpp"

#include "core/sha256.hpp"

namespace invctl {

Digest operation_hash(const OperationRecord& operation, std::span<const PurchaseRecord> purchases) {
  FieldText fields("invctl-operation-1");
  fields.add(std::string_view(to_hex(operation.uid)));
  fields.add(kind_name(operation.kind));
  fields.add(std::string_view(operation.accepted ? "accepted" : "rejected"));
  fields.add(std::string_view(operation.actor));
  fields.add(operation.reference).add(operation.reason).add(operation.note);
  fields.add(std::string_view(operation.key)).add(operation.request_hash);
  fields.add(operation.reverses_uid ? std::optional(to_hex(*operation.reverses_uid)) : std::nullopt);
  fields.add(operation.recorded_at).add(operation.occurred_at).add(operation.result);
  for (const auto& purchase : purchases) {
    fields.add(purchase.line).add(std::string_view(purchase.user));
    fields.add(std::string_view(purchase.warehouse)).add(std::string_view(purchase.sku));
    fields.add(purchase.quantity).add(purchase.unit_price_minor).add(purchase.total_minor);
  }
  return fields.digest();
}

Digest movement_hash(const Digest& previous, const Digest& operation, Kind kind,
                     const MovementRecord& movement) {
  FieldText fields("invctl-movement-1");
  fields.add(previous).add(operation).add(movement.line);
  fields.add(std::string_view(movement.warehouse)).add(std::string_view(movement.sku)).add(kind_name(kind));
  fields.add(movement.version).add(movement.on_hand_delta).add(movement.reserved_delta);
  fields.add(movement.on_hand_after).add(movement.reserved_after);
  return fields.digest();
}

}  // namespace invctl
