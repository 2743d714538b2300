#include "new_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/sync.hpp"

namespace invctl::cmd {

namespace {

[[noreturn]] void refuse(const char* what, const std::string& path, int error) {
  const bool denied = error == EACCES || error == EPERM || error == EROFS;
  const auto exit = error == EEXIST ? Exit::conflict : denied ? Exit::not_permitted : Exit::internal;
  throw Error(exit, error == EEXIST ? "already_exists" : std::string(exit_name(exit)),
              fmt::format("cannot {} {}: {}", what, text::printable(path), std::strerror(error)), "");
}

}  // namespace

NewFile::NewFile(std::string path) : path_(std::move(path)) {
  // Said before the work, not only after it; a link that leads nowhere is a name too.
  if (faccessat(AT_FDCWD, path_.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) refuse("create", path_, EEXIST);
  fd_ = open(io::directory_of(path_).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (fd_ >= 0) return;
  if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL) {
    fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    named_ = fd_ >= 0;
  }
  if (fd_ < 0) refuse("create", path_, errno);
}

NewFile::~NewFile() {
  close(fd_);
  if (named_ && !kept_) unlink(path_.c_str());
}

void NewFile::keep() {
  if (fsync(fd_) != 0) refuse("sync", path_, errno);
  if (!named_) {
    const auto nameless = fmt::format("/proc/self/fd/{}", fd_);
    if (linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, path_.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      refuse("create", path_, errno);
    }
    named_ = true;
  }
  if (const int error = io::sync_name(path_); error != 0) refuse("sync", path_, error);
  kept_ = true;
}

}  // namespace invctl::cmd
