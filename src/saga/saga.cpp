#include "saga/saga.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "core/text.hpp"

namespace invctl::saga {

namespace {

constexpr std::array<std::pair<Event::Kind, std::string_view>, 9> event_names{
    {{Event::Kind::begun, "begun"},
     {Event::Kind::done, "done"},
     {Event::Kind::failed, "failed"},
     {Event::Kind::undoing, "undoing"},
     {Event::Kind::undo_begun, "undo_begun"},
     {Event::Kind::undone, "undone"},
     {Event::Kind::kept, "kept"},
     {Event::Kind::ended, "ended"},
     {Event::Kind::abandoned, "abandoned"}}};

void apply(State& state, const Event& event) {
  using Kind = StepState::Kind;
  const auto set = [&](Kind kind) {
    auto& step = state.steps.at(event.step);
    // What a step answered is what undoing it needs.
    const bool keeps = kind == Kind::undo_begun || kind == Kind::undone || kind == Kind::kept;
    step.kind = kind;
    step.exit = event.exit;
    if (!keeps) step.answer = event.answer;
  };
  switch (event.kind) {
    case Event::Kind::begun:
      return set(Kind::begun);
    case Event::Kind::done:
      return set(Kind::done);
    case Event::Kind::failed:
      return set(Kind::failed);
    case Event::Kind::undo_begun:
      return set(Kind::undo_begun);
    case Event::Kind::undone:
      return set(Kind::undone);
    case Event::Kind::kept:
      return set(Kind::kept);
    case Event::Kind::undoing:
      state.undoing = true;
      return;
    case Event::Kind::abandoned:
      state.abandoned = true;
      state.ended = true;
      return;
    case Event::Kind::ended:
      state.ended = true;
      return;
  }
}

Action forward(const Plan& plan, const State& state) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const auto kind = state.steps[i].kind;
    if (kind == StepState::Kind::done) continue;
    if (kind == StepState::Kind::failed) return {Action::Kind::go_back, i};
    const auto& step = plan.steps[i];
    const bool lost = kind == StepState::Kind::begun && step.external && !step.repeatable;
    return {lost ? Action::Kind::go_back : Action::Kind::start, i};
  }
  return {Action::Kind::end, 0};
}

Action backward(const Plan& plan, const State& state) {
  for (std::size_t i = plan.steps.size(); i-- > 0;) {
    const auto& step = plan.steps[i];
    switch (state.steps[i].kind) {
      case StepState::Kind::begun:
        if (!step.external) return {Action::Kind::resolve, i};
        [[fallthrough]];
      case StepState::Kind::done:
      case StepState::Kind::undo_begun:
        return {step.undo == Step::Undo::nothing ? Action::Kind::keep : Action::Kind::undo, i};
      default:
        break;
    }
  }
  return {Action::Kind::end, 0};
}

// The words that undo a step which the plan does not give any for.
std::vector<std::string> automatic_undo(const Step& step) {
  const auto reference = [&](const char* field) { return fmt::format("${{{}.{}}}", step.name, field); };
  if (step.words.front() == "reserve") return {"release", reference("reservation")};
  return {"reverse", reference("operation"), "--reason", fmt::format("undoes {} of a run", step.name)};
}

class Runner {
 public:
  Runner(RunStore& store, const Run& run, const Plan& plan, Starter& starter, const RunOptions& options,
         const std::function<void(const Event&)>& watch)
      : store_(store), run_(run), plan_(plan), starter_(starter), options_(options), watch_(watch) {}

  RunResult go_on() {
    const auto events = store_.run_events(run_.id);
    number_ = static_cast<std::int64_t>(events.size());
    result_.state = fold(plan_, events);
    if (options_.abandon && !result_.state.ended) record({Event::Kind::abandoned});
    if (options_.compensate && !result_.state.ended && !result_.state.undoing) record({Event::Kind::undoing});
    while (!result_.stuck) {
      const auto action = next_action(plan_, result_.state);
      if (action.kind == Action::Kind::nothing) break;
      act(action);
    }
    return std::move(result_);
  }

 private:
  void act(const Action& action) {
    switch (action.kind) {
      case Action::Kind::start:
      case Action::Kind::resolve:
        return start(action.step);
      case Action::Kind::undo:
        return undo(action.step);
      case Action::Kind::keep:
        return record({Event::Kind::kept, action.step});
      case Action::Kind::go_back:
        return record({Event::Kind::undoing, action.step});
      case Action::Kind::end:
        return record({Event::Kind::ended});
      case Action::Kind::nothing:
        return;
    }
  }

