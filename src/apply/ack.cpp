#include "apply/ack.hpp"

#include <algorithm>
#include <utility>

#include "apply/keys.hpp"

namespace invctl::intake {

AckStream::AckStream(PostingStore& store, FileStore& files, Origin origin, const Mapping& mapping,
                     Options options)
    : store_(store),
      files_(files),
      origin_(std::move(origin)),
      mapping_(mapping),
      options_(std::move(options)) {
  keys_.source = options_.source;
}

Report AckStream::run(io::LineFeed& feed, const std::function<void(const Answer&)>& answer,
                      const std::function<void(bool committed)>& flush) {
  Report report;
  report.file = "stdin";
  std::string lines;
  std::vector<BatchItem> items;
  while (feed.next(lines, options_.batch)) {
    read(lines, items);
    report.rows += static_cast<std::int64_t>(items.size());
    bool committed = false;
    try {
      committed = post(items);
      if (!committed && std::any_of(items.begin(), items.end(), [](const BatchItem& item) {
            return item.outcome == BatchItem::Outcome::replayed;
          })) {
        store_.make_durable();
      }
    } catch (const Error& error) {
      for (auto& item : items) {
        if (item.outcome == BatchItem::Outcome::rejected && !item.read.well_formed()) continue;
        item.outcome = BatchItem::Outcome::rejected;
        item.why = error;
      }
    }
    count(report, items);
    for (const auto& item : items) {
      answer({item.read.line, item.read.operation.key.value_or(""), item.operation,
              item.outcome == BatchItem::Outcome::replayed, item.why});
    }
    flush(committed);
  }
  return report;
}

void AckStream::read(const std::string& lines, std::vector<BatchItem>& items) {
  items.clear();
  io::MemorySource bytes(lines);
  RowForm form;
  const auto rows = make_ndjson_rows(bytes, "stdin", mapping_, form, line_);
  OperationReader reader(*rows, mapping_, {"stdin", options_.actor, false, true});
  for (BatchItem item; reader.next(item.read); item = {}) {
    ++ordinal_;
    auto& operation = item.read.operation;
    if (item.read.well_formed()) {
      if (!operation.key && keys_.source) operation.key = source_key(*keys_.source, ordinal_);
      ensure_key(operation);
    }
    items.push_back(std::move(item));
  }
  line_ += static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
}

// Whether something was committed.
bool AckStream::post(std::vector<BatchItem>& items) {
  const auto deadline = Deadline::after(options_.lock_timeout);
  bool commit_reached = false;
  bool committed = false;
  run_transaction(store_, deadline, "", commit_reached, [&] {
    reopen(items);
    DistinctLines lines;
    for (const auto& item : items) {
      if (item.read.well_formed()) lines.add(item.read.operation);
    }
    Posting posting(store_, origin_, lines.take(), deadline);
    if (settle(files_, keys_, "stdin", items, true) == 0) return;
    post_open(posting, keys_, "stdin", items);
    if (!posting.wrote() || options_.dry_run) return;
    commit_reached = true;
    posting.commit();
    committed = true;
  });
  return committed;
}

}  // namespace invctl::intake
