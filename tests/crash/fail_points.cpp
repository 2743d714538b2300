// What makes invctl_faulty of invctl: the same object files and libraries, linked with --wrap, so that every
// call of the functions below passes here first. The program that is released has no trace of it.
//
//   INVCTL_FAIL_POINT=NAME:N:kill   at the N-th passing of that point the process kills itself (SIGKILL)
//                     NAME:N:int    it sends itself SIGINT
//                     NAME:N:term   it sends itself SIGTERM
//                     NAME:N:stop   it stops itself (SIGSTOP), and goes on where it was after SIGCONT
//                     NAME:N:quit   it ends with 130, whatever is stored: a lie
//                     before-commit:N:lie   the transaction is rolled back, and the program told that it
//                                   is stored
//   INVCTL_FAIL_ONCE=FILE           of all processes that have the same file here, only the first is
//                                   killed or sent a signal: it makes the file
//   INVCTL_FAIL_COUNTS=FILE         a line `NAME PASSINGS` for each point, when the program ends by itself
//   INVCTL_FAIL_SYNCHRONOUS=OFF     SQLite is told that, or NORMAL, and the program does not find the log
//                                   that it syncs itself
//   INVCTL_FAIL_SYNCHRONOUS=FULL    SQLite is told that, and nothing is hidden: more syncs, no fewer
//
// What is a lie, and a sync that is left out, the tests have to notice.
// Names are before-X and after-X, X being one of `names`.
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

enum Point : unsigned {
  begin,
  statement,
  commit,
  rollback,
  answer,     // of several that come for one text: between them a server goes on by itself
  send_text,  // after it, the server has the statement and the program not its answer
  line,       // SQLite's turnstile
  waiting,    // in line, behind another
  write_page,
  sync_file,
  truncate_file,
  rename_file,
  unlink_file,
  backup,
  report,
  point_count
};
constexpr std::array<std::string_view, point_count> names = {
    "begin", "statement", "commit",   "rollback", "answer", "send",   "line",  "waiting",
    "write", "sync",      "truncate", "rename",   "unlink", "backup", "report"};

enum class Side : unsigned { before, after };

std::array<std::array<std::atomic<long>, 2>, point_count> passings;

struct Plan {
  std::string name, action;
  long passing = 0;
};

const Plan& plan() {
  static const Plan made = [] {
    Plan read;
    const char* text = std::getenv("INVCTL_FAIL_POINT");
    if (text == nullptr) return read;
    const std::string_view all = text;
    const auto first = all.find(':');
    const auto second = all.find(':', first + 1);
    if (first == all.npos || second == all.npos) std::abort();
    read.name = all.substr(0, first);
    read.passing = std::atol(all.data() + first + 1);
    read.action = all.substr(second + 1);
    return read;
  }();
  return made;
}

std::string name_of(Point point, Side side) {
  return (side == Side::before ? "before-" : "after-") + std::string(names[point]);
}

bool first_of_all() {
  const char* path = std::getenv("INVCTL_FAIL_ONCE");
  if (path == nullptr) return true;
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

// Whether this passing is to be lied about.
bool pass(Point point, Side side) {
  const int error = errno;
  const auto n = ++passings[point][static_cast<unsigned>(side)];
  bool lie = false;
  if (n == plan().passing && plan().name == name_of(point, side)) {
    const auto& action = plan().action;
    if (action == "kill" && first_of_all()) {
      for (;;) kill(getpid(), SIGKILL);
    }
    if (action == "int" && first_of_all()) kill(getpid(), SIGINT);
    if (action == "term" && first_of_all()) kill(getpid(), SIGTERM);
    if (action == "stop") kill(getpid(), SIGSTOP);
    if (action == "quit") _exit(128 + SIGINT);
    lie = action == "lie";
  }
  errno = error;
  return lie;
}

// Between its two points, a call.
template <class Call>
auto passing(Point point, Call&& call) {
  pass(point, Side::before);
  const auto result = call();
  pass(point, Side::after);
  return result;
}

Point point_of(std::string_view sql) {
  if (sql.ends_with("COMMIT")) return commit;
  if (sql.starts_with("BEGIN")) return begin;
  if (sql.starts_with("ROLLBACK")) return rollback;
  return statement;
}

// What really happens, where the program is to believe that it was a commit.
std::string without_commit(std::string_view sql) {
  return std::string(sql.substr(0, sql.size() - std::strlen("COMMIT"))) + "ROLLBACK";
}

const char* asked_synchronous() {
  return std::getenv("INVCTL_FAIL_SYNCHRONOUS");
}

// Where SQLite is to sync more than it does, what the program syncs itself is as necessary as before: of what
// another has committed, a repetition may be told.
bool hides_log() {
  const char* synchronous = asked_synchronous();
  return synchronous != nullptr && std::string_view(synchronous) != "FULL";
}

}  // namespace

