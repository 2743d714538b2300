// Plans of `run`, which is NDJSON too, and the messages of the simulator's processes. A plan is only read
// here: none of its steps is started.
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "fuzz.hpp"
#include "saga/plan.hpp"
#include "sim/message.hpp"

namespace invctl::fuzz {

namespace {

std::optional<saga::Plan> parsed(const std::string& text) {
  try {
    return saga::parse_plan(text, "f");
  } catch (const Error& error) {
    require(error.exit == Exit::bad_input, "a plan that is not understood is bad input", error.message);
    require_safe(error);
    return std::nullopt;
  }
}

std::string written(const saga::Plan& plan) {
  std::string text;
  for (const auto& step : plan.steps) {
    nlohmann::ordered_json object = {{"step", step.name}, {step.external ? "exec" : "run", step.words}};
    if (step.db) object["db"] = *step.db;
    if (step.undo == saga::Step::Undo::nothing) object["undo"] = false;
    if (step.undo == saga::Step::Undo::words) object["undo"] = step.undo_words;
    if (step.repeatable) object["repeatable"] = true;
    text += object.dump() + "\n";
  }
  return text;
}

void check_references(const saga::Plan& plan) {
  const std::vector<std::string> answers(plan.steps.size(), R"({"operation":42,"id":"K","replayed":false})");
  for (const auto& step : plan.steps) {
    std::string why;
    const auto words = saga::fill_in(step.words, plan, answers, why);
    require(words.has_value() == why.empty(), "references are filled in, or not", why);
    require(is_safe(why), "a refusal is safe", why);
    require(!words || words->size() == step.words.size(), "no word is added or lost");
  }
}

void check_messages(const std::string& text) {
  try {
    const auto assignment = sim::to_text(sim::parse_assignment(text));
    require(sim::to_text(sim::parse_assignment(assignment)) == assignment, "an assignment reads back",
            assignment);
  } catch (const Error& error) {
    require_safe(error);
  }
  try {
    const auto message = sim::parse_message(text);
    if (message.answer) {
      const auto answer = sim::to_text(*message.answer);
      const auto again = sim::parse_message(answer);
      require(again.answer && sim::to_text(*again.answer) == answer, "an answer reads back", answer);
    }
  } catch (const Error& error) {
    require_safe(error);
  }
}

void check_plans(std::string_view input) {
  const std::string text(input);
  check_messages(text);
  const auto plan = parsed(text);
  if (!plan) return;
  const auto out = written(*plan);
  const auto again = parsed(out);
  require(again && written(*again) == out, "a plan that is written out reads the same", out);
  check_references(*plan);
}

[[maybe_unused]] const bool added = add_target("plan", check_plans);

}  // namespace
}  // namespace invctl::fuzz
