#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/text.hpp"
#include "doctor.hpp"
#include "io/sync.hpp"
#include "sqlite_path.hpp"

namespace invctl::db {

namespace {

using Level = Finding::Level;

std::string pragma(Connection& connection, const std::string& name) {
  Query query(connection, "PRAGMA " + name);
  return query.next() ? query.text(0) : std::string();
}

void check_settings(Connection& connection, std::vector<Finding>& findings) {
  Query query(connection, "SELECT sqlite_version()");
  query.next();
  findings.push_back({Level::ok, "version", "SQLite " + query.text(0), ""});

  const auto journal = pragma(connection, "journal_mode");
  const bool wal = journal == "wal";
  findings.push_back(
      {wal ? Level::ok : Level::warning, "journal", journal,
       wal ? "" : "readers and writers block each other: sqlite3 FILE 'PRAGMA journal_mode = WAL'"});

  // Of this connection, as every change makes it; the file does not store it.
  const auto synchronous = pragma(connection, "synchronous");
  const bool synced = synchronous != "0";
  findings.push_back({synced ? Level::ok : Level::warning, "synchronous",
                      synced ? "the log, before a change is reported" : "off",
                      synced ? "" : "a power cut can lose reported changes"});
}

void check_mode(const std::string& path, std::vector<Finding>& findings) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return;
  const auto mode = info.st_mode & 07777;
  const bool shared = (mode & 077) != 0;
  findings.push_back({shared ? Level::warning : Level::ok, "mode", fmt::format("{:04o}", mode),
                      shared ? "other users can open the file: chmod 600 " + text::printable(path) : ""});
  for (const std::string side : {"", "-wal", "-shm"}) {
    if (access((path + side).c_str(), W_OK) == 0 || errno == ENOENT) continue;
    findings.push_back({Level::warning, "writable", side.empty() ? "no" : "not its " + side,
                        "this user can look, but change nothing"});
    break;
  }
}

// Whoever may make files in the directory can make one by the name of the log, or hold the line for ever.
void check_directory(const std::string& path, std::vector<Finding>& findings) {
  const auto directory = io::directory_of(path);
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) return;
  const bool open_to_all = (info.st_mode & S_IWOTH) != 0;
  findings.push_back(
      {open_to_all ? Level::warning : Level::ok, "directory", fmt::format("{:04o}", info.st_mode & 07777),
       open_to_all ? "every user can put files beside the database: chmod o-w " + text::printable(directory)
                   : ""});
  if (stat(path.c_str(), &info) == 0 && info.st_nlink > 1) {
    findings.push_back(
        {Level::warning, "names", text::count(static_cast<long long>(info.st_nlink), "hard link"),
         "the log belongs to one name only: remove the others, or make symbolic links of them"});
  }
}

void check_file_system(const std::string& path, std::vector<Finding>& findings) {
  struct statfs info {};
  if (statfs(path.c_str(), &info) != 0) return;
  switch (static_cast<unsigned long>(info.f_type)) {
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
      findings.push_back(
          {Level::warning, "file-system", "in memory", "the database is gone after a restart"});
      break;
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case 0xff534d42UL:  // CIFS
    case 0xfe534d42UL:  // SMB2
    case 0x65735546UL:  // FUSE
      findings.push_back({Level::warning, "file-system", "on a network or in user space",
                          "its locks may not hold: keep the database on a local disk, or use a server"});
      break;
    default:
      findings.push_back({Level::ok, "file-system", fmt::format("local (type {:#x})", info.f_type), ""});
  }
  const auto free_bytes =
      static_cast<std::uint64_t>(info.f_bavail) * static_cast<std::uint64_t>(info.f_bsize);
  const bool low = free_bytes < 64ULL << 20;
  findings.push_back({low ? Level::warning : Level::ok, "free-space", fmt::format("{} MiB", free_bytes >> 20),
                      low ? "changes fail with exit 1 when the disk is full" : ""});
}

void check_log(const std::string& path, std::vector<Finding>& findings) {
  struct stat info {};
  const auto wal = path + "-wal";
  if (stat(wal.c_str(), &info) != 0) return;
  const bool large = info.st_size > 256LL << 20;
  findings.push_back(
      {large ? Level::warning : Level::ok, "write-ahead-log", fmt::format("{} KiB", info.st_size >> 10),
       large ? "a reader that never ends keeps it from being copied back: find and end it" : ""});
}

void check_turnstile(const std::string& path, std::vector<Finding>& findings) {
  const auto side_file = path + "-turnstile";
  const int fd = open(side_file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd >= 0) {
    close(fd);
    findings.push_back({Level::ok, "turnstile", "first come, first served", ""});
  } else if (errno == ENOENT) {
    findings.push_back({Level::ok, "turnstile", "made by the first change", ""});
  } else {
    findings.push_back({Level::warning, "turnstile", std::strerror(errno),
                        "changes wait in random order: make " + text::printable(side_file) + " writable"});
  }
}

void check_integrity(Connection& connection, std::vector<Finding>& findings) {
  // Not quick_check: it does not compare the indexes with their tables, and where a key cannot be found, the
  // same request is posted again.
  const auto result = pragma(connection, "integrity_check(1)");
  const bool sound = result == "ok";
  findings.push_back({sound ? Level::ok : Level::problem, "integrity", result,
                      sound ? "" : "restore a backup; `sqlite3 FILE .recover` may save what is left"});
}

}  // namespace

void examine_sqlite(Connection& connection, const Url& url, std::vector<Finding>& findings) {
  check_settings(connection, findings);
  const auto file = database_file(url.path);
  check_mode(file, findings);
  check_directory(file, findings);
  check_file_system(file, findings);
  check_log(file, findings);
  check_turnstile(file, findings);
  check_integrity(connection, findings);
}

}  // namespace invctl::db
