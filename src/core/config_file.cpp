#include "core/config_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <optional>
#include <stdexcept>
#include <system_error>

// toml++ 3.3 has assertions that a malformed file breaks (`[ =`), and takes them for granted in a release build.
// Here they are looked at in every build.
namespace {
constexpr void require_of_toml(bool holds) {
  if (!holds) throw std::logic_error("an assertion of toml++");
}
}  // namespace
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) require_of_toml(static_cast<bool>(expr))
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl {

namespace {

constexpr std::size_t config_max_bytes = std::size_t{1} << 20U;

std::optional<std::string> unreadable(const std::string& path, int number, bool must_exist) {
  if (!must_exist && (number == ENOENT || number == ENOTDIR)) return std::nullopt;
  throw Error(Exit::usage, fmt::format("cannot read the config file {}: {}", text::quoted(path),
                                       std::generic_category().message(number)));
}

std::optional<std::string> read_file(const std::string& path, bool must_exist) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return unreadable(path, errno, must_exist);
  std::string bytes;
  char chunk[4096];
  for (;;) {
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || bytes.size() > config_max_bytes) {
      const int number = n < 0 ? errno : (n > 0 ? EFBIG : 0);
      ::close(fd);
      if (number != 0) return unreadable(path, number, true);
      return bytes;
    }
    bytes.append(chunk, static_cast<std::size_t>(n));
  }
}

std::string place(const std::string& path, const toml::source_position& at) {
  return fmt::format("{}:{}:{}", path, at.line, at.column);
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "a string";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::integer:
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date or time";
  }
}

const ConfigKey* find_key(const std::vector<ConfigKey>& known, std::string_view name) {
  for (const auto& key : known) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

ErrorLine bad_line(const std::string& where, std::string_view key, std::string message) {
  return {fmt::format("{}: {}", where, message), {{"place", where}, {"key", std::string(key)}}};
}

ErrorLine unknown_key(const std::string& where, std::string_view key, const std::vector<ConfigKey>& known) {
  std::vector<std::string> names;
  for (const auto& candidate : known) names.emplace_back(candidate.name);
  const auto likely = text::closest(key, names);
  std::string message = fmt::format("unknown setting {}", text::quoted(key));
  if (key.find("password") != std::string_view::npos) {
    message += ", a password belongs in INVCTL_DB_PASSWORD or a password-file";
  } else if (!likely.empty()) {
    message += fmt::format(", did you mean \"{}\"?", likely);
  }
  return bad_line(where, key, message);
}

Error bad_config(const std::string& path, std::vector<ErrorLine> lines) {
  const bool one = lines.size() == 1;
  Error error(Exit::usage, one ? lines.front().message
                               : fmt::format("{} mistakes in {}", lines.size(), text::quoted(path)));
  error.hint = "`invctl config` lists the settings, invctl-config(5) explains them";
  error.lines = std::move(lines);
  return error;
}

}  // namespace

ConfigFile parse_config(std::string_view text, const std::string& path, const std::vector<ConfigKey>& known) {
  toml::table table;
  try {
    table = toml::parse(text, path);
  } catch (const toml::parse_error& e) {
    const auto where = place(path, e.source().begin);
    throw bad_config(path, {bad_line(where, {}, std::string(e.description()))});
  } catch (const std::logic_error&) {
    throw bad_config(path, {bad_line(path, {}, "is not TOML")});
  }
  ConfigFile entries;
  std::map<std::pair<toml::source_index, toml::source_index>, ErrorLine> wrong;  // in the order of the file
  for (const auto& [toml_key, node] : table) {
    const std::string_view key = toml_key.str();
    const auto at = toml_key.source().begin;
    const auto* expected = find_key(known, key);
    if (expected == nullptr) {
      wrong.try_emplace({at.line, at.column}, unknown_key(place(path, at), key, known));
      continue;
    }
    ConfigEntry entry{std::string(key), std::string(), fmt::format("{}:{}", path, at.line)};
    if (expected->is_boolean && node.is_boolean()) {
      entry.value = node.as_boolean()->get();
    } else if (!expected->is_boolean && node.is_string()) {
      entry.value = node.as_string()->get();
    } else {
      wrong.try_emplace({at.line, at.column},
                        bad_line(place(path, node.source().begin), key,
                                 fmt::format("{} must be {}, not {}", key,
                                             expected->is_boolean ? "true or false" : "a string in quotes",
                                             type_name(node))));
      continue;
    }
    entries.push_back(std::move(entry));
  }
  if (wrong.empty()) return entries;
  std::vector<ErrorLine> lines;
  for (auto& [where, line] : wrong) lines.push_back(std::move(line));
  throw bad_config(path, std::move(lines));
}

ConfigFile read_config_file(const std::string& path, bool must_exist, const std::vector<ConfigKey>& known) {
  const auto text = read_file(path, must_exist);
  return text ? parse_config(*text, path, known) : ConfigFile{};
}

}  // namespace invctl
