#include "sqlite_connection.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/trace.hpp"
#include "sqlite_path.hpp"
#include "stock/store.hpp"

namespace invctl::db {

namespace {

constexpr std::string_view init_hint = "create it with `invctl init-db`";

// SQLite marks its files with this number, so that `file` and we can tell whose they are ("INVC").
constexpr int application_id = 0x494e5643;

// Whoever opens a database first, or closes it last, holds it for a moment: even reads have to wait for that.
constexpr int opening_patience_ms = 5000;

// For the whole library, before its first use: no count of its memory, which takes a lock at each allocation,
// and what a statement may have to undo stays in memory, where the default writes all beyond 64 KiB to a
// temporary file (one INSERT of many rows touches some hundred pages).
void configure_library() {
  [[maybe_unused]] static const bool done = [] {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
    return true;
  }();
}

// Without SQLite's lock around every call, which is a sixth of the time of reading a ledger: a connection is
// used by one thread at a time.
int open_flags(const SqliteConnection::Options& options) {
  const int access = options.read_only || options.immutable ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE;
  return access | SQLite::OPEN_NOMUTEX | (options.immutable ? SQLite::OPEN_URI : 0);
}

SQLite::Database open_existing(const std::string& path, const SqliteConnection::Options& options) {
  configure_library();
  try {
    return SQLite::Database(options.immutable ? immutable_uri(path) : path, open_flags(options),
                            opening_patience_ms);
  } catch (const SQLite::Exception& error) {
    throw_sqlite_error(error, path);
  }
}

}  // namespace

int sync_log(sqlite3* database) {
  sqlite3_file* log = nullptr;
  const int found =
      sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
  // Nothing was read or written yet, or nobody can write.
  if (found != SQLITE_OK || log == nullptr || log->pMethods == nullptr) return SQLITE_OK;
  return log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
}

void throw_sqlite_error(const SQLite::Exception& error, const std::string& path) {
  const int code = error.getExtendedErrorCode();
  const std::string shown = text::printable(path);
  switch (code) {
    case SQLITE_CONSTRAINT_CHECK:
      throw Error(Exit::insufficient_stock, "a constraint of the database refuses the change");
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_TRIGGER:
      throw StoreError(StoreError::Kind::duplicate, Exit::conflict, "a unique key is taken");
    case SQLITE_READONLY_ROLLBACK:
      // Only a database that is not in write-ahead mode can be left so.
      throw Error(Exit::unavailable,
                  fmt::format("a change of {} was cut off, which reading cannot undo", shown),
                  "`invctl init-db` undoes it, and so does the next change");
    case SQLITE_IOERR_SHMSIZE:
      // The index of the log, which the first who opens a database makes, could not be made longer.
      throw Error(Exit::internal, "disk_full", fmt::format("no space left beside {}", shown), "");
    default:
      break;
  }
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw StoreError(StoreError::Kind::retry, Exit::busy, "the database is busy",
                       "another program holds it; --lock-timeout waits longer");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw Error(Exit::not_permitted, fmt::format("{} may not be written by this user", shown),
                  std::string(permission_hint));
    case SQLITE_CANTOPEN:
      if (is_denied(path)) {
        throw Error(Exit::not_permitted, fmt::format("{} may not be opened by this user", shown),
                    std::string(permission_hint));
      }
      if (const auto obstacle = obstacle_beside(path)) {
        throw Error(
            Exit::unavailable,
            fmt::format("{} is not a file of this database, and is not followed", text::printable(*obstacle)),
            "see who put it there, and remove it");
      }
      throw Error(Exit::unavailable, fmt::format("cannot open {}", shown));
    case SQLITE_NOTADB:
      throw Error(Exit::unavailable, fmt::format("{} is not an invctl database", shown),
                  std::string(init_hint));
    case SQLITE_CORRUPT:
      throw Error(Exit::unavailable, fmt::format("{} is damaged: {}", shown, error.what()),
                  "restore a backup; `sqlite3 FILE .recover` may save what is left");
    case SQLITE_FULL:
      throw Error(Exit::internal, "disk_full", fmt::format("no space left for {}", shown), "");
    case SQLITE_NOMEM:
      throw Error(Exit::internal, "out of memory");
    case SQLITE_ERROR: {
      // What this program asks for is fixed: where a name is unknown, the database is another than it made.
      const std::string_view what = error.what();
      if (what.find("no such ") != what.npos || what.find("has no column named") != what.npos) {
        throw Error(Exit::unavailable, "schema_damaged",
                    fmt::format("{} is not as invctl made it: {}", shown, text::printable(what)),
                    "`invctl doctor` says what is missing");
      }
      [[fallthrough]];
    }
    default:
      throw Error(Exit::internal, fmt::format("{}: {} (SQLite {})", shown, error.what(), code));
  }
}

