#include "apply/batch.hpp"

#include <fmt/format.h>

#include <unordered_map>

#include "apply/keys.hpp"
#include "apply/report.hpp"
#include "core/text.hpp"
#include "stock/rejection.hpp"

namespace invctl::intake {

namespace {

void reject(BatchItem& item, const Error& refusal, const std::string& file) {
  item.outcome = BatchItem::Outcome::rejected;
  item.why = place_refusal(item.read, refusal, file);
}

using Stored = std::unordered_map<std::string, StoredRequest>;

Stored find_stored(FileStore& files, const KeyPlan& keys, const std::vector<BatchItem>& items) {
  std::vector<std::string> wanted;
  for (const auto& item : items) {
    if (item.outcome != BatchItem::Outcome::open) continue;
    if (item.read.well_formed()) wanted.push_back(keys.key_of(item.read));
    if (auto twin = keys.twin_of(item.read); !twin.empty()) wanted.push_back(std::move(twin));
  }
  Stored stored;
  for (auto& request : files.find_requests(wanted)) {
    auto key = request.key;
    stored.emplace(std::move(key), std::move(request));
  }
  return stored;
}

void replay(BatchItem& item, const StoredRequest& stored) {
  item.outcome = BatchItem::Outcome::replayed;
  item.operation = stored.operation;
}

// False where the item is not stored.
bool settle_stored(const Stored& stored, const KeyPlan& keys, const std::string& file, BatchItem& item) {
  const auto own = item.read.well_formed() ? stored.find(keys.key_of(item.read)) : stored.end();
  if (own == stored.end()) {
    const auto twin = stored.find(keys.twin_of(item.read));
    if (twin == stored.end() || !twin->second.accepted) return false;
    // Whatever it says here, its correction is posted. The reverse is not the same: the correction of what
    // was posted meanwhile as it is comes too late.
    const bool corrected = is_correction(twin->first);
    if (!corrected && !item.read.well_formed()) return false;
    if (corrected || twin->second.request_hash == request_hash(item.read.operation)) {
      replay(item, twin->second);
    } else {
      reject(item, keys.reused(item.read), file);
    }
  } else if (own->second.request_hash != request_hash(item.read.operation)) {
    reject(item, keys.reused(item.read), file);
  } else if (!own->second.accepted) {
    reject(item, rejection_from_json(own->second.result.value_or("null")), file);
  } else {
    replay(item, own->second);
  }
  return true;
}

}  // namespace

std::string KeyPlan::key_of(const ReadOperation& read) const {
  if (read.operation.key) return *read.operation.key;
  return source ? source_key(*source, read.ordinal) : file_key(file, read.ordinal);
}

Error KeyPlan::reused(const ReadOperation& read) const {
  if (read.operation.key && is_correction(*read.operation.key)) {
    return Error(
        Exit::conflict, "key_reused", "this rejected operation was posted already, with other content",
        "an operation that is posted cannot be changed; a further one belongs into a file of its own");
  }
  if (read.operation.key) {
    return Error(Exit::conflict, "key_reused",
                 fmt::format("the id {} was used for another request", text::printable(*read.operation.key)),
                 "an operation that is posted cannot be changed; a new one needs a new id");
  }
  if (source) {
    return Error(Exit::conflict, "key_reused",
                 fmt::format("operation {} of source {} was posted with other content", read.ordinal,
                             text::printable(*source)),
                 "a source may grow at its end; what is posted cannot be changed");
  }
  return Error(Exit::conflict, "key_reused",
               fmt::format("operation {} of this file was posted with other content", read.ordinal),
               "another mapping reads it differently: repeat the command with the options of the first time");
}

std::size_t settle(FileStore& files, const KeyPlan& keys, const std::string& file,
                   std::vector<BatchItem>& items, bool look_up) {
  const auto stored = look_up ? find_stored(files, keys, items) : Stored();
  std::size_t left = 0;
  for (auto& item : items) {
    if (item.outcome != BatchItem::Outcome::open) continue;
    const bool settled = !stored.empty() && settle_stored(stored, keys, file, item);
    if (settled) continue;
    if (item.read.well_formed()) {
      ++left;
      continue;
    }
    item.outcome = BatchItem::Outcome::rejected;
    item.why = malformed(item.read);
  }
  return left;
}

OpenDraft draft_open(Posting& posting, const KeyPlan& keys, const std::vector<BatchItem>& items) {
  OpenDraft open;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& read = items[i].read;
    if (items[i].outcome != BatchItem::Outcome::open || !read.well_formed()) continue;
    open.items.push_back(i);
    auto& operation = open.operations.emplace_back(read.operation);
    operation.key = keys.key_of(read);
    // settle() looks for those that can be stored; a twin that is stored meanwhile is a duplicate key.
    operation.key_is_new = true;
  }
  if (!open.items.empty()) open.draft = posting.draft(open.operations);
  return open;
}

void write_open(Posting& posting, OpenDraft& open, const KeyPlan& keys, const std::string& file,
                std::vector<BatchItem>& items) {
  const auto outcomes = posting.post(open.draft, open.operations);
  for (std::size_t i = 0; i < open.items.size(); ++i) {
    auto& item = items[open.items[i]];
    if (outcomes[i].rejection) {
      const bool reused = outcomes[i].rejection->code == "key_reused";
      reject(item, reused ? keys.reused(item.read) : *outcomes[i].rejection, file);
      continue;
    }
    item.outcome = outcomes[i].replayed ? BatchItem::Outcome::replayed : BatchItem::Outcome::applied;
    if (!outcomes[i].replayed) item.movements = static_cast<std::int64_t>(outcomes[i].receipt->lines.size());
    item.operation = outcomes[i].receipt->operation;
  }
}

void count(Report& report, std::span<const BatchItem> items) {
  for (const auto& item : items) {
    Counts none;
    auto& kind = item.read.well_formed() ? report.kinds[item.read.operation.kind] : none;
    const auto add = [&](std::int64_t Counts::*counter) {
      ++(report.operations.*counter);
      ++(kind.*counter);
    };
    if (item.outcome == BatchItem::Outcome::applied) add(&Counts::applied);
    if (item.outcome == BatchItem::Outcome::replayed) add(&Counts::replayed);
    if (item.outcome != BatchItem::Outcome::rejected) {
      report.movements += item.movements;
      continue;
    }
    add(&Counts::rejected);
    if (report.rejects.size() < Report::rejects_max) {
      report.rejects.push_back({item.read.line, item.why->code, in_one_line(*item.why)});
    }
  }
}

void reopen(std::vector<BatchItem>& items) {
  for (auto& item : items) {
    item.outcome = BatchItem::Outcome::open;
    item.why.reset();
    item.movements = 0;
  }
}

}  // namespace invctl::intake
