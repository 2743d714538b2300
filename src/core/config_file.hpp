// The TOML config file, as flat keys with their places. The only user of the TOML parser.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace invctl {

struct ConfigEntry {
  std::string key;
  std::variant<std::string, bool> value;
  std::string origin;  // "/path/config.toml:3"
};

using ConfigFile = std::vector<ConfigEntry>;

struct ConfigKey {
  std::string_view name;
  bool is_boolean;
};

// Reads `path`. A file that is not there gives no entries, unless it `must_exist`. Every unknown key and
// every value of the wrong type is a line of one Error(usage); a syntax error is one with file, line and
// column.
ConfigFile read_config_file(const std::string& path, bool must_exist, const std::vector<ConfigKey>& known);

// The same on a text already read; `path` is for messages.
ConfigFile parse_config(std::string_view text, const std::string& path, const std::vector<ConfigKey>& known);

}  // namespace invctl
