#include "catalog/seed_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl {

std::string_view seed_kind_name(SeedKind kind) {
  constexpr std::array<std::string_view, 3> names = {"warehouse", "product", "stock"};
  return names[index_of(kind)];
}

std::string_view seed_plural(SeedKind kind) {
  constexpr std::array<std::string_view, 3> names = {"warehouses", "products", "stock"};
  return names[index_of(kind)];
}

std::span<const io::FieldSpec> seed_fields(SeedKind kind) {
  static const std::array<std::vector<io::FieldSpec>, 3> fields = {{
      {{"code", true}, {"name"}, {"address"}},
      {{"sku", true}, {"name"}, {"category"}, {"unit"}, {"price"}, {"reorder_point"}, {"barcode"}},
      {{"warehouse", true}, {"sku", true}, {"quantity", true}},
  }};
  return fields[index_of(kind)];
}

SeedMaps parse_seed_maps(const std::vector<std::string>& mappings) {
  std::vector<std::string> known;
  for (const auto kind : seed_kinds) {
    for (const auto& spec : seed_fields(kind)) {
      known.push_back(fmt::format("{}.{}", seed_kind_name(kind), spec.name));
    }
  }
  SeedMaps maps;
  for (const auto& mapping : mappings) {
    const auto equals = mapping.find('=');
    const auto name = mapping.substr(0, equals);
    if (equals == std::string::npos || text::trim(mapping.substr(equals + 1)).empty()) {
      throw Error(Exit::usage, fmt::format("--map {} is not KIND.FIELD=COLUMN", text::quoted(mapping)),
                  "such as --map product.sku=ProductNumber");
    }
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const auto near = text::closest(name, known);
      throw Error(
          Exit::usage, fmt::format("--map: there is no field {}", text::quoted(name)),
          near.empty() ? "the fields are " + text::join(known, ", ") : fmt::format("did you mean {}?", near));
    }
    for (const auto kind : seed_kinds) {
      const auto prefix = std::string(seed_kind_name(kind)) + '.';
      if (!name.starts_with(prefix)) continue;
      if (!maps[index_of(kind)].emplace(name.substr(prefix.size()), mapping.substr(equals + 1)).second) {
        throw Error(Exit::usage, fmt::format("--map: {} is mapped twice", name));
      }
    }
  }
  return maps;
}

}  // namespace invctl
