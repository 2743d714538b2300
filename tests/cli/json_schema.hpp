// Validates a JSON answer against the part of JSON Schema that `invctl schema` uses: type, properties,
// required, additionalProperties, items and anyOf.
#pragma once

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/harness.hpp"

namespace invctl::test {

// Everything in which `value` departs from `schema`, each with its path; empty where it fits.
inline std::vector<std::string> schema_faults(const nlohmann::json& schema, const nlohmann::json& value,
                                              const std::string& path = "$") {
  const auto is = [&](const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    if (type == "null") return value.is_null();
    return false;
  };
  std::vector<std::string> faults;
  if (schema.contains("anyOf")) {
    // Of the one that fits best.
    for (const auto& one : schema.at("anyOf")) {
      auto found = schema_faults(one, value, path);
      if (found.empty()) return {};
      if (faults.empty() || found.size() < faults.size()) faults = std::move(found);
    }
    return faults;
  }
  const auto& type = schema.at("type");
  bool fits = false;
  for (const auto& allowed : type.is_array() ? type : nlohmann::json::array({type})) {
    fits = fits || is(allowed.get<std::string>());
  }
  if (!fits) return {path + ": " + value.dump() + " is not " + type.dump()};
  const auto add = [&](const std::vector<std::string>& more) {
    faults.insert(faults.end(), more.begin(), more.end());
  };
  if (value.is_object() && schema.contains("properties")) {
    for (const auto& name : schema.value("required", nlohmann::json::array())) {
      if (!value.contains(name)) faults.push_back(path + ": " + name.get<std::string>() + " is missing");
    }
    for (const auto& [name, member] : value.items()) {
      if (schema["properties"].contains(name)) {
        add(schema_faults(schema["properties"][name], member, path + "." + name));
      } else if (!schema.value("additionalProperties", true)) {
        faults.push_back(path + ": " + name + " is not in the schema");
      }
    }
  }
  if (value.is_array() && schema.contains("items")) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      add(schema_faults(schema["items"], value[i], path + "[" + std::to_string(i) + "]"));
    }
  }
  return faults;
}

// Checks an answer against the schema that the program gives for it by this name, such as {"count", "open"}.
inline void check_schema(Database& db, const std::vector<std::string>& name, const nlohmann::json& answer) {
  std::vector<std::string> command = {"schema", "--"};
  command.insert(command.end(), name.begin(), name.end());
  CHECK(schema_faults(db.must(command).json(), answer) == std::vector<std::string>{});
}

}  // namespace invctl::test
