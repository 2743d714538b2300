#include "backup.hpp"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <thread>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/sync.hpp"
#include "sqlite_connection.hpp"
#include "sqlite_path.hpp"

namespace invctl::db {

namespace {

Error file_error(const std::string& what, const std::string& path) {
  const int number = errno;
  const auto exit =
      number == EACCES || number == EPERM || number == EROFS ? Exit::not_permitted : Exit::internal;
  return Error(exit, fmt::format("cannot {} {}: {}", what, text::printable(path), std::strerror(number)));
}

Error exists(const std::string& path) {
  return Error(Exit::conflict, "already_exists", fmt::format("{} is there already", text::printable(path)),
               "a backup never overwrites a file: choose another name");
}

// Whether a file that has the draft's name is one that a backup left when it was killed: then it may be
// written over. Anything else is somebody's.
bool is_left_by_a_backup(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 1 || info.st_uid != geteuid())
    return false;
  static constexpr std::string_view start = "SQLite format 3";
  char bytes[start.size()];
  if (pread(fd, bytes, sizeof bytes, 0) != sizeof bytes) return info.st_size == 0;
  const std::string_view read(bytes, sizeof bytes);
  return read == start || read == std::string(start.size(), '\0');  // the first page may come last
}

// The copy before it is good: removed unless it was kept under its final name.
class Draft {
 public:
  explicit Draft(std::string path) : path_(std::move(path)) {
    fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd_ < 0 && errno == ELOOP) throw exists(path_);
    if (fd_ < 0) throw file_error("create", path_);
    try {
      claim();
    } catch (...) {
      close(fd_);
      throw;
    }
  }
  ~Draft() {
    if (!kept_) unlink(path_.c_str());
    close(fd_);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  const std::string& path() const { return path_; }

  void claim() const {
    if (!is_left_by_a_backup(fd_)) throw exists(path_);
    if (flock(fd_, LOCK_EX | LOCK_NB) != 0)
      throw Error(Exit::busy, fmt::format("another backup is writing {}", text::printable(path_)));
    if (ftruncate(fd_, 0) != 0 || fchmod(fd_, 0600) != 0) throw file_error("write", path_);
  }

  void keep_as(const std::string& final_path) {
    if (fsync(fd_) != 0) throw file_error("sync", path_);
    if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, final_path.c_str(), RENAME_NOREPLACE) != 0) {
      if (errno == EEXIST) throw exists(final_path);
      // A file system that cannot refuse to replace: a hard link can.
      if (errno != EINVAL) throw file_error("rename", path_);
      if (link(path_.c_str(), final_path.c_str()) != 0) {
        if (errno == EEXIST) throw exists(final_path);
        throw file_error("rename", path_);
      }
      unlink(path_.c_str());
    }
    kept_ = true;
    if ((errno = io::sync_name(final_path)) != 0) throw file_error("sync", final_path);
  }

  std::int64_t size() const {
    struct stat info {};
    return fstat(fd_, &info) == 0 ? info.st_size : 0;
  }

 private:
  std::string path_;
  int fd_ = -1;
  bool kept_ = false;
};

void copy_pages(SQLite::Database& source, SQLite::Database& target, const Deadline& deadline,
                const std::string& from) {
  SQLite::Backup backup(target, source);
  for (;;) {
    const int result = backup.executeStep(-1);
    if (result == SQLITE_DONE) return;
    if (deadline.passed()) {
      throw Error(Exit::busy, fmt::format("{} is busy", text::printable(from)),
                  "another program holds it; --lock-timeout waits longer");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void check_integrity(SQLite::Database& database, const std::string& path) {
  SQLite::Statement check(database, "PRAGMA integrity_check(1)");
  if (check.executeStep() && check.getColumn(0).getString() == "ok") return;
  throw Error(Exit::invariant, fmt::format("the copy in {} is damaged: {}", text::printable(path),
                                           text::printable(check.getColumn(0).getString())));
}

}  // namespace

std::int64_t backup_sqlite(const std::string& from, const std::string& to, const Deadline& deadline,
                           const std::function<void(const std::string& path)>& verify) {
  if (access(to.c_str(), F_OK) == 0) throw exists(to);
  Draft draft(to + ".tmp");
  try {
    SQLite::Database source(database_file(from), SQLite::OPEN_READONLY, 5000);
    {
      SQLite::Database target(database_file(draft.path()), SQLite::OPEN_READWRITE);
      copy_pages(source, target, deadline, from);
      // What it holds must be in the database after a power cut, too.
      if (const int result = sync_log(source.getHandle()); result != SQLITE_OK)
        throw_sqlite_error(SQLite::Exception("cannot sync the log", result), from);
    }
    SQLite::Database copy(immutable_uri(draft.path()), SQLite::OPEN_READONLY | SQLite::OPEN_URI);
    check_integrity(copy, draft.path());
  } catch (const SQLite::Exception& error) {
    throw_sqlite_error(error, draft.path());
  }
  verify(draft.path());
  draft.keep_as(to);
  return draft.size();
}

}  // namespace invctl::db
