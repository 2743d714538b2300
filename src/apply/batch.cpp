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

}  // namespace

std::string KeyPlan::key_of(const ReadOperation& read) const {
  if (read.operation.key) return *read.operation.key;
  return source ? source_key(*source, read.ordinal) : file_key(file, read.ordinal);
}

Error KeyPlan::reused(const ReadOperation& read) const {
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
               fmt::format("operation {} of this file was posted with another mapping", read.ordinal),
               "repeat the command with the options of the first time");
}

std::size_t settle(FileStore& files, const KeyPlan& keys, const std::string& file,
                   std::vector<BatchItem>& items, bool look_up) {
  std::unordered_map<std::string, StoredRequest> stored;
  if (look_up) {
    std::vector<std::string> wanted;
    for (const auto& item : items) {
      if (item.outcome == BatchItem::Outcome::open && item.read.well_formed())
        wanted.push_back(keys.key_of(item.read));
    }
    for (auto& request : files.find_requests(wanted)) {
      auto key = request.key;
      stored.emplace(std::move(key), std::move(request));
    }
  }
  std::size_t left = 0;
  for (auto& item : items) {
    if (item.outcome != BatchItem::Outcome::open) continue;
    if (!item.read.well_formed()) {
      item.outcome = BatchItem::Outcome::rejected;
      item.why = malformed(item.read);
      continue;
    }
    const auto found = stored.empty() ? stored.end() : stored.find(keys.key_of(item.read));
    if (found == stored.end()) {
      ++left;
    } else if (found->second.request_hash != request_hash(item.read.operation)) {
      reject(item, keys.reused(item.read), file);
    } else if (!found->second.accepted) {
      reject(item, rejection_from_json(found->second.result.value_or("null")), file);
    } else {
      item.outcome = BatchItem::Outcome::replayed;
      item.operation = found->second.operation;
    }
  }
  return left;
}

void post_open(Posting& posting, const KeyPlan& keys, const std::string& file,
               std::vector<BatchItem>& items) {
  std::vector<Operation> operations;
  std::vector<BatchItem*> open;
  for (auto& item : items) {
    if (item.outcome != BatchItem::Outcome::open) continue;
    operations.push_back(item.read.operation);
    operations.back().key = keys.key_of(item.read);
    // settle() has looked for those that can be stored; a twin that is stored meanwhile is a duplicate key.
    operations.back().key_is_new = true;
    open.push_back(&item);
  }
  const auto outcomes = posting.post(operations);
  for (std::size_t i = 0; i < open.size(); ++i) {
    auto& item = *open[i];
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
