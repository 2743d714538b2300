// The settings of the program and where each value comes from: flag > environment > config file > default.
// Everything is looked up only when asked for: a command that needs two settings reads at most one file, and
// the account database (getpwuid loads NSS modules) only for an actor or a home that nothing else gives.
// The database password is not a setting: it is never listed here.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_file.hpp"

namespace invctl {

enum class SettingType { text, choice, duration, boolean };

struct SettingInfo {
  std::string_view name;      // in the config file and, with --, on the command line
  std::string_view variable;  // of the environment; set but empty counts as unset
  SettingType type;
  std::string_view choices;   // "a|b|c" for SettingType::choice
  std::string_view fallback;  // empty: found at run time (db, actor) or none
  std::string_view help;
};

std::span<const SettingInfo> setting_table();

enum class SettingSource { flag, environment, file, fallback };

struct SettingValue {
  std::optional<std::string> text;  // nothing: not set and without a default (warehouse, log-file)
  SettingSource source = SettingSource::fallback;
  std::string origin;  // "flag --db", "environment INVCTL_DB", "/path/config.toml:3", "default"
};

// What the settings ask the system; tests put their own in.
struct SettingsHost {
  std::function<std::optional<std::string>(const char* name)> variable;
  std::function<std::string()> account_name;  // of the effective user; its number where it has none
  std::function<std::optional<std::string>()> account_home;  // from the account database
  static SettingsHost system();
};

class Settings {
 public:
  explicit Settings(SettingsHost host = SettingsHost::system());

  // `flag` is what the user wrote, for the origin; empty: "--" + name.
  void set_flag(std::string_view name, std::string value, std::string_view flag = {});
  // Looks at every value that a flag gave, also those which nobody will ask for: a slip is not passed over.
  // Two flags that give one setting different values are one.
  void check_flags();
  // --config; the file must exist. What was read from another file before is forgotten.
  void set_config_file(std::string path);

  // All of these throw Error(usage) for a value that is not of the setting's type, and for a config file that
  // cannot be read, is not TOML or holds an unknown key. A name that is not in the table is Error(internal).
  const SettingValue& get(std::string_view name);
  std::optional<std::string> text(std::string_view name);
  std::string required(std::string_view name);  // Error(usage) that says how to set it
  std::chrono::milliseconds duration(std::string_view name);
  bool boolean(std::string_view name);

  // Every setting in the table's order. `redact` makes a db URL fit to show.
  struct Listed {
    const SettingInfo* info;
    SettingValue value;
  };
  std::vector<Listed> list(const std::function<std::string(std::string_view)>& redact);

  // The config file that is in use or would be, whether it exists or not; nothing without a home directory.
  std::optional<std::string> config_path();

 private:
  SettingValue resolve(const SettingInfo& info);
  std::optional<std::string> fallback(const SettingInfo& info);
  const ConfigFile& config();
  std::optional<std::string> variable(std::string_view name) const;
  std::optional<std::string> xdg_path(const char* variable, std::string_view under_home,
                                      std::string_view file);

  SettingsHost host_;
  std::map<std::string, SettingValue, std::less<>> flags_;
  std::optional<std::string> contradiction_;  // of two flags
  std::optional<std::string> config_flag_;
  std::optional<ConfigFile> config_;
  std::map<std::string, SettingValue, std::less<>> resolved_;
};

}  // namespace invctl
