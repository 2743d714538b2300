// What the commands that look have in common.
#pragma once

#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/time.hpp"
#include "stock/reads.hpp"

namespace invctl::cmd {

// A filter that names what does not exist is a slip of the pen, not an empty answer: Error(not_found).
void check_exist(ReadStore& store, const std::optional<std::string>& warehouse,
                 const std::optional<std::string>& sku);

Error no_warehouse(const std::string& code);
Error no_product(const std::string& sku);

// Null where there is nothing.
template <class T>
FieldValue optional_value(const std::optional<T>& value) {
  return value ? FieldValue(*value) : FieldValue();
}

inline FieldValue optional_time(const std::optional<Micros>& time) {
  return time ? FieldValue(format_time(*time)) : FieldValue();
}

}  // namespace invctl::cmd
