#include "stock/chain.hpp"

namespace invctl {

void operation_text(FieldText& text, const OperationRecord& operation,
                    std::span<const PurchaseRecord> purchases) {
  const bool reserves = operation.reservation_uid || operation.expires_at;
  text.restart(reserves ? "invctl-operation-2" : "invctl-operation-1");
  text.add_hex(operation.uid);
  text.add(kind_name(operation.kind));
  text.add(std::string_view(operation.accepted ? "accepted" : "rejected"));
  text.add(std::string_view(operation.actor));
  text.add(operation.reference).add(operation.reason).add(operation.note);
  text.add(std::string_view(operation.key)).add(operation.request_hash);
  text.add(operation.reverses_uid ? std::optional(to_hex(*operation.reverses_uid)) : std::nullopt);
  text.add(operation.recorded_at).add(operation.occurred_at);
  text.add(std::string_view(operation.host)).add(std::string_view(operation.tool_version));
  text.add(operation.result);
  if (reserves) {
    text.add(operation.reservation_uid ? std::optional(to_hex(*operation.reservation_uid)) : std::nullopt);
    text.add(operation.expires_at);
  }
  for (const auto& purchase : purchases) {
    text.add(purchase.line).add(std::string_view(purchase.user));
    text.add(std::string_view(purchase.warehouse)).add(std::string_view(purchase.sku));
    text.add(purchase.quantity).add(purchase.unit_price_minor).add(purchase.total_minor);
  }
}

std::string movement_place(std::string_view warehouse, std::string_view sku) {
  return FieldText("").add(warehouse).add(sku).str();
}

void movement_text(FieldText& text, const Digest& previous, const Digest& operation, std::string_view place,
                   std::string_view kind, const MovementRecord& movement) {
  text.restart(movement.unit_cost_minor ? "invctl-movement-2" : "invctl-movement-1");
  text.add(previous).add(operation).add(movement.line).add_escaped(place).add(kind);
  text.add(movement.version).add(movement.on_hand_delta).add(movement.reserved_delta);
  text.add(movement.on_hand_after).add(movement.reserved_after);
  if (movement.unit_cost_minor) text.add(*movement.unit_cost_minor);
}

Digest operation_hash(const OperationRecord& operation, std::span<const PurchaseRecord> purchases) {
  FieldText text("");
  operation_text(text, operation, purchases);
  return text.digest();
}

Digest movement_hash(const Digest& previous, const Digest& operation, Kind kind,
                     const MovementRecord& movement) {
  FieldText text("");
  movement_text(text, previous, operation, movement_place(movement.warehouse, movement.sku), kind_name(kind),
                movement);
  return text.digest();
}

}  // namespace invctl
