#include "core/settings.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "core/error.hpp"

namespace settings_test {

using namespace invctl;
using namespace std::chrono_literals;

namespace {

// A made-up system that counts what it is asked.
struct Host {
  std::map<std::string, std::string> variables;
  std::optional<std::string> home;
  int asked_for_name = 0;
  int asked_for_home = 0;

  SettingsHost api() {
    return {[this](const char* name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              return found == variables.end() ? std::nullopt : std::optional(found->second);
            },
            [this] {
              ++asked_for_name;
              return std::string("kim");
            },
            [this] {
              ++asked_for_home;
              return home;
            }};
  }
};

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "invctl-settings-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  std::string write(const std::string& name, const std::string& text) const {
    const auto file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file.string();
  }

 private:
  std::string path_;
};

Error error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& e) {
    return e;
  }
  FAIL("no error");
  return {Exit::ok, ""};
}

Error error_in_config(const std::string& toml, std::string_view name = "format") {
  const Folder folder;
  Host host;
  Settings settings(host.api());
  settings.set_config_file(folder.write("c.toml", toml));
  auto error = error_of([&] { settings.get(name); });
  const auto at = folder.path() + "/";
  for (auto& line : error.lines) {
    if (const auto found = line.message.find(at); found != std::string::npos)
      line.message.erase(found, at.size());
  }
  return error;
}

std::string identity(std::string_view s) {
  return std::string(s);
}

}  // namespace

TEST_CASE("a flag beats the environment, which beats the config file, which beats the default") {
  const Folder folder;
  Host host;
  host.variables["XDG_CONFIG_HOME"] = folder.path();
  host.variables["INVCTL_FORMAT"] = "csv";
  const auto file =
      folder.write("invctl/config.toml", "# mine\nwarehouse = \"SEOUL\"\nformat = \"tsv\"\nquiet = true\n");
  Settings settings(host.api());
  settings.set_flag("format", "json", "--json");

  CHECK(settings.text("format") == "json");
  CHECK(settings.get("format").origin == "flag --json");
  CHECK(settings.get("format").source == SettingSource::flag);
  CHECK(settings.text("warehouse") == "SEOUL");
  CHECK(settings.get("warehouse").origin == file + ":2");
  CHECK(settings.get("warehouse").source == SettingSource::file);
  CHECK(settings.boolean("quiet"));
  CHECK(settings.duration("lock-timeout") == 5s);
  CHECK(settings.get("lock-timeout").origin == "default");

  Settings without_flag(host.api());
  CHECK(without_flag.text("format") == "csv");
  CHECK(without_flag.get("format").origin == "environment INVCTL_FORMAT");
  host.variables["INVCTL_FORMAT"] = "";
  Settings empty_variable(host.api());
  CHECK(empty_variable.text("format") == "tsv");
  CHECK(empty_variable.get("format").origin == file + ":3");
}

TEST_CASE("every setting has a name, a variable made from it, and a default that is valid") {
  Host host;
  host.variables["HOME"] = "/home/kim";
  Settings settings(host.api());
  std::set<std::string> names;
  for (const auto& info : setting_table()) {
    CHECK(names.insert(std::string(info.name)).second);
    std::string expected = "INVCTL_";
    for (const char c : info.name) expected += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
    CHECK(info.variable == expected);
    CHECK_FALSE(info.help.empty());
    CHECK_NOTHROW(settings.get(info.name));
    if (info.type == SettingType::duration) CHECK_NOTHROW(settings.duration(info.name));
    if (info.type == SettingType::boolean) CHECK_NOTHROW(settings.boolean(info.name));
    if (info.type == SettingType::choice)
      CHECK(("|" + std::string(info.choices) + "|").find("|" + std::string(info.fallback) + "|") !=
            std::string::npos);
  }
  CHECK(names.count("db") == 1);
  CHECK_FALSE(settings.text("warehouse"));
  CHECK_FALSE(settings.text("log-file"));
}

TEST_CASE("nothing is asked of the account database unless a value depends on it") {
  const Folder folder;
  Host host;
  host.variables = {{"HOME", folder.path()}, {"INVCTL_ACTOR", "robot"}};
  Settings settings(host.api());
  CHECK(settings.text("db") == "sqlite:" + folder.path() + "/.local/share/invctl/invctl.db");
  CHECK(settings.text("actor") == "robot");
  CHECK(settings.text("format") == "table");
  CHECK(host.asked_for_name == 0);
  CHECK(host.asked_for_home == 0);

  host.variables.erase("INVCTL_ACTOR");
  host.variables["USER"] = host.variables["LOGNAME"] = "somebody else";
  Settings without_actor(host.api());
  CHECK(without_actor.text("actor") == "kim");
  CHECK(without_actor.text("actor") == "kim");
  CHECK(host.asked_for_name == 1);
}

