#include "core/settings.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/time.hpp"

namespace invctl {

namespace {

using Type = SettingType;

constexpr std::array table = {
    SettingInfo{"db", "INVCTL_DB", Type::text, "", "",
                "database: sqlite:PATH, a bare path, or mysql://user@host/database"},
    SettingInfo{"warehouse", "INVCTL_WAREHOUSE", Type::text, "", "", "warehouse where -w is not given"},
    SettingInfo{"format", "INVCTL_FORMAT", Type::choice, "table|json|ndjson|csv|tsv", "table",
                "form of the answer"},
    SettingInfo{"color", "INVCTL_COLOR", Type::choice, "auto|always|never", "auto", "when to use colour"},
    SettingInfo{"lock-timeout", "INVCTL_LOCK_TIMEOUT", Type::duration, "", "5s",
                "how long to wait for locks and retries"},
    SettingInfo{"actor", "INVCTL_ACTOR", Type::text, "", "", "who is recorded as acting; else the OS user"},
    SettingInfo{"log-level", "INVCTL_LOG_LEVEL", Type::choice, "trace|debug|info|warn|error|off", "warn",
                "least severe event that is logged"},
    SettingInfo{"log-file", "INVCTL_LOG_FILE", Type::text, "", "", "log to this file instead of stderr"},
    SettingInfo{"log-format", "INVCTL_LOG_FORMAT", Type::choice, "text|json", "text", "form of log lines"},
    SettingInfo{"slow-query", "INVCTL_SLOW_QUERY", Type::duration, "", "100ms",
                "statements that take longer are logged"},
    SettingInfo{"max-price-change", "INVCTL_MAX_PRICE_CHANGE", Type::text, "", "",
                "most by which `price set` changes a price without --force, such as 30%"},
    SettingInfo{"quiet", "INVCTL_QUIET", Type::boolean, "", "false", "no progress and no notes"},
    SettingInfo{"verbose", "INVCTL_VERBOSE", Type::boolean, "", "false", "say more on stderr"},
};

const SettingInfo& info_of(std::string_view name) {
  for (const auto& info : table) {
    if (info.name == name) return info;
  }
  throw Error(Exit::internal, fmt::format("no setting is called {}", text::quoted(name)));
}

std::optional<bool> parse_boolean(std::string_view s) {
  const auto word = text::lower_ascii(s);
  if (word == "true" || word == "1" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "0" || word == "no" || word == "off") return false;
  return std::nullopt;
}

// What is wrong with `value` for this setting, or nothing. Never repeats a db URL: it may hold a password.
std::optional<std::string> complaint(const SettingInfo& info, const std::string& value) {
  std::string why;
  switch (info.type) {
    case Type::text:
      if (value.empty()) return "must not be empty";
      break;
    case Type::choice: {
      const auto choices = text::split(info.choices, '|');
      if (std::find(choices.begin(), choices.end(), value) != choices.end()) break;
      return fmt::format("{} is not one of {}", text::quoted(value), fmt::join(choices, ", "));
    }
    case Type::duration:
      if (parse_duration(value, why)) break;
      return why;
    case Type::boolean:
      if (parse_boolean(value)) break;
      return fmt::format("{} is not true or false", text::quoted(value));
  }
  return std::nullopt;
}

std::string blamed(const SettingInfo& info, const SettingValue& value) {
  switch (value.source) {
    case SettingSource::flag:
      return value.origin.substr(std::string_view("flag ").size());
    case SettingSource::environment:
      return std::string(info.variable);
    case SettingSource::file:
      return fmt::format("{}: {}", value.origin, info.name);
    case SettingSource::fallback:
      break;
  }
  return std::string(info.name);
}

// Runs getpwuid_r with as much room as it asks for.
template <class Use>
void with_account(uid_t uid, Use use) {
  std::vector<char> room(1024);
  passwd entry{};
  passwd* found = nullptr;
  int error = 0;
  while ((error = ::getpwuid_r(uid, &entry, room.data(), room.size(), &found)) == ERANGE) {
    room.resize(room.size() * 2);
  }
  if (error == 0 && found != nullptr) use(*found);
}

std::string name_of_account() {
  std::string name = fmt::to_string(::geteuid());
  with_account(::geteuid(), [&](const passwd& entry) {
    if (entry.pw_name != nullptr && *entry.pw_name != '\0') name = entry.pw_name;
  });
  return name;
}

std::optional<std::string> home_of_account() {
  std::optional<std::string> home;
  with_account(::geteuid(), [&](const passwd& entry) {
    if (entry.pw_dir != nullptr && *entry.pw_dir == '/') home = entry.pw_dir;
  });
  return home;
}

std::optional<std::string> system_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

std::span<const SettingInfo> setting_table() {
  return table;
}

SettingsHost SettingsHost::system() {
  return {system_variable, name_of_account, home_of_account};
}

Settings::Settings(SettingsHost host) : host_(std::move(host)) {}

void Settings::set_flag(std::string_view name, std::string value, std::string_view flag) {
  const auto& info = info_of(name);
  const auto written = flag.empty() ? fmt::format("--{}", name) : std::string(flag);
  SettingValue given{std::move(value), SettingSource::flag, "flag " + written};
  auto& flag_value = flags_[std::string(info.name)];
  if (flag_value.text && flag_value.text != given.text) {
    contradiction_ = fmt::format("{} and {} contradict each other", flag_value.origin.substr(5), written);
  }
  flag_value = std::move(given);
  resolved_.erase(std::string(info.name));
}

void Settings::check_flags() {
  if (contradiction_) throw Error(Exit::usage, *contradiction_, "leave one of them out");
  for (const auto& [name, value] : flags_) get(name);
}

void Settings::set_config_file(std::string path) {
  config_flag_ = std::move(path);
  config_.reset();
  resolved_.clear();
}

const SettingValue& Settings::get(std::string_view name) {
  if (const auto known = resolved_.find(name); known != resolved_.end()) return known->second;
  const auto& info = info_of(name);
  auto value = resolve(info);
  if (value.text && value.source != SettingSource::fallback) {
    if (const auto wrong = complaint(info, *value.text)) {
      throw Error(Exit::usage, fmt::format("{}: {}", blamed(info, value), *wrong));
    }
  }
  return resolved_.emplace(info.name, std::move(value)).first->second;
}

SettingValue Settings::resolve(const SettingInfo& info) {
  if (const auto flag = flags_.find(info.name); flag != flags_.end()) return flag->second;
  if (auto value = variable(info.variable)) {
    return {std::move(value), SettingSource::environment, fmt::format("environment {}", info.variable)};
  }
  for (const auto& entry : config()) {
    if (entry.key != info.name) continue;
    const auto* flag = std::get_if<bool>(&entry.value);
    auto value = flag != nullptr ? std::string(*flag ? "true" : "false") : std::get<std::string>(entry.value);
    return {std::move(value), SettingSource::file, entry.origin};
  }
  return {fallback(info), SettingSource::fallback, "default"};
}

std::optional<std::string> Settings::fallback(const SettingInfo& info) {
  if (info.name == "actor") return host_.account_name();
  if (info.name == "db") {
    const auto path = xdg_path("XDG_DATA_HOME", "/.local/share", "/invctl/invctl.db");
    return path ? std::optional("sqlite:" + *path) : std::nullopt;
  }
  if (info.fallback.empty()) return std::nullopt;
  return std::string(info.fallback);
}

std::optional<std::string> Settings::text(std::string_view name) {
  return get(name).text;
}

std::string Settings::required(std::string_view name) {
  const auto& value = get(name);
  if (value.text) return *value.text;
  const auto& info = info_of(name);
  throw Error(Exit::usage, fmt::format("no {} is set", info.name),
              fmt::format("give --{}, set {} or write `{} = \"...\"` in the config file", info.name,
                          info.variable, info.name));
}

std::chrono::milliseconds Settings::duration(std::string_view name) {
  std::string why;
  const auto value = parse_duration(get(name).text.value_or(""), why);
  if (!value) throw Error(Exit::internal, fmt::format("setting {} is not a duration", name));
  return *value;
}

bool Settings::boolean(std::string_view name) {
  const auto value = parse_boolean(get(name).text.value_or(""));
  if (!value) throw Error(Exit::internal, fmt::format("setting {} is not true or false", name));
  return *value;
}

std::vector<Settings::Listed> Settings::list(const std::function<std::string(std::string_view)>& redact) {
  std::vector<Listed> all;
  for (const auto& info : table) {
    auto value = get(info.name);
    if (info.name == "db" && value.text) value.text = redact(*value.text);
    all.push_back({&info, std::move(value)});
  }
  return all;
}

std::optional<std::string> Settings::config_path() {
  if (config_flag_) return config_flag_;
  if (auto path = variable("INVCTL_CONFIG")) return path;
  return xdg_path("XDG_CONFIG_HOME", "/.config", "/invctl/config.toml");
}

const ConfigFile& Settings::config() {
  if (config_) return *config_;
  std::vector<ConfigKey> keys;
  for (const auto& info : table) keys.push_back({info.name, info.type == Type::boolean});
  const auto path = config_path();
  const bool named = config_flag_.has_value() || variable("INVCTL_CONFIG").has_value();
  config_ = path ? read_config_file(*path, named, keys) : ConfigFile{};
  return *config_;
}

std::optional<std::string> Settings::variable(std::string_view name) const {
  auto value = host_.variable(std::string(name).c_str());
  return value && !value->empty() ? value : std::nullopt;
}

std::optional<std::string> Settings::xdg_path(const char* base, std::string_view under_home,
                                              std::string_view file) {
  // The XDG specification: a relative path there is to be ignored.
  if (const auto directory = variable(base); directory && directory->front() == '/') {
    return fmt::format("{}{}", *directory, file);
  }
  auto home = variable("HOME");
  if (!home) home = host_.account_home();
  if (!home) return std::nullopt;
  return fmt::format("{}{}{}", *home, under_home, file);
}

}  // namespace invctl
