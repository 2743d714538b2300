#include "apply/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "apply/keys.hpp"
#include "apply/unknown_codes.hpp"
#include "core/ahead.hpp"
#include "core/text.hpp"

namespace invctl::intake {

namespace {

Error bad_rows(const std::string& file, const io::FaultList& faults, bool readable) {
  Error error(Exit::bad_input, "bad_rows",
              fmt::format("{}: {}, nothing is changed", text::printable(file),
                          text::count(static_cast<long long>(faults.count()), "fault")),
              readable ? "correct them, or skip them with --on-error skip --rejects FILE"
                       : "what comes after the last of them cannot be read, and not be skipped either");
  faults.add_to(error);
  return error;
}

}  // namespace

Apply::Apply(PostingStore& store, FileStore& files, Origin origin, Input& input, const Mapping& mapping,
             Options options, Observer& observer)
    : store_(store),
      files_(files),
      origin_(std::move(origin)),
      input_(input),
      mapping_(mapping),
      options_(std::move(options)),
      observer_(observer) {
  keys_.source = options_.source;
  report_.file = input_.name();
}

void Apply::run() {
  first_pass();
  if (!options_.skip_errors || options_.dry_run) return whole();
  try {
    in_batches();
  } catch (const Error& error) {
    if (!any_committed_ || error.exit == Exit::unknown_outcome) throw;
    Error stopped(Exit::partial, "stopped",
                  fmt::format("stopped after {} applied: {}",
                              text::count(report_.operations.applied, "operation"), in_one_line(error)),
                  "the same command continues where this one stopped");
    throw stopped;
  }
}

OperationReader Apply::start_reader(bool keep_rows) {
  return {input_.start_pass(), mapping_, {input_.name(), options_.actor, keep_rows}};
}

void Apply::first_pass() {
  observer_.pass("checking", input_.size());
  auto reader = start_reader(false);
  DistinctLines lines;
  io::FaultList faults;
  ReadOperation read;
  while (reader.next(read)) {
    ++total_operations_;
    if (read.well_formed()) {
      if (!head_) {
        head_ = request_mark(read.operation);
        has_ids_ = read.operation.key.has_value();
      }
      timed_ = timed_ || read.operation.occurred_at;
      // In batches, each batch locks its own.
      if (!options_.skip_errors || options_.dry_run) lines.add(read.operation);
    }
    for (const auto& fault : read.faults.kept()) faults.add(fault);
    observer_.progress(input_.position());
  }
  total_rows_ = static_cast<std::int64_t>(reader.rows());
  total_skipped_ = static_cast<std::int64_t>(reader.skipped_rows());
  if (reader.ends_file()) throw bad_rows(input_.name(), faults, false);
  if (!faults.empty() && !options_.skip_errors) throw bad_rows(input_.name(), all_faults(), true);
  if (has_ids_ && options_.source) {
    throw Error(Exit::usage, "--source goes with files whose operations have no id",
                "leave it out: the ids are the keys");
  }
  input_.end_first_pass();
  keys_.file = input_.digest();
  lines_ = lines.take();
}

// What is wrong with an input that is refused, its unknown codes among it. Two more passes, which only such
// an input costs.
io::FaultList Apply::all_faults() {
  ReadOperation read;
  UnknownCodes unknown;
  for (auto reader = start_reader(false); reader.next(read);) unknown.add(read);
  unknown.look_up(store_);
  io::FaultList faults;
  for (auto reader = start_reader(false); reader.next(read);) {
    for (const auto& fault : read.faults.kept()) faults.add(fault);
    unknown.explain(read, input_.name(), faults);
  }
  return faults;
}

// Whether keys of this input can be stored: those made of a digest only if the file is in the list.
void Apply::prepare_keys(bool retry) {
  noted_ = true;
  look_up_ = true;
  if (!keyed_by_file() || !head_) return;
  noted_ = files_.is_applied(keys_.file);
  // Even if nothing of this file could be posted, its corrected rejects may have been.
  look_up_ = noted_ || retry || files_.has_key_beginning(correction_key(file_key_prefix(keys_.file)));
  if (!noted_ && !options_.as_new) check_not_applied();
}

// A file that begins with the operations of one that was applied, or is the beginning of one, is neither
// applied again nor taken as done: nobody can know which was meant.
void Apply::check_not_applied() {
  compared_.clear();
  for (const auto& other : files_.find_applied_by_head(*head_)) {
    if (other.digest == keys_.file) {
      // An overlapping run of this very file has put it into the list since the look a moment ago.
      noted_ = look_up_ = true;
      return;
    }
    compared_.push_back(other.digest);
    if (!begins_alike(other).value_or(false)) continue;
    const bool longer = total_operations_ > other.operations;
    const auto name = text::printable(other.name);
    const auto when = format_time(other.applied_at);
    const auto its = text::count(other.operations, "operation");
    throw Error(Exit::conflict, "looks_applied",
                longer ? fmt::format("{} begins with the {} of {}, which was applied at {}",
                                     text::printable(input_.name()), its, name, when)
                       : fmt::format("{} holds what {} begins with, which was applied at {}",
                                     text::printable(input_.name()), name, when),
                "if it is a stream that grows, apply it with --source NAME from the start; to post all of "
                "it, --as-new");
  }
}

// Whether the operations that are stored of `other` are those of this input, as far as both go. Nothing where
// none of these is stored.
std::optional<bool> Apply::begins_alike(const AppliedFile& other) {
  auto reader = start_reader(false);
  std::vector<BatchItem> items;
  std::optional<bool> alike;
  auto left =
      std::min(static_cast<std::size_t>(total_operations_), static_cast<std::size_t>(other.operations));
  while (left > 0 && read_batch(reader, std::min(left, chunk_operations), items)) {
    left -= items.size();
    std::vector<std::string> keys;
    for (const auto& item : items) keys.push_back(file_key(other.digest, item.read.ordinal));
    std::unordered_map<std::string, StoredRequest> stored;
    for (auto& request : files_.find_requests(keys)) {
      auto key = request.key;
      stored.emplace(std::move(key), std::move(request));
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto found = stored.find(keys[i]);
      if (found == stored.end()) continue;
      const auto& read = items[i].read;
      if (!read.well_formed() || request_mark(found->second) != request_mark(read.operation)) return false;
      alike = true;
    }
  }
  return alike;
}

bool Apply::read_batch(OperationReader& reader, std::size_t most, std::vector<BatchItem>& items) {
  items.clear();
  while (items.size() < most) {
    BatchItem item;
    if (!reader.next(item.read)) break;
    items.push_back(std::move(item));
  }
  return !items.empty();
}

void Apply::note_applied() {
  if (noted_) return;
  files_.add_applied({keys_.file, *head_, total_operations_, input_.name(), now_utc()});
}

// Between that look and the lock of the first batch, another run may have begun with a file like this one.
void Apply::check_no_rival() {
  for (const auto& other : files_.find_applied_by_head(*head_)) {
    if (other.digest == keys_.file ||
        std::find(compared_.begin(), compared_.end(), other.digest) != compared_.end()) {
      continue;
    }
    throw Error(
        Exit::busy,
        fmt::format("{}, which begins alike, is being applied right now", text::printable(other.name)),
        "repeat the command when that is done");
  }
}

void Apply::in_batches() {
  report_.rows = total_rows_;
  report_.skipped_rows = total_skipped_;
  prepare_keys(false);
  observer_.pass("applying", input_.size());
  auto reader = start_reader(true);
  // Three batches are in memory then.
  const bool ahead =
      total_operations_ > static_cast<std::int64_t>(options_.batch) && options_.batch <= 4 * chunk_operations;
  Ahead<Chunk> batches([&] { return read_chunk(reader, options_.batch); }, ahead ? 1 : 0);
  while (auto batch = batches.next()) {
    auto& items = batch->items;
    post_batch(items);
    count(report_, items);
    for (auto& item : items) {
      if (item.outcome == BatchItem::Outcome::rejected && !has_ids_)
        item.correction = correction_key(keys_.key_of(item.read));
    }
    observer_.settled(items);
    observer_.progress(batch->position);
  }
  if (report_.operations.replayed > 0) store_.make_durable();
}

std::optional<Apply::Chunk> Apply::read_chunk(OperationReader& reader, std::size_t most) const {
  Chunk chunk;
  if (!read_batch(reader, most, chunk.items)) return std::nullopt;
  chunk.position = input_.position();
  return chunk;
}

void Apply::post_batch(std::vector<BatchItem>& items) {
  // What is stored needs no lock: a repeated run takes none for what it did before.
  try {
    if (settle(files_, keys_, input_.name(), items, look_up_) == 0) return;
  } catch (const StoreError& error) {
    // The transaction makes a new connection in place of a lost one, and looks again.
    if (error.kind != StoreError::Kind::lost) throw;
  }
  const auto deadline = Deadline::after(options_.lock_timeout);
  bool commit_reached = false;
  bool retry = false;
  bool stored = false;
  run_transaction(store_, deadline, "", commit_reached, [&] {
    const bool again = std::exchange(retry, true);
    stored = post_batch_once(items, deadline, again, commit_reached) || stored;
  });
  if (!stored) return;
  noted_ = true;
  any_committed_ = true;
  observer_.committed();
}

// Whether something was committed, now or by an attempt whose commit was in doubt.
bool Apply::post_batch_once(std::vector<BatchItem>& items, const Deadline& deadline, bool retry,
                            bool& commit_reached) {
  if (retry) {
    reopen(items);
    look_up_ = true;
  }
  DistinctLines lines;
  for (const auto& item : items) {
    if (item.outcome == BatchItem::Outcome::open) lines.add(item.read.operation);
  }
  Posting posting(store_, origin_, lines.take(), deadline);
  if (retry && keyed_by_file()) noted_ = files_.is_applied(keys_.file);
  // Once more under the locks: an overlapping run of the same input may have been here meanwhile.
  if (settle(files_, keys_, input_.name(), items, look_up_) == 0) return retry;
  if (!noted_ && !options_.as_new) check_no_rival();
  post_open(posting, keys_, input_.name(), items);
  if (!posting.wrote()) return false;
  if (posting.posted()) note_applied();
  input_.verify_unchanged();
  commit_reached = true;
  posting.commit();
  return posting.posted() || retry;
}

}  // namespace invctl::intake
