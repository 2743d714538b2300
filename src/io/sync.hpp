// Names that outlive a power cut.
#pragma once

#include <string>

namespace invctl::io {

// Syncs the directory of `path`: until then a power cut can undo that the file was made or renamed, however
// well the file itself is synced. 0, or the errno. A file system that cannot sync a directory counts as one
// that need not.
int sync_name(const std::string& path) noexcept;

// The directory in which a file of this path stands: "." where the path names none.
std::string directory_of(const std::string& path);

}  // namespace invctl::io
