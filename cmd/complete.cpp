// `invctl complete KIND [WORD]...`: what the shells ask while somebody types. It is quick or it gives up,
// says nothing on stderr and never fails: a completion that cannot be had is an empty one.
//
//   line NAME WORD...      what may replace the last WORD; NAME stands for the program's name. First line:
//                          the place (words, parts, files or directories), a tab, and what to keep of the
//                          word before a file's name; then one candidate per line
//   commands [COMMAND]     the commands, or a command's subcommands
//   options [COMMAND [SUB]]  the options it declares itself; without COMMAND those that all understand
//   settings, exits        what invctl-config(5) and invctl(1) have to explain
//   warehouses, skus [PREFIX]
//
// A candidate is a word, a tab and its help. No word holds a tab or a line feed: codes have no control
// characters.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>

#include "command.hpp"
#include "completion.hpp"

namespace invctl::cmd {

namespace {

constexpr unsigned patience_s = 2;
constexpr std::int64_t most = 300;

// A server that does not answer must not hang the shell. Nothing has been written by then.
void give_up_in_time() {
  std::signal(SIGALRM, [](int) { _exit(0); });
  alarm(patience_s);
}

std::vector<Candidate> bare(std::vector<std::string> words) {
  std::vector<Candidate> candidates;
  for (auto& word : words) candidates.push_back({std::move(word), ""});
  return candidates;
}

std::vector<Candidate> settings() {
  std::vector<Candidate> found;
  for (const auto& info : setting_table())
    found.push_back({std::string(info.name), std::string(info.variable)});
  return found;
}

std::vector<Candidate> exits() {
  std::vector<Candidate> found;
  for (int code = 0; code < 128; ++code) {
    const auto exit = static_cast<Exit>(code);
    // The name of a number that is none of them is that of a defect.
    if (exit_name(exit) != "internal" || exit == Exit::internal)
      found.push_back({std::to_string(code), std::string(exit_name(exit))});
  }
  return found;
}

std::string place_line(const Completion& completion) {
  static constexpr std::string_view names[] = {"words", "parts", "files", "directories"};
  return std::string(names[static_cast<int>(completion.place)]) + '\t' + completion.kept + '\n';
}

std::string answer(Context& context, const std::string& kind, std::span<const std::string> words) {
  const std::string prefix = words.empty() ? std::string() : words.front();
  std::string text;
  std::vector<Candidate> candidates;
  if (kind == "line") {
    auto completion = complete_line(context, words.empty() ? words : words.subspan(1));
    text = place_line(completion);
    candidates = std::move(completion.candidates);
  } else if (kind == "commands") {
    candidates = commands_of(context, words);
  } else if (kind == "options") {
    candidates = options_of(context, words);
  } else if (kind == "settings") {
    candidates = settings();
  } else if (kind == "exits") {
    candidates = exits();
  } else if (kind == "warehouses") {
    candidates = bare(context.open_for_reading()->warehouse_codes(prefix, most));
  } else if (kind == "skus") {
    candidates = bare(context.open_for_reading()->skus(prefix, most));
  }
  for (const auto& candidate : candidates) {
    text += candidate.word + (candidate.help.empty() ? "" : "\t" + candidate.help) + '\n';
  }
  return text;
}

}  // namespace

void setup_complete(CLI::App& app, Action& action) {
  auto kind = std::make_shared<std::string>();
  app.add_option("kind", *kind, "line, commands, options, settings, exits, warehouses or skus")->required();
  // The words of a line are not our own: from the first one on they are left as they are.
  app.fallthrough(false);
  app.prefix_command();
  action = [kind, &app](Context& context) {
    give_up_in_time();
    try {
      const auto words = app.remaining();
      context.out.write(answer(context, *kind, words));
    } catch (const io::OutputError&) {
      // The shell has gone.
    } catch (const std::exception&) {
      // No database, or one that cannot be read: nothing to offer.
    }
    alarm(0);
    return Exit::ok;
  };
}

}  // namespace invctl::cmd
