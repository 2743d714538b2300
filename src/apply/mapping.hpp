// How the columns of a file become operations: what the options of `apply` say.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apply/fields.hpp"
#include "apply/kind_rules.hpp"
#include "io/csv_header.hpp"

namespace invctl::intake {

struct Mapping {
  io::ColumnMap columns;  // --map; a field not in it is read from the column of its own name
  FieldTexts constants;   // --set; takes the place of a column
  FieldTexts defaults;    // what fills a field that a row leaves empty, such as --reason-default
  // The same for all kinds but purchases, which are allocated.
  std::optional<std::string> default_warehouse;
  // Consecutive rows with the same text in this column are one operation.
  std::optional<std::string> group_by;
  KindSource kind = KindColumn{};
  std::optional<Currency> currency;  // of unit costs; where there is none they cannot be read
  bool quantity_sets = false;        // adjust --set: the quantity becomes what is on hand

  // The columns besides the fields' own that are looked at: of group_by (first), then of the kind map.
  std::vector<std::string> other_columns() const;
  bool may_be_purchase() const;
};

// Reads `FIELD=TEXT` words of --map and --set into `mapping`. Throws Error(usage) for an unknown field, a
// word without `=`, a field given twice, or both mapped and set.
void add_map_words(Mapping& mapping, std::span<const std::string> words);
void add_set_words(Mapping& mapping, std::span<const std::string> words);

}  // namespace invctl::intake
