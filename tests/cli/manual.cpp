#include "manual.hpp"

#include <algorithm>
#include <functional>
#include <sstream>

#include "harness.hpp"
#include "transcript.hpp"

namespace invctl::test {

namespace {

// The part of the page that describes the options which several commands share.
const std::string shared_heading = "Options of a change";

std::vector<std::string> split_words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// The page's lines by heading; `.Sh` and `.Ss` alike.
std::map<std::string, std::vector<std::string>> sections_of(const std::string& mdoc) {
  std::map<std::string, std::vector<std::string>> sections;
  std::string heading;
  for (const auto& line : split_lines(mdoc)) {
    if (line.starts_with(".Sh ") || line.starts_with(".Ss ")) {
      heading = line.substr(4);
      sections[heading];
    } else {
      sections[heading].push_back(line);
    }
  }
  return sections;
}

// What follows the macro `name` on a line: the flags of `.It Fl w , Fl -warehouse Ar WH` are w and
// -warehouse.
std::vector<std::string> arguments_of(const std::string& line, const std::string& macro) {
  std::vector<std::string> found;
  if (!line.starts_with('.')) return found;
  const auto words = split_words(line.substr(1));
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == macro) found.push_back(words[i + 1]);
  }
  return found;
}

std::set<std::string> flags_of(const std::vector<std::string>& lines, bool only_items) {
  std::set<std::string> flags;
  for (const auto& line : lines) {
    if (only_items && !line.starts_with(".It ")) continue;
    for (const auto& flag : arguments_of(line, "Fl")) {
      if (flag != "-") flags.insert("-" + flag);  // a bare `--` is no option
    }
  }
  return flags;
}

std::set<std::string> commands_in(const std::vector<std::string>& lines) {
  std::set<std::string> found;
  for (const auto& line : lines) {
    if (!line.starts_with(".Cm ")) continue;
    for (const auto& word : split_words(line.substr(4))) found.insert(word);
  }
  return found;
}

std::set<std::string> all_names(const std::vector<OptionNames>& options) {
  std::set<std::string> names;
  for (const auto& option : options) names.insert(option.begin(), option.end());
  return names;
}

// `complete options` names an option once per line; names with the same help in a row are one option.
std::vector<OptionNames> ask_options(const std::vector<std::string>& path) {
  std::vector<std::string> words = {"complete", "options"};
  words.insert(words.end(), path.begin(), path.end());
  std::vector<OptionNames> options;
  std::string last_help;
  for (const auto& line : split_lines(run(words).out)) {
    const auto tab = line.find('\t');
    const auto name = line.substr(0, tab);
    const auto help = line.substr(tab);
    if (options.empty() || help != last_help) options.emplace_back();
    options.back().push_back(name);
    last_help = help;
  }
  return options;
}

std::vector<std::pair<std::string, std::string>> ask_pairs(const std::vector<std::string>& what) {
  std::vector<std::string> words = {"complete"};
  words.insert(words.end(), what.begin(), what.end());
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& line : split_lines(run(words).out)) {
    const auto tab = line.find('\t');
    pairs.emplace_back(line.substr(0, tab), tab == std::string::npos ? "" : line.substr(tab + 1));
  }
  return pairs;
}

class ManualCheck {
 public:
  ManualCheck(const std::string& mdoc, const Declared& declared)
      : declared_(declared), sections_(sections_of(mdoc)) {}

  std::vector<std::string> run() {
    check_items("OPTIONS", declared_.everywhere);
    for (const auto& command : declared_.commands) check_command(command);
    check_shared();
    check_unknown_flags();
    check_exits();
    check_variables();
    return std::move(complaints_);
  }

 private:
  void complain(const std::string& what) { complaints_.push_back(what); }

  const std::vector<std::string>& section(const std::string& heading) {
    static const std::vector<std::string> none;
    const auto found = sections_.find(heading);
    if (found != sections_.end()) return found->second;
    complain("there is no section " + heading);
    return none;
  }

  // Each option has an item of its own with all its names, and no other option has one.
  void check_items(const std::string& heading, const std::vector<OptionNames>& options) {
    const auto items = flags_of(section(heading), true);
    for (const auto& name : all_names(options)) {
      if (items.count(name) == 0) complain(heading + ": " + name + " is missing");
    }
    const auto known = all_names(options);
    for (const auto& name : items) {
      if (known.count(name) == 0) complain(heading + ": there is no option " + name);
    }
  }

  bool shares(const std::string& command) { return commands_in(section(shared_heading)).count(command) != 0; }

  void check_command(const std::string& command) {
    const auto& lines = section(command);
    if (lines.empty()) return;
    const auto used = flags_of(lines, false);
    const auto shared = flags_of(section(shared_heading), true);
    const auto own = declared_.options.find(command);
    const auto options = own == declared_.options.end() ? std::vector<OptionNames>() : own->second;
    std::vector<OptionNames> described_here;
    for (const auto& option : options) {
      const auto is_used = [&](const std::string& name) { return used.count(name) != 0; };
      if (std::none_of(option.begin(), option.end(), is_used)) complain(command + ": no " + option.back());
      const auto elsewhere = [&](const std::string& name) { return shared.count(name) != 0; };
      if (!shares(command) || !std::all_of(option.begin(), option.end(), elsewhere)) {
        described_here.push_back(option);
      }
    }
    check_items(command, described_here);
    if (const auto subs = declared_.subcommands.find(command); subs != declared_.subcommands.end()) {
      for (const auto& sub : subs->second) {
        const auto line = ".Cm " + command + " " + sub;
        if (std::find(lines.begin(), lines.end(), line) == lines.end()) complain(line + " is missing");
      }
    }
  }

