// The SQLite driver, over SQLiteCpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "connection.hpp"
#include "turnstile.hpp"

namespace invctl::db {

class SqliteStatement : public Statement {
 public:
  SqliteStatement(SQLite::Database& database, const std::string& sql);

  void bind_integer(int index, std::int64_t value) override;
  void bind_text(int index, std::string_view value) override;
  void bind_blob(int index, Blob value) override;
  void bind_null(int index) override;
  void lend_text(int index, std::string_view value) override;
  void lend_blob(int index, Blob value) override;
  bool next() override;
  std::int64_t run() override;
  bool is_null(int column) const override;
  std::int64_t integer(int column) const override;
  std::string text(int column) const override;
  std::string_view view(int column) const override;
  void reset() noexcept override { statement_.tryReset(); }

 private:
  void check(int code) const;

  SQLite::Database& database_;
  SQLite::Statement statement_;
  // The library's own: SQLiteCpp makes an object with shared ownership for each column that is looked at,
  // which costs more than the look.
  sqlite3_stmt* handle_;
};

class SqliteConnection : public Connection {
 public:
  struct Options {
    bool read_only = false;
    bool immutable = false;  // nobody else has the file open: no side files are made; implies read_only
    bool turnstile = true;   // off: only SQLite's own waiting (the simulator compares both)
  };

  // Opens an existing database file. Throws Error(unavailable) where there is none, or it is not a database.
  SqliteConnection(const std::string& path, const Options& options);

  // Creates an empty database file with mode 0600 in write-ahead logging mode, and its directory; an existing
  // one with tables in it is left as it is.
  static void create_file(const std::string& path);

  const Dialect& dialect() const override { return sqlite_dialect; }
  Statement& statement(const std::string& sql) override;
  void execute(const std::string& sql) override;
  // DDL is part of the transaction here: a statement of an interrupted migration has never run.
  void execute_ddl(const std::string& sql, bool) override { execute(sql); }
  void begin_migration(const Deadline& deadline) override { begin(deadline); }
  void end_migration(bool keep) override { keep ? commit() : rollback(); }
  std::int64_t last_insert_id() override;
  void begin(const Deadline& deadline) override;
  void begin_serializable(const Deadline& deadline) override;
  void begin_snapshot() override;
  void commit() override;
  void rollback() noexcept override;
  void make_durable() override;
  void expect_many_writes() override;
  void reconnect() override {}  // a file does not hang up

  const std::string& path() const { return path_; }  // database_file()

 private:
  // An INSERT of many rows is kilobytes of placeholders: its ends and its length tell it from others.
  struct TextHash {
    std::size_t operator()(const std::string& sql) const {
      const std::string_view text(sql);
      const std::hash<std::string_view> hash;
      const auto tail = text.size() - std::min<std::size_t>(text.size(), 64);
      return hash(text.substr(0, 256)) + 31 * hash(text.substr(tail)) + text.size();
    }
  };

  void wait_at_most(const Deadline& deadline);
  bool copy_log() noexcept;
  static int note_log(void* connection, sqlite3* handle, const char* name, int pages);
  void shorten_log(int mode) noexcept;

  std::string path_;
  SQLite::Database database_;
  bool queues_;
  std::optional<Turnstile> turnstile_;
  bool commits_first_ = true;
  int log_pages_ = 0;  // of the write-ahead log, after the last commit
  std::unordered_map<std::string, std::unique_ptr<SqliteStatement>, TextHash> statements_;
};

// Puts on the disk what this connection has seen in the write-ahead log. A result code of SQLite's.
int sync_log(sqlite3* database);

// The program's error for one of SQLite's, by its extended code (facts: map the code, never the text).
[[noreturn]] void throw_sqlite_error(const SQLite::Exception& error, const std::string& path);

}  // namespace invctl::db
