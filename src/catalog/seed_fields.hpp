// What can be seeded, which fields each kind of file has, and which foreign columns hold them.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/csv_header.hpp"

namespace invctl {

enum class SeedKind : std::size_t { warehouse, product, stock };
inline constexpr std::array seed_kinds = {SeedKind::warehouse, SeedKind::product, SeedKind::stock};

constexpr std::size_t index_of(SeedKind kind) {
  return static_cast<std::size_t>(kind);
}

std::string_view seed_kind_name(SeedKind kind);  // as in --map: "warehouse", "product", "stock"
std::string_view seed_plural(
    SeedKind kind);  // as in answers and file names: "warehouses", "products", "stock"

// The columns of each kind, in the order of the fields of these names.
namespace field {
enum Warehouse : std::size_t { code, name, address };
enum Product : std::size_t { sku, title, category, unit, price, reorder_point, barcode };
enum Stock : std::size_t { warehouse, item, quantity };
}  // namespace field
std::span<const io::FieldSpec> seed_fields(SeedKind kind);

using SeedMaps = std::array<io::ColumnMap, seed_kinds.size()>;

// Reads the values of --map, each `KIND.FIELD=COLUMN`. Throws Error(usage) for another form, an unknown kind
// or field (with the nearest one), and a field that is mapped twice.
SeedMaps parse_seed_maps(const std::vector<std::string>& mappings);

}  // namespace invctl
