#include "io/fault.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "core/text.hpp"

namespace invctl::io {

std::string Fault::to_string() const {
  std::string out = fmt::format("{}:{}", text::printable(file), line);
  if (column > 0) out += fmt::format(":{}", column);
  out += ": ";
  if (!field.empty()) out += text::printable(field) + ": ";
  return out + message;
}

ErrorLine Fault::to_error_line() const {
  FieldValue column_value;
  if (column > 0) column_value = static_cast<std::int64_t>(column);
  FieldValue field_value;
  if (!field.empty()) field_value = field;
  return {to_string(),
          {{"file", file},
           {"line", static_cast<std::int64_t>(line)},
           {"column", column_value},
           {"field", field_value},
           {"message", message}}};
}

void FaultList::add(Fault fault) {
  ++count_;
  if (kept_.size() < kept_max) kept_.push_back(std::move(fault));
}

void FaultList::add_to(Error& error) const {
  for (const auto& fault : kept_) error.add_line(fault.to_error_line());
  if (count_ == kept_.size()) return;
  const auto more = static_cast<std::int64_t>(count_ - kept_.size());
  error.add_line({fmt::format("{} more, not listed", text::count(more, "fault")), {{"more", more}}});
}

}  // namespace invctl::io
