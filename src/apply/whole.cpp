// `apply` as one transaction over everything.
#include <fmt/format.h>

#include <algorithm>

#include "apply/run.hpp"
#include "core/ahead.hpp"
#include "core/text.hpp"

namespace invctl::intake {

namespace {

constexpr std::size_t chunks_ahead = 2;

}  // namespace

// What the rules refuse, with the exit and the code of the first.
class Apply::Refusals {
 public:
  void add(const Error& refusal) {
    ++operations_;
    if (!error_) error_.emplace(refusal.exit, refusal.code, refusal.message, refusal.hint);
    for (const auto& line : refusal.lines) {
      if (error_->lines.size() < io::FaultList::kept_max) {
        error_->add_line(line);
      } else {
        ++more_;
      }
    }
  }
  void throw_if_any() {
    if (!error_) return;
    if (more_ > 0) error_->add_line({text::count(more_, "more refusal") + ", not listed", {{"more", more_}}});
    error_->message = text::count(operations_, "operation") + " cannot be applied, nothing is changed";
    throw *error_;
  }

 private:
  std::optional<Error> error_;
  std::int64_t operations_ = 0;
  std::int64_t more_ = 0;
};

// Everything in one transaction.
void Apply::whole() {
  const auto deadline = Deadline::after(options_.lock_timeout);
  bool commit_reached = false;
  bool retry = false;
  run_transaction(store_, deadline, "", commit_reached, [&] {
    report_ = {};
    report_.file = input_.name();
    report_.rows = total_rows_;
    report_.skipped_rows = total_skipped_;
    Posting posting(store_, origin_, lines_, deadline);
    prepare_keys(retry);
    retry = true;
    observer_.pass("applying", input_.size());
    post_chunks(posting);
    input_.verify_unchanged();
    if (options_.dry_run) return;
    if (!posting.wrote()) return store_.make_durable();
    if (posting.posted()) note_applied();
    commit_reached = true;
    posting.commit();
    observer_.committed();
  });
}

// Writes the chunks of one transaction. After a refusal the rest is decided all the same, so that all of them
// are found.
class Apply::Chunks {
 public:
  Chunks(Apply& apply, Posting& posting) : apply_(apply), posting_(posting) {}

  // One chunk after the other, with `until_new` up to the first of which nothing is stored: what was applied
  // before, in part or whole, mostly begins with what is. False at the end of the input.
  bool post_in_turn(OperationReader& reader, bool until_new) {
    for (bool go_on = true; go_on;) {
      auto chunk = apply_.read_chunk(reader, chunk_operations);
      if (!chunk) return false;
      const auto left = settle(*chunk);
      const auto well_formed = std::count_if(chunk->items.begin(), chunk->items.end(),
                                             [](const auto& item) { return item.read.well_formed(); });
      go_on = !until_new || left != static_cast<std::size_t>(well_formed);
      chunk->open = draft_open(posting_, apply_.keys_, chunk->items);
      write(*chunk);
    }
    return true;
  }

  // The rest is read and drafted while the store writes what came before. False where something of a chunk is
  // stored, before which it ends: what was drafted since does not hold.
  bool post_ahead(OperationReader& reader) {
    posting_.ready_to_draft(apply_.timed_);
    Ahead<Chunk> chunks(
        [&] {
          auto chunk = apply_.read_chunk(reader, chunk_operations);
          if (chunk) chunk->open = draft_open(posting_, apply_.keys_, chunk->items);
          return chunk;
        },
        chunks_ahead);
    while (auto chunk = chunks.next()) {
      if (settle(*chunk) != chunk->open.items.size()) return false;
      write(*chunk);
    }
    return true;
  }

  std::size_t written() const { return written_; }  // items, stored ones among them
  void throw_if_refused() { refusals_.throw_if_any(); }

 private:
  std::size_t settle(Chunk& chunk) {
    return intake::settle(apply_.files_, apply_.keys_, apply_.input_.name(), chunk.items, apply_.look_up_);
  }
  void write(Chunk& chunk) {
    write_open(posting_, chunk.open, apply_.keys_, apply_.input_.name(), chunk.items);
    count(apply_.report_, chunk.items);
    for (const auto& item : chunk.items) {
      if (item.why && !apply_.options_.skip_errors) refusals_.add(*item.why);
    }
    written_ += chunk.items.size();
    apply_.observer_.progress(chunk.position);
  }

  Apply& apply_;
  Posting& posting_;
  Refusals refusals_;
  std::size_t written_ = 0;
};

void Apply::post_chunks(Posting& posting) {
  Chunks chunks(*this, posting);
  auto reader = start_reader(false);
  const bool many = total_operations_ > static_cast<std::int64_t>(chunk_operations);
  if (chunks.post_in_turn(reader, many) && !chunks.post_ahead(reader)) {
    posting.forget_drafts(lines_);
    auto rest = start_reader(false);
    ReadOperation written;
    for (std::size_t i = 0; i < chunks.written(); ++i) rest.next(written);
    chunks.post_in_turn(rest, false);
  }
  chunks.throw_if_refused();
}

}  // namespace invctl::intake
