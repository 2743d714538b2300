#include "apply/mapping.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl::intake {

namespace {

struct Word {
  std::size_t field;
  std::string value;
};

Word parse_word(const std::string& word, std::string_view option) {
  const auto at = word.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == word.size()) {
    throw Error(Exit::usage,
                fmt::format("{} {} is not FIELD={}", option, text::quoted(word),
                            option == "--map" ? "COLUMN" : "VALUE"),
                option == "--map" ? "such as --map sku=StockCode" : "such as --set warehouse=MAIN");
  }
  const auto name = word.substr(0, at);
  const auto found = std::find(field_names.begin(), field_names.end(), name);
  if (found == field_names.end()) {
    const std::vector<std::string> names(field_names.begin(), field_names.end());
    const auto near = text::closest(name, names);
    throw Error(Exit::usage, fmt::format("{} names an unknown field {}", option, text::quoted(name)),
                (near.empty() ? std::string() : fmt::format("did you mean {}? ", near)) + "the fields are " +
                    text::join(names, ", "));
  }
  return {static_cast<std::size_t>(found - field_names.begin()), word.substr(at + 1)};
}

[[noreturn]] void given_twice(std::string_view field, std::string_view how) {
  throw Error(Exit::usage, fmt::format("{} is {}", field, how), "say once where the field comes from");
}

}  // namespace

std::vector<std::string> Mapping::other_columns() const {
  std::vector<std::string> names;
  if (group_by) names.push_back(*group_by);
  if (const auto* map = std::get_if<KindMap>(&kind)) {
    for (auto& column : map->columns()) names.push_back(std::move(column));
  }
  return names;
}

bool Mapping::may_be_purchase() const {
  if (const auto* fixed = std::get_if<Kind>(&kind)) return *fixed == Kind::purchase;
  if (const auto* sign = std::get_if<KindBySign>(&kind)) {
    return sign->positive == Kind::purchase || sign->negative == Kind::purchase;
  }
  if (const auto* map = std::get_if<KindMap>(&kind)) {
    return std::any_of(map->rules().begin(), map->rules().end(),
                       [](const KindRule& rule) { return rule.kind == Kind::purchase; });
  }
  return true;
}

void add_map_words(Mapping& mapping, std::span<const std::string> words) {
  for (const auto& text : words) {
    auto word = parse_word(text, "--map");
    const auto name = field_names[word.field];
    if (mapping.constants[word.field]) given_twice(name, "both mapped and set");
    if (!mapping.columns.emplace(name, std::move(word.value)).second) given_twice(name, "mapped twice");
  }
}

void add_set_words(Mapping& mapping, std::span<const std::string> words) {
  for (const auto& text : words) {
    auto word = parse_word(text, "--set");
    const auto name = field_names[word.field];
    if (mapping.columns.find(name) != mapping.columns.end()) given_twice(name, "both mapped and set");
    if (mapping.constants[word.field]) given_twice(name, "set twice");
    mapping.constants[word.field] = std::move(word.value);
  }
}

}  // namespace invctl::intake
