// The SQL that makes accounts with no more rights than their work needs, on MySQL and MariaDB.
#pragma once

#include <string>
#include <string_view>

namespace invctl::db {

// viewer: reads. operator: also changes the catalogue and posts, but can neither update, delete, truncate nor
// drop the ledger. admin: also creates and upgrades the schema, but drops nothing. Throws Error(usage) for
// another role.
std::string grants_sql(std::string_view role, const std::string& database);

}  // namespace invctl::db
