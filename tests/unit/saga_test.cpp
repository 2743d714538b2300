// Runs of plans in memory: whatever fails and wherever it is cut short, a step happens once, and is undone
// once.
#include "saga/saga.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "unit/property.hpp"

namespace saga_test {

using namespace invctl;
using namespace invctl::saga;

namespace {

struct Crash {};

// A database that may die before or after a commit.
class MemoryRuns : public RunStore {
 public:
  void begin(const Deadline&) override { open_ = events_; }
  void commit() override {
    if (crash_in == 0) throw Crash();
    events_ = open_;
    if (crash_in == 1) throw Crash();
    if (crash_in > 0) crash_in -= 2;
  }
  void rollback() noexcept override {}
  void begin_snapshot() override {}
  void reconnect() override {}
  std::optional<Run> find_run(const std::string&) override { return std::nullopt; }
  void add_run(const Run&) override {}
  void runs(const std::function<void(const Run&)>&) override {}
  std::vector<Event> run_events(std::int64_t) override { return events_; }
  void add_run_event(std::int64_t, std::int64_t number, const Event& event) override {
    REQUIRE(number == static_cast<std::int64_t>(open_.size()));
    open_.push_back(event);
  }

  int crash_in = -1;  // steps of commits; -1: never

 private:
  std::vector<Event> events_, open_;
};

// What the steps of the plan change: each key happens once, like an operation's. A program outside has no
// keys.
class World : public Starter {
 public:
  explicit World(test::Random& random) : random_(random) {}

  Attempt start(const Step& step, const std::vector<std::string>& words, const std::string& key) override {
    if (crash && random_.one_in(6)) throw Crash();
    const bool undo = key.ends_with("-undo");
    if (const auto known = answers_.find(key); known != answers_.end() && !step.external)
      return known->second;
    Attempt attempt{Attempt::Kind::done, 0, R"({"operation":)" + std::to_string(answers_.size() + 1) + "}"};
    if (!undo && failing.count(step.name) > 0) attempt = {Attempt::Kind::failed, 4, "insufficient"};
    if (attempt.kind == Attempt::Kind::done) ++(undo ? undone : done)[step.name];
    answers_[key] = attempt;
    last_words[key] = words;
    // It happened, and nobody hears of it.
    if (crash && random_.one_in(6)) throw Crash();
    return attempt;
  }

  bool crash = false;
  std::map<std::string, int> done, undone, failing;
  std::map<std::string, std::vector<std::string>> last_words;

