// Posting: the only way by which stock changes. Lock, decide, write, commit (design section 4).
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/error.hpp"
#include "core/time.hpp"
#include "stock/decide.hpp"
#include "stock/operation.hpp"
#include "stock/store.hpp"

namespace invctl {

struct ReceiptLine {
  std::string warehouse, sku;
  Quantity delta = 0, reserved_delta = 0;
  Quantity before = 0, on_hand = 0, reserved = 0;  // on hand before and after; reserved after
  std::optional<Minor> unit_price_minor, amount_minor;
  std::optional<Minor> unit_cost_minor;

  Quantity available() const { return on_hand - reserved; }
};

// An operation that is in the ledger.
struct Receipt {
  std::int64_t operation = 0;
  std::string key;
  Kind kind = Kind::receive;
  std::optional<std::string> reference;
  std::string actor;
  Micros recorded_at = 0;
  std::optional<std::string> user;
  std::optional<Minor> total_minor;
  std::optional<std::int64_t> reverses;     // the operation that this one undoes
  std::optional<std::int64_t> reservation;  // reserve: itself
  std::optional<Micros> expires_at;         // reserve, extend
  std::vector<ReceiptLine> lines;
};

// What became of one operation: a receipt, or the reason why it was refused.
struct Outcome {
  std::optional<Receipt> receipt;
  std::optional<Error> rejection;
  bool replayed = false;  // the answer was stored by an earlier run with the same key
};

// Who is posting: stored with every operation.
struct Origin {
  std::string host;
  std::string tool_version;
};

// One transaction over many operations: everything that may be touched is locked once, in order, when it is
// made; then operations are posted in any number of chunks; then commit(). Without commit() nothing happened.
class Posting {
 public:
  // Begins the transaction and locks the rows of all `operations`; later chunks may use no others. Each has a
  // key and normalised lines. Keys that are new are looked up only if `repeated`: after a commit whose
  // outcome is unknown they may be stored.
  Posting(PostingStore& store, const Origin& origin, std::span<const Operation> operations,
          const Deadline& deadline, bool repeated = false);
  // The same for a batch too large to be in memory at once: locks the rows of `lines`, of which only
  // warehouse and SKU matter. Its refusals are not remembered under any key: the file of rejects is their
  // memory, and a corrected row may have the key of the one it corrects.
  Posting(PostingStore& store, const Origin& origin, std::span<const Line> lines, const Deadline& deadline);
  // Joins a transaction that the caller has begun and commits. `book` holds all that will be posted to,
  // looked up and locked; all keys are new.
  Posting(PostingStore& store, const Origin& origin, Book book);
  ~Posting();
  Posting(const Posting&) = delete;
  Posting& operator=(const Posting&) = delete;

  // Reservations whose time is up give back first what they hold of the rows that are locked: an operation of
  // kind expire for each, which is written whatever becomes of the others.
  //
  // One outcome per operation, in order; the same as if each were posted on its own. Operations with a key
  // that is stored are replayed; with a key stored for other content they are refused (conflict, key_reused).
  // A refusal under a key of the caller's is remembered if its exit code is 4 or 5, except key_reused; any
  // other refusal leaves nothing behind. Nothing is stored until commit(). Throws what check_operation()
  // throws.
  std::vector<Outcome> post(std::span<const Operation> operations);
  // post() and commit(), where nothing more is to come: fewer steps for the store. Commits nothing where
  // nothing was written. `before_commit` is as in PostingStore::append_and_commit().
  std::vector<Outcome> post_and_commit(std::span<const Operation> operations,
                                       const std::function<void()>& before_commit);

  // The two halves of post(). Drafts are written in the order in which they were made. draft() only reads the
  // store, and not even that where all keys are new, nothing is reversed, and ready_to_draft() was called or
  // all is opening stock without a time of its own: then it may run in another thread while drafts that were
  // made before, here or by another Posting, are written.
  struct Rows {  // of one operation in the batch
    std::size_t operation = 0, movement = 0, movements = 0, purchase = 0, purchases = 0;
  };
  struct Draft {
    AppendBatch batch;
    std::vector<Outcome> outcomes;             // without the receipts of what is in the batch
    std::vector<std::optional<Rows>> written;  // by operation
    std::unordered_map<std::string, std::size_t> first_with_key;
  };
  // `timed`: some operation has a time of its own.
  void ready_to_draft(bool timed);
  Draft draft(std::span<const Operation> operations);
  void write(Draft& draft);
  // write(), and the outcomes of the operations that were drafted.
  std::vector<Outcome> post(Draft& draft, std::span<const Operation> operations);
  // Forgets the drafts that are not written: what comes next builds on what is. `lines` are those of the
  // beginning.
  void forget_drafts(std::span<const Line> lines);

  void commit();
  // Whether post() wrote anything, so that a batch of nothing but refusals is not committed.
  bool wrote() const { return wrote_; }
  // The same without expiries: whether any of the operations themselves was written.
  bool posted() const { return posted_; }
  const Book& book() const { return book_; }

 private:
  void begin(std::span<const Line* const> lines, const Deadline& deadline);
  void lock(std::span<const Line* const> lines);
  void find_holds(std::span<const InventoryRow> rows);
  std::optional<Micros> closed_until();
  void note_written(const Draft& draft);
  static std::vector<Outcome> outcomes_of(Draft& drafted, std::span<const Operation> operations);

  PostingStore& store_;
  Origin origin_;
  Book book_;
  std::vector<ReservationRef> reservations_;  // that the operations name
  bool timed_ = false;                        // some operation holds until a time to come
  Micros now_ = 0;                            // by the database's clock, where that matters
  bool repeated_ = false;
  bool remember_refusals_ = true;
  bool open_ = true;
  bool wrote_ = false;
  bool posted_ = false;
  // Ids of rows that were created by what was written: the book, from which the next is drafted meanwhile,
  // does not know them.
  std::unordered_map<InventoryKey, std::int64_t, InventoryKeyHash> created_;
  std::optional<std::optional<Micros>> closed_until_;  // asked for once: it stays until the transaction ends
  std::optional<bool> closing_matters_;                // decided before drafting
  std::string actor_;    // for whom expired holds are given back before anything is posted
  std::size_t due_ = 0;  // expired holds on the rows that are locked
};

class Ledger {
 public:
  struct Options {
    std::chrono::milliseconds lock_timeout{5000};
    bool dry_run = false;
    // Called once all is written, before COMMIT: what else belongs into the transaction. What it throws
    // undoes everything. Not called where nothing was written, as by a replay.
    std::function<void(std::span<const Outcome>)> before_commit = {};
  };

  Ledger(PostingStore& store, Origin origin) : store_(store), origin_(std::move(origin)) {}

  // Posts a batch in one transaction of its own, which is repeated while other transactions are in its way,
  // up to the lock timeout. `operations` get a key if they have none, and their lines are normalised. A dry
  // run is the same transaction, rolled back; the ids in its receipts name nothing. Throws Error: usage where
  // an operation is malformed, busy when the time is up, unknown_outcome when the connection broke at COMMIT
  // and the outcome cannot be found out, or what the store throws.
  std::vector<Outcome> post(std::vector<Operation>& operations, const Options& options);

 private:
  PostingStore& store_;
  Origin origin_;
};

// Gives the operation a key of the program's own if it has none: "auto-" and 32 hexadecimal digits. A caller
// may give such a key back (after exit 10): then it is looked up like any other, as is one that was made
// before.
void ensure_key(Operation& operation);
bool is_auto_key(std::string_view key);

}  // namespace invctl
