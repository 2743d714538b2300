// Undoing an operation: the opposite movements, posted now, as an operation of its own.
#pragma once

#include <cstdint>
#include <string>

#include "stock/operation.hpp"
#include "stock/store.hpp"

namespace invctl {

// The operation that undoes a stored one, complete but for who asks and why. Reads only what never changes,
// so that it can be made before the transaction; whether it was reversed meanwhile is posting's question.
// Throws Error: not_found; conflict for an operation that was refused (nothing_to_reverse).
Operation reversal_of(PostingStore& store, std::int64_t id);

}  // namespace invctl