TEST_CASE("a value given by flag or environment needs no config file, not even a broken one") {
  const Folder folder;
  folder.write("invctl/config.toml", "this is not toml");
  Host host;
  host.variables = {{"XDG_CONFIG_HOME", folder.path()}, {"INVCTL_DB", "sqlite:x.db"}};
  Settings settings(host.api());
  settings.set_flag("format", "csv");
  CHECK(settings.text("db") == "sqlite:x.db");
  CHECK(settings.text("format") == "csv");
  CHECK_THROWS_AS(settings.get("warehouse"), Error);
}

TEST_CASE("the default database follows XDG_DATA_HOME, HOME and the account, in this order") {
  const Folder folder;
  Host host;
  host.home = "/home/from-account";
  const auto db = [&] { return Settings(host.api()).required("db"); };
  CHECK(db() == "sqlite:/home/from-account/.local/share/invctl/invctl.db");
  host.variables["HOME"] = folder.path();
  CHECK(db() == "sqlite:" + folder.path() + "/.local/share/invctl/invctl.db");
  host.variables["XDG_DATA_HOME"] = "relative/is/ignored";
  CHECK(db() == "sqlite:" + folder.path() + "/.local/share/invctl/invctl.db");
  host.variables["XDG_DATA_HOME"] = "/data";
  CHECK(db() == "sqlite:/data/invctl/invctl.db");
}

TEST_CASE("a user without a home is told so only when the database is asked for") {
  Host host;
  Settings settings(host.api());
  CHECK(settings.text("format") == "table");
  CHECK_FALSE(settings.config_path());
  const auto error = error_of([&] { settings.required("db"); });
  CHECK(error.exit == Exit::usage);
  CHECK(error.message == "no db is set");
  CHECK(error.hint == "give --db, set INVCTL_DB or write `db = \"...\"` in the config file");
}

TEST_CASE("--config beats INVCTL_CONFIG, which beats the usual place, and both must exist") {
  const Folder folder;
  const auto one = folder.write("one.toml", "format = \"csv\"");
  const auto two = folder.write("two.toml", "format = \"tsv\"");
  Host host;
  host.variables = {{"XDG_CONFIG_HOME", folder.path()}, {"INVCTL_CONFIG", one}};
  CHECK(Settings(host.api()).text("format") == "csv");
  Settings both(host.api());
  both.set_config_file(two);
  CHECK(both.text("format") == "tsv");
  CHECK(both.config_path() == two);

  host.variables.erase("INVCTL_CONFIG");
  Settings missing(host.api());
  missing.set_config_file(folder.path() + "/none.toml");
  const auto error = error_of([&] { missing.get("format"); });
  CHECK(error.exit == Exit::usage);
  CHECK(error.message ==
        "cannot read the config file \"" + folder.path() + "/none.toml\": No such file or directory");

  host.variables["INVCTL_CONFIG"] = folder.path();
  CHECK_THROWS_WITH(Settings(host.api()).get("format"), Catch::Contains("Is a directory"));
  host.variables["INVCTL_CONFIG"] = "/dev/null";
  CHECK(Settings(host.api()).text("format") == "table");
}

TEST_CASE("a config file that is named after a setting was asked for replaces what was read before") {
  const Folder folder;
  Host host;
  host.variables["XDG_CONFIG_HOME"] = folder.path();
  folder.write("invctl/config.toml", "format = \"csv\"\nactor = \"usual\"\n");
  Settings settings(host.api());
  CHECK(settings.required("format") == "csv");
  settings.set_config_file(folder.write("other.toml", "format = \"tsv\"\n"));
  CHECK(settings.required("format") == "tsv");
  CHECK(settings.required("actor") == "kim");
}

TEST_CASE("a config file that is in the way of a directory counts as missing, an endless one is refused") {
  const Folder folder;
  Host host;
  host.variables["XDG_CONFIG_HOME"] = folder.write("plain-file", "");
  CHECK(Settings(host.api()).text("format") == "table");
  host.variables["INVCTL_CONFIG"] = "/dev/zero";
  CHECK_THROWS_WITH(Settings(host.api()).get("format"), Catch::Contains("File too large"));
}

TEST_CASE(
    "unknown keys and wrong types are all listed, in the order of the file, with what was likely meant") {
  const auto error = error_in_config(
      "format = \"json\"\n"
      "lock_timeout = \"5s\"\n"
      "quiet = \"yes\"\n"
      "  slow-query = 100\n"
      "colour = \"auto\"\n"
      "warehouse = true\n"
      "db-password = \"secret\"\n"
      "[database]\nurl = \"x\"\n"
      "[log-file]\n");
  CHECK(error.exit == Exit::usage);
  std::vector<std::string> messages;
  for (const auto& line : error.lines) messages.push_back(line.message);
  CHECK(messages ==
        std::vector<std::string>{
            "c.toml:2:1: unknown setting \"lock_timeout\", did you mean \"lock-timeout\"?",
            "c.toml:3:9: quiet must be true or false, not a string",
            "c.toml:4:16: slow-query must be a string in quotes, not a number",
            "c.toml:5:1: unknown setting \"colour\", did you mean \"color\"?",
            "c.toml:6:13: warehouse must be a string in quotes, not true or false",
            "c.toml:7:1: unknown setting \"db-password\", a password belongs in INVCTL_DB_PASSWORD or a "
            "password-file",
            "c.toml:8:2: unknown setting \"database\"",
            "c.toml:10:1: log-file must be a string in quotes, not a table",
        });
  for (const auto& line : error.lines) CHECK(line.message.find("secret") == std::string::npos);
}

