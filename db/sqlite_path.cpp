#include "sqlite_path.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl::db {

namespace {

bool is_denial(int error) {
  return error == EACCES || error == EPERM || error == EROFS;
}

[[noreturn]] void throw_open_error(const std::string& what, const std::string& path, int error) {
  const bool by_rights = is_denial(error);
  throw Error(by_rights ? Exit::not_permitted : Exit::unavailable,
              fmt::format("cannot {} {}: {}", what, text::printable(path), std::strerror(error)),
              by_rights ? std::string(permission_hint) : std::string());
}

// Opening a pipe waits for who writes to it, and opening a device does who knows what: look first.
void check_regular(const std::string& path, const struct stat& info) {
  if (S_ISREG(info.st_mode)) return;
  const auto* what = S_ISDIR(info.st_mode) ? "a directory" : "a device or a pipe";
  throw Error(Exit::unavailable, fmt::format("{} is {}, not a database", text::printable(path), what));
}

// std::filesystem asks for all permissions and leaves it to the umask what of them stays.
void make_directories(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (directory.empty() || std::filesystem::exists(directory, ignored)) return;
  make_directories(directory.parent_path());
  ::mkdir(directory.c_str(), 0700);
}

}  // namespace

std::string database_file(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      throw Error(Exit::unavailable, "not_initialised",
                  fmt::format("there is no database at {}", text::printable(path)),
                  "create it with `invctl init-db`");
    }
    throw_open_error("open", path, errno);
  }
  check_regular(path, info);
  const std::unique_ptr<char, decltype(&std::free)> file(realpath(path.c_str(), nullptr), &std::free);
  if (!file) throw_open_error("open", path, errno);
  return file.get();
}

std::string make_database_file(const std::string& path) {
  make_directories(std::filesystem::path(path).parent_path());
  struct stat info {};
  if (stat(path.c_str(), &info) == 0) check_regular(path, info);
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
  if (fd < 0) throw_open_error("create", path, errno);
  close(fd);
  return database_file(path);
}

bool is_denied(const std::string& path) {
  const auto refused = [](const std::string& file, int how) {
    return faccessat(AT_FDCWD, file.c_str(), how, AT_EACCESS) != 0 && is_denial(errno);
  };
  // A database in write-ahead mode needs its side files, also to be read.
  const auto directory = std::filesystem::path(path).parent_path().string();
  return refused(path, R_OK) || refused(path + "-wal", R_OK | W_OK) || refused(path + "-shm", R_OK | W_OK) ||
         refused(directory.empty() ? "." : directory, W_OK | X_OK);
}

std::optional<std::string> obstacle_beside(const std::string& path) {
  for (const auto* suffix : {"-wal", "-shm", "-journal"}) {
    auto file = path + suffix;
    struct stat info {};
    if (lstat(file.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) return file;
  }
  return std::nullopt;
}

std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    const bool plain = c != '%' && c != '?' && c != '#';
    uri += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return uri + "?immutable=1";
}

}  // namespace invctl::db
