// Operations on a reservation that is in the ledger. A reservation is known by the number of the operation
// that made it. What it holds is looked at under the locks, by posting: here only what never changes is read.
#pragma once

#include <cstdint>
#include <vector>

#include "core/error.hpp"
#include "stock/operation.hpp"
#include "stock/store.hpp"

namespace invctl {

// An operation of kind release, extend or confirm on all that the reservation holds, complete but for who
// asks and, of an extension, for how long. Throws Error(not_found) where no accepted operation of kind
// reserve has this number.
Operation on_reservation(PostingStore& store, std::int64_t id, Kind kind);

// not_found, with how to see those that there are.
Error no_reservation(std::int64_t id);

// Only these of what is held are to be taken; the rest goes back. `taken`: lines of SKUs and quantities; a
// reservation is of one warehouse. Throws Error(not_found) that lists the SKUs which it has never held.
void take_only(Operation& confirmation, std::vector<Line> taken);

}  // namespace invctl
