// The fields of a row that `apply` reads.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace invctl::intake {

enum class Field {
  kind,
  warehouse,
  sku,
  quantity,
  reference,
  reason,
  note,
  user,
  occurred_at,
  id,
  unit_cost
};

inline constexpr std::array<std::string_view, 11> field_names{
    "kind", "warehouse", "sku",         "quantity", "reference", "reason",
    "note", "user",      "occurred_at", "id",       "unit_cost"};
inline constexpr std::size_t field_count = field_names.size();

constexpr std::size_t index_of(Field field) {
  return static_cast<std::size_t>(field);
}
constexpr std::string_view name_of(Field field) {
  return field_names[index_of(field)];
}

// A value per field, or none.
using FieldTexts = std::array<std::optional<std::string>, field_count>;

}  // namespace invctl::intake
