#include "dialect.hpp"

#include "core/text.hpp"

namespace invctl::db {

const Dialect sqlite_dialect = {
    .name = "sqlite",
    .exclusive_writer = true,
    .for_update = "",
    .for_share = "",
    .by_primary_key = "",
    .ordered_join = "CROSS JOIN",
    .now = "invctl_now()",  // SqliteConnection gives it to SQLite
    .table_exists = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?",
    .any_table =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "ORDER BY name LIMIT 1",
    .rows_per_insert = {256, false},
    .rows_per_update = {1, false},
    .first_new_id = "",
    .note_operation = "",
    .noted_operation = "",
    .rows_matched = "SELECT changes()",
    .rows_per_page = 0,
};

const Dialect mysql_dialect = {
    .name = "mysql",
    .exclusive_writer = false,
    .for_update = " FOR UPDATE",
    .for_share = " LOCK IN SHARE MODE",
    .by_primary_key = " FORCE INDEX (PRIMARY)",
    .ordered_join = "STRAIGHT_JOIN",
    .now = "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)",
    .table_exists =
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?",
    .any_table =
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY "
        "table_name LIMIT 1",
    .rows_per_insert = {512, true},
    .rows_per_update = {64, true},
    .first_new_id = "LAST_INSERT_ID()",
    .note_operation = "SET @invctl_operation = IF(ROW_COUNT() = {}, LAST_INSERT_ID(), NULL)",
    .noted_operation = "@invctl_operation",
    .rows_matched = "SELECT ROW_COUNT()",
    .rows_per_page = 2000,
};

std::vector<std::string> Dialect::split_statements(std::string_view sql) const {
  std::vector<std::string> statements;
  std::string current;
  for (const auto raw : text::split(sql, '\n')) {
    const auto line = text::trim(raw);
    if (line.empty() || line.starts_with("--")) continue;
    current += std::string(raw) + '\n';
    const bool in_trigger = text::trim(current).starts_with("CREATE TRIGGER");
    const auto code = text::trim(line.substr(0, line.find(" --")));
    if (in_trigger ? code.ends_with("END;") : code.ends_with(";")) {
      statements.push_back(std::move(current));
      current.clear();
    }
  }
  return statements;
}

}  // namespace invctl::db
