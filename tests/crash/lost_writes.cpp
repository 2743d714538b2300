#include "lost_writes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "cli/harness.hpp"

namespace invctl::test {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t sector = 512;

void must(bool done, const std::string& what) {
  if (!done) throw std::system_error(errno, std::generic_category(), what);
}

// A file for as long as it is changed here.
class File {
 public:
  explicit File(const std::string& path) : fd_(open(path.c_str(), O_WRONLY | O_CLOEXEC)), path_(path) {
    must(fd_ >= 0, "open " + path);
  }
  ~File() { close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void put(std::string_view bytes, std::int64_t offset) const {
    must(pwrite(fd_, bytes.data(), bytes.size(), offset) == static_cast<ssize_t>(bytes.size()),
         "write " + path_);
  }
  void resize(std::int64_t size) const { must(ftruncate(fd_, size) == 0, "truncate " + path_); }

 private:
  int fd_;
  std::string path_;
};

std::string directory_of(const std::string& path) {
  return fs::path(path).parent_path().string();
}

}  // namespace

LostWrites::LostWrites(const std::string& log) : log_(log) {
  if (fs::exists(log_)) read();
  find_unsynced();
}

void LostWrites::read() {
  const auto bytes = read_file(log_);
  std::size_t at = 0;
  const auto take = [&](std::int64_t size) {
    const auto part = bytes.substr(at, static_cast<std::size_t>(size));
    at += static_cast<std::size_t>(size);
    return part;
  };
  while (at + sizeof(ShimRecord) <= bytes.size()) {
    Entry entry;
    std::memcpy(&entry.record, bytes.data() + at, sizeof entry.record);
    at += sizeof entry.record;
    const auto& record = entry.record;
    const auto rest = record.path_size + record.other_size + record.old_size + record.new_size;
    if (static_cast<std::size_t>(rest) > bytes.size() - at) return;
    entry.path = take(record.path_size);
    entry.other = take(record.other_size);
    entry.old_bytes = take(record.old_size);
    entry.new_bytes = take(record.new_size);
    entries_.push_back(std::move(entry));
    ends_.push_back(static_cast<std::int64_t>(at));
  }
}

// From the end backwards: a sync covers what was noted before it began, under the name that the file had
// then.
void LostWrites::find_unsynced() {
  std::map<std::string, std::int64_t> synced;  // by today's name, up to where in the log
  std::map<std::string, std::string> today;    // names that were changed since, and what they are now
  std::map<std::string, std::string> place;    // the same of those changes that are there to stay
  std::set<std::string> gone;                  // what had this name was unlinked, and stays so
  std::set<std::string> settled;               // something that happened to this name stays
  const auto look_up = [](const auto& names, const std::string& path) {
    const auto found = names.find(path);
    return found == names.end() ? path : found->second;
  };
  for (auto i = entries_.size(); i-- > 0;) {
    auto& entry = entries_[i];
    const auto kind = entry.record.kind;
    const auto path = look_up(today, entry.path);
    if (kind == ShimRecord::sync) {
      auto& until = synced[path];
      until = std::max(until, entry.record.offset);
      continue;
    }
    const auto until = synced.find(entry.of_names() ? directory_of(entry.path) : path);
    bool stays = until != synced.end() && ends_[i] <= until->second;
    // With a new file, the file systems of Linux sync its name as well.
    if (kind == ShimRecord::create) stays = stays || synced.contains(path);
    // And then all that happened to the name before it: it was free for the new file.
    if (entry.of_names()) {
      stays = stays || settled.contains(entry.path) || settled.contains(entry.other);
      if (stays) settled.insert({entry.path, entry.other});
    }
    if (!stays && (entry.of_names() || !gone.contains(path))) unsynced_.push_back(i);
    if (kind == ShimRecord::rename) {
      today[entry.path] = look_up(today, entry.other);
      if (stays) place[entry.path] = look_up(place, entry.other);
    }
    // Before that, the name was another file's.
    if (kind == ShimRecord::create) {
      synced.erase(path);
      gone.erase(path);
    }
    if (kind == ShimRecord::unlink && stays) gone.insert(path);
    if (!entry.of_names()) entry.path = look_up(place, entry.path);
  }
  std::reverse(unsynced_.begin(), unsynced_.end());
}

std::string LostWrites::kept_copy(const Entry& entry) const {
  return log_ + "." + std::to_string(entry.record.offset);
}

void LostWrites::undo(const Entry& entry) const {
  switch (entry.record.kind) {
    case ShimRecord::create:
      fs::remove(entry.path);
      break;
    case ShimRecord::unlink:
      fs::create_hard_link(kept_copy(entry), entry.path);
      break;
    case ShimRecord::rename:
      fs::rename(entry.other, entry.path);
      if (entry.record.offset > 0) fs::create_hard_link(kept_copy(entry), entry.other);
      break;
    default: {
      if (!fs::exists(entry.path)) break;  // it never had a name
      const File file(entry.path);
      file.put(entry.old_bytes, entry.record.offset);
      file.resize(entry.record.file_size);
    }
  }
}

void LostWrites::redo(const Entry& entry, Random* torn) const {
  switch (entry.record.kind) {
    case ShimRecord::create:
      close(open(entry.path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
      break;
    case ShimRecord::unlink:
      fs::remove(entry.path);
      break;
    case ShimRecord::rename:
      fs::rename(entry.path, entry.other);
      break;
    case ShimRecord::truncate:
      if (fs::exists(entry.path)) File(entry.path).resize(entry.record.offset);
      break;
    default: {
      if (!fs::exists(entry.path)) break;
      std::string_view bytes = entry.new_bytes;
      auto offset = entry.record.offset;
      if (torn != nullptr && torn->one_in(4)) {
        const auto sectors = static_cast<std::int64_t>(bytes.size()) / sector;
        const auto cut = static_cast<std::size_t>(torn->between(0, sectors) * sector);
        // The beginning is there, or the end.
        if (torn->one_in(2)) {
          bytes = bytes.substr(0, cut);
        } else {
          bytes.remove_prefix(cut);
          offset += static_cast<std::int64_t>(cut);
        }
      }
      if (!bytes.empty()) File(entry.path).put(bytes, offset);
    }
  }
}

void LostWrites::cut_power(Kept kept, Random& random) {
  for (auto i = unsynced_.rbegin(); i != unsynced_.rend(); ++i) undo(entries_[*i]);
  const auto count = static_cast<std::int64_t>(unsynced_.size());
  // All of one moment, or of names at least: what a journal of the file system keeps in order.
  const auto moment = kept == Kept::nothing ? 0 : random.between(0, count);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto& entry = entries_[unsynced_[static_cast<std::size_t>(i)]];
    const bool redone = kept == Kept::some && !entry.of_names() ? random.one_in(2) : i < moment;
    if (redone) redo(entry, kept == Kept::some ? &random : nullptr);
  }
  std::set<std::string> directories;
  for (const auto& entry : entries_) directories.insert(directory_of(entry.path));
  for (const auto& directory : directories) {
    if (!fs::is_directory(directory)) continue;
    std::vector<fs::path> gone;
    for (const auto& file : fs::directory_iterator(directory)) {
      if (file.path().string().ends_with("-shm")) gone.push_back(file.path());
    }
    for (const auto& file : gone) fs::remove(file);
  }
  fs::remove(log_);
  for (int n = 1; fs::remove(log_ + "." + std::to_string(n)); ++n) {
  }
}

}  // namespace invctl::test
