// Conditions of a WHERE clause with the values they bind, in order.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "connection.hpp"
#include "core/text.hpp"

namespace invctl::db {

class Conditions {
 public:
  void add(std::string condition) { parts_.push_back(std::move(condition)); }
  void add(std::string condition, std::string value) {
    parts_.push_back(std::move(condition));
    values_.emplace_back(std::move(value));
  }
  void add(std::string condition, std::int64_t value) {
    parts_.push_back(std::move(condition));
    values_.emplace_back(value);
  }
  std::string sql() const { return parts_.empty() ? "" : " WHERE " + text::join(parts_, " AND "); }
  void bind(Query& query) const {
    for (const auto& value : values_) {
      std::visit([&](const auto& v) { query.bind(v); }, value);
    }
  }

 private:
  std::vector<std::string> parts_;
  std::vector<std::variant<std::string, std::int64_t>> values_;
};

}  // namespace invctl::db
