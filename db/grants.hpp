// The SQL that makes accounts with no more rights than their work needs, on MySQL and MariaDB.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace invctl::db {

// viewer: reads. operator: also changes the catalogue and posts, but can neither update, delete, truncate nor
// drop the ledger. admin: also creates and upgrades the schema, but drops nothing. Throws Error(usage) for
// another role.
std::string grants_sql(std::string_view role, const std::string& database);

// What an account that was given `grants`, the lines of SHOW GRANTS, lacks of the operator's rights, as
// "INSERT on movement"; and whether it has none of those that change anything, as a viewer's.
struct MissingRights {
  std::vector<std::string> missing;
  bool only_reads = false;
};
MissingRights missing_rights(const std::vector<std::string>& grants, const std::string& database);

}  // namespace invctl::db
