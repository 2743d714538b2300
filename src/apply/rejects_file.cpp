#include "apply/rejects_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <system_error>

#include "apply/report.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "io/csv_writer.hpp"
#include "io/input_file.hpp"
#include "io/json_depth.hpp"
#include "io/json_text.hpp"
#include "io/output.hpp"
#include "io/sync.hpp"

namespace invctl::intake {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{64} << 10;

[[noreturn]] void cannot_write(Exit exit, const std::string& path, int error) {
  throw Error(
      exit, "cannot_write",
      fmt::format("cannot write {}: {}", text::printable(path), std::generic_category().message(error)), "");
}

// Whether the file begins as one of rejects does. In an encoding of two bytes per character it is not found
// out, and nothing is replaced.
bool is_earlier_rejects(const std::string& path) {
  auto file = io::InputFile::open(path);
  std::string start(buffer_bytes, '\0');
  start.resize(file.read(start.data(), start.size()));
  const auto line = start.substr(0, start.find('\n'));
  return line.find(reject_reason_column) != std::string::npos ||
         (line.starts_with('{') && line.find(fmt::format("\"{}\":{{\"", reject_object)) != std::string::npos);
}

}  // namespace

RejectsFile::RejectsFile(std::string path, const RowForm& form, const std::string& encoding)
    : path_(std::move(path)), form_(form), encoder_(encoding) {
  struct stat info {};
  if (::stat(path_.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) cannot_write(Exit::usage, path_, EISDIR);
    in_place_ = !S_ISREG(info.st_mode);
    if (!in_place_ && info.st_size > 0 && !is_earlier_rejects(path_)) {
      throw Error(Exit::conflict, "already_exists",
                  fmt::format("{} exists, and does not hold rejected rows", text::printable(path_)),
                  "choose another name for --rejects, or remove it");
    }
  }
  open();
}

RejectsFile::~RejectsFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void RejectsFile::open() {
  if (in_place_) {
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  } else {
    // Without a name until it is complete, so that a process that is killed leaves nothing behind.
    fd_ = ::open(io::directory_of(path_).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd_ < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
      temporary_ = path_ + ".XXXXXX";
      fd_ = ::mkostemp(temporary_.data(), O_CLOEXEC);
      if (fd_ < 0) temporary_.clear();
    }
  }
  if (fd_ < 0) cannot_write(Exit::usage, path_, errno);
}

void RejectsFile::add(const BatchItem& item) {
  write(form_.ndjson ? ndjson_rows(item) : csv_rows(item));
}

std::string RejectsFile::csv_rows(const BatchItem& item) const {
  std::string text;
  io::CsvWriter writer(text, {.delimiter = form_.delimiter, .line_end = form_.line_end});
  if (!has_header_) {
    text = form_.header;
    const auto add = [&](std::string_view name) { text += fmt::format("{}{}", form_.delimiter, name); };
    if (!form_.has_reject_columns) {
      if (!item.correction.empty()) add(reject_key_column);
      add(reject_code_column);
      add(reject_reason_column);
    }
    text += form_.line_end;
  }
  const auto reason = in_one_line(*item.why);
  // Of a row that was rejected before; its key is that of the file from which it came first.
  const auto kept = form_.own_columns + (form_.has_reject_key ? 1 : 0);
  for (const auto& row : item.read.rows) {
    io::MemorySource bytes(row);
    io::CsvReader reader(bytes, {.delimiter = form_.delimiter});
    const bool again = form_.has_reject_columns && reader.next() == io::CsvReader::Status::record &&
                       reader.fields().size() == kept + 2;
    if (again) {
      // It was rejected before: the new reason takes the place of the old one.
      for (std::size_t i = 0; i < kept; ++i) writer.field(reader.fields()[i]);
      writer.field(item.why->code).field(reason).end_row();
    } else {
      std::string why;
      io::CsvWriter fields(why, {.delimiter = form_.delimiter, .line_end = ""});
      if (form_.has_reject_columns ? form_.has_reject_key : !item.correction.empty())
        fields.field(form_.has_reject_columns ? std::string_view() : item.correction);
      fields.field(item.why->code).end_row();
      writer.repeat(row + form_.delimiter + why, reason);
    }
  }
  return text;
}

std::string RejectsFile::ndjson_rows(const BatchItem& item) const {
  std::string text;
  for (const auto& row : item.read.rows) {
    // One that is nested without end could be parsed, but not written again.
    auto object = io::nested_deeper(row) ? nlohmann::ordered_json()
                                         : nlohmann::ordered_json::parse(row, nullptr, false);
    if (object.is_object()) {
      const auto name = std::string(reject_object);
      auto why = nlohmann::ordered_json::object();
      const auto before = object.find(name);
      if (before != object.end() && before->is_object() && before->contains("key")) {
        why["key"] = (*before)["key"];
      } else if (!item.correction.empty()) {
        why["key"] = item.correction;
      }
      why["code"] = item.why->code;
      why["reason"] = in_one_line(*item.why);
      object[name] = std::move(why);
      text += io::json_text(object) + "\n";
    } else {
      text += row + "\n";  // it cannot be read now, and will not be read then until it is corrected
    }
  }
  return text;
}

void RejectsFile::write(std::string_view text) {
  has_header_ = true;
  encoder_.convert(text, buffer_);
  if (buffer_.size() >= buffer_bytes) flush();
}

void RejectsFile::flush() {
  const int error = io::write_all(fd_, buffer_);
  buffer_.clear();
  if (error != 0) cannot_write(Exit::internal, path_, error);
}

void RejectsFile::publish() {
  encoder_.finish(buffer_);
  flush();
  if (in_place_) return;
  if (::fsync(fd_) != 0) cannot_write(Exit::internal, path_, errno);
  if (temporary_.empty()) link();
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) cannot_write(Exit::internal, path_, errno);
  temporary_.clear();
  if (const int error = io::sync_name(path_); error != 0) cannot_write(Exit::internal, path_, error);
}

// Gives the unnamed file a name to rename from.
void RejectsFile::link() {
  const auto open_file = fmt::format("/proc/self/fd/{}", fd_);
  for (int i = 0; i < 100; ++i) {
    auto name = fmt::format("{}.{}.{}", path_, ::getpid(), i);
    if (::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      temporary_ = std::move(name);
      return;
    }
    if (errno != EEXIST) break;
  }
  cannot_write(Exit::internal, path_, errno);
}

}  // namespace invctl::intake