TEST_CASE("a config file that is not TOML is reported with file, line and column") {
  for (const auto* text :
       {"format = \"json\"\nwarehouse = SEOUL\n", "format = \"a\"\nformat = \"b\"\n", "\xff\xfe"}) {
    const auto error = error_in_config(text);
    CHECK(error.exit == Exit::usage);
    REQUIRE(error.lines.size() == 1);
    const auto& message = error.lines[0].message;
    INFO(message);
    CHECK(message.rfind(std::string("c.toml:") + (text[0] == 'f' ? "2" : "1") + ":", 0) == 0);
  }
}

TEST_CASE("a value that does not fit its setting names where it was written and what would do") {
  Host host;
  const auto blame = [&](std::string_view name) {
    return error_of([&] { Settings(host.api()).get(name); }).message;
  };
  host.variables = {{"INVCTL_FORMAT", "xml"},
                    {"INVCTL_LOCK_TIMEOUT", "5"},
                    {"INVCTL_QUIET", "maybe"},
                    {"INVCTL_LOG_LEVEL", "loud\x1b[2J"}};
  CHECK(blame("format") == "INVCTL_FORMAT: \"xml\" is not one of table, json, ndjson, csv, tsv");
  CHECK(blame("lock-timeout") ==
        "INVCTL_LOCK_TIMEOUT: \"5\" is not a duration such as 500ms, 5s, 15m, 2h or 7d");
  CHECK(blame("quiet") == "INVCTL_QUIET: \"maybe\" is not true or false");
  CHECK(blame("log-level") ==
        "INVCTL_LOG_LEVEL: \"loud\\x1b[2J\" is not one of trace, debug, info, warn, error, off");

  Settings settings(host.api());
  settings.set_flag("warehouse", "", "-w");
  settings.set_flag("color", "sometimes");
  CHECK(error_of([&] { settings.get("warehouse"); }).message == "-w: must not be empty");
  CHECK(error_of([&] { settings.get("color"); }).message ==
        "--color: \"sometimes\" is not one of auto, always, never");
  CHECK(error_of([&] { settings.set_flag("no-such", "x"); }).exit == Exit::internal);

  const Folder folder;
  settings.set_config_file(folder.write("c.toml", "\nslow-query = \"soon\"\n"));
  CHECK(error_of([&] { settings.get("slow-query"); }).message ==
        folder.path() + "/c.toml:2: slow-query: \"soon\" is not a duration such as 500ms, 5s, 15m, 2h or 7d");
}

TEST_CASE("booleans are read generously from the environment") {
  Host host;
  for (const auto* yes : {"true", "1", "yes", "ON", "True"}) {
    host.variables["INVCTL_VERBOSE"] = yes;
    CHECK(Settings(host.api()).boolean("verbose"));
  }
  for (const auto* no : {"false", "0", "No", "off"}) {
    host.variables["INVCTL_VERBOSE"] = no;
    CHECK_FALSE(Settings(host.api()).boolean("verbose"));
  }
}

TEST_CASE("the list of settings shows each once, in order, with the database URL redacted") {
  Host host;
  host.variables = {{"INVCTL_DB", "mysql://kim:secret@host/db"}, {"INVCTL_DB_PASSWORD", "secret"}};
  Settings settings(host.api());
  const auto listed = settings.list([](std::string_view) { return std::string("mysql://kim:***@host/db"); });
  REQUIRE(listed.size() == setting_table().size());
  for (std::size_t i = 0; i < listed.size(); ++i) {
    CHECK(listed[i].info->name == setting_table()[i].name);
    CHECK(listed[i].value.text.value_or("").find("secret") == std::string::npos);
  }
  CHECK(listed[0].value.text == "mysql://kim:***@host/db");
  CHECK(listed[0].value.origin == "environment INVCTL_DB");
  CHECK(settings.list(identity)[0].value.text == "mysql://kim:secret@host/db");
}

TEST_CASE("the real system answers with the account of this process") {
  const auto host = SettingsHost::system();
  CHECK_FALSE(host.account_name().empty());
  CHECK_FALSE(host.variable("INVCTL_NO_SUCH_VARIABLE"));
  CHECK(host.variable("PATH").has_value());
}

}  // namespace settings_test