  void check_shared() {
    for (const auto& name : flags_of(section(shared_heading), true)) {
      for (const auto& command : declared_.commands) {
        if (!shares(command)) continue;
        const auto own = declared_.options.find(command);
        if (own == declared_.options.end() || all_names(own->second).count(name) == 0) {
          complain(shared_heading + ": " + command + " has no " + name);
        }
      }
    }
  }

  void check_unknown_flags() {
    auto known = all_names(declared_.everywhere);
    for (const auto& [command, options] : declared_.options) known.merge(all_names(options));
    for (const auto& [heading, lines] : sections_) {
      for (const auto& name : flags_of(lines, false)) {
        if (known.count(name) == 0) complain(heading + ": there is no option " + name);
      }
    }
  }

  void check_exits() {
    std::set<std::string> documented;
    for (const auto& line : section("EXIT STATUS")) {
      if (line.starts_with(".It ")) documented.insert(line.substr(4));
    }
    for (const auto& [number, name] : declared_.exits) {
      if (documented.erase(number + " " + name) == 0) complain("exit status " + number + " is missing");
    }
    documented.erase("130 , 143");  // not of the table: 128 and the signal
    for (const auto& line : documented) complain("there is no exit status " + line);
  }

  void check_variables() {
    std::set<std::string> named;
    for (const auto& line : section("ENVIRONMENT")) {
      for (const auto& word : split_words(line)) named.insert(word);
    }
    for (const auto& [name, variable] : declared_.settings) {
      if (named.count(variable) == 0) complain("ENVIRONMENT: " + variable + " is missing");
    }
  }

  const Declared& declared_;
  std::map<std::string, std::vector<std::string>> sections_;
  std::vector<std::string> complaints_;
};

// What the escapes of a literal display stand for.
std::string unescaped(std::string line) {
  static const std::pair<std::string, std::string> escapes[] = {
      {"\\&", ""},    {"\\-", "-"},   {"\\(aq", "'"}, {"\\(ga", "`"},
      {"\\(ti", "~"}, {"\\(ha", "^"}, {"\\e", "\\"}};
  std::string out;
  for (std::size_t i = 0; i < line.size();) {
    const auto escape = std::find_if(std::begin(escapes), std::end(escapes), [&](const auto& entry) {
      return line.compare(i, entry.first.size(), entry.first) == 0;
    });
    out += escape == std::end(escapes) ? line.substr(i, 1) : escape->second;
    i += escape == std::end(escapes) ? 1 : escape->first.size();
  }
  return out;
}

}  // namespace

Declared ask_program() {
  Declared declared;
  declared.everywhere = ask_options({});
  const auto global = all_names(declared.everywhere);
  for (const auto& [command, summary] : ask_pairs({"commands"})) {
    declared.commands.push_back(command);
    std::vector<std::vector<std::string>> paths = {{command}};
    for (const auto& [sub, sub_summary] : ask_pairs({"commands", command})) {
      declared.subcommands[command].push_back(sub);
      paths.push_back({command, sub});
    }
    for (const auto& path : paths) {
      for (const auto& option : ask_options(path)) {
        auto& known = declared.options[command];
        const bool everywhere = global.count(option.back()) != 0;
        if (!everywhere && std::find(known.begin(), known.end(), option) == known.end()) {
          known.push_back(option);
        }
      }
    }
  }
  declared.exits = ask_pairs({"exits"});
  declared.settings = ask_pairs({"settings"});
  return declared;
}

std::vector<std::string> check_manual(const std::string& mdoc, const Declared& declared) {
  return ManualCheck(mdoc, declared).run();
}

std::vector<std::string> check_settings(const std::string& mdoc, const Declared& declared) {
  std::vector<std::string> complaints;
  std::map<std::string, std::set<std::string>> items;  // setting -> variables named with it
  std::string item;
  auto sections = sections_of(mdoc);
  for (const auto& line : sections["SETTINGS"]) {
    if (line.starts_with(".It Ic ")) items[item = line.substr(7)];
    for (const auto& variable : arguments_of(line, "Ev")) items[item].insert(variable);
  }
  for (const auto& [name, variable] : declared.settings) {
    const auto found = items.find(name);
    if (found == items.end()) {
      complaints.push_back("setting " + name + " is missing");
    } else {
      if (found->second.count(variable) == 0) complaints.push_back(name + ": " + variable + " is missing");
      items.erase(found);
    }
  }
  for (const auto& [name, variables] : items) complaints.push_back("there is no setting " + name);
  return complaints;
}

std::vector<std::string> check_readme(const std::string& markdown, const Declared& declared) {
  std::vector<std::string> complaints;
  std::set<std::string> rows;
  for (const auto& line : split_lines(markdown)) {
    if (line.starts_with("| `")) rows.insert(line.substr(3, line.find('`', 3) - 3));
  }
  for (const auto& command : declared.commands) {
    if (rows.erase(command) == 0) complaints.push_back("no row of the README begins with `" + command + "`");
  }
  for (const auto& row : rows) complaints.push_back("the README has a row of `" + row + "`, no command");
  for (const auto& [number, name] : declared.exits) {
    if (markdown.find("| " + number + " | " + name + " |") == std::string::npos) {
      complaints.push_back("the README has no row of exit code " + number + ", " + name);
    }
  }
  return complaints;
}

std::vector<std::string> displays(const std::string& mdoc, const std::string& section) {
  std::vector<std::string> found;
  bool inside = false;
  auto sections = sections_of(mdoc);
  for (const auto& line : sections[section]) {
    if (line.starts_with(".Bd -literal")) {
      found.emplace_back();
      inside = true;
    } else if (line == ".Ed") {
      inside = false;
    } else if (inside) {
      found.back() += unescaped(line) + "\n";
    }
  }
  return found;
}

}  // namespace invctl::test
