// What a follower of crossings remembers between two runs: the last version of every row of stock, in a file.
//
// Not a number of a movement: on a server these become visible out of order, so that whoever remembers the
// highest one misses what is committed behind it. The versions of one row follow each other without a gap.
//
// The file is text: `invctl-alert-cursor-1`, the database's uuid and the filter's warehouse and SKU, joined
// by tabs; then for each row its warehouse, SKU, version and 0 or 1 (it was told to be low); then `end` and
// the number of rows. No code holds a tab or a line feed.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "core/time.hpp"
#include "stock/alerts.hpp"

namespace invctl {

class AlertCursor {
 public:
  // Waits until no other run has the cursor, and reads it if it is there. Throws Error: busy when the
  // deadline has passed; bad_input for a file that is no cursor; conflict (other_cursor) for one of another
  // database or another filter; internal or not_permitted where it cannot be read.
  AlertCursor(std::string path, const std::string& database, const AlertFilter& filter,
              const Deadline& deadline);
  ~AlertCursor();
  AlertCursor(const AlertCursor&) = delete;
  AlertCursor& operator=(const AlertCursor&) = delete;

  bool is_new() const { return is_new_; }
  // The row's watch: version 0 where it is not known.
  Watch& watch(const std::string& warehouse, const std::string& sku);
  // Puts the new state in the place of the old one, durably, or throws and leaves the old one.
  void save() const;

 private:
  void lock(const Deadline& deadline);
  void read();

  std::string path_, header_;
  int lock_ = -1;
  bool is_new_ = true;
  std::unordered_map<std::string, Watch> watches_;  // by warehouse, tab, SKU
};

// Everything that is to be told since the cursor's last run, in the order of the ledger; what has no movement
// comes last. Inside a snapshot. A new cursor begins now, with the rows that are low; or, with `since`, after
// that movement. Throws Error(conflict, cursor_ahead) where the ledger is behind the cursor.
std::vector<Crossing> crossings_since(AlertStore& store, AlertCursor& cursor, const AlertFilter& filter,
                                      std::optional<std::int64_t> since);

}  // namespace invctl
