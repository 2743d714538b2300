#include "io/input_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl::io {

namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

std::string hint_for(const std::string& name, int error) {
  if (error == EISDIR) return "name a file, or - for standard input";
  if (error == EACCES) return "the file, or a directory above it, is not readable for this user";
  std::error_code ignored;
  if (error == ENOENT && !name.starts_with('/')) {
    return "the path is taken from " + text::printable(std::filesystem::current_path(ignored).string());
  }
  return "check the path, or pass - to read standard input";
}

[[noreturn]] void cannot_read(const std::string& name, int error) {
  throw Error(Exit::bad_input, "cannot_read",
              fmt::format("cannot read {}: {}", text::printable(name), reason(error)), hint_for(name, error));
}

[[noreturn]] void cannot_spool(const std::string& name, const std::string& directory, int error) {
  throw Error(Exit::internal, "cannot_spool",
              fmt::format("cannot keep a copy of {} in {}: {}", text::printable(name),
                          text::printable(directory), reason(error)),
              "set TMPDIR to a directory with room for it, or pass a file");
}

std::string temporary_directory() {
  const char* const directory = std::getenv("TMPDIR");
  return directory != nullptr && *directory != '\0' ? directory : "/tmp";
}

// An unnamed file; -1 and errno where that fails.
int open_temporary(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return fd;
  // The file system has no unnamed files.
  std::string path = directory + "/invctl-XXXXXX";
  const int named = ::mkostemp(path.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(path.c_str());
  return named;
}

// ::read that is not ended by a signal.
ssize_t read_some(int fd, char* into, std::size_t size) {
  for (;;) {
    const auto n = ::read(fd, into, size);
    if (n >= 0 || errno != EINTR) return n;
  }
}

bool write_all(int fd, const char* from, std::size_t size) {
  while (size > 0) {
    const auto n = ::write(fd, from, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    from += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

InputFile InputFile::open(const std::string& path) {
  const bool is_stdin = path == "-";
  InputFile file(is_stdin ? "stdin" : path,
                 is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  file.owned_ = !is_stdin;
  if (file.fd_ < 0 || ::fstat(file.fd_, &file.opened_) != 0) cannot_read(file.name_, errno);
  if (S_ISDIR(file.opened_.st_mode)) cannot_read(file.name_, EISDIR);
  if (S_ISREG(file.opened_.st_mode)) {
    const auto here = is_stdin ? ::lseek(file.fd_, 0, SEEK_CUR) : 0;
    if (here < 0) cannot_read(file.name_, errno);
    file.start_ = static_cast<std::uint64_t>(here);
    ::posix_fadvise(file.fd_, here, 0, POSIX_FADV_SEQUENTIAL);
  } else {
    file.spool();
  }
  const auto whole = static_cast<std::uint64_t>(file.opened_.st_size);
  file.size_ = whole > file.start_ ? whole - file.start_ : 0;
  return file;
}

InputFile::InputFile(InputFile&& other) noexcept
    : name_(std::move(other.name_)),
      fd_(std::exchange(other.fd_, -1)),
      owned_(std::exchange(other.owned_, false)),
      start_(other.start_),
      position_(other.position_),
      size_(other.size_),
      opened_(other.opened_) {}

InputFile::~InputFile() {
  if (owned_ && fd_ >= 0) ::close(fd_);
}

void InputFile::spool() {
  const auto directory = temporary_directory();
  const int copy = open_temporary(directory);
  if (copy < 0) cannot_spool(name_, directory, errno);
  InputFile from(name_, std::exchange(fd_, copy));
  from.owned_ = std::exchange(owned_, true);
  std::string chunk(large_chunk, '\0');
  for (;;) {
    const auto n = read_some(from.fd_, chunk.data(), chunk.size());
    if (n < 0) cannot_read(name_, errno);
    if (n == 0) break;
    if (!write_all(fd_, chunk.data(), static_cast<std::size_t>(n))) cannot_spool(name_, directory, errno);
  }
  if (::fstat(fd_, &opened_) != 0) cannot_spool(name_, directory, errno);
}

std::size_t InputFile::read(char* into, std::size_t size) {
  for (;;) {
    // pread: the descriptor of standard input is shared with other processes, its offset with it.
    const auto n = ::pread(fd_, into, size, static_cast<off_t>(start_ + position_));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) cannot_read(name_, errno);
    position_ += static_cast<std::uint64_t>(n);
    return static_cast<std::size_t>(n);
  }
}

void InputFile::rewind() {
  verify_unchanged();
  position_ = 0;
}

void InputFile::verify_unchanged() const {
  struct stat now {};
  if (::fstat(fd_, &now) != 0) cannot_read(name_, errno);
  if (now.st_size == opened_.st_size && same_time(now.st_mtim, opened_.st_mtim)) return;
  throw Error(Exit::bad_input, "file_changed",
              fmt::format("{} changed while it was read", text::printable(name_)),
              "repeat the command when nothing writes to the file");
}

}  // namespace invctl::io
