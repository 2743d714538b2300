// Applies an input in two passes: the first checks every row and finds what must be locked, the second posts.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apply/batch.hpp"
#include "apply/input.hpp"
#include "apply/report.hpp"

namespace invctl::intake {

inline constexpr std::size_t chunk_operations = 500;  // posted by one set of statements

struct Options {
  // false (--on-error abort): one transaction over everything; any bad row or refusal undoes it.
  // true (--on-error skip): what is good is posted, `batch` operations per commit.
  bool skip_errors = false;
  std::size_t batch = chunk_operations;
  bool dry_run = false;  // one transaction over everything, rolled back
  bool as_new = false;   // post it although it begins like a file that was applied
  std::optional<std::string> source;
  std::string actor;
  std::chrono::milliseconds lock_timeout{5000};
};

// Told what happens, as it happens.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void pass(std::string_view label, std::uint64_t bytes) = 0;  // a pass over so many bytes begins
  virtual void progress(std::uint64_t bytes) = 0;
  // Items of a batch of which it is settled what becomes of them: committed, or not to be. In the input's
  // order.
  virtual void settled(std::span<const BatchItem> items) = 0;
  virtual void committed() = 0;  // something is durable
};

class Apply {
 public:
  Apply(PostingStore& store, FileStore& files, Origin origin, Input& input, const Mapping& mapping,
        Options options, Observer& observer);

  // Throws Error: bad_input with every fault as a line where rows are malformed; the refusals of the rules as
  // lines, with the exit and code of the first; conflict (looks_applied) for a file that begins like one
  // that was applied; what run_transaction() throws. Then nothing is changed. With `skip_errors`, faults and
  // refusals are told to the observer instead, but for those after which the rest of the file cannot be read;
  // and once a batch is committed, any error is Exit::partial (or unknown_outcome), and report() holds what
  // was done; the same command continues.
  void run();

  const Report& report() const { return report_; }

 private:
  void first_pass();
  io::FaultList all_faults();
  // Some operations of the input, and where reading them ended.
  struct Chunk {
    std::vector<BatchItem> items;
    OpenDraft open = {};
    std::uint64_t position = 0;
  };
  class Refusals;
  class Chunks;
  void whole();
  void post_chunks(Posting& posting);
  void in_batches();
  std::optional<Chunk> read_chunk(OperationReader& reader, std::size_t most) const;
  void post_batch(std::vector<BatchItem>& items);
  bool post_batch_once(std::vector<BatchItem>& items, const Deadline& deadline, bool retry,
                       bool& commit_reached);
  static bool read_batch(OperationReader& reader, std::size_t most, std::vector<BatchItem>& items);
  OperationReader start_reader(bool keep_rows);
  bool keyed_by_file() const { return !has_ids_ && !keys_.source; }
  void prepare_keys(bool retry);
  void check_not_applied();
  void check_no_rival();
  std::optional<bool> begins_alike(const AppliedFile& other);
  void note_applied();

  PostingStore& store_;
  FileStore& files_;
  Origin origin_;
  Input& input_;
  const Mapping& mapping_;
  Options options_;
  Observer& observer_;
  KeyPlan keys_;
  Report report_;

  // What the first pass found.
  std::vector<Line> lines_;  // the distinct warehouses and SKUs
  bool has_ids_ = false;
  bool timed_ = false;  // some operation has a time of its own
  std::optional<Digest> head_;
  std::int64_t total_operations_ = 0;
  std::int64_t total_rows_ = 0, total_skipped_ = 0;

  bool look_up_ = true;           // keys of this input may be stored
  bool noted_ = false;            // the file is in the list of applied ones, or does not belong there
  std::vector<Digest> compared_;  // files that begin alike, and were looked into
  bool any_committed_ = false;
};

}  // namespace invctl::intake
