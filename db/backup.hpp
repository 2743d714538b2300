// A copy of a SQLite database while others work with it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/time.hpp"

namespace invctl::db {

// Copies the database at `from` into the new file `to`: through SQLite's online backup into `to`.tmp (mode
// 0600), which is checked by SQLite's own integrity check and by `verify` (given a URL that opens it without
// side files; throws where it is not satisfied), synced, and only then renamed. Never overwrites a file. What
// is copied is one moment's state; writers are not kept waiting. Returns the bytes of the copy. Throws Error:
// conflict where `to` exists, busy where another backup to it is going on, internal where there is no room.
std::int64_t backup_sqlite(const std::string& from, const std::string& to, const Deadline& deadline,
                           const std::function<void(const std::string& path)>& verify);

}  // namespace invctl::db
