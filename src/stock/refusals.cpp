#include "stock/refusals.hpp"

#include <iterator>

#include "core/text.hpp"

namespace invctl {

ErrorLine line_error(std::string message, const std::optional<std::string>& warehouse, const std::string& sku,
                     std::vector<std::pair<std::string, FieldValue>> more) {
  ErrorLine line;
  line.message = std::move(message);
  line.fields.emplace_back("warehouse", warehouse ? FieldValue(*warehouse) : FieldValue());
  line.fields.emplace_back("sku", sku);
  for (auto& field : more) line.fields.push_back(std::move(field));
  return line;
}

void Refusals::add(int rank, Exit exit, const std::string& code, const std::string& hint, ErrorLine line) {
  line.fields.emplace_back("code", code);
  const auto it = by_rank_.try_emplace(rank, exit, code, line.message, hint).first;
  it->second.add_line(std::move(line));
  ++faults_;
}

void Refusals::line_done() {
  if (faults_ > faults_before_line_) ++failing_lines_;
  faults_before_line_ = faults_;
}

Error Refusals::all() const {
  auto error = by_rank_.begin()->second;
  for (auto other = std::next(by_rank_.begin()); other != by_rank_.end(); ++other) {
    for (const auto& line : other->second.lines) error.add_line(line);
  }
  if (failing_lines_ > 1) error.message = text::count(failing_lines_, "line") + " cannot be applied";
  return error;
}

}  // namespace invctl