extern "C" {

// --- SQLite

int __real_sqlite3_step(sqlite3_stmt* statement);
int __real_sqlite3_exec(sqlite3* database, const char* sql, int (*callback)(void*, int, char**, char**),
                        void* data, char** message);
int __real_sqlite3_backup_step(sqlite3_backup* copy, int pages);
int __real_sqlite3_file_control(sqlite3* database, const char* name, int operation, void* argument);

int __wrap_sqlite3_step(sqlite3_stmt* prepared) {
  if (sqlite3_stmt_busy(prepared) != 0) return __real_sqlite3_step(prepared);  // the next row
  return passing(statement, [&] { return __real_sqlite3_step(prepared); });
}

int __wrap_sqlite3_exec(sqlite3* database, const char* sql, int (*callback)(void*, int, char**, char**),
                        void* data, char** message) {
  std::string text = sql;
  const auto point = point_of(text);
  if (pass(point, Side::before) && point == commit) text = without_commit(text);
  const char* synchronous = asked_synchronous();
  if (synchronous != nullptr && text == "PRAGMA synchronous = NORMAL") {
    text = std::string("PRAGMA synchronous = ") + synchronous;
  }
  const int result = __real_sqlite3_exec(database, text.c_str(), callback, data, message);
  pass(point, Side::after);
  return result;
}

int __wrap_sqlite3_file_control(sqlite3* database, const char* name, int operation, void* argument) {
  if (operation == SQLITE_FCNTL_JOURNAL_POINTER && hides_log()) return SQLITE_NOTFOUND;
  return __real_sqlite3_file_control(database, name, operation, argument);
}

int __wrap_sqlite3_backup_step(sqlite3_backup* copy, int pages) {
  return passing(backup, [&] { return __real_sqlite3_backup_step(copy, pages); });
}

// --- a server (`session` is a MYSQL*)

int __real_mysql_real_query(void* session, const char* sql, unsigned long length);
int __real_mysql_next_result(void* session);
ssize_t __real_send(int fd, const void* bytes, size_t size, int flags);

int __wrap_mysql_real_query(void* session, const char* sql, unsigned long length) {
  std::string text(sql, length);
  const auto point = point_of(text);
  if (pass(point, Side::before) && point == commit) text = without_commit(text);
  const int result = __real_mysql_real_query(session, text.data(), text.size());
  pass(point, Side::after);
  return result;
}

int __wrap_mysql_next_result(void* session) {
  return passing(answer, [&] { return __real_mysql_next_result(session); });
}

ssize_t __wrap_send(int fd, const void* bytes, size_t size, int flags) {
  return passing(send_text, [&] { return __real_send(fd, bytes, size, flags); });
}

// --- files

int __real_flock(int fd, int operation);
ssize_t __real_pwrite64(int fd, const void* bytes, size_t size, off64_t offset);
ssize_t __real_write(int fd, const void* bytes, size_t size);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_ftruncate64(int fd, off64_t size);
int __real_ftruncate(int fd, off_t size);
int __real_rename(const char* from, const char* to);
int __real_renameat2(int from_directory, const char* from, int to_directory, const char* to, unsigned flags);
int __real_linkat(int from_directory, const char* from, int to_directory, const char* to, int flags);
int __real_unlink(const char* path);

int __wrap_flock(int fd, int operation) {
  if ((operation & LOCK_EX) == 0) return __real_flock(fd, operation);
  const auto point = (operation & LOCK_NB) != 0 ? line : waiting;
  return passing(point, [&] { return __real_flock(fd, operation); });
}

ssize_t __wrap_pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  return passing(write_page, [&] { return __real_pwrite64(fd, bytes, size, offset); });
}

ssize_t __wrap_write(int fd, const void* bytes, size_t size) {
  if (fd == STDERR_FILENO) return __real_write(fd, bytes, size);
  return passing(fd == STDOUT_FILENO ? report : write_page, [&] { return __real_write(fd, bytes, size); });
}

int __wrap_fsync(int fd) {
  return passing(sync_file, [&] { return __real_fsync(fd); });
}

int __wrap_fdatasync(int fd) {
  return passing(sync_file, [&] { return __real_fdatasync(fd); });
}

int __wrap_ftruncate64(int fd, off64_t size) {
  return passing(truncate_file, [&] { return __real_ftruncate64(fd, size); });
}

int __wrap_ftruncate(int fd, off_t size) {
  return passing(truncate_file, [&] { return __real_ftruncate(fd, size); });
}

int __wrap_rename(const char* from, const char* to) {
  return passing(rename_file, [&] { return __real_rename(from, to); });
}

int __wrap_renameat2(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) {
  return passing(rename_file,
                 [&] { return __real_renameat2(from_directory, from, to_directory, to, flags); });
}

int __wrap_linkat(int from_directory, const char* from, int to_directory, const char* to, int flags) {
  return passing(rename_file, [&] { return __real_linkat(from_directory, from, to_directory, to, flags); });
}

int __wrap_unlink(const char* path) {
  return passing(unlink_file, [&] { return __real_unlink(path); });
}

// Not by a destructor of the library's: those of this file's objects may have run.
__attribute__((destructor)) static void write_counts() {
  const char* path = std::getenv("INVCTL_FAIL_COUNTS");
  if (path == nullptr) return;
  std::string text;
  for (unsigned point = 0; point < point_count; ++point) {
    for (const auto side : {Side::before, Side::after}) {
      const auto n = passings[point][static_cast<unsigned>(side)].load();
      if (n > 0) text += name_of(static_cast<Point>(point), side) + ' ' + std::to_string(n) + '\n';
    }
  }
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return;
  [[maybe_unused]] const auto written = __real_write(fd, text.data(), text.size());
  close(fd);
}
}
