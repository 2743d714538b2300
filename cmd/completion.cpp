#include "completion.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <set>

#include "command.hpp"
#include "core/text.hpp"
#include "root_options.hpp"

namespace invctl::cmd {

namespace {

// A list that is longer ends with the last of all (ReadStore), so that shells do not complete a beginning
// that only the listed ones share.
constexpr std::int64_t most_candidates = 300;

std::vector<const CLI::Option*> options_in(const CLI::App& app) {
  return app.get_options(
      [](const CLI::Option* option) { return option->nonpositional() && !option->get_group().empty(); });
}

std::vector<const CLI::Option*> positionals_in(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

bool may_repeat(const CLI::Option& option) {
  return option.get_items_expected_max() > 1 ||
         option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
}

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

// The program's declarations: the root's options and those of the one command that is asked about.
class Declarations {
 public:
  explicit Declarations(Context& context) : root_("", "invctl") { add_root_options(root_, context); }

  const CLI::App& root() const { return root_; }

  // Nothing where there is no such command.
  const CLI::App* command(const std::string& name) {
    for (const auto& entry : command_table()) {
      if (entry.name != name || entry.group.empty()) continue;
      auto* app = root_.add_subcommand(name);
      entry.setup(*app, action_);
      if (entry.long_running) add_instance_option(*app, instance_);
      return app;
    }
    return nullptr;
  }

  const CLI::App* find(std::span<const std::string> path) {
    const CLI::App* app = &root_;
    for (std::size_t i = 0; app != nullptr && i < path.size(); ++i) {
      app = i == 0 ? command(path[i]) : subcommand(*app, path[i]);
    }
    return app;
  }

  static std::vector<const CLI::App*> subcommands(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
  }

  static const CLI::App* subcommand(const CLI::App& app, const std::string& name) {
    for (const auto* sub : subcommands(app)) {
      if (sub->get_name() == name) return sub;
    }
    return nullptr;
  }

 private:
  CLI::App root_;
  Action action_;
  std::optional<std::string> instance_;
};

// `~/` is left to programs in words that a shell has not expanded yet.
std::string with_home(const std::string& path) {
  const char* home = std::getenv("HOME");
  return home != nullptr && path.starts_with("~/") ? home + path.substr(1) : path;
}

class LineReader {
 public:
  explicit LineReader(Context& context) : context_(context), declarations_(context) {
    app_ = &declarations_.root();
  }

  Completion complete(std::span<const std::string> words) {
    for (const auto& word : words.first(words.size() - 1)) read(word);
    if (!lost_) offer(words.back());
    return std::move(answer_);
  }

 private:
  // --- the words before the one that is being typed

  void read(const std::string& word) {
    if (awaiting_ != nullptr) {
      note_value(*awaiting_, word);
      awaiting_ = nullptr;
    } else if (only_positionals_ || word.size() < 2 || word[0] != '-') {
      read_positional(word);
    } else if (word == "--") {
      only_positionals_ = true;
    } else if (word[1] == '-') {
      const auto equals = word.find('=');
      if (const auto* option = option_called(word.substr(0, equals))) {
        used_.insert(option);
        if (!takes_value(*option)) return;
        equals == std::string::npos ? void(awaiting_ = option) : note_value(*option, word.substr(equals + 1));
      }
    } else {
      read_short(word);
    }
  }

  // Short options in one word: `-qv`, `-wSEOUL`.
  void read_short(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const auto* option = option_called(std::string("-") + word[i]);
      if (option == nullptr) return;
      used_.insert(option);
      if (!takes_value(*option)) continue;
      if (i + 1 == word.size()) awaiting_ = option;
      return;
    }
  }

  void read_positional(const std::string& word) {
    const bool at_root = app_ == &declarations_.root();
    if (!at_root && Declarations::subcommands(*app_).empty()) {
      ++positionals_;
      return;
    }
    app_ = at_root ? declarations_.command(word) : Declarations::subcommand(*app_, word);
    lost_ = app_ == nullptr;
    if (lost_) app_ = &declarations_.root();
  }

  const CLI::Option* option_called(const std::string& name) const {
    for (const auto* app = app_; app != nullptr; app = app->get_parent()) {
      for (const auto* option : options_in(*app)) {
        const auto names = names_of(*option);
        if (std::find(names.begin(), names.end(), name) != names.end()) return option;
      }
    }
    return nullptr;
  }

  void note_value(const CLI::Option& option, const std::string& value) {
    if (option.check_lname("db")) context_.settings.set_flag("db", with_home(value));
    if (option.check_lname("config")) context_.settings.set_config_file(with_home(value));
  }

  // --- the word that is being typed

  void offer(const std::string& word) {
    if (awaiting_ != nullptr) return offer_values(*awaiting_, "", word);
    if (!only_positionals_ && word.starts_with('-')) return offer_option(word);
    const bool at_root = app_ == &declarations_.root();
    if (at_root || !Declarations::subcommands(*app_).empty()) return offer_commands(word);
    offer_positional(word);
    // Where nothing else is wanted, an empty word shows what could be.
    if (word.empty() && !only_positionals_ && positionals_in(*app_).empty()) offer_option_names("");
  }

  void offer_option(const std::string& word) {
    if (const auto equals = word.find('='); word.starts_with("--") && equals != std::string::npos) {
      const auto* option = option_called(word.substr(0, equals));
      if (option != nullptr && takes_value(*option)) {
        offer_values(*option, word.substr(0, equals + 1), word.substr(equals + 1));
      }
      return;
    }
    if (word.size() > 2 && word[1] != '-') {
      const auto* option = option_called(word.substr(0, 2));
      if (option != nullptr && takes_value(*option)) offer_values(*option, word.substr(0, 2), word.substr(2));
      return;
    }
    offer_option_names(word);
  }

  void offer_option_names(const std::string& word) {
    std::set<std::string> offered;  // every level has its --help
    for (const auto* app = app_; app != nullptr; app = app->get_parent()) {
      for (const auto* option : options_in(*app)) {
        if (used_.count(option) != 0 && !may_repeat(*option)) continue;
        for (const auto& name : names_of(*option)) {
          if (offered.insert(name).second) add(word, name, option->get_description());
        }
      }
    }
  }

  void offer_commands(const std::string& word) {
    std::vector<std::string> path;
    if (app_ != &declarations_.root()) path.push_back(app_->get_name());
    for (const auto& command : commands_of(context_, path)) add(word, command.word, command.help);
  }

  void offer_positional(const std::string& word) {
    const auto positionals = positionals_in(*app_);
    if (positionals.empty()) return;
    const auto at = std::min(positionals_, positionals.size() - 1);
    if (at < positionals_ && !may_repeat(*positionals[at])) return;
    // The code of something that is being added does not exist yet.
    if (app_->get_name() == "add") return;
    offer_values(*positionals[at], "", word);
  }

  // What the type name of an option or a positional promises: one in lower case, such as `first|last`, lists
  // the values; the others are told apart below.
  void offer_values(const CLI::Option& option, const std::string& kept, const std::string& typed) {
    const auto type = option.get_type_name();
    for (const auto& choice : text::split(choices_of(option, type), '|')) {
      if (!choice.empty() && choice.starts_with(typed)) {
        answer_.candidates.push_back({kept + std::string(choice), ""});
      }
    }
    if (type == "WH") {
      add_all(kept, context_.open_for_reading()->warehouse_codes(typed, most_candidates), "");
    } else if (type == "SKU") {
      add_all(kept, context_.open_for_reading()->skus(typed, most_candidates), "");
    } else if (type == "SKU=QTY" || type == "SKU=PRICE") {
      answer_.place = Completion::Place::parts;
      add_all(kept, context_.open_for_reading()->skus(typed, most_candidates), "=");
    } else if (type == "COMMAND") {
      for (const auto& command : commands_of(context_, {})) add(typed, command.word, command.help);
    } else if (type == "FILE" || type == "DIR" || type == "URL") {
      answer_.place = type == "DIR" ? Completion::Place::directories : Completion::Place::files;
      answer_.kept = kept + (typed.starts_with("sqlite:") ? "sqlite:" : "");
    }
  }

  static std::string_view choices_of(const CLI::Option& option, const std::string& type) {
    for (const auto& setting : setting_table()) {
      if (!option.get_lnames().empty() && option.get_lnames().front() == setting.name) return setting.choices;
    }
    const bool literal = !type.empty() && type[0] >= 'a' && type[0] <= 'z';
    return literal ? std::string_view(type) : std::string_view();
  }

  void add(const std::string& typed, const std::string& word, const std::string& help) {
    if (word.starts_with(typed)) answer_.candidates.push_back({word, help});
  }

  void add_all(const std::string& kept, const std::vector<std::string>& words, const std::string& end) {
    for (const auto& word : words) answer_.candidates.push_back({kept + word + end, ""});
  }

  Context& context_;
  Declarations declarations_;
  const CLI::App* app_;
  const CLI::Option* awaiting_ = nullptr;  // the option whose value comes next
  std::set<const CLI::Option*> used_;
  std::size_t positionals_ = 0;
  bool only_positionals_ = false;
  bool lost_ = false;  // the line names a command that does not exist
  Completion answer_;
};

}  // namespace

Completion complete_line(Context& context, std::span<const std::string> words) {
  if (words.empty()) return {};
  return LineReader(context).complete(words);
}

std::vector<Candidate> options_of(Context& context, std::span<const std::string> path) {
  Declarations declarations(context);
  std::vector<Candidate> found;
  const auto* app = declarations.find(path);
  if (app == nullptr) return found;
  for (const auto* option : options_in(*app)) {
    for (const auto& name : names_of(*option)) found.push_back({name, option->get_description()});
  }
  return found;
}

std::vector<Candidate> commands_of(Context& context, std::span<const std::string> path) {
  std::vector<Candidate> found;
  if (path.empty()) {
    for (const auto& command : command_table()) {
      if (!command.group.empty()) found.push_back({std::string(command.name), std::string(command.summary)});
    }
    return found;
  }
  Declarations declarations(context);
  const auto* app = declarations.find(path);
  if (app == nullptr) return found;
  for (const auto* sub : Declarations::subcommands(*app)) {
    found.push_back({sub->get_name(), sub->get_description()});
  }
  return found;
}

}  // namespace invctl::cmd
