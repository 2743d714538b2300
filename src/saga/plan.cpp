#include "saga/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/types.hpp"
#include "io/fault.hpp"

namespace invctl::saga {

namespace {

using Json = nlohmann::json;

// What can be done once under a key, and how it is undone.
struct Command {
  std::string_view name;
  bool can_be_undone;
};
constexpr std::array<Command, 10> commands{{{"receive", true},
                                            {"ship", true},
                                            {"adjust", true},
                                            {"purchase", true},
                                            {"transfer", true},
                                            {"reserve", true},
                                            {"confirm", true},
                                            {"release", false},
                                            {"extend", false},
                                            {"reverse", false}}};

// These are the run's own to say, or would make more than one operation of a step.
constexpr std::array<std::string_view, 12> reserved_options{"--db",     "--id",   "--dry-run", "--json",
                                                            "--format", "--from", "--scan",    "--config",
                                                            "-q",       "-v",     "-h",        "--help"};

const Command* find_command(std::string_view name) {
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const Command& command) { return command.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

// Calls `use(step, field)` for each ${step.field} and `plain(text)` for what is between. False where one does
// not end, or names no field.
bool for_references(std::string_view word, const std::function<void(std::string_view)>& plain,
                    const std::function<void(std::string_view, std::string_view)>& use) {
  while (!word.empty()) {
    const auto at = word.find("${");
    if (at == std::string_view::npos) break;
    if (at > 0 && word[at - 1] == '$') {
      plain(word.substr(0, at - 1));
      plain("${");
      word.remove_prefix(at + 2);
      continue;
    }
    plain(word.substr(0, at));
    const auto end = word.find('}', at);
    if (end == std::string_view::npos) return false;
    const auto name = word.substr(at + 2, end - at - 2);
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) return false;
    use(name.substr(0, dot), name.substr(dot + 1));
    word.remove_prefix(end + 1);
  }
  plain(word);
  return true;
}

std::optional<std::size_t> index_of(const std::vector<Step>& steps, std::string_view name) {
  const auto found =
      std::find_if(steps.begin(), steps.end(), [&](const Step& step) { return step.name == name; });
  if (found == steps.end()) return std::nullopt;
  return static_cast<std::size_t>(found - steps.begin());
}

class PlanReader {
 public:
  explicit PlanReader(std::string_view file) : file_(file) {}

  std::vector<Step> read(std::string_view text) {
    std::size_t line = 0;
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      ++line;
      read_line(text.substr(0, end), line);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (steps_.empty() && faults_.empty()) fault("the plan has no steps");
    if (steps_.size() > most_steps) fault(fmt::format("a plan has {} steps at most", most_steps));
    if (!faults_.empty()) fail();
    return std::move(steps_);
  }

 private:
  void fault(std::string message) { faults_.add({file_, line_, 0, {}, std::move(message)}); }

  void read_line(std::string_view text, std::size_t line) {
    line_ = line;
    if (text::trim(text).empty()) return;
    const auto json = Json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.is_object()) return fault("this is not a JSON object");
    Step step;
    step.line = line;
    step.name = fmt::format("step {}", steps_.size() + 1);
    for (const auto& [member, value] : json.items()) read_member(step, member, value);
    if (json.contains("run") == json.contains("exec")) {
      fault("a step has either `run`, a command of this program, or `exec`, another program");
    }
    check_step(step);
    if (index_of(steps_, step.name))
      fault(fmt::format("the step {} is there already", text::quoted(step.name)));
    steps_.push_back(std::move(step));
  }

  void read_member(Step& step, const std::string& member, const Json& value) {
    if (member == "step") {
      read_text(value, member, step.name);
      if (step.name.find('}') != std::string::npos || step.name.empty() || step.name.size() > 64) {
        fault("the name of a step has 1 to 64 bytes and no }");
      }
    } else if (member == "run" || member == "exec") {
      step.external = member == "exec";
      read_words(value, member, step.words);
    } else if (member == "db") {
      read_text(value, member, step.db.emplace());
    } else if (member == "undo" && value == false) {
      step.undo = Step::Undo::nothing;
    } else if (member == "undo") {
      step.undo = Step::Undo::words;
      read_words(value, member, step.undo_words);
    } else if (member == "repeatable") {
      if (!value.is_boolean()) return fault("`repeatable` is true or false");
      step.repeatable = value.get<bool>();
    } else {
      fault(fmt::format("{} is no member of a step: step, run, exec, db, undo, repeatable",
                        text::quoted(member)));
    }
  }

