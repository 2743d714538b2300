// A batch of operations inside a transaction: those that are stored already are replayed, the rest is posted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apply/file_store.hpp"
#include "apply/operation_reader.hpp"
#include "stock/ledger.hpp"

namespace invctl::intake {

struct BatchItem {
  enum class Outcome { open, applied, replayed, rejected };

  ReadOperation read;
  Outcome outcome = Outcome::open;
  std::optional<Error> why = {};  // of a rejected one, with places in the file
  std::int64_t movements = 0;     // of an applied one
  std::int64_t operation = 0;     // its id, if it is applied
};

// How the operations of an input get their keys.
struct KeyPlan {
  std::optional<std::string> source;  // --source
  Digest file{};                      // digest of the whole file, where there is neither a source nor an id

  std::string key_of(const ReadOperation& read) const;
  Error reused(const ReadOperation& read) const;  // the key is stored for something else
};

// Settles the items that are malformed and, with `look_up`, those whose key is stored; needs no lock, because
// what is stored stays. Returns how many are left open.
std::size_t settle(FileStore& files, const KeyPlan& keys, const std::string& file,
                   std::vector<BatchItem>& items, bool look_up);

// Posts the items that are open.
void post_open(Posting& posting, const KeyPlan& keys, const std::string& file, std::vector<BatchItem>& items);

// Takes back what post_open() said, for another try.
void reopen(std::vector<BatchItem>& items);

}  // namespace invctl::intake
