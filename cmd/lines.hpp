// The words `SKU=QTY` of a command line.
#pragma once

#include <string>
#include <vector>

#include "stock/operation.hpp"

namespace invctl::cmd {

enum class QuantityForm {
  positive,  // 1 or more
  signed_,   // +N or -N, not zero
  absolute,  // 0 or more: the value that is set
};

// One line per word, split at its last `=`. All faulty words are reported at once, as Error(usage) with a
// line each. The lines' quantities are as written (a shipment's are positive).
std::vector<Line> parse_lines(const std::vector<std::string>& words, QuantityForm form,
                              const std::optional<WarehouseCode>& warehouse);

}  // namespace invctl::cmd