  void read_text(const Json& value, const std::string& member, std::string& into) {
    if (!value.is_string()) return fault(fmt::format("`{}` is a string", member));
    into = value.get<std::string>();
  }

  void read_words(const Json& value, const std::string& member, std::vector<std::string>& into) {
    const bool words =
        value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), [](const Json& word) {
          return word.is_string() && word.get_ref<const std::string&>().find('\0') == std::string::npos;
        });
    if (!words) {
      const auto* also = member == "undo" ? ", or false" : "";
      return fault(fmt::format("`{}` is a list of words, such as [\"ship\",\"-w\",\"EAST\",\"BOLT=1\"]{}",
                               member, also));
    }
    into = value.get<std::vector<std::string>>();
  }

  void check_step(const Step& step) {
    if (step.words.empty()) return;
    check_references(step.words, {});
    check_references(step.undo_words, step.name);  // its own answer is there by then
    if (step.external) {
      if (step.db) fault("`db` is where a `run` works, an `exec` knows no database");
      if (step.undo == Step::Undo::automatic)
        fault("how is it undone? `undo` with the words of a program, or false");
      return;
    }
    if (step.repeatable) fault("`repeatable` is for `exec`: what this program does can always be repeated");
    check_command(step.words);
    if (step.undo == Step::Undo::words) check_command(step.undo_words);
    const auto* command = find_command(step.words.front());
    if (command != nullptr && !command->can_be_undone && step.undo == Step::Undo::automatic) {
      fault(fmt::format("how is {} undone? `undo` with the words of a command, or false", command->name));
    }
  }

  void check_command(const std::vector<std::string>& words) {
    if (words.empty()) return;
    if (find_command(words.front()) == nullptr) {
      std::string known;
      for (const auto& command : commands) {
        known += (known.empty() ? "" : ", ") + std::string(command.name);
      }
      fault(fmt::format("{} is no command of a plan: {}", text::quoted(words.front()), known));
    }
    for (const auto& word : words) {
      const auto option = word.substr(0, word.find('='));
      if (std::find(reserved_options.begin(), reserved_options.end(), option) == reserved_options.end())
        continue;
      fault(fmt::format("{} is not for a plan", option));
    }
  }

  void check_references(const std::vector<std::string>& words, std::string_view own) {
    for (const auto& word : words) {
      const bool complete = for_references(
          word, [](std::string_view) {},
          [&](std::string_view name, std::string_view) {
            if (name != own && !index_of(steps_, name))
              fault(fmt::format("no step {} before this one", text::quoted(name)));
          });
      if (!complete) fault(fmt::format("{}: a reference is ${{STEP.FIELD}}", text::quoted(word)));
    }
  }

  [[noreturn]] void fail() const {
    Error error(Exit::bad_input, "bad_rows",
                fmt::format("{}: {}, nothing is done", text::printable(file_),
                            text::count(static_cast<long long>(faults_.count()), "fault")),
                "correct them and run it again");
    faults_.add_to(error);
    throw error;
  }

  std::string file_;
  std::size_t line_ = 0;
  io::FaultList faults_;
  std::vector<Step> steps_;
};

}  // namespace

Plan parse_plan(std::string text, std::string_view file) {
  Plan plan;
  plan.steps = PlanReader(file).read(text);
  plan.digest = sha256(text);
  plan.text = std::move(text);
  return plan;
}

std::optional<std::vector<std::string>> fill_in(const std::vector<std::string>& words, const Plan& plan,
                                                const std::vector<std::string>& answers, std::string& why) {
  std::vector<std::string> filled;
  for (const auto& word : words) {
    auto& out = filled.emplace_back();
    for_references(
        word, [&](std::string_view text) { out += text; },
        [&](std::string_view step, std::string_view field) {
          const auto index = index_of(plan.steps, step);
          const auto answer =
              index && *index < answers.size() ? Json::parse(answers[*index], nullptr, false) : Json();
          // Not a copy: nobody knows how deep a program's answer is nested.
          const auto value = answer.find(std::string(field));
          const bool there = answer.is_object() && value != answer.end();
          if (there && value->is_string()) {
            out += value->get<std::string>();
          } else if (there && (value->is_number_integer() || value->is_boolean())) {
            out += value->dump();
          } else {
            why = fmt::format("{} answered no {}", text::quoted(step), text::quoted(field));
          }
        });
  }
  if (!why.empty()) return std::nullopt;
  return filled;
}

}  // namespace invctl::saga
