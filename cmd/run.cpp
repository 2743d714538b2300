#include "run.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "command.hpp"
#include "core/interrupt.hpp"
#include "core/text.hpp"
#include "help.hpp"
#include "io/json_text.hpp"
#include "log.hpp"
#include "root_options.hpp"

namespace invctl::cmd {

namespace {

const Command* find_command(std::string_view name) {
  for (const auto& command : command_table()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

// Options of the root that take a value in the next word, so that the value is not mistaken for the command.
bool takes_value(const CLI::App& root, std::string_view word) {
  if (!word.starts_with("--") || word.find('=') != std::string_view::npos) return false;
  const auto* option = root.get_option_no_throw(std::string(word));
  return option != nullptr && option->get_items_expected_max() > 0;
}

// The first word that is neither an option nor an option's value.
std::optional<std::string> command_word(const CLI::App& root, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") return std::nullopt;
    if (!word.starts_with('-')) return std::string(word);
    if (takes_value(root, word)) ++i;
  }
  return std::nullopt;
}

CLI::App* add_command(CLI::App& root, const Command& command, Action& action,
                      std::optional<std::string>& instance) {
  auto* app = root.add_subcommand(std::string(command.name), std::string(command.summary));
  app->group(std::string(command.group));
  app->fallthrough();
  std::string footer;
  if (!command.example.empty()) footer = fmt::format("Example: {}\n", command.example);
  app->footer(footer + "Options such as --db, --json and --lock-timeout work here too: invctl --help");
  command.setup(*app, action);
  if (command.long_running) add_instance_option(*app, instance);
  return app;
}

Error unknown_command(const std::string& word) {
  std::vector<std::string> names;
  for (const auto& command : command_table()) {
    if (!command.group.empty()) names.emplace_back(command.name);
  }
  const auto near = text::closest(word, names);
  return Error(
      Exit::usage, fmt::format("{} is not a command", text::quoted(word)),
      near.empty() ? "`invctl --help` lists the commands" : fmt::format("did you mean `invctl {}`?", near));
}

// What is wrong with the words, in our own style; CLI11's texts name its own types.
Error usage_error(const CLI::ParseError& error, const std::string& path) {
  std::string message = error.what();
  if (!message.empty() && message[0] >= 'A' && message[0] <= 'Z' &&
      (message.size() < 2 || message[1] < 'A' || message[1] > 'Z')) {
    message[0] = static_cast<char>(message[0] - 'A' + 'a');
  }
  while (!message.empty() && (message.back() == '.' || message.back() == '\n')) message.pop_back();
  return Error(Exit::usage, text::printable(message),
               fmt::format("`invctl {} --help` shows how it is used", path));
}

// The words that were not understood, in the order in which they stand.
Error unexpected_words(const CLI::App& root, const CLI::App& used, const std::string& path) {
  const auto words = root.remaining(true);
  const auto odd =
      std::find_if(words.begin(), words.end(), [](const auto& word) { return word.starts_with('-'); });
  const auto& word = odd == words.end() ? words.front() : *odd;
  std::vector<std::string> names;
  if (word.starts_with("--")) {
    for (const auto* app : {&root, &used}) {
      for (const auto* option : app->get_options()) {
        for (const auto& name : option->get_lnames()) names.push_back("--" + name);
      }
    }
  } else {
    for (const auto* command : used.get_subcommands({})) names.push_back(command->get_name());
  }
  const auto near = text::closest(word.substr(0, word.find('=')), names);
  const bool command = !word.starts_with('-') && !names.empty();
  const auto what = command ? fmt::format("a command of {}", used.get_name()) : std::string("expected here");
  return Error(Exit::usage, fmt::format("{} is not {}", text::quoted(word), what),
               near.empty() ? fmt::format("`invctl {} --help` shows how it is used", path)
                            : fmt::format("did you mean {}?", near));
}

// An option whose value was forgotten takes the next word, and that may be --dry-run: then what was to be
// tried is done. Where such a value is meant, = gives it.
void refuse_swallowed_options(const CLI::App& root, const CLI::App& chosen, int argc, char** argv) {
  std::vector<const CLI::App*> apps = {&root, &chosen};
  for (const auto* command : chosen.get_subcommands({})) apps.push_back(command);
  const auto find = [&](const std::string& word) -> const CLI::Option* {
    if (word.size() < 2 || word[0] != '-') return nullptr;
    for (const auto* app : apps) {
      if (const auto* option = app->get_option_no_throw(word)) return option;
    }
    return nullptr;
  };
  for (int i = 1; i + 1 < argc && std::string_view(argv[i]) != "--"; ++i) {
    const auto* option = find(argv[i]);
    if (option == nullptr || option->get_items_expected_min() == 0) continue;
    if (find(argv[i + 1]) != nullptr) {
      throw Error(Exit::usage, fmt::format("{} has no value: {} follows", argv[i], argv[i + 1]),
                  fmt::format("{0}={1} gives it that one", argv[i], argv[i + 1]));
    }
    ++i;  // its value, whatever it looks like
  }
}

// The words that ask for JSON count even where the rest of the line could not be parsed.
bool wants_json_errors(Context& context, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") break;
    if (word == "--json" || word == "--format=json" || word == "--format=ndjson") return true;
    if (word == "--format" && i + 1 < argc) {
      const std::string_view next = argv[i + 1];
      if (next == "json" || next == "ndjson") return true;
    }
  }
  try {
    return io::is_json(context.format());
  } catch (const Error&) {
    return false;
  }
}

int report(Context& context, const Error& error, bool json) {
  io::Style style;
  if (!json) {
    try {
      style = io::Style(io::inspect_terminal(2, io::parse_color(context.settings.required("color"))).color);
    } catch (const Error&) {
      // The colour setting itself is what is wrong.
    }
  }
  io::write_all(2, json ? io::error_json(error) : io::error_text(error, context.command, style));
  return static_cast<int>(error.exit);
}

// A failure to write the answer: exit 13 after a change, 1 for a read, silence for a reader who has left.
int report_output(Context& context, const io::OutputError& error, bool json) {
  if (context.committed) {
    const auto which = context.committed_key.empty() ? "" : fmt::format(" (id {})", context.committed_key);
    return report(
        context,
        Error(Exit::unreported,
              fmt::format("the change is stored, but could not be reported{}: {}", which, error.message),
              context.committed_key.empty() ? context.committed_hint
                                            : "repeat with the same --id to see the result again"),
        json);
  }
  if (error.closed_pipe()) return static_cast<int>(Exit::ok);
  return report(context, error, json);
}

int parse_and_run(Context& context, int argc, char** argv, bool& json) {
  CLI::App root(
      "invctl keeps warehouse stock right: no oversale, no lost update, an exit code that tells the truth.",
      "invctl");
  root.get_help_ptr()->group("Everywhere");
  root.formatter(std::make_shared<HelpFormatter>());
  root.footer(
      "Exit codes: 0 ok, 2 usage, 3 not found, 4 insufficient stock, 5 conflict, 6 busy, 8 bad input,\n"
      "9 unavailable; see invctl(1) for all and for examples.");
  add_root_options(root, context);

  Action action;
  std::optional<std::string> instance;
  const CLI::App* chosen = &root;
  const auto word = command_word(root, argc, argv);
  const Command* command = word ? find_command(*word) : nullptr;
  if (word && command == nullptr) throw unknown_command(*word);
  if (command != nullptr) {
    // Only the command that is used declares its options: the help of all the others would cost more than the
    // work of a one-line change.
    chosen = add_command(root, *command, action, instance);
    context.command = command->name;
  } else {
    for (const auto& entry : command_table()) {
      root.add_subcommand(std::string(entry.name), std::string(entry.summary))
          ->group(std::string(entry.group));
    }
  }

  try {
    refuse_swallowed_options(root, *chosen, argc, argv);
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    context.out.write(
        (chosen->get_subcommands().empty() ? chosen : chosen->get_subcommands().front())->help());
    context.out.close();
    return 0;
  } catch (const CLI::CallForVersion&) {
    context.out.write(std::string("invctl ") + version + "\n");
    context.out.close();
    return 0;
  } catch (const CLI::ParseError& error) {
    json = wants_json_errors(context, argc, argv);
    const CLI::App* used = chosen;
    while (!used->get_subcommands().empty()) used = used->get_subcommands().front();
    if (used != chosen) context.command += " " + used->get_name();
    const auto path = context.command;
    const bool unknown = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) ||
                         (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) &&
                          used == chosen && command != nullptr && !chosen->get_subcommands({}).empty());
    if (unknown && !root.remaining(true).empty()) throw unexpected_words(root, *used, path);
    throw usage_error(error, path);
  }
  json = wants_json_errors(context, argc, argv);
  if (command == nullptr) {
    throw Error(Exit::usage, "which command?", "`invctl --help` lists the commands");
  }
  // A completion is silent, whatever the settings say.
  if (command->setup != setup_complete) {
    context.settings.check_flags();
    start_log(context);
  }
  if (instance) context.hold_instance(*instance);
  const auto exit = action(context);
  context.out.close();
  return static_cast<int>(exit);
}

}  // namespace

int run(int argc, char** argv) {
  io::fill_standard_streams();
  interrupt::install_handlers();
  Context context(argc > 0 ? argv[0] : "invctl");
  bool json = false;
  try {
    json = wants_json_errors(context, argc, argv);
    return parse_and_run(context, argc, argv, json);
  } catch (const io::OutputError& error) {
    return report_output(context, error, json);
  } catch (const Error& error) {
    context.out.discard();
    return report(context, error, json);
  } catch (const std::bad_alloc&) {
    return report(context, Error(context.committed ? Exit::unreported : Exit::internal, "out of memory"),
                  json);
  } catch (const std::exception& error) {
    return report(
        context,
        Error(context.committed ? Exit::unreported : Exit::internal,
              fmt::format("unexpected: {}", error.what()), "this is a defect of invctl: please report it"),
        json);
  }
}

}  // namespace invctl::cmd
