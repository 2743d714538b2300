// The answers of the commands that check: what was looked at, and what is not as it must be.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "context.hpp"
#include "stock/verify.hpp"

namespace invctl::cmd {

struct AuditAnswer {
  std::vector<io::Field> counts;    // {"movements", 17}, ...: in this order
  std::vector<std::string> checks;  // those that were made
  std::vector<Violation> violations;
  std::string headline;  // table only
};

// Prints it. Where something is wrong, throws Error(invariant) once the answer is out.
Exit answer_audit(Context& context, const AuditAnswer& answer);

}  // namespace invctl::cmd
