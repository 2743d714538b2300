// What a machine finds on its disk after its power was cut, made of storage_shim's log: of what was written
// and not synced, some is there and some is not.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "storage_shim.hpp"
#include "unit/property.hpp"

namespace invctl::test {

class LostWrites {
 public:
  // Reads the log; a record at its end that was cut off is left out. No process may write any more.
  explicit LostWrites(const std::string& log);

  enum class Kept { nothing, beginning, some };
  // Takes back what was not synced, and puts back as much of it as `kept` says: nothing, what came first up
  // to some moment, or any of it, writes also torn at a sector of 512 bytes. New names, unlinked and renamed
  // files keep their order, as in a file system with a journal: those up to some moment happened, unless the
  // directory was synced after them. SQLite's -shm files are removed. Empties the log.
  void cut_power(Kept kept, Random& random);

  // How many writes, truncations and changes of names were not synced.
  std::size_t unsynced() const { return unsynced_.size(); }

 private:
  struct Entry {
    ShimRecord record{};
    std::string path, other, old_bytes, new_bytes;
    bool of_names() const { return record.kind >= ShimRecord::create; }
  };

  void read();
  void find_unsynced();
  void undo(const Entry& entry) const;
  void redo(const Entry& entry, Random* torn) const;
  std::string kept_copy(const Entry& entry) const;

  std::string log_;
  std::vector<Entry> entries_;
  std::vector<std::int64_t> ends_;     // where each entry ends in the log
  std::vector<std::size_t> unsynced_;  // of the entries
};

}  // namespace invctl::test
