#include "context.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "core/text.hpp"
#include "url.hpp"

namespace invctl::cmd {

const char* const version = INVCTL_VERSION;

io::Format Context::format() {
  return io::parse_format(settings.required("format"));
}

io::TableOptions Context::table_options(std::string empty_note) {
  io::TableOptions options;
  options.terminal = io::inspect_terminal(out.fd(), io::parse_color(settings.required("color")));
  options.empty_note = std::move(empty_note);
  return options;
}

void Context::note(const std::string& message) {
  if (!quiet()) io::write_all(2, fmt::format("invctl: {}\n", message));
}

void Context::warn(const std::string& message) {
  note("warning: " + message);
}

void Context::warn_of(std::span<const std::string> messages, std::size_t total, const std::string& rest,
                      bool all) {
  constexpr std::size_t few = 20;
  const auto shown = all || settings.boolean("verbose") ? messages.size() : std::min(few, messages.size());
  for (const auto& message : messages.first(shown)) warn(message);
  if (shown < total) warn(fmt::format("... and {} more{}", total - shown, rest));
}

std::string Context::db_url() {
  const auto value = settings.get("db");
  auto text = settings.required("db");
  if (value.source == SettingSource::flag && db::parse_url(text).password) {
    throw Error(Exit::usage, "a password in --db can be read by every user of this machine",
                "put it into INVCTL_DB_PASSWORD, or a file named by ?password-file=FILE");
  }
  return text;
}

std::unique_ptr<db::SqlStore> Context::open_for_reading() {
  return db::open_store(db_url(), {.write = false, .patience = settings.duration("lock-timeout")});
}
std::unique_ptr<db::SqlStore> Context::open_for_writing() {
  auto store = db::open_store(db_url(), {.patience = settings.duration("lock-timeout")});
  if (!quiet()) {
    if (const auto gap = store->connection().durability_gap()) warn(*gap);
  }
  return store;
}

void Context::hold_instance(const std::string& name) {
  instance_ = db::hold_instance(db_url(), parse_code(name, "--single-instance"));
}

Deadline Context::deadline() {
  return Deadline::after(settings.duration("lock-timeout"));
}

Ledger::Options Context::ledger_options(bool dry_run) {
  return {.lock_timeout = settings.duration("lock-timeout"), .dry_run = dry_run};
}

Origin Context::origin() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  // A label: a host name that is no text would otherwise keep its whole machine from working.
  auto name = text::printable(host);
  auto end = std::min<std::size_t>(name.size(), 64);
  while (end < name.size() && (static_cast<unsigned char>(name[end]) & 0xc0U) == 0x80U) --end;
  name.resize(end);
  return {std::move(name), version};
}

std::string Context::actor() {
  return parse_code(settings.required("actor"), "actor");
}

std::string Context::program() const {
  char path[PATH_MAX];
  const auto length = readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0 || length == sizeof path) return program_path;
  return std::string(path, static_cast<std::size_t>(length));
}

}  // namespace invctl::cmd
