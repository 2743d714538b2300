// What storage_shim writes into its log, one after the other: a record, the path, the other path, the bytes
// that were there before, the bytes that were written.
#pragma once

#include <cstdint>

namespace invctl::test {

struct ShimRecord {
  enum Kind : std::uint32_t { write, truncate, sync, create, unlink, rename };
  std::uint32_t kind;
  std::uint32_t path_size, other_size, unused;
  // write: where. truncate: the new size. sync: the length of the log when it began. unlink, and rename over
  // a file: the number under which what lost its name is kept, or 0.
  std::int64_t offset;
  std::int64_t file_size;           // before a write or truncate
  std::int64_t old_size, new_size;  // of the bytes that follow
};

}  // namespace invctl::test
