#include "instance_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"
#include "sql_store.hpp"
#include "sqlite_path.hpp"
#include "url.hpp"

namespace invctl::db {

namespace {

Error already_running(const std::string& name) {
  return Error(Exit::busy, "already_running",
               fmt::format("another run holds the name {}", text::quoted(name)),
               "nothing was done; it is free again when that run ends");
}

class FileLock : public InstanceLock {
 public:
  FileLock(const std::string& path, const std::string& name) {
    fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    // Who may only read can still stand in line.
    if (fd_ < 0) fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd_ < 0) {
      throw Error(errno == EACCES || errno == EROFS ? Exit::not_permitted : Exit::unavailable,
                  fmt::format("cannot open {}: {}", text::printable(path), std::strerror(errno)));
    }
    int result = -1;
    do {
      result = flock(fd_, LOCK_EX | LOCK_NB);
    } while (result != 0 && errno == EINTR);
    if (result == 0) return;
    const bool held = errno == EWOULDBLOCK;
    const std::string why = std::strerror(errno);
    close(fd_);
    if (held) throw already_running(name);
    throw Error(Exit::unavailable, fmt::format("cannot lock {}: {}", text::printable(path), why));
  }
  ~FileLock() override { close(fd_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_ = -1;
};

// A session of its own, because the one that posts may be lost and opened anew.
class SessionLock : public InstanceLock {
 public:
  SessionLock(const std::string& url, const std::string& key, const std::string& name)
      : connection_(open_connection(url)) {
    // It is silent for as long as the run takes.
    connection_->execute("SET SESSION wait_timeout = 31536000");
    Query query(*connection_, "SELECT GET_LOCK(?, 0)");
    query.bind(key);
    if (!query.next() || query.is_null(0) || query.integer(0) != 1) throw already_running(name);
  }

 private:
  std::unique_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<InstanceLock> hold_instance(const std::string& url, const std::string& name) {
  const auto target = parse_url(url);
  if (target.engine == Url::Engine::mysql) {
    // A server's names are those of all its databases, and at most 64 characters long.
    const auto digest =
        FieldText("invctl-instance-1").add(std::string_view(target.database)).add(std::string_view(name));
    return std::make_unique<SessionLock>(url, "invctl-" + to_hex(digest.digest()).substr(0, 48), name);
  }
  return std::make_unique<FileLock>(
      fmt::format("{}-instance-{}", database_file(target.path), to_hex(sha256(name)).substr(0, 16)), name);
}

}  // namespace invctl::db
