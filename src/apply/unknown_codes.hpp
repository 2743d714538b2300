// Which warehouses and products of an input do not exist. Asked only of an input that is refused for other
// reasons already, so that all that is wrong with it is told at once; deciding finds the same in one that is
// well-formed.
#pragma once

#include <string>
#include <unordered_set>

#include "apply/operation_reader.hpp"
#include "stock/store.hpp"

namespace invctl::intake {

class UnknownCodes {
 public:
  // Takes the codes of an operation, also of a malformed one, as far as they could be read.
  void add(const ReadOperation& read);

  // After the last of them: leaves those that do not exist. Opens and ends a read transaction.
  void look_up(PostingStore& store);

  // Adds a fault for each line of the operation whose warehouse or product does not exist.
  void explain(const ReadOperation& read, const std::string& file, io::FaultList& faults) const;

 private:
  std::unordered_set<std::string> warehouses_, skus_;
};

}  // namespace invctl::intake
