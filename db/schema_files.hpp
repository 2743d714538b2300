// The migrations in db/schema, embedded by cmake/EmbedSchema.cmake.
#pragma once

#include <string_view>
#include <vector>

namespace invctl::db {

struct SchemaFile {
  std::string_view name;  // "0001_ledger.sqlite.sql"
  std::string_view text;
};

const std::vector<SchemaFile>& schema_files();

}  // namespace invctl::db
