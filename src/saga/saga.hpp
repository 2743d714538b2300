// Running a plan: what was done is recorded step by step, so that a run that was cut short goes on, or is
// undone, and no step happens twice.
//
// A step of this program carries a key made of the run's uid and its place: it can be started as often as it
// takes to learn how it ended, and happens once. What another program does cannot be known after a crash: it
// is told its key (INVCTL_STEP_ID), is started again only if the plan calls it repeatable, and else counts as
// done when it is undone.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "core/types.hpp"
#include "saga/plan.hpp"
#include "stock/transactions.hpp"

namespace invctl::saga {

struct Event {
  enum class Kind {
    begun,       // the step is about to be started
    done,        // it happened; `answer` is what it said
    failed,      // it did not, and will not
    undoing,     // of the whole run: from here on it goes back
    undo_begun,  // the step is about to be undone
    undone,
    kept,   // the plan says that it is not undone
    ended,  // of the whole run
    abandoned,
  } kind = Kind::begun;
  std::size_t step = 0;
  int exit = 0;
  std::string answer = {};  // JSON of a step of this program, at most 64 KiB; or why it failed
};

std::string_view event_name(Event::Kind kind);
std::optional<Event::Kind> parse_event(std::string_view name);

struct Run {
  std::int64_t id = 0;
  Uid uid{};
  std::string key;
  std::string plan;  // its text
  std::string actor;
  Micros started_at = 0;
};

class RunStore : public virtual Transactions {
 public:
  virtual std::optional<Run> find_run(const std::string& key) = 0;
  virtual void add_run(const Run& run) = 0;  // inside a write transaction
  // Newest first.
  virtual void runs(const std::function<void(const Run&)>& row) = 0;
  virtual std::vector<Event> run_events(std::int64_t run) = 0;
  // Inside a write transaction. `number` counts from 0: StoreError(duplicate) where somebody else was there.
  virtual void add_run_event(std::int64_t run, std::int64_t number, const Event& event) = 0;
};

struct StepState {
  enum class Kind { waiting, begun, done, failed, undo_begun, undone, kept } kind = Kind::waiting;
  int exit = 0;
  std::string answer = {};
};

// What the events of a run amount to.
struct State {
  std::vector<StepState> steps;
  bool undoing = false, ended = false, abandoned = false;

  std::string_view name() const;  // running, done, undoing, undone, abandoned
};
State fold(const Plan& plan, std::span<const Event> events);

// What comes next. Pure.
struct Action {
  enum class Kind { start, undo, keep, resolve, go_back, end, nothing } kind = Kind::nothing;
  std::size_t step = 0;
};
// `resolve`: a step of this program was begun, and the run goes back: it is started once more to learn
// whether it happened. `go_back`: another program's step was begun and is not repeatable.
Action next_action(const Plan& plan, const State& state);

// How an attempt at a step ended.
struct Attempt {
  enum class Kind {
    done,
    failed,   // for good: nothing was changed by it
    busy,     // nothing was changed; another time it may work
    unknown,  // nobody can tell: the connection was lost at COMMIT, the process was killed
  } kind = Kind::failed;
  int exit = 0;
  std::string answer = {};  // or why
};
// What an exit code of this program means for a step (design section 5).
Attempt::Kind attempt_of(int exit);

// Starts what a step is made of, with its words filled in, and waits for its end.
class Starter {
 public:
  virtual ~Starter() = default;
  virtual Attempt start(const Step& step, const std::vector<std::string>& words, const std::string& key) = 0;
};

struct RunOptions {
  bool compensate = false;                   // go back, whatever has been done
  bool abandon = false;                      // leave everything as it is, and end the run
  std::chrono::milliseconds patience{5000};  // for one step that is busy, before it has failed
};

// Goes on with a run until it has ended or cannot: then a later call goes on. Calls `watch` after each event.
// Throws Error: busy (another process is at this run); what the store throws.
// Gives the state, and why it could not go on.
struct RunResult {
  State state;
  std::optional<Attempt> stuck;
  std::size_t stuck_at = 0;
};
RunResult go_on(RunStore& store, const Run& run, const Plan& plan, Starter& starter,
                const RunOptions& options, const std::function<void(const Event&)>& watch);

// The key of a step, and of its undoing: at most 64 bytes.
std::string step_key(const Run& run, std::size_t step, bool undo);

}  // namespace invctl::saga
