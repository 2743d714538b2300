#include "stock/alert_cursor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/output.hpp"
#include "io/sync.hpp"

namespace invctl {

namespace {

Error file_error(const char* what, const std::string& path) {
  const int number = errno;
  const bool denied = number == EACCES || number == EPERM || number == EROFS;
  return Error(denied ? Exit::not_permitted : Exit::internal,
               fmt::format("cannot {} {}: {}", what, text::printable(path), std::strerror(number)));
}

Error no_cursor(const std::string& path, const std::string& what) {
  return Error(Exit::bad_input, "bad_cursor",
               fmt::format("{} is not a cursor of alerts: {}", text::printable(path), what),
               "a new file begins now; with --since SEQ after that movement");
}

}  // namespace

AlertCursor::AlertCursor(std::string path, const std::string& database, const AlertFilter& filter,
                         const Deadline& deadline)
    : path_(std::move(path)),
      header_(fmt::format("invctl-alert-cursor-1\t{}\t{}\t{}", database, filter.warehouse.value_or(""),
                          filter.sku.value_or(""))) {
  try {
    lock(deadline);
    read();
  } catch (...) {
    if (lock_ >= 0) close(lock_);  // no destructor runs for what was never made
    throw;
  }
}

AlertCursor::~AlertCursor() {
  if (lock_ >= 0) close(lock_);
}

// On a file beside it, because the cursor itself is replaced.
void AlertCursor::lock(const Deadline& deadline) {
  const auto path = path_ + ".lock";
  lock_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock_ < 0) throw file_error("create", path);
  while (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw file_error("lock", path);
    if (deadline.passed()) {
      throw Error(Exit::busy, fmt::format("another run has the cursor {}", text::printable(path_)),
                  "safe to repeat; --lock-timeout waits longer");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void AlertCursor::read() {
  // A pipe or a device would keep whoever reads it waiting, or have no end.
  struct stat info {};
  if (stat(path_.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    throw no_cursor(path_, "it is no regular file");
  errno = 0;
  std::ifstream file(path_, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return;
    throw file_error("read", path_);
  }
  is_new_ = false;
  std::string line;
  if (!std::getline(file, line) || !line.starts_with("invctl-alert-cursor-1\t")) {
    throw no_cursor(path_, "it does not begin like one");
  }
  if (line != header_) {
    throw Error(
        Exit::conflict, "other_cursor",
        fmt::format("the cursor {} is of another database, warehouse or product", text::printable(path_)),
        "each database and each filter has a cursor of its own");
  }
  for (std::size_t number = 2; std::getline(file, line); ++number) {
    const auto fields = text::split(line, '\t');
    std::string why;
    if (fields.size() == 2 && fields[0] == "end" && fields[1] == std::to_string(watches_.size())) return;
    const auto version = fields.size() == 4 ? parse_whole(fields[2], why) : std::nullopt;
    if (!version || (fields[3] != "0" && fields[3] != "1")) {
      throw no_cursor(path_, fmt::format("line {} cannot be read", number));
    }
    watches_[fmt::format("{}\t{}", fields[0], fields[1])] = {*version, fields[3] == "1"};
  }
  throw no_cursor(path_, "it ends too early");
}

Watch& AlertCursor::watch(const std::string& warehouse, const std::string& sku) {
  return watches_[warehouse + '\t' + sku];
}

void AlertCursor::save() const {
  const auto draft = path_ + ".tmp";
  std::string content = header_ + '\n';
  for (const auto& [place, watch] : watches_) {
    content += fmt::format("{}\t{}\t{}\n", place, watch.version, watch.low ? 1 : 0);
  }
  content += fmt::format("end\t{}\n", watches_.size());
  // What a run that was killed has left, or somebody else has put there: this run holds the cursor's lock.
  unlink(draft.c_str());
  const int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) throw file_error("create", draft);
  const int failed = io::write_all(fd, content);
  errno = failed;
  const bool stored = failed == 0 && fsync(fd) == 0;
  const auto error = file_error("write", draft);
  close(fd);
  if (!stored || std::rename(draft.c_str(), path_.c_str()) != 0) {
    const auto renaming = file_error("replace", path_);
    unlink(draft.c_str());
    throw stored ? renaming : error;
  }
  io::sync_name(path_);  // where that fails, a crossing may be told twice
}

std::vector<Crossing> crossings_since(AlertStore& store, AlertCursor& cursor, const AlertFilter& filter,
                                      std::optional<std::int64_t> since) {
  std::vector<Crossing> told;
  const bool begins_now = cursor.is_new() && !since;
  std::vector<StockLevel> moved;
  store.levels(filter, [&](const StockLevel& level) {
    auto& watch = cursor.watch(level.warehouse, level.sku);
    if (begins_now) watch.version = level.version;
    if (watch.version > level.version) {
      throw Error(
          Exit::conflict, "cursor_ahead",
          fmt::format("the cursor has seen version {} of {} in {}, the ledger ends with {}", watch.version,
                      text::printable(level.sku), text::printable(level.warehouse), level.version),
          "was an older copy of the database restored? begin with a new cursor");
    }
    if (watch.version < level.version) {
      moved.push_back(level);
    } else {
      follow(watch, level, {}, told, begins_now ? "start" : "threshold");
    }
  });
  for (const auto& level : moved) {
    auto& watch = cursor.watch(level.warehouse, level.sku);
    follow(watch, level, store.steps_after(level.inventory_id, watch.version), told);
  }
  if (cursor.is_new() && since) {
    std::erase_if(told, [&](const Crossing& crossing) { return crossing.seq && *crossing.seq <= *since; });
  }
  std::stable_sort(told.begin(), told.end(), [](const Crossing& a, const Crossing& b) {
    return a.seq.value_or(INT64_MAX) < b.seq.value_or(INT64_MAX);
  });
  return told;
}

}  // namespace invctl
