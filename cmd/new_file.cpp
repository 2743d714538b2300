#include "new_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl::cmd {

NewFile::NewFile(std::string path) : path_(std::move(path)) {
  fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd_ >= 0) return;
  const auto exit = errno == EEXIST ? Exit::conflict : errno == EACCES ? Exit::not_permitted : Exit::internal;
  throw Error(exit, errno == EEXIST ? "already_exists" : std::string(exit_name(exit)),
              fmt::format("cannot create {}: {}", text::printable(path_), std::strerror(errno)), "");
}

NewFile::~NewFile() {
  close(fd_);
  if (!kept_) unlink(path_.c_str());
}

void NewFile::keep() {
  if (fsync(fd_) != 0) {
    throw Error(Exit::internal,
                fmt::format("cannot sync {}: {}", text::printable(path_), std::strerror(errno)));
  }
  kept_ = true;
}

}  // namespace invctl::cmd
