// Transactions as every part of the program sees them.
#pragma once

#include <functional>
#include <string_view>

#include "core/error.hpp"
#include "core/time.hpp"

namespace invctl {

// A failure of storage. `kind` tells the caller what it may do about it.
class StoreError : public Error {
 public:
  enum class Kind {
    retry,  // the whole transaction is gone or must go: roll back and do it again (deadlock, lock timeout,
            // certification failure, a row that moved under a transaction without locks)
    duplicate,  // a unique key is taken: a twin with the same idempotency key, or a row just created
    lost,       // the connection broke; during commit() it is unknown whether the transaction was stored
    other,      // nothing to be done here
  };
  StoreError(Kind k, Exit exit_code, std::string text, std::string advice = {})
      : Error(exit_code, std::move(text), std::move(advice)), kind(k) {}
  Kind kind;
  bool undone = false;    // of a loss: it is certain that nothing was stored
  bool deadlock = false;  // of a retry: the database chose this transaction to lose against another
};

class Transactions {
 public:
  virtual ~Transactions() = default;

  // A write transaction. begin() waits in line for at most what is left of the deadline and throws
  // StoreError(retry) with exit 6 when that runs out. commit() throws StoreError(lost) where it cannot know.
  // After either has thrown, no transaction is open; rollback() is harmless where none is.
  virtual void begin(const Deadline& deadline) = 0;
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;
  // A read transaction: everything read until rollback() is one moment's state.
  virtual void begin_snapshot() = 0;
  // When it returns, what was read before is durable, so that an answer may rest on it alone. It need not be
  // before: a writer lets others see its change before it has synced it, and may be killed between the two.
  virtual void make_durable() {}
  // A new connection in place of a lost one; throws StoreError(lost) while there is none.
  virtual void reconnect() = 0;
};

// Runs `work` (one whole transaction, from begin to commit) and repeats it with a jittered pause while it
// throws StoreError(retry), StoreError(duplicate) or StoreError(lost), until the deadline; a first duplicate
// or connection lost at COMMIT is looked into once even after it. Then throws busy, or, for a connection
// lost, the StoreError(lost) itself. `work` sets `commit_reached` before it commits; it is false whenever
// `work` is called. Once a connection was lost at COMMIT, every way to fail is unknown_outcome, because the
// change may be stored; its message names `key`, unless that is empty.
void run_transaction(Transactions& store, const Deadline& deadline, std::string_view key,
                     bool& commit_reached, const std::function<void()>& work);

// The same for what is written and committed in one go: begins, runs `work`, and commits where that says that
// it wrote something; else, and where it throws, everything is rolled back. What `work` found done before, or
// refuses because of it (Exit::conflict), is durable in the end.
void write_transaction(Transactions& store, const Deadline& deadline, std::string_view key,
                       const std::function<bool()>& work);

}  // namespace invctl
