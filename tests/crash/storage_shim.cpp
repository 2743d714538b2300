// A library to preload (LD_PRELOAD) under the program as it is released: between it and the disk.
//
//   INVCTL_SHIM_DIR=DIR         only files below this directory are looked at
//   INVCTL_SHIM_LOG=FILE        what is written, and what was there before, is noted in this file, and what
//   is synced:
//                               lost_writes.hpp makes of it what a machine may find after its power was cut.
//                               Files that are unlinked or replaced are kept beside it as FILE.1, FILE.2, ...
//   INVCTL_SHIM_FAIL=CALL:N:ERRNO       from the N-th CALL (write, sync) on each one fails with that number
//   INVCTL_SHIM_FAIL=CALL:N:ERRNO:once  only that one
//   INVCTL_SHIM_COUNTS=FILE     the calls are counted there, `write N` and `sync N`, when the program ends
//   INVCTL_SHIM_CLOCK=N:SECONDS from the N-th look at the clock on it shows so much more (less: negative)
//
// Shared memory that is written through a mapping (SQLite's -shm) is not seen: it does not outlive the
// machine, and lost_writes.hpp removes it.
#include "storage_shim.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using invctl::test::ShimRecord;

namespace {

template <class F>
F* next_one(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

bool ends_with(const char* text, const char* end) {
  const auto size = strlen(text);
  const auto n = strlen(end);
  return size >= n && strcmp(text + size - n, end) == 0;
}

bool is_watched_path(const char* path) {
  static const char* const directory = getenv("INVCTL_SHIM_DIR");
  if (directory == nullptr) return false;
  const auto n = strlen(directory);
  return strncmp(path, directory, n) == 0 && (path[n] == '/' || path[n] == '\0') &&
         !ends_with(path, "-shm") && !ends_with(path, "-turnstile");
}

// The file behind a descriptor, if it is one to look at.
bool watched(int fd, char (&path)[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const auto n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return false;
  path[n] = '\0';
  return is_watched_path(path);
}

void absolute(const char* path, char (&out)[PATH_MAX]) {
  out[0] = '\0';
  if (path[0] != '/' && getcwd(out, sizeof out - 2) != nullptr) strcat(out, "/");
  strncat(out, path, sizeof out - strlen(out) - 1);
}

// --- the log

const char* log_path() {
  static const char* const path = getenv("INVCTL_SHIM_LOG");
  return path;
}

void write_all(int fd, const void* bytes, size_t size) {
  const auto* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const auto n = syscall(SYS_write, fd, at, size);
    if (n <= 0) abort();  // a log with a hole would show nothing
    at += n;
    size -= static_cast<size_t>(n);
  }
}

// Open, and locked against other processes of the same life, until the end of the scope: so the order of the
// records is the order in which things happened.
class Log {
 public:
  Log()
      : fd_(static_cast<int>(
            syscall(SYS_openat, AT_FDCWD, log_path(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600))) {
    if (fd_ < 0) abort();
    while (syscall(SYS_flock, fd_, LOCK_EX) != 0) {
    }
  }
  ~Log() { syscall(SYS_close, fd_); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  int64_t size() const { return lseek(fd_, 0, SEEK_END); }

  // `old_bytes` and `new_bytes`: of record.old_size and record.new_size.
  void add(ShimRecord record, const char* path, const char* other = "", const void* old_bytes = nullptr,
           const void* new_bytes = nullptr) const {
    record.path_size = static_cast<uint32_t>(strlen(path));
    record.other_size = static_cast<uint32_t>(strlen(other));
    write_all(fd_, &record, sizeof record);
    write_all(fd_, path, record.path_size);
    write_all(fd_, other, record.other_size);
    if (record.old_size > 0) write_all(fd_, old_bytes, static_cast<size_t>(record.old_size));
    if (record.new_size > 0) write_all(fd_, new_bytes, static_cast<size_t>(record.new_size));
  }

  // Keeps a file that is about to lose its name; its number.
  int64_t keep(const char* path) const {
    for (int64_t n = 1;; ++n) {
      char copy[PATH_MAX];
      snprintf(copy, sizeof copy, "%s.%lld", log_path(), static_cast<long long>(n));
      if (link(path, copy) == 0) return n;
      if (errno != EEXIST) return 0;
    }
  }

 private:
  int fd_;
};

int64_t file_size(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 ? info.st_size : 0;
}

// Notes a change of [offset, offset + size) and makes it.
template <class Call>
auto logged(int fd, const char* path, uint32_t kind, int64_t offset, const void* bytes, int64_t size,
            Call&& call) {
  const Log log;
  ShimRecord record{};
  record.kind = kind;
  record.offset = offset;
  record.file_size = file_size(fd);
  const int64_t end = kind == ShimRecord::truncate ? record.file_size : offset + size;
  record.old_size = end > record.file_size ? record.file_size - offset : end - offset;
  if (record.old_size < 0) record.old_size = 0;
  record.new_size = kind == ShimRecord::truncate ? 0 : size;
  char* old_bytes = static_cast<char*>(malloc(static_cast<size_t>(record.old_size) + 1));
  // A descriptor that may only be written cannot be read: through its name it can.
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  const int reading = static_cast<int>(syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC));
  if (old_bytes == nullptr || reading < 0 ||
      pread(reading, old_bytes, static_cast<size_t>(record.old_size), offset) != record.old_size)
    abort();
  syscall(SYS_close, reading);
  log.add(record, path, "", old_bytes, bytes);
  free(old_bytes);
  return call();
}

// --- failing

struct Failure {
  char call[16] = "";
  long first = 0;
  int error = 0;
  bool once = false;
};

const Failure& failure() {
  static const Failure made = [] {
    Failure read;
    const char* text = getenv("INVCTL_SHIM_FAIL");
    if (text == nullptr) return read;
    if (sscanf(text, "%15[a-z]:%ld:%d", read.call, &read.first, &read.error) != 3) abort();
    read.once = ends_with(text, ":once");
    return read;
  }();
  return made;
}

std::atomic<long> writes{0}, syncs{0};

bool fails(const char* call, std::atomic<long>& count) {
  const long n = ++count;
  const auto& planned = failure();
  if (strcmp(planned.call, call) != 0 || (planned.once ? n != planned.first : n < planned.first))
    return false;
  errno = planned.error;
  return true;
}

__attribute__((destructor)) void write_counts() {
  const char* path = getenv("INVCTL_SHIM_COUNTS");
  if (path == nullptr) return;
  char text[80];
  const int n = snprintf(text, sizeof text, "write %ld\nsync %ld\n", writes.load(), syncs.load());
  const int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
  if (fd < 0) return;
  write_all(fd, text, static_cast<size_t>(n));
  syscall(SYS_close, fd);
}

int sync_logged(int fd, int (*real)(int)) {
  char path[PATH_MAX];
  if (!watched(fd, path)) return real(fd);
  if (fails("sync", syncs)) return -1;
  if (log_path() == nullptr) return real(fd);
  ShimRecord record{};
  record.kind = ShimRecord::sync;
  record.offset = Log().size();  // it covers what came before it began, not what came while it ran
  const int result = real(fd);
  if (result == 0) Log().add(record, path);
  return result;
}

// Whether opening makes a new name.
bool creates(const char* path, int flags, char (&full)[PATH_MAX]) {
  if ((flags & O_CREAT) == 0 || log_path() == nullptr) return false;
  absolute(path, full);
  return is_watched_path(full) && access(full, F_OK) != 0;
}

int open_logged(const char* path, int flags, mode_t mode) {
  char full[PATH_MAX];
  if (!creates(path, flags, full)) return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  const Log log;
  const int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  ShimRecord record{};
  record.kind = ShimRecord::create;
  if (fd >= 0) log.add(record, full);
  return fd;
}

template <class Call>
int rename_logged(const char* from, const char* to, Call&& call) {
  char full_from[PATH_MAX];
  char full_to[PATH_MAX];
  absolute(from, full_from);
  absolute(to, full_to);
  if (log_path() == nullptr || !is_watched_path(full_to)) return call();
  const Log log;
  ShimRecord record{};
  record.kind = ShimRecord::rename;
  record.offset = access(full_to, F_OK) == 0 ? log.keep(full_to) : 0;
  const int result = call();
  if (result == 0) log.add(record, full_from, full_to);
  return result;
}

}  // namespace

extern "C" {

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  static const auto real = next_one<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  char path[PATH_MAX];
  if (!watched(fd, path)) return real(fd, bytes, size, offset);
  if (fails("write", writes)) return -1;
  const auto call = [&] { return real(fd, bytes, size, offset); };
  if (log_path() == nullptr) return call();
  return logged(fd, path, ShimRecord::write, offset, bytes, static_cast<int64_t>(size), call);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto real = next_one<ssize_t(int, const void*, size_t)>("write");
  char path[PATH_MAX];
  if (!watched(fd, path)) return real(fd, bytes, size);
  if (fails("write", writes)) return -1;
  const auto call = [&] { return real(fd, bytes, size); };
  if (log_path() == nullptr) return call();
  const bool appends = (fcntl(fd, F_GETFL) & O_APPEND) != 0;
  const auto offset = appends ? file_size(fd) : lseek(fd, 0, SEEK_CUR);
  return logged(fd, path, ShimRecord::write, offset, bytes, static_cast<int64_t>(size), call);
}

int ftruncate64(int fd, off64_t size) {
  static const auto real = next_one<int(int, off64_t)>("ftruncate64");
  char path[PATH_MAX];
  if (log_path() == nullptr || !watched(fd, path)) return real(fd, size);
  return logged(fd, path, ShimRecord::truncate, size, nullptr, 0, [&] { return real(fd, size); });
}

int ftruncate(int fd, off_t size) {
  return ftruncate64(fd, size);
}

int fsync(int fd) {
  static const auto real = next_one<int(int)>("fsync");
  return sync_logged(fd, real);
}

int fdatasync(int fd) {
  static const auto real = next_one<int(int)>("fdatasync");
  return sync_logged(fd, real);
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = va_arg(rest, mode_t);
  va_end(rest);
  return open_logged(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = va_arg(rest, mode_t);
  va_end(rest);
  return open_logged(path, flags | O_LARGEFILE, mode);
}

int unlink(const char* path) {
  char full[PATH_MAX];
  absolute(path, full);
  if (log_path() == nullptr || !is_watched_path(full)) return static_cast<int>(syscall(SYS_unlink, path));
  const Log log;
  ShimRecord record{};
  record.kind = ShimRecord::unlink;
  record.offset = log.keep(full);
  const int result = static_cast<int>(syscall(SYS_unlink, path));
  if (result == 0) log.add(record, full);
  return result;
}

int rename(const char* from, const char* to) {
  return rename_logged(from, to, [&] { return static_cast<int>(syscall(SYS_rename, from, to)); });
}

// Gives a name to a file without one: as if it were renamed.
int linkat(int from_directory, const char* from, int to_directory, const char* to, int flags) {
  const auto call = [&] {
    return static_cast<int>(syscall(SYS_linkat, from_directory, from, to_directory, to, flags));
  };
  char nameless[PATH_MAX];
  const auto n = (flags & AT_SYMLINK_FOLLOW) != 0 ? readlink(from, nameless, sizeof nameless - 1) : -1;
  if (n <= 0) return call();
  nameless[n] = '\0';
  return rename_logged(nameless, to, call);
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) {
  return rename_logged(from, to, [&] {
    return static_cast<int>(syscall(SYS_renameat2, from_directory, from, to_directory, to, flags));
  });
}

int clock_gettime(clockid_t clock, timespec* time) {
  static std::atomic<long> looks{0};
  static const char* const jump = getenv("INVCTL_SHIM_CLOCK");
  const int result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  if (jump == nullptr || clock != CLOCK_REALTIME || result != 0) return result;
  long first = 0;
  long seconds = 0;
  if (sscanf(jump, "%ld:%ld", &first, &seconds) == 2 && ++looks >= first) time->tv_sec += seconds;
  return result;
}
}
