// run: a plan of steps that cannot share one transaction.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "apply/report.hpp"
#include "change.hpp"
#include "core/child_process.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"
#include "filters.hpp"
#include "io/input_file.hpp"
#include "io/output.hpp"
#include "saga/saga.hpp"
#include "url.hpp"

namespace invctl::cmd {

namespace {

struct RunPlanOptions {
  std::optional<std::string> plan, id;
  bool list = false;
  saga::RunOptions run;
};

constexpr std::size_t longest_plan = std::size_t{4} << 20;     // bytes
constexpr std::size_t longest_answer = std::size_t{64} << 10;  // bytes that are kept

std::string read_plan(const std::string& path) {
  auto input = io::InputFile::open(path);
  std::string text;
  char bytes[65536];
  while (const auto size = input.read(bytes, sizeof bytes)) {
    text.append(bytes, size);
    if (text.size() > longest_plan) {
      throw Error(Exit::bad_input, fmt::format("{}: a plan has {} MiB at most", text::printable(input.name()),
                                               longest_plan >> 20));
    }
  }
  if (text::invalid_utf8_at(text)) {
    throw Error(Exit::bad_input, fmt::format("{} is not UTF-8", text::printable(input.name())));
  }
  return text;
}

// The plan is stored, so no secret may be in it.
void check_databases(const saga::Plan& plan, const std::string& file) {
  Error error(Exit::bad_input, "bad_rows", fmt::format("{}: nothing is done", text::printable(file)), "");
  for (const auto& step : plan.steps) {
    if (!step.db) continue;
    try {
      if (db::parse_url(*step.db).password) {
        error.add_line(
            {fmt::format("{}:{}: the database's address holds a password; password-file=FILE does not",
                         text::printable(file), step.line),
             {}});
      }
    } catch (const Error& fault) {
      error.add_line({fmt::format("{}:{}: {}", text::printable(file), step.line, fault.message), {}});
    }
  }
  if (!error.lines.empty()) throw error;
}

// What a command that failed said with --json, in one line.
std::string message_of(const std::string& err) {
  auto text = std::string_view(err);
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto json = nlohmann::json::parse(text.substr(0, end), nullptr, false);
    if (json.is_object() && json.contains("error")) {
      auto message = json["error"].value("message", "");
      const auto lines = json["error"].value("lines", nlohmann::json::array());
      if (lines.size() < 2) return message;  // one line is the message itself
      for (const auto& line : lines) message += "; " + line.value("message", "");
      return message;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::string(text::trim(err));
}

class ProcessStarter : public saga::Starter {
 public:
  ProcessStarter(Context& context, std::string run_key)
      : program_(context.program()),
        home_(context.db_url()),
        actor_(context.actor()),
        lock_timeout_(fmt::format("{}ms", context.settings.duration("lock-timeout").count())),
        run_key_(std::move(run_key)) {}

  saga::Attempt start(const saga::Step& step, const std::vector<std::string>& words,
                      const std::string& key) override {
    started_ = true;
    try {
      return step.external ? start_program(words, key) : start_command(step, words, key);
    } catch (const Error& error) {
      return {saga::Attempt::Kind::failed, static_cast<int>(error.exit), error.message};
    }
  }

  // Whether any step was, by this process.
  bool started() const { return started_; }

 private:
  saga::Attempt start_command(const saga::Step& step, const std::vector<std::string>& words,
                              const std::string& key) {
    std::vector<std::string> all{program_, words.front(), "--json", "--quiet",        "--actor",
                                 actor_,   "--id",        key,      "--lock-timeout", lock_timeout_};
    all.insert(all.end(), words.begin() + 1, words.end());
    // An address may name files with passwords, but everybody sees a command line.
    auto result = run_child(all, {.environment = {"INVCTL_DB=" + step.db.value_or(home_)}});
    const auto kind = saga::attempt_of(result.exit);
    if (kind != saga::Attempt::Kind::done) return {kind, result.exit, shortened(message_of(result.err))};
    return {kind, 0, shortened(std::move(result.out))};
  }

  saga::Attempt start_program(const std::vector<std::string>& words, const std::string& key) {
    ChildOptions options;
    options.environment = {"INVCTL_STEP_ID=" + key, "INVCTL_RUN_ID=" + run_key_};
    options.capture_err = false;
    auto result = run_child(words, options);
    if (result.exit == 0) return {saga::Attempt::Kind::done, 0, shortened(std::move(result.out))};
    const bool killed = result.exit >= 128;
    return {killed ? saga::Attempt::Kind::unknown : saga::Attempt::Kind::failed, result.exit,
            killed ? fmt::format("it was killed by signal {}", result.exit - 128)
                   : fmt::format("it ended with exit {}", result.exit)};
  }

  // What is longer is no answer to refer to, and no message to read.
  static std::string shortened(std::string text) {
    if (text.size() <= longest_answer && !text::invalid_utf8_at(text)) return text;
    return {};
  }

  std::string program_, home_, actor_, lock_timeout_, run_key_;
  bool started_ = false;
};

io::Value operation_of(const saga::StepState& step) {
  const auto json = nlohmann::json::parse(step.answer, nullptr, false);
  const auto operation = json.is_object() ? json.value("operation", nlohmann::json()) : nlohmann::json();
  return operation.is_number_integer() ? io::Value(operation.get<std::int64_t>()) : io::Value();
}

std::string_view step_state(const saga::State& run, const saga::StepState& step) {
  using Kind = saga::StepState::Kind;
  switch (step.kind) {
    case Kind::waiting:
      return run.ended || run.undoing ? "not done" : "waiting";
    case Kind::begun:
      return "begun";
    case Kind::done:
      return "done";
    case Kind::failed:
      return "failed";
    case Kind::undo_begun:
      return "undoing";
    case Kind::undone:
      return "undone";
    case Kind::kept:
      return "kept";
  }
  return "";
}

io::Answer to_answer(const saga::Run& run, const saga::Plan& plan, const saga::State& state, bool replayed) {
  io::Answer answer;
  answer.headline = fmt::format("run {} is {}{}, id {}", run.id, state.name(),
                                replayed ? " (it had ended before)" : "", text::printable(run.key));
  answer.fields = {{"run", run.id},        {"id", run.key},      {"state", std::string(state.name())},
                   {"replayed", replayed}, {"actor", run.actor}, {"started_at", format_time(run.started_at)}};
  answer.list_key = "steps";
  answer.columns = {{"step", io::Kind::text},        {"state", io::Kind::text}, {"exit", io::Kind::number},
                    {"operation", io::Kind::number}, {"db", io::Kind::text},    {"command", io::Kind::text},
                    {"message", io::Kind::text}};
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const auto& step = plan.steps[i];
    const auto& now = state.steps[i];
    const bool failed = now.kind == saga::StepState::Kind::failed;
    const bool started =
        now.kind != saga::StepState::Kind::waiting && now.kind != saga::StepState::Kind::begun;
    answer.rows.push_back({step.name, std::string(step_state(state, now)),
                           started ? io::Value(std::int64_t{now.exit}) : io::Value(),
                           failed ? io::Value() : operation_of(now),
                           step.db ? io::Value(db::redact_url(*step.db)) : io::Value(),
                           text::join(step.words, " "), failed ? io::Value(now.answer) : io::Value()});
  }
  return answer;
}

saga::Run find_or_add(Context& context, saga::RunStore& store, const saga::Plan& plan,
                      const std::string& key) {
  write_transaction(store, context.deadline(), key, [&] {
    if (store.find_run(key)) return false;
    saga::Run run;
    run.uid = random_uid();
    run.key = key;
    run.plan = plan.text;
    run.actor = context.actor();
    store.add_run(run);
    return true;
  });
  auto run = store.find_run(key);
  if (run->plan != plan.text) {
    throw Error(Exit::conflict, "key_reused",
                fmt::format("the id {} belongs to a run of another plan", text::quoted(key)),
                "use a new id for another plan");
  }
  return std::move(*run);
}

// Runs of one plan exclude each other. On SQLite each name leaves a file behind, so there are few of them,
// and two runs that share one wait for each other.
void hold_run(Context& context, const saga::Run& run) {
  const auto deadline = context.deadline();
  for (;;) {
    try {
      return context.hold_instance(fmt::format("run-{:02x}", run.uid[0] % 16));
    } catch (const Error& error) {
      if (error.code != "already_running") throw;
      if (deadline.passed()) {
        throw Error(Exit::busy, fmt::format("another process is at run {}", run.id),
                    "safe to repeat; --lock-timeout waits longer");
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

Exit list_runs(Context& context) {
  const auto store = context.open_for_reading();
  std::vector<saga::Run> runs;
  store->runs([&](const saga::Run& run) { runs.push_back(run); });
  io::RowWriter rows(context.out, context.format(),
                     {{"run", io::Kind::number},
                      {"id", io::Kind::code},
                      {"state", io::Kind::code},
                      {"steps", io::Kind::number},
                      {"actor", io::Kind::text},
                      {"started_at", io::Kind::code}},
                     context.table_options("no runs"));
  for (const auto& run : runs) {
    const auto plan = saga::parse_plan(run.plan, run.key);
    const auto state = saga::fold(plan, store->run_events(run.id));
    rows.row({run.id, run.key, std::string(state.name()), static_cast<std::int64_t>(plan.steps.size()),
              run.actor, format_time(run.started_at)});
  }
  rows.finish();
  return Exit::ok;
}

// Why a run that has not ended stopped.
Exit tell_stuck(Context& context, const saga::Run& run, const saga::Plan& plan,
                const saga::RunResult& result) {
  const auto& name = plan.steps[result.stuck_at].name;
  const bool undoing = result.state.undoing;
  context.warn(
      fmt::format("run {}: {}{} {}: {}", run.id, undoing ? "undoing " : "", text::quoted(name),
                  result.stuck->kind == saga::Attempt::Kind::unknown ? "ended nobody knows how" : "failed",
                  text::printable(result.stuck->answer)));
  context.note(undoing ? "the same command tries again, --abandon leaves everything as it is"
                       : "the same command goes on, --compensate undoes what was done");
  return result.stuck->kind == saga::Attempt::Kind::unknown ? Exit::unknown_outcome : Exit::partial;
}

Exit run_plan(Context& context, const RunPlanOptions& options) {
  if (options.list) {
    if (options.plan || options.id || options.run.compensate || options.run.abandon) {
      throw Error(Exit::usage, "--list shows all runs", "without a plan and without its options");
    }
    return list_runs(context);
  }
  if (!options.plan)
    throw Error(Exit::usage, "which plan?", "a file with one JSON object on each line, or -");
  if (options.run.compensate && options.run.abandon) {
    throw Error(Exit::usage, "--compensate and --abandon exclude each other");
  }
  const auto plan = saga::parse_plan(read_plan(*options.plan), *options.plan);
  check_databases(plan, *options.plan);
  const auto key = options.id ? parse_code(*options.id, "--id") : "plan-" + to_hex(plan.digest).substr(0, 32);
  const auto store = context.open_for_writing();
  const auto run = find_or_add(context, *store, plan, key);
  hold_run(context, run);
  auto events = store->run_events(run.id);
  const bool replayed = saga::fold(plan, events).ended;
  const auto print = [&](const saga::State& state) {
    io::print_answer(context.out, context.format(), to_answer(run, plan, state, replayed),
                     context.table_options());
  };
  ProcessStarter starter(context, key);
  auto run_options = options.run;
  run_options.patience = context.settings.duration("lock-timeout");
  saga::RunResult result;
  try {
    result = saga::go_on(*store, run, plan, starter, run_options, [&](const saga::Event& event) {
      events.push_back(event);
      context.committed = true;
      context.committed_key = key;
    });
  } catch (const Error& error) {
    // A step that was started may have been done, which could not be noted: nothing is unchanged any more.
    // That the run itself is known, with nothing begun, changes nothing.
    const bool changed = context.committed || starter.started();
    if (!changed || error.exit == Exit::unknown_outcome || error.code == "run_busy") throw;
    try {
      print(saga::fold(plan, events));
      context.out.flush();
    } catch (const io::OutputError&) {
      context.out.discard();  // what stopped the run says more
    }
    throw Error(Exit::partial, "stopped",
                fmt::format("run {} stopped: {}", run.id, intake::in_one_line(error)),
                "the same command goes on");
  }
  print(result.state);
  if (result.stuck) return tell_stuck(context, run, plan, result);
  return result.state.name() == "done" ? Exit::ok : Exit::partial;
}

}  // namespace

void setup_run(CLI::App& app, Action& action) {
  auto options = std::make_shared<RunPlanOptions>();
  app.add_option("plan", options->plan, "one JSON object for each step; - is standard input")
      ->type_name("PLAN");
  app.add_option("--id", options->id, "idempotency key of the run; without it, the plan's own digest")
      ->type_name("K");
  app.add_flag("--compensate", options->run.compensate, "undo what was done, from last to first");
  app.add_flag("--abandon", options->run.abandon, "end the run and leave everything as it is");
  app.add_flag("--list", options->list, "show all runs, newest first");
  action = [options](Context& context) { return run_plan(context, *options); };
}

}  // namespace invctl::cmd