  void start(std::size_t i) {
    const auto& step = plan_.steps[i];
    std::string why;
    const auto words = fill_in(step.words, plan_, answers(), why);
    if (!words) return record({Event::Kind::failed, i, static_cast<int>(Exit::bad_input), why});
    if (result_.state.steps[i].kind != StepState::Kind::begun) record({Event::Kind::begun, i});
    auto attempt = repeat(step, *words, step_key(run_, i, false));
    switch (attempt.kind) {
      case Attempt::Kind::done:
        return record({Event::Kind::done, i, 0, std::move(attempt.answer)});
      case Attempt::Kind::failed:
      case Attempt::Kind::busy:  // nothing was changed, and it was waited for
        return record({Event::Kind::failed, i, attempt.exit, std::move(attempt.answer)});
      case Attempt::Kind::unknown:
        // Of another program it will not be known later either.
        if (step.external && !step.repeatable) return record({Event::Kind::undoing, i});
        return stop(i, std::move(attempt));
    }
  }

  void undo(std::size_t i) {
    const auto& step = plan_.steps[i];
    std::string why;
    const auto words = fill_in(step.undo == Step::Undo::words ? step.undo_words : automatic_undo(step), plan_,
                               answers(), why);
    if (!words) return stop(i, {Attempt::Kind::failed, static_cast<int>(Exit::bad_input), why});
    if (result_.state.steps[i].kind != StepState::Kind::undo_begun) record({Event::Kind::undo_begun, i});
    auto attempt = repeat(step, *words, step_key(run_, i, true));
    if (attempt.kind != Attempt::Kind::done) return stop(i, std::move(attempt));
    record({Event::Kind::undone, i});
  }

  // Starts it until it is known how it ended, or patience has.
  Attempt repeat(const Step& step, const std::vector<std::string>& words, const std::string& key) {
    const auto deadline = Deadline::after(options_.patience);
    auto pause = std::chrono::milliseconds(20);
    for (;;) {
      auto attempt = starter_.start(step, words, key);
      const bool settled = attempt.kind == Attempt::Kind::done || attempt.kind == Attempt::Kind::failed;
      const bool again = !step.external || step.repeatable;
      if (settled || !again || deadline.passed()) return attempt;
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, std::chrono::milliseconds(1000));
    }
  }

  void stop(std::size_t i, Attempt attempt) {
    result_.stuck = std::move(attempt);
    result_.stuck_at = i;
  }

  std::vector<std::string> answers() const {
    std::vector<std::string> answers;
    for (const auto& step : result_.state.steps) {
      answers.push_back(step.kind == StepState::Kind::failed ? std::string() : step.answer);
    }
    return answers;
  }

  void record(Event event) {
    bool tried = false;
    write_transaction(store_, Deadline::after(options_.patience), "", [&] {
      if (store_.run_events(run_.id).size() > static_cast<std::size_t>(number_)) {
        // A commit that nobody knows the outcome of has stored it; else it is somebody else's.
        if (tried) return false;
        throw Error(Exit::busy, "run_busy", "another process is at this run",
                    "wait for it, or run the plan again");
      }
      store_.add_run_event(run_.id, number_, event);
      tried = true;
      return true;
    });
    ++number_;
    apply(result_.state, event);
    watch_(event);
  }

  RunStore& store_;
  const Run& run_;
  const Plan& plan_;
  Starter& starter_;
  const RunOptions& options_;
  const std::function<void(const Event&)>& watch_;
  RunResult result_;
  std::int64_t number_ = 0;
};

}  // namespace

std::string_view event_name(Event::Kind kind) {
  return std::find_if(event_names.begin(), event_names.end(), [&](const auto& e) { return e.first == kind; })
      ->second;
}

std::optional<Event::Kind> parse_event(std::string_view name) {
  for (const auto& [kind, text] : event_names) {
    if (text == name) return kind;
  }
  return std::nullopt;
}

std::string_view State::name() const {
  if (abandoned) return "abandoned";
  if (undoing) return ended ? "undone" : "undoing";
  return ended ? "done" : "running";
}

State fold(const Plan& plan, std::span<const Event> events) {
  State state;
  state.steps.resize(plan.steps.size());
  for (const auto& event : events) apply(state, event);
  return state;
}

Action next_action(const Plan& plan, const State& state) {
  if (state.ended) return {};
  return state.undoing ? backward(plan, state) : forward(plan, state);
}

Attempt::Kind attempt_of(int exit) {
  switch (exit) {
    case static_cast<int>(Exit::ok):
      return Attempt::Kind::done;
    case static_cast<int>(Exit::busy):
    case static_cast<int>(Exit::unavailable):
      return Attempt::Kind::busy;
    case static_cast<int>(Exit::unknown_outcome):
    case static_cast<int>(Exit::unreported):
      return Attempt::Kind::unknown;
    default:
      return exit >= 128 ? Attempt::Kind::unknown : Attempt::Kind::failed;
  }
}

RunResult go_on(RunStore& store, const Run& run, const Plan& plan, Starter& starter,
                const RunOptions& options, const std::function<void(const Event&)>& watch) {
  return Runner(store, run, plan, starter, options, watch).go_on();
}

std::string step_key(const Run& run, std::size_t step, bool undo) {
  return fmt::format("run-{}-{}{}", to_hex(run.uid), step + 1, undo ? "-undo" : "");
}

}  // namespace invctl::saga
