// Small pieces of JSON Schema (draft 2020-12), of which the schemas of the answers are made.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace invctl::cmd {

using Json = nlohmann::ordered_json;

// The schema of one command's answer.
struct AnswerSchema {
  std::string_view command;
  Json (*schema)();
};

std::span<const AnswerSchema> change_schemas();  // of what changes stock, and of reservations
std::span<const AnswerSchema> other_schemas();
std::span<const AnswerSchema> report_schemas();

namespace schema {

inline Json integer() {
  return {{"type", "integer"}};
}
inline Json number() {
  return {{"type", "number"}};
}
inline Json string() {
  return {{"type", "string"}};
}
inline Json boolean() {
  return {{"type", "boolean"}};
}
inline Json time() {
  return {{"type", "string"}, {"format", "date-time"}};
}

inline Json nullable(Json schema) {
  schema["type"] = Json::array({schema["type"], "null"});
  return schema;
}

inline Json array(Json items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

// Every property is present in every answer, but those of `optional`.
inline Json object(const std::vector<std::pair<std::string, Json>>& properties,
                   const std::vector<std::pair<std::string, Json>>& optional = {}) {
  Json schema = {{"type", "object"}, {"additionalProperties", false}};
  schema["properties"] = Json::object();
  schema["required"] = Json::array();
  for (const auto& [name, property] : properties) {
    schema["properties"][name] = property;
    schema["required"].push_back(name);
  }
  for (const auto& [name, property] : optional) schema["properties"][name] = property;
  return schema;
}

}  // namespace schema

}  // namespace invctl::cmd
