// `apply - --ack`: operations from a pipe, one JSON object per line, each answered once it is durable. What
// has arrived is posted in one transaction (group commit), so that a fast sender pays for few commits and a
// slow one does not wait.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "apply/batch.hpp"
#include "apply/report.hpp"
#include "apply/run.hpp"
#include "io/line_feed.hpp"

namespace invctl::intake {

struct Answer {
  std::size_t line = 0;        // of the input, from 1
  std::string key;             // empty: malformed
  std::int64_t operation = 0;  // its id; 0: refused
  bool replayed = false;
  std::optional<Error> why;  // of a refused one
};

// Answers are given in the input's order. An operation without an id gets one of --source, or one that the
// program makes. An error that is not of one operation (busy, unavailable, an unknown outcome) is the answer
// to each operation of its batch, and reading goes on.
class AckStream {
 public:
  AckStream(PostingStore& store, FileStore& files, Origin origin, const Mapping& mapping, Options options);

  // `answer` is called for each operation, `flush` after each batch: what it could not deliver it throws.
  Report run(io::LineFeed& feed, const std::function<void(const Answer&)>& answer,
             const std::function<void(bool committed)>& flush);

 private:
  void read(const std::string& lines, std::vector<BatchItem>& items);
  bool post(std::vector<BatchItem>& items);

  PostingStore& store_;
  FileStore& files_;
  Origin origin_;
  const Mapping& mapping_;
  Options options_;
  KeyPlan keys_;
  std::size_t line_ = 0;  // read before this batch
  std::uint64_t ordinal_ = 0;
};

}  // namespace invctl::intake
