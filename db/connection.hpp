// The seam between SQL and its drivers: a connection and a prepared statement, as small as posting allows.
// Drivers throw StoreError for failures that a transaction can be repeated after, Error for all others.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "dialect.hpp"

namespace invctl::db {

using Blob = std::span<const unsigned char>;

class Statement {
 public:
  virtual ~Statement() = default;

  // Parameters count from 1. Values are copied.
  virtual void bind_integer(int index, std::int64_t value) = 0;
  virtual void bind_text(int index, std::string_view value) = 0;
  virtual void bind_blob(int index, Blob value) = 0;
  virtual void bind_null(int index) = 0;
  // The same without a copy where the driver can: the bytes stay where they are until the statement has run.
  virtual void lend_text(int index, std::string_view value) { bind_text(index, value); }
  virtual void lend_blob(int index, Blob value) { bind_blob(index, value); }

  // The next row of a query; runs the statement at the first call.
  virtual bool next() = 0;
  // Before next(): on a server the query goes in one round trip with what else is asked, up to the first
  // next() of any of them. Those of one text may not wait side by side.
  virtual void ask_later() {}
  // Runs a statement that has no rows to give. Returns the rows it matched (changed or not).
  virtual std::int64_t run() = 0;
  // The same where nothing that follows needs the answer: at once, or in one round trip with the connection's
  // next statement that is waited for, whose errors then may be this one's. Throws StoreError(retry) where it
  // does not match that many rows; -1: any number will do.
  virtual void run_later(std::int64_t rows);

  // Columns of the current row count from 0.
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string text(int column) const = 0;
  // The bytes of a text or blob, or none for NULL, without a copy where the driver has them: they are gone
  // with the row.
  virtual std::string_view view(int column) const = 0;

  // Ends the statement, releasing what it holds, so that it can be bound and run again. Never throws.
  virtual void reset() noexcept = 0;
};

// What run_later() throws where a row is not as it was read.
[[noreturn]] void throw_moved();

class Connection {
 public:
  virtual ~Connection() = default;
  virtual const Dialect& dialect() const = 0;

  // The prepared statement of this text, prepared at first use and kept.
  virtual Statement& statement(const std::string& sql) = 0;
  // Runs a text without parameters that is not kept, such as DDL.
  virtual void execute(const std::string& sql) = 0;
  // One statement of a migration. `may_have_run`: a table, index or trigger that exists already is fine.
  virtual void execute_ddl(const std::string& sql, bool may_have_run) = 0;
  // Keeps other migrations out: a transaction where the engine can roll DDL back, else a named lock.
  virtual void begin_migration(const Deadline& deadline) = 0;
  virtual void end_migration(bool commit) = 0;
  // The id that the last single-row INSERT was given.
  virtual std::int64_t last_insert_id() = 0;

  // A write transaction: waits in line until the deadline. StoreError(retry), exit 6, when time is up.
  virtual void begin(const Deadline& deadline) = 0;
  // A transaction that the engine keeps serializable, without any lock of ours: reads belong to it, and one
  // that cannot be put into an order with others fails with StoreError(retry).
  virtual void begin_serializable(const Deadline& deadline) = 0;
  // A read transaction: everything in it sees one snapshot.
  virtual void begin_snapshot() = 0;
  // StoreError(lost) where the connection, or the disk, broke and it is not known whether the commit
  // happened.
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;

  // As Transactions::make_durable().
  virtual void make_durable() {}

  // What keeps a committed change from surviving a crash of the database's machine, or nothing. May cost a
  // round trip.
  virtual std::optional<std::string> durability_gap() { return std::nullopt; }

  // What is worth its cost only where very many rows are written.
  virtual void expect_many_writes() {}

  // Gives the connection a new session in place of a broken one. StoreError(lost) while that fails.
  virtual void reconnect() = 0;
};

// A use of a prepared statement: binds in order, resets when it goes out of scope.
class Query {
 public:
  Query(Connection& connection, const std::string& sql) : statement_(connection.statement(sql)) {}
  ~Query() { statement_.reset(); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& bind(std::int64_t value) {
    statement_.bind_integer(++bound_, value);
    return *this;
  }
  Query& bind(std::string_view value) {
    statement_.bind_text(++bound_, value);
    return *this;
  }
  Query& bind(const std::string& value) { return bind(std::string_view(value)); }
  Query& bind(const std::optional<std::int64_t>& value) { return value ? bind(*value) : bind_null(); }
  Query& bind(const std::optional<std::string>& value) {
    return value ? bind(std::string_view(*value)) : bind_null();
  }
  Query& bind_blob(Blob value) {
    statement_.bind_blob(++bound_, value);
    return *this;
  }
  Query& lend(std::string_view value) {
    statement_.lend_text(++bound_, value);
    return *this;
  }
  Query& lend(const std::string& value) { return lend(std::string_view(value)); }
  Query& lend(const std::string&&) = delete;
  Query& lend(const std::optional<std::string>& value) {
    return value ? lend(std::string_view(*value)) : bind_null();
  }
  Query& lend(const std::optional<std::string>&&) = delete;
  Query& lend_blob(Blob value) {
    statement_.lend_blob(++bound_, value);
    return *this;
  }
  Query& bind_null() {
    statement_.bind_null(++bound_);
    return *this;
  }

  bool next() { return statement_.next(); }
  void ask_later() { statement_.ask_later(); }
  std::int64_t run() { return statement_.run(); }
  void run_later(std::int64_t rows = -1) { statement_.run_later(rows); }

  bool is_null(int column) const { return statement_.is_null(column); }
  std::int64_t integer(int column) const { return statement_.integer(column); }
  std::string text(int column) const { return statement_.text(column); }
  std::string_view view(int column) const { return statement_.view(column); }
  std::optional<std::int64_t> optional_integer(int column) const {
    return is_null(column) ? std::nullopt : std::optional(integer(column));
  }
  std::optional<std::string> optional_text(int column) const {
    return is_null(column) ? std::nullopt : std::optional(text(column));
  }
  // A binary column of exactly the array's size; throws Error(internal) for another length.
  template <std::size_t N>
  std::array<unsigned char, N> bytes(int column) const {
    std::array<unsigned char, N> out{};
    copy_bytes(statement_.view(column), out);
    return out;
  }

 private:
  static void copy_bytes(std::string_view from, std::span<unsigned char> to);

  Statement& statement_;
  int bound_ = 0;
};

// One migration at a time; undone, where the engine can, unless commit() was called.
class MigrationLock {
 public:
  MigrationLock(Connection& connection, const Deadline& deadline) : connection_(connection) {
    connection_.begin_migration(deadline);
  }
  ~MigrationLock();
  MigrationLock(const MigrationLock&) = delete;
  MigrationLock& operator=(const MigrationLock&) = delete;
  void commit() const;

 private:
  Connection& connection_;
  mutable bool ended_ = false;
};

// "?, ?, ?" for n parameters.
std::string placeholders(std::size_t n);

// The size to which a list of n values is filled up by repeating the last one, so that a handful of prepared
// statements serves lists of every length: the next power of two.
std::size_t padded_size(std::size_t n);

// Calls `piece(first, count)` over n rows in pieces of that size.
template <class F>
void in_pieces(std::size_t n, PieceSize most, F&& piece) {
  for (std::size_t first = 0; first < n;) {
    std::size_t size = most.most;
    if (most.any) size = std::min(size, n - first);
    while (size > n - first) size /= 2;
    piece(first, size);
    first += size;
  }
}

}  // namespace invctl::db
