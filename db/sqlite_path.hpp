// Where a SQLite database is: the name that was given, the file that it leads to, and the files beside that.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace invctl::db {

inline constexpr std::string_view permission_hint =
    "the file, its directory and its -wal file must be writable";

// The file that `path` leads to, through symbolic links and from the root on: whoever uses another name of
// the database stands in the same line for it, and SQLite sees no more in a name than a name (`:memory:`,
// `file:x`). Throws Error(unavailable): not_initialised where there is none, or it is no regular file;
// Error(not_permitted) where it cannot be looked at.
std::string database_file(const std::string& path);

// Makes an empty file with mode 0600 unless there is one, and the directories that are missing with mode
// 0700, whatever the umask allows. Returns database_file(path). Throws as it does.
std::string make_database_file(const std::string& path);

// Why SQLite could not open a database that is there; it says the same whatever the reason.
bool is_denied(const std::string& path);
// A file beside the database that SQLite would have to follow or cannot use: a symbolic link, a directory, a
// pipe. Nothing of the kind is written through.
std::optional<std::string> obstacle_beside(const std::string& path);

// A file that nobody changes, as SQLite wants it named (https://sqlite.org/uri.html).
std::string immutable_uri(const std::string& path);

}  // namespace invctl::db
