// What kind of operation a row is, where it does not say so itself: by patterns (--kind-map) or by the sign
// of its quantity (--kind-from-sign).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "stock/operation.hpp"

namespace invctl::intake {

// Throws Error(usage) for a name that is none of receive, ship, adjust, purchase.
Kind parse_applied_kind(std::string_view name);

// Whether all of `text` matches `pattern`: `*` is any run of bytes, `?` one character of UTF-8, anything else
// itself. Linear in the text but for a factor of the pattern's length.
bool matches_pattern(std::string_view text, std::string_view pattern);

struct KindRule {
  std::string column;
  std::string pattern;
  std::optional<Kind> kind;  // nothing: the row is skipped
};

// The rules of a --kind-map file, a CSV file with the columns column, pattern and kind (receive, ship,
// adjust, purchase or skip); the first that matches counts. Throws Error(bad_input) with every fault as a
// line.
class KindMap {
 public:
  static KindMap read(const std::string& path);
  KindMap(std::string name, std::vector<KindRule> rules) : name_(std::move(name)), rules_(std::move(rules)) {}

  const std::string& name() const { return name_; }
  const std::vector<KindRule>& rules() const { return rules_; }
  // Each column that a rule names, once, in order.
  std::vector<std::string> columns() const;

 private:
  std::string name_;
  std::vector<KindRule> rules_;
};

struct KindBySign {
  Kind positive = Kind::receive;
  Kind negative = Kind::ship;
  static KindBySign parse(std::string_view text);  // "ship,receive"; throws Error(usage)
};

struct KindColumn {};  // the row's own field says it

using KindSource = std::variant<KindColumn, Kind, KindMap, KindBySign>;

}  // namespace invctl::intake
