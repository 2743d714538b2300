#include "grants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl::db {

namespace {

struct TableRights {
  std::string_view table;
  std::string_view rights;
};

// What posting and the catalogue need beyond reading. The ledger only grows: INSERT and nothing else.
constexpr TableRights operator_rights[] = {
    {"warehouse", "INSERT, UPDATE"},
    {"product", "INSERT, UPDATE"},
    {"inventory", "INSERT, UPDATE"},
    {"hold", "INSERT, UPDATE, DELETE"},  // what is open now; the ledger keeps what was
    {"operation", "INSERT"},
    {"movement", "INSERT"},
    {"purchase", "INSERT"},
    {"stock_count", "INSERT, UPDATE"},
    {"count_line", "INSERT"},
    {"count_entry", "INSERT"},
    {"price_change", "INSERT"},
    {"price_line", "INSERT"},
    {"threshold", "INSERT, UPDATE, DELETE"},
    {"run", "INSERT"},
    {"run_event", "INSERT"},
    {"seal", "INSERT"},
    {"seal_line", "INSERT"},
    {"applied_file", "INSERT"},
    {"period", "INSERT"},
    {"period_balance", "INSERT"},
    {"period_cost", "INSERT"},
    {"period_layer", "INSERT"},
};

std::string quoted_name(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    out += c;
    if (c == '`') out += '`';
  }
  return out + "`";
}

// Whether the name of a database is meant by that of a grant, in which % and _ stand for other characters
// unless a backslash is before them.
bool is_meant(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '%') {
    return is_meant(pattern.substr(1), name) || (!name.empty() && is_meant(pattern, name.substr(1)));
  }
  if (name.empty()) return false;
  const bool literal = pattern[0] == '\\' && pattern.size() > 1;
  if (literal) pattern.remove_prefix(1);
  const bool fits = (pattern[0] == '_' && !literal) || pattern[0] == name[0];
  return fits && is_meant(pattern.substr(1), name.substr(1));
}

std::string unquoted(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c != '`' && c != '"') out += c;
  }
  return out;
}

// The rights of one line of SHOW GRANTS and the table that they are for; "*" is every table.
struct Grant {
  std::vector<std::string> rights;
  std::string table;

  bool gives(const std::string& right, std::string_view of) const {
    if (table != "*" && table != of) return false;
    const auto has = [&](std::string_view name) {
      return std::find(rights.begin(), rights.end(), name) != rights.end();
    };
    return has(right) || has("ALL PRIVILEGES");
  }
};

std::optional<Grant> parse_grant(std::string_view line, const std::string& database) {
  const auto on = line.find(" ON ");
  const auto to = line.find(" TO ", on == line.npos ? 0 : on);
  if (!line.starts_with("GRANT ") || on == line.npos || to == line.npos) return std::nullopt;
  const auto target = line.substr(on + 4, to - on - 4);
  const auto dot = target.find('.');
  if (dot == target.npos) return std::nullopt;
  const auto schema = unquoted(target.substr(0, dot));
  Grant grant{{}, unquoted(target.substr(dot + 1))};
  const bool of_all_tables = grant.table == "*";
  if (schema != "*" && (of_all_tables ? !is_meant(schema, database) : schema != database))
    return std::nullopt;
  for (const auto right : text::split(line.substr(6, on - 6), ',')) {
    grant.rights.emplace_back(text::trim(right));
  }
  return grant;
}

}  // namespace

MissingRights missing_rights(const std::vector<std::string>& lines, const std::string& database) {
  std::vector<Grant> grants;
  for (const auto& line : lines) {
    if (auto grant = parse_grant(line, database)) grants.push_back(std::move(*grant));
  }
  MissingRights result{{}, true};
  for (const auto& [table, rights] : operator_rights) {
    const auto all = fmt::format("SELECT, {}", rights);
    for (const auto right : text::split(all, ',')) {
      const std::string name(text::trim(right));
      const bool given = std::any_of(grants.begin(), grants.end(),
                                     [&, &of = table](const Grant& grant) { return grant.gives(name, of); });
      if (!given) result.missing.push_back(fmt::format("{} on {}", name, table));
      if (given && name != "SELECT") result.only_reads = false;
    }
  }
  return result;
}

std::string grants_sql(std::string_view role, const std::string& database) {
  if (role != "viewer" && role != "operator" && role != "admin") {
    throw Error(Exit::usage, fmt::format("{} is not a role", text::quoted(role)),
                "viewer, operator or admin");
  }
  const auto schema = quoted_name(database);
  const auto account = fmt::format("'invctl_{}'@'%'", role);
  std::string sql = fmt::format(
      "-- The {0} of {1}. Run this as an administrator of the server; put a password of your own in, and in "
      "place\n"
      "-- of '%' the host that connects.\n"
      "CREATE USER IF NOT EXISTS {2} IDENTIFIED BY 'put a password here';\n"
      "GRANT SELECT ON {1}.* TO {2};\n",
      role, schema, account);
  if (role == "operator") {
    for (const auto& [table, rights] : operator_rights) {
      sql += fmt::format("GRANT {} ON {}.{} TO {};\n", rights, schema, quoted_name(table), account);
    }
    // MySQL asks for it behind SELECT ... FOR UPDATE on a table that the account may not update (setting).
    sql += fmt::format("GRANT LOCK TABLES ON {}.* TO {};\n", schema, account);
  }
  if (role == "admin") {
    sql += fmt::format(
        "GRANT INSERT, UPDATE, CREATE, ALTER, INDEX, REFERENCES, TRIGGER, LOCK TABLES ON {}.* TO {};\n",
        schema, account);
    // CREATE lets the right be given before there is such a table.
    for (const auto* table : {"hold", "threshold"}) {
      sql += fmt::format("GRANT CREATE, DELETE ON {}.`{}` TO {};\n", schema, table, account);
    }
    sql += fmt::format(
        "-- The databases that simulate-concurrency makes and drops.\n"
        "GRANT ALL PRIVILEGES ON `invctl\\_sim\\_%`.* TO {};\n",
        account);
  }
  return sql;
}

}  // namespace invctl::db
