// A batch of operations inside a transaction: those that are stored already are replayed, the rest is posted.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "apply/file_store.hpp"
#include "apply/keys.hpp"
#include "apply/operation_reader.hpp"
#include "apply/report.hpp"
#include "stock/ledger.hpp"

namespace invctl::intake {

struct BatchItem {
  enum class Outcome { open, applied, replayed, rejected };

  ReadOperation read;
  Outcome outcome = Outcome::open;
  std::optional<Error> why = {};  // of a rejected one, with places in the file
  std::int64_t movements = 0;     // of an applied one
  std::int64_t operation = 0;     // its id, if it is there
  std::string correction = {};    // of a rejected one: the key for its corrected rows; empty: its id is
};

// Adds the warehouses and SKUs of operations to a list, each pair once.
class DistinctLines {
 public:
  void add(const Operation& operation) {
    for (const auto& line : operation.lines) {
      key_ = line.warehouse ? line.warehouse->str() : std::string();
      key_ += '\0';
      key_ += line.sku.str();
      if (seen_.insert(key_).second)
        lines_.push_back({line.warehouse, line.sku, 0, Line::Mode::delta, std::nullopt});
    }
  }
  std::vector<Line> take() { return std::move(lines_); }

 private:
  std::string key_;
  std::unordered_set<std::string> seen_;
  std::vector<Line> lines_;
};

// How the operations of an input get their keys.
struct KeyPlan {
  std::optional<std::string> source;  // --source
  Digest file{};                      // digest of the whole file, where there is neither a source nor an id

  std::string key_of(const ReadOperation& read) const;
  Error reused(const ReadOperation& read) const;  // the key is stored for something else
  // The key under which the same may be stored as well (twin_key()), also of what is malformed here and was
  // corrected since; empty where there is none.
  std::string twin_of(const ReadOperation& read) const { return twin_key(key_of(read)); }
};

// Settles the items that are malformed and, with `look_up`, those whose key is stored; needs no lock, because
// what is stored stays. Returns how many are left open.
std::size_t settle(FileStore& files, const KeyPlan& keys, const std::string& file,
                   std::vector<BatchItem>& items, bool look_up);

// Of some items those that are open and well-formed, as posting has them before they are written.
struct OpenDraft {
  std::vector<std::size_t> items;  // which they are
  std::vector<Operation> operations;
  Posting::Draft draft = {};
};
OpenDraft draft_open(Posting& posting, const KeyPlan& keys, const std::vector<BatchItem>& items);
// Writes them, and settles the items.
void write_open(Posting& posting, OpenDraft& open, const KeyPlan& keys, const std::string& file,
                std::vector<BatchItem>& items);

// Both at once.
inline void post_open(Posting& posting, const KeyPlan& keys, const std::string& file,
                      std::vector<BatchItem>& items) {
  auto open = draft_open(posting, keys, items);
  write_open(posting, open, keys, file, items);
}

// Adds what became of settled items to a report.
void count(Report& report, std::span<const BatchItem> items);

// Takes back what write_open() said, for another try.
void reopen(std::vector<BatchItem>& items);

}  // namespace invctl::intake