 private:
  test::Random& random_;
  std::map<std::string, Attempt> answers_;
};

Plan plan_of(const std::string& text) {
  return parse_plan(text, "plan");
}

std::string complaints(const std::string& text) {
  try {
    parse_plan(text, "plan");
  } catch (const Error& error) {
    std::string all;
    for (const auto& line : error.lines) all += line.message + "\n";
    return all;
  }
  return {};
}

const std::string ship = R"({"step":"a","run":["ship","-w","E","X=1"]})";

}  // namespace

TEST_CASE("every fault of a plan is found at once, each with its line", "[saga]") {
  const auto all =
      complaints("nonsense\n" + ship + "\n" + ship +
                 "\n{\"run\":[\"verify\"]}\n{\"run\":[\"ship\",\"--id\",\"K\",\"X=1\"]}\n{\"run\":[]}\n{"
                 "\"step\":\"b\"}\n"
                 "{\"exec\":[\"true\"]}\n{\"run\":[\"release\",\"1\"]}\n{\"run\":[\"release\",\"${later.x}\"]"
                 ",\"undo\":false}\n"
                 "{\"exec\":[\"true\"],\"db\":\"x\",\"undo\":false}\n{\"run\":[\"ship\"],\"odd\":1}\n"
                 "{\"run\":[\"ship\",\"${a\"]}\n{\"run\":[\"ship\"],\"repeatable\":true}\n");
  for (const auto* part :
       {"plan:1: this is not", "plan:3: the step \"a\" is there", "plan:4: \"verify\" is no command",
        "plan:5: --id", "plan:6: `run` is a list", "plan:7: a step has either", "plan:8: how is it undone",
        "plan:9: how is release", "plan:10: no step \"later\"", "plan:11: `db`",
        "plan:12: \"odd\" is no member", "plan:13: \"${a\"", "plan:14: `repeatable`"}) {
    INFO(all);
    CHECK(all.find(part) != std::string::npos);
  }
  CHECK(complaints("\n\n").find("no steps") != std::string::npos);
  CHECK(complaints(ship).empty());
}

TEST_CASE("references take what an earlier step answered", "[saga]") {
  const auto plan = plan_of(ship + "\n{\"run\":[\"ship\",\"x${a.operation}y\",\"$${a.b}\"]}");
  std::string why;
  const auto filled = fill_in(plan.steps[1].words, plan, {R"({"operation":42})"}, why);
  REQUIRE(filled);
  CHECK((*filled)[1] == "x42y");
  CHECK((*filled)[2] == "${a.b}");
  CHECK_FALSE(fill_in(plan.steps[1].words, plan, {R"({"operation":null})"}, why));
  CHECK_FALSE(why.empty());
  why.clear();
  CHECK_FALSE(fill_in(plan.steps[1].words, plan, {"no JSON"}, why));
}

TEST_CASE("exit codes mean for a step what they say of the database", "[saga]") {
  CHECK(attempt_of(0) == Attempt::Kind::done);
  for (const int exit : {1, 2, 3, 4, 5, 8, 11}) CHECK(attempt_of(exit) == Attempt::Kind::failed);
  for (const int exit : {6, 9}) CHECK(attempt_of(exit) == Attempt::Kind::busy);
  for (const int exit : {10, 13, 130, 137, 143}) CHECK(attempt_of(exit) == Attempt::Kind::unknown);
}

TEST_CASE("a run that is killed anywhere, any number of times, does each step once or undoes it once",
          "[saga]") {
  test::Random random;
  INFO(random);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    World world(random);
    const auto steps = random.between(1, 6);
    for (int i = 0; i < steps; ++i) {
      const auto name = std::string(1, static_cast<char>('a' + i));
      const bool kept = random.one_in(8);
      text += R"({"step":")" + name + R"(","run":["ship","-w","E","X=1"])" +
              (kept ? R"(,"undo":false})" : "}") + "\n";
      if (random.one_in(8)) world.failing[name] = 1;
    }
    const auto plan = plan_of(text);
    MemoryRuns store;
    Run run;
    RunOptions options;
    options.patience = std::chrono::milliseconds(0);
    std::optional<RunResult> result;
    for (int life = 0; !result && life < 200; ++life) {
      world.crash = life < 150;
      store.crash_in = life < 150 && random.one_in(2) ? static_cast<int>(random.between(0, 9)) : -1;
      options.compensate = options.compensate || random.one_in(40);
      try {
        result = go_on(store, run, plan, world, options, [](const Event&) {});
      } catch (const Crash&) {
      }
    }
    REQUIRE(result);
    REQUIRE(result->state.ended);
    const bool all_done = result->state.name() == "done";
    bool before = true;  // all before it were done
    for (const auto& step : plan.steps) {
      const int net = world.done[step.name] - world.undone[step.name];
      INFO(text << step.name << " " << result->state.name());
      REQUIRE(world.done[step.name] <= 1);
      REQUIRE(world.undone[step.name] <= world.done[step.name]);
      if (all_done) REQUIRE(net == 1);
      if (!all_done && step.undo != Step::Undo::nothing) REQUIRE(net == 0);
      before = before && world.done[step.name] == 1;
      if (!before) REQUIRE(world.done[step.name] == 0);  // in order, and nothing after what failed
    }
    // Once it has ended it stays so.
    const auto again = go_on(store, run, plan, world, RunOptions{}, [](const Event&) { FAIL("an event"); });
    REQUIRE(again.state.name() == result->state.name());
  }
}

TEST_CASE("a program whose end nobody saw is undone, or started again if the plan allows it", "[saga]") {
  test::Random random;
  for (const bool repeatable : {false, true}) {
    const auto plan =
        plan_of(ship + "\n" + R"({"step":"pay","exec":["pay"],"undo":["refund"],"repeatable":)" +
                (repeatable ? "true}" : "false}"));
    MemoryRuns store;
    World world(random);
    Run run;
    RunOptions options;
    // It dies when the program has done its work, before that is recorded: after three commits.
    store.crash_in = 6;
    CHECK_THROWS_AS(go_on(store, run, plan, world, options, [](const Event&) {}), Crash);
    CHECK(world.done["pay"] == 1);
    store.crash_in = -1;
    const auto result = go_on(store, run, plan, world, options, [](const Event&) {});
    CHECK(result.state.ended);
    CHECK(result.state.name() == (repeatable ? "done" : "undone"));
    CHECK(world.done["pay"] == (repeatable ? 2 : 1));
    if (!repeatable) {
      CHECK(world.undone["pay"] == 1);
      CHECK(world.undone["a"] == 1);
    }
  }
}

}  // namespace saga_test
