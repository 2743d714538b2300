#include "grants.hpp"

#include <fmt/format.h>

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

}  // namespace

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
