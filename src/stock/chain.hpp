// The hashes that make the ledger tamper-evident (design 9.3). Both are SHA-256 over fields joined by tabs
// and escaped as core/sha256.hpp says, so that ten lines of any language can check them; ARCHITECTURE.md
// writes the strings out. No database id is hashed: the same history has the same hashes on every engine.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/sha256.hpp"
#include "core/types.hpp"
#include "stock/store.hpp"

namespace invctl {

// invctl-operation-1, uid, kind, outcome, actor, reference, reason, note, key, request hash, uid of the
// reversed operation, recorded_at, occurred_at, host, tool version, result; then for each purchase in line
// order: line, user, warehouse, SKU, quantity, unit price, total. An operation that has to do with a
// reservation begins with invctl-operation-2 and has uid of the reservation and expires_at after the result.
Digest operation_hash(const OperationRecord& operation, std::span<const PurchaseRecord> purchases);

// invctl-movement-1, previous hash of the inventory row (zeros at first), operation hash, line, warehouse,
// SKU, kind, version, on_hand_delta, reserved_delta, on_hand_after, reserved_after. Where it has a unit cost
// it begins with invctl-movement-2 and ends with that.
Digest movement_hash(const Digest& previous, const Digest& operation, Kind kind,
                     const MovementRecord& movement);

// The same texts before they are hashed, written over what `text` holds: for whoever hashes millions.
void operation_text(FieldText& text, const OperationRecord& operation,
                    std::span<const PurchaseRecord> purchases);
// `place`: warehouse and SKU, from movement_place().
void movement_text(FieldText& text, const Digest& previous, const Digest& operation, std::string_view place,
                   std::string_view kind, const MovementRecord& movement);
std::string movement_place(std::string_view warehouse, std::string_view sku);

}  // namespace invctl
