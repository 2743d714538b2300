#include "schema_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/text.hpp"
#include "migrate.hpp"

namespace invctl::db {

namespace {

using PartKind = SchemaPart::Kind;

// bigint(20) of MariaDB is MySQL's bigint, and INTEGER is another name of INT.
std::string plain_type(std::string_view type) {
  auto plain = text::lower_ascii(std::string(type));
  const auto open = plain.find('(');
  const auto base = plain.substr(0, open);
  if (base.ends_with("int") || base == "integer") plain = base == "integer" ? "int" : base;
  return plain;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (auto word : text::split(line, ' ')) {
    while (!word.empty() && (word.back() == ',' || word.back() == ';')) word.remove_suffix(1);
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

// Reads a schema file as those of this program are written: one column on each line, its name in small
// letters.
void add_parts(std::string_view sql, std::vector<SchemaPart>& parts) {
  std::string table;
  bool creating = false;
  const auto column = [&](std::string_view name, std::string_view type) {
    parts.push_back({PartKind::column, fmt::format("{}.{}", table, name), plain_type(type)});
  };
  for (const auto line : text::split(sql, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 2) {
      creating = creating && line != ")" && line != ");";
      continue;
    }
    if (words[0] == "CREATE" && words[1] == "TABLE") {
      table = std::string(words[2]);
      creating = true;
      parts.push_back({PartKind::table, table, ""});
    } else if (words[0] == "CREATE" && words[1] == "TRIGGER") {
      parts.push_back({PartKind::trigger, std::string(words[2]), ""});
    } else if (words[0] == "ALTER" && words[1] == "TABLE") {
      table = std::string(words[2]);
    } else if (words[0].front() == ')') {
      creating = false;
    } else if (creating && words[0].front() >= 'a' && words[0].front() <= 'z') {
      column(words[0], words[1]);
    }
    const auto add = std::find(words.begin(), words.end(), "ADD");
    if (words.end() - add > 3 && add[1] == "COLUMN") column(add[2], add[3]);
  }
}

// By name; a table's and a trigger's type is empty.
std::map<std::string, std::string> found_parts(Connection& connection) {
  const bool sqlite = connection.dialect().name == sqlite_dialect.name;
  std::map<std::string, std::string> found;
  Query columns(connection,
                sqlite
                    ? "SELECT m.name, c.name, c.type FROM sqlite_master m JOIN pragma_table_info(m.name) c "
                      "WHERE m.type = 'table'"
                    : "SELECT table_name, column_name, column_type FROM information_schema.columns "
                      "WHERE table_schema = DATABASE()");
  while (columns.next()) {
    found[columns.text(0)];
    found[columns.text(0) + "." + columns.text(1)] = plain_type(columns.text(2));
  }
  Query triggers(connection, sqlite ? "SELECT name FROM sqlite_master WHERE type = 'trigger'"
                                    : "SELECT trigger_name FROM information_schema.triggers "
                                      "WHERE trigger_schema = DATABASE()");
  while (triggers.next()) found["trigger " + triggers.text(0)];
  return found;
}

// Whether the account has the right TRIGGER somewhere; what it may not see looks like what is not there.
bool may_see_triggers(Connection& connection) {
  if (connection.dialect().name == sqlite_dialect.name) return true;
  Query grants(connection, "SHOW GRANTS");
  while (grants.next()) {
    const auto grant = grants.text(0);
    const auto rights = grant.substr(0, grant.find(" ON "));
    if (rights.find("ALL PRIVILEGES") != rights.npos || rights.find("TRIGGER") != rights.npos) return true;
  }
  return false;
}

}  // namespace

std::string_view SchemaPart::kind_name() const {
  return kind == PartKind::table ? "table" : kind == PartKind::column ? "column" : "trigger";
}

std::string SchemaPart::message() const {
  if (!wanted.empty()) return fmt::format("{} {} is {}, not {}", kind_name(), name, type, wanted);
  return fmt::format("{} {} is missing", kind_name(), name);
}

std::vector<SchemaPart> parts_of_schema(const Dialect& dialect) {
  std::vector<SchemaPart> parts;
  for (const auto& migration : migrations_of(dialect, schema_files())) add_parts(migration.text, parts);
  return parts;
}

SchemaCheck check_schema(Connection& connection) {
  const auto found = found_parts(connection);
  SchemaCheck check;
  check.sees_triggers = may_see_triggers(connection);
  std::set<std::string> missing_tables;
  for (auto part : parts_of_schema(connection.dialect())) {
    if (part.kind == PartKind::trigger && !check.sees_triggers) continue;
    const auto there = found.find((part.kind == PartKind::trigger ? "trigger " : "") + part.name);
    if (part.kind == PartKind::table && there == found.end()) missing_tables.insert(part.name);
    if (part.kind == PartKind::column) {
      if (missing_tables.contains(part.name.substr(0, part.name.find('.')))) continue;
      if (there != found.end() && there->second != part.type) {
        part.wanted = std::exchange(part.type, there->second);
        check.gaps.push_back(std::move(part));
        continue;
      }
    }
    if (there == found.end()) check.gaps.push_back(std::move(part));
  }
  return check;
}

}  // namespace invctl::db
