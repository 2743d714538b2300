// Config files: what is read can be written out and reads the same, every setting has a value that is of its
// type or an error that is safe to show, and a password in the database's address is shown nowhere.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "core/settings.hpp"
#include "core/text.hpp"
#include "fuzz.hpp"
#include "io/output.hpp"
#include "url.hpp"

namespace invctl::fuzz {

namespace {

std::vector<ConfigKey> known_keys() {
  std::vector<ConfigKey> keys;
  for (const auto& info : setting_table()) keys.push_back({info.name, info.type == SettingType::boolean});
  return keys;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool escape = byte < 0x20 || byte == 0x7f || c == '"' || c == '\\';
    out += escape ? fmt::format("\\u{:04x}", byte) : std::string(1, c);
  }
  return out + "\"";
}

using Entries = std::vector<std::pair<std::string, std::variant<std::string, bool>>>;

std::optional<Entries> parsed(std::string_view text) {
  try {
    Entries entries;
    for (auto& entry : parse_config(text, "config.toml", known_keys())) {
      require(is_safe(entry.origin), "an origin is safe", entry.origin);
      entries.emplace_back(entry.key, entry.value);
    }
    std::sort(entries.begin(), entries.end());
    return entries;
  } catch (const Error& error) {
    require(error.exit == Exit::usage, "a config file that is not understood is a slip of the user's");
    require_safe(error);
    return std::nullopt;
  }
}

std::string written(const Entries& entries) {
  std::string text;
  for (const auto& [key, value] : entries) {
    const auto* flag = std::get_if<bool>(&value);
    const auto shown = flag ? std::string(*flag ? "true" : "false") : quoted(std::get<std::string>(value));
    text += fmt::format("{} = {}\n", key, shown);
  }
  return text;
}

// All settings with the file in place, each as the program asks for it.
void ask_for_all(std::string_view text) {
  const int fd = memfd_create("config", MFD_CLOEXEC);
  require(fd >= 0 && io::write_all(fd, text) == 0, "a file in memory");
  Settings settings({[](const char*) { return std::optional<std::string>(); },
                     [] { return std::string("fuzz"); },
                     [] { return std::optional<std::string>("/nowhere"); }});
  settings.set_config_file(fmt::format("/proc/self/fd/{}", fd));
  for (const auto& info : setting_table()) {
    try {
      if (info.type == SettingType::duration) settings.duration(info.name);
      if (info.type == SettingType::boolean) settings.boolean(info.name);
      const auto value = settings.text(info.name);
      require(!value || info.type != SettingType::choice ||
                  fmt::format("|{}|", info.choices).find("|" + *value + "|") != std::string::npos,
              "a choice is one of the choices", value.value_or(""));
    } catch (const Error& error) {
      require(error.exit == Exit::usage, "a setting that is not understood is a slip of the user's");
      require_safe(error);
    }
  }
  try {
    settings.list(db::redact_url);
  } catch (const Error& error) {
    require_safe(error);
  }
  close(fd);
}

void check_settings(std::string_view input) {
  const auto entries = parsed(input);
  if (entries) {
    const auto text = written(*entries);
    require(parsed(text) == entries, "a config file that is written out reads the same", text);
  }
  ask_for_all(input);
}

[[maybe_unused]] const bool added = add_target("settings", check_settings);

}  // namespace
}  // namespace invctl::fuzz