// --- statement

namespace {

// SQLiteCpp keeps the handle to itself; the connection knows all of its statements, and each text is prepared
// once.
sqlite3_stmt* find_handle(SQLite::Database& database, const SQLite::Statement& statement) {
  for (auto* handle = sqlite3_next_stmt(database.getHandle(), nullptr); handle != nullptr;
       handle = sqlite3_next_stmt(database.getHandle(), handle)) {
    if (statement.getQuery() == sqlite3_sql(handle)) return handle;
  }
  throw Error(Exit::internal, "a prepared statement cannot be found");
}

}  // namespace

SqliteStatement::SqliteStatement(SQLite::Database& database, const std::string& sql)
    : database_(database), statement_(database, sql), handle_(find_handle(database, statement_)) {}

void SqliteStatement::check(int code) const {
  if (code != SQLITE_OK)
    throw_sqlite_error(SQLite::Exception(database_.getHandle(), code), database_.getFilename());
}

namespace {

// SQLite takes no bytes at all for NULL.
const char* start_of(std::string_view text) {
  return text.data() == nullptr ? "" : text.data();
}

}  // namespace

void SqliteStatement::bind_integer(int index, std::int64_t value) {
  check(sqlite3_bind_int64(handle_, index, value));
}
void SqliteStatement::bind_text(int index, std::string_view value) {
  check(sqlite3_bind_text64(handle_, index, start_of(value), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}
void SqliteStatement::bind_blob(int index, Blob value) {
  check(sqlite3_bind_blob64(handle_, index, value.data(), value.size(), SQLITE_TRANSIENT));
}
void SqliteStatement::bind_null(int index) {
  check(sqlite3_bind_null(handle_, index));
}
void SqliteStatement::lend_text(int index, std::string_view value) {
  check(sqlite3_bind_text64(handle_, index, start_of(value), value.size(), SQLITE_STATIC, SQLITE_UTF8));
}
void SqliteStatement::lend_blob(int index, Blob value) {
  check(sqlite3_bind_blob64(handle_, index, value.data(), value.size(), SQLITE_STATIC));
}

bool SqliteStatement::next() {
  try {
    return statement_.executeStep();
  } catch (const SQLite::Exception& error) {
    throw_sqlite_error(error, database_.getFilename());
  }
}

std::int64_t SqliteStatement::run() {
  try {
    return statement_.exec();
  } catch (const SQLite::Exception& error) {
    throw_sqlite_error(error, database_.getFilename());
  }
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}
std::int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}
std::string SqliteStatement::text(int column) const {
  return std::string(view(column));
}
std::string_view SqliteStatement::view(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  return {bytes, bytes == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

// --- connection

SqliteConnection::SqliteConnection(const std::string& path, const Options& options)
    : path_(database_file(path)),
      database_(open_existing(path_, options)),
      queues_(options.turnstile && !options.read_only && !options.immutable) {
  // A one-shot command would copy the log back into the file at its end; the next commit that finds the log
  // long enough does it instead.
  sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_wal_hook(database_.getHandle(), &SqliteConnection::note_log, this);
  // SQLite's own clock knows milliseconds only.
  sqlite3_create_function(
      database_.getHandle(), "invctl_now", 0, SQLITE_UTF8, nullptr,
      [](sqlite3_context* context, int, sqlite3_value**) { sqlite3_result_int64(context, now_utc()); },
      nullptr, nullptr);
  // Not left to how the library was compiled: checkpoints sync, commits do not; commit() does it for them.
  SqliteConnection::execute("PRAGMA synchronous = NORMAL");
  sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
}

void SqliteConnection::create_file(const std::string& path) {
  const auto file = make_database_file(path);
  configure_library();
  try {
    SQLite::Database database(file, SQLite::OPEN_READWRITE, opening_patience_ms);
    // One that has no tables yet may be what an init-db left that was killed between the two.
    const int owner = database.execAndGet("PRAGMA application_id").getInt();
    const bool blank = database.execAndGet("SELECT COUNT(*) FROM sqlite_master").getInt() == 0;
    if (!blank || (owner != 0 && owner != application_id)) return;
    database.exec(fmt::format("PRAGMA application_id = {}", application_id));
    database.exec("PRAGMA journal_mode = WAL");
  } catch (const SQLite::Exception& error) {
    throw_sqlite_error(error, path);
  }
}

int SqliteConnection::note_log(void* connection, sqlite3*, const char*, int pages) {
  static_cast<SqliteConnection*>(connection)->log_pages_ = pages;
  return SQLITE_OK;
}

// What keeps the log from being copied (a reader, a full disk) keeps it in the log, where it is safe.
void SqliteConnection::shorten_log(int mode) noexcept {
  sqlite3_busy_timeout(database_.getHandle(), 0);  // emptying would wait for readers
  sqlite3_wal_checkpoint_v2(database_.getHandle(), "main", mode, nullptr, nullptr);
  sqlite3_busy_timeout(database_.getHandle(), opening_patience_ms);
}

Statement& SqliteConnection::statement(const std::string& sql) {
  auto& slot = statements_[sql];
  if (!slot) {
    try {
      slot = std::make_unique<SqliteStatement>(database_, sql);
    } catch (const SQLite::Exception& error) {
      statements_.erase(sql);
      throw_sqlite_error(error, path_);
    }
  }
  return *slot;
}

void SqliteConnection::execute(const std::string& sql) {
  try {
    database_.exec(sql);
  } catch (const SQLite::Exception& error) {
    throw_sqlite_error(error, path_);
  }
}

std::int64_t SqliteConnection::last_insert_id() {
  return database_.getLastInsertRowid();
}

void SqliteConnection::begin(const Deadline& deadline) {
  // Only now: what turns out to be no database of ours gets no file beside it.
  if (queues_ && !turnstile_) turnstile_.emplace(path_ + "-turnstile");
  if (turnstile_ && !turnstile_->enter(deadline)) {
    throw StoreError(StoreError::Kind::retry, Exit::busy, "the database is busy: others are being served",
                     "safe to repeat; --lock-timeout waits longer");
  }
  try {
    // For programs that do not queue at the turnstile, such as the sqlite3 shell.
    wait_at_most(deadline);
    execute("BEGIN IMMEDIATE");
  } catch (...) {
    if (turnstile_) turnstile_->leave();
    throw;
  }
  trace(TraceLevel::debug, "begin", {});
}

void SqliteConnection::wait_at_most(const Deadline& deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.left()).count();
  sqlite3_busy_timeout(database_.getHandle(), static_cast<int>(std::min<std::int64_t>(left, INT32_MAX)));
}

// Every transaction of SQLite's is serializable; one that has read before it writes fails where somebody has
// written meanwhile.
void SqliteConnection::begin_serializable(const Deadline& deadline) {
  wait_at_most(deadline);
  execute("BEGIN");
}

void SqliteConnection::begin_snapshot() {
  execute("BEGIN");
}

void SqliteConnection::commit() {
  try {
    database_.exec("COMMIT");
  } catch (const SQLite::Exception& error) {
    rollback();
    const int code = error.getExtendedErrorCode();
    if (code != SQLITE_IOERR_FSYNC && code != SQLITE_IOERR_DIR_FSYNC) throw_sqlite_error(error, path_);
    // The log holds all of it: this connection takes it for undone, but who opens the database after it does
    // not.
    throw StoreError(StoreError::Kind::lost, Exit::unknown_outcome,
                     fmt::format("the log of {} cannot be synced", text::printable(path_)),
                     "look after the disk, then repeat the command");
  }
  // Whoever opens a database that nobody has open reads the whole log, 5,000 instructions a page, and then
  // does not know what of it was copied into the file: where commands come one by one, SQLite's own
  // checkpoint every 1,000 pages never lets the log begin anew, and it grew without end (8 MB after 250
  // receives). So the first commit of a connection, which is all that most have, empties the log from 100
  // pages on, unless others wait: the last of them does. Who stays knows what was copied and has the usual
  // limit: for 400 commits 100 pages cost 504 syncs, 1,000 cost 411.
  constexpr int long_for_the_first = 100;
  constexpr int long_for_all = 1000;
  const bool first = std::exchange(commits_first_, false);
  if (log_pages_ >= long_for_all) {
    // Only while nobody writes can all of it be copied, after which the next one begins the log anew.
    shorten_log(first ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE);
  }
  // The next one need not wait for the disk: what it writes comes behind this in the same log, so that its
  // own sync covers both, and nobody reports a change before a sync of his own (ARCHITECTURE.md, "Early
  // release").
  if (turnstile_) turnstile_->leave();
  if (sync_log(database_.getHandle()) != SQLITE_OK && !copy_log()) {
    throw Error(Exit::unknown_outcome, fmt::format("the log of {} cannot be synced", text::printable(path_)),
                "look after the disk, then repeat the command");
  }
  // Not before the sync: who was waiting has the lock by now, and would be passed by otherwise.
  if (first && log_pages_ >= long_for_the_first && log_pages_ < long_for_all &&
      (!turnstile_ || turnstile_->enter_if_free())) {
    shorten_log(SQLITE_CHECKPOINT_TRUNCATE);
    if (turnstile_) turnstile_->leave();
  }
  trace(TraceLevel::debug, "commit", {});
}

// Where a sync has failed the next may succeed without having written anything, because the kernel tells of
// lost pages once. What is in the log is readable still: copied into the database, it is written and synced
// anew. Whether all of it was.
bool SqliteConnection::copy_log() noexcept {
  int pages = 0;
  int copied = 0;
  return sqlite3_wal_checkpoint_v2(database_.getHandle(), "main", SQLITE_CHECKPOINT_FULL, &pages, &copied) ==
             SQLITE_OK &&
         pages == copied;
}

// Others see what is in the log, synced or not, and so does whoever opens the database after a crash.
void SqliteConnection::make_durable() {
  const int result = sync_log(database_.getHandle());
  if (result != SQLITE_OK && !copy_log())
    throw_sqlite_error(SQLite::Exception("cannot sync the log", result), path_);
}

// SQLite keeps 2 MB of pages. Keys of operations are random, so that with a ledger of some size nearly every
// row had a page of an index read and another one written, more than once until COMMIT. And what one batch
// frees is wanted by the next: giving it back to the kernel meant a page fault for every 4 KB of each.
void SqliteConnection::expect_many_writes() {
  execute("PRAGMA cache_size = -65536");
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
#endif
}

void SqliteConnection::rollback() noexcept {
  // Some failures (a full disk) have rolled back already; asking SQLite is the only way to know.
  if (sqlite3_get_autocommit(database_.getHandle()) == 0) database_.tryExec("ROLLBACK");
  if (turnstile_) turnstile_->leave();
}

}  // namespace invctl::db
