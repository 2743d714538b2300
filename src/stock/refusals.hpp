// Why an operation may not be: what is wrong with each of its lines.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace invctl {

// A line of an Error with its warehouse, its SKU and `more` fields.
ErrorLine line_error(std::string message, const std::optional<std::string>& warehouse, const std::string& sku,
                     std::vector<std::pair<std::string, FieldValue>> more = {});

// Collects what is wrong with each line, most important class first.
class Refusals {
 public:
  void add(int rank, Exit exit, const std::string& code, const std::string& hint, ErrorLine line);
  void line_done();
  bool empty() const { return by_rank_.empty(); }

  // The most important class, with the faults of all classes. Not where there are none.
  Error all() const;

 private:
  std::map<int, Error> by_rank_;
  long long faults_ = 0;
  long long faults_before_line_ = 0;
  long long failing_lines_ = 0;
};

}  // namespace invctl
