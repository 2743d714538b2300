#include "catalog/seed_rejects.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/sync.hpp"

namespace invctl {

namespace {

constexpr std::string_view reason_column = "reason";
constexpr std::size_t buffer_bytes = std::size_t{64} << 10;

[[noreturn]] void cannot_write(Exit exit, const std::string& path, int error) {
  throw Error(
      exit, "cannot_write",
      fmt::format("cannot write {}: {}", text::printable(path), std::generic_category().message(error)), "");
}

std::string header_line(const std::string& raw, char delimiter) {
  return raw + delimiter + std::string(reason_column);
}

// The first `size` bytes, or fewer.
std::string beginning(const std::string& path, std::size_t size) {
  std::string bytes(size, '\0');
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const auto n = ::read(fd, bytes.data(), size);
  ::close(fd);
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return bytes;
}

bool is_earlier_rejects(const std::string& path, const SeedForm& form,
                        const std::vector<std::string>& headers) {
  for (const auto& header : headers) {
    std::string line;
    io::Encoder(form.encoding).convert(header_line(header, form.delimiter), line);
    const auto start = beginning(path, line.size() + 1);
    if (start.size() > line.size() && start.starts_with(line) &&
        static_cast<unsigned char>(start.back()) <= '\r') {
      return true;
    }
  }
  return false;
}

}  // namespace

void SeedRejects::check(const std::string& path, const SeedForm& form,
                        const std::vector<std::string>& headers) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return;
  if (S_ISDIR(info.st_mode)) cannot_write(Exit::usage, path, EISDIR);
  if (!S_ISREG(info.st_mode) || info.st_size == 0 || is_earlier_rejects(path, form, headers)) return;
  throw Error(Exit::conflict, "already_exists",
              fmt::format("{} exists, and does not hold rejected rows of these files", text::printable(path)),
              "choose another name for --rejects, or remove it");
}

SeedRejects::SeedRejects(std::string path, const SeedForm& form, const std::vector<std::string>& headers)
    : path_(std::move(path)), form_(form) {
  check(path_, form_, headers);
  struct stat info {};
  in_place_ = ::stat(path_.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
  open();
}

SeedRejects::~SeedRejects() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void SeedRejects::open() {
  if (in_place_) {
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  } else {
    // Without a name until it is complete, so that nothing is left behind by a signal.
    fd_ = ::open(io::directory_of(path_).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd_ < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
      temporary_ = path_ + ".XXXXXX";
      fd_ = ::mkostemp(temporary_.data(), O_CLOEXEC);
      if (fd_ < 0) temporary_.clear();
    }
  }
  if (fd_ < 0) cannot_write(Exit::usage, path_, errno);
}

void SeedRejects::restart() {
  buffer_.clear();
  encoder_.emplace(form_.encoding);
  last_ = nullptr;
  replaced_ = 0;
  if (in_place_) return;
  if (::ftruncate(fd_, 0) != 0 || ::lseek(fd_, 0, SEEK_SET) != 0) cannot_write(Exit::internal, path_, errno);
}

void SeedRejects::add(SeedInput& input, std::string_view reason) {
  std::string text;
  io::CsvWriter writer(text, {.delimiter = form_.delimiter, .line_end = input.line_end()});
  if (last_ != &input) {
    if (last_ != nullptr) text += input.line_end();
    writer.repeat(input.raw_header(), reason_column);
    last_ = &input;
  }
  writer.repeat(input.reader().raw(), reason);
  write(text);
}

void SeedRejects::write(std::string_view text) {
  encoder_->convert(text, buffer_);
  if (buffer_.size() >= buffer_bytes) flush();
}

void SeedRejects::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const auto n = ::write(fd_, rest.data(), rest.size());
    if (n < 0 && errno != EINTR) cannot_write(Exit::internal, path_, errno);
    if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
  }
  buffer_.clear();
}

void SeedRejects::store() {
  encoder_->finish(buffer_);
  replaced_ = encoder_->replaced();
  if (in_place_) return;  // only once the rows are committed
  flush();
  if (::fsync(fd_) != 0) cannot_write(Exit::internal, path_, errno);
  if (!temporary_.empty()) return;
  for (int i = 0; i < 100; ++i) {
    auto name = fmt::format("{}.{}.{}", path_, ::getpid(), i);
    const auto open_file = fmt::format("/proc/self/fd/{}", fd_);
    if (::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      temporary_ = std::move(name);
      return;
    }
    if (errno != EEXIST) break;
  }
  cannot_write(Exit::internal, path_, errno);
}

void SeedRejects::publish() {
  try {
    if (in_place_) return flush();
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) cannot_write(Exit::internal, path_, errno);
    temporary_.clear();
    if (const int error = io::sync_name(path_); error != 0) cannot_write(Exit::internal, path_, error);
  } catch (Error& error) {
    const auto kept = std::exchange(temporary_, {});
    error.exit = Exit::unreported;
    error.message = "the rows are stored, but the rejected ones are not reported: " + error.message;
    if (!kept.empty()) error.hint = fmt::format("they are in {}", text::printable(kept));
    throw;
  }
}

}  // namespace invctl
