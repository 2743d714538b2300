#include "life.hpp"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <sstream>
#include <thread>

#include "facts.hpp"
#include "lost_writes.hpp"

namespace invctl::test {

namespace {

constexpr int killed = 128 + SIGKILL;

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

std::vector<std::string> difference(const std::vector<std::string>& all,
                                    const std::vector<std::string>& less) {
  std::vector<std::string> out;
  std::set_difference(all.begin(), all.end(), less.begin(), less.end(), std::back_inserter(out));
  return out;
}

// What a database exports that was seeded as a script begins.
const std::string& exported_seeding() {
  static const std::string text = [] {
    const TempDir directory;
    const auto backend = make_backend("sqlite", directory);
    const auto must = [&](const Words& words) {
      const auto result = test::run(words, options_for(*backend, directory, words, {}));
      if (result.exit != 0) throw std::runtime_error(words.front() + ": " + result.err);
      return result.out;
    };
    must({"init-db"});
    const auto seeding = Script::seeding();
    for (const auto& [name, content] : seeding.files) directory.write(name, content);
    must(seeding.command());
    return must({"export"});
  }();
  return text;
}

}  // namespace

std::string Tally::table() const {
  std::set<std::string> points;
  for (const auto& [name, row] : matrix) {
    for (const auto& [point, times] : row) points.insert(point);
  }
  std::ostringstream out;
  out << lives << " lives, " << commands << " commands, " << kills << " kills (" << kills_in_line
      << " of them while others were served)\n";
  for (const auto& point : points) {
    out << std::left << std::setw(16) << point;
    for (const auto& [name, row] : matrix) {
      const auto found = row.find(point);
      if (found != row.end()) out << "  " << name << ' ' << found->second;
    }
    out << '\n';
  }
  return out.str();
}

bool can_preload() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  return true;
#endif
}

bool wait_until_stopped(const Process& process) {
  for (int i = 0; i < 5000; ++i) {
    std::ifstream file("/proc/" + std::to_string(process.pid()) + "/stat");
    std::string stat;
    std::getline(file, stat);
    const auto end = stat.rfind(')');
    const char state = end == std::string::npos || end + 2 >= stat.size() ? 'X' : stat[end + 2];
    if (state == 'T') return true;
    if (state == 'Z' || state == 'X') return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

Life::Life(Random& random, Tally& tally, Twist twist, bool power)
    : random_(random),
      tally_(tally),
      twist_(twist),
      power_(power),
      // Where the power is cut nobody may be left who writes.
      script_(random, backend_name() == "sqlite", !power && twist == Twist::none) {}

RunOptions Life::faulty(const std::string& point) const {
  RunOptions options;
  // Where it is not to be killed at a point of its own, it is the program as it is released.
  if (!power_ || !point.empty() || twist_ != Twist::none) options.binary = INVCTL_FAULTY;
  options.env = {{"INVCTL_FAIL_COUNTS", shop_.dir().path("counts")}};
  if (!point.empty()) options.env.emplace_back("INVCTL_FAIL_POINT", point);
  if (twist_ == Twist::no_sync) options.env.emplace_back("INVCTL_FAIL_SYNCHRONOUS", "OFF");
  if (twist_ == Twist::late_sync) options.env.emplace_back("INVCTL_FAIL_SYNCHRONOUS", "NORMAL");
  if (power_) {
    options.env.insert(options.env.end(), {{"LD_PRELOAD", INVCTL_SHIM},
                                           {"INVCTL_SHIM_DIR", shop_.dir().path()},
                                           {"INVCTL_SHIM_LOG", log_.path("log")}});
  }
  return options;
}

void Life::learn(const std::string& name) {
  std::ifstream file(shop_.dir().path("counts"));
  std::string point;
  for (long n = 0; file >> point >> n;) {
    auto& most = tally_.passings[name][point];
    most = std::max(most, n);
  }
}

// Each point of the command as likely as the other, however often it is passed; or none, where none is known
// yet.
std::string Life::random_point(const std::string& name) {
  const auto known = tally_.passings.find(name);
  if (known == tally_.passings.end() || random_.one_in(15)) return {};
  auto chosen = known->second.begin();
  std::advance(chosen, random_.between(0, static_cast<std::int64_t>(known->second.size()) - 1));
  return chosen->first + ':' + std::to_string(random_.between(1, chosen->second)) + ":kill";
}

void Life::fault(const std::string& what, const Step& step, const std::string& more) {
  over_ = true;
  tally_.faults.push_back(what + ": " + joined(step.command(), " ") + " (" + point_ + ")\n" + more);
}

// --- what is in the database

std::vector<std::string> Life::facts() {
  try {
    return read_facts([&](const std::string& sql) { return shop_.rows(sql); });
  } catch (const std::exception& error) {
    return {std::string("unreadable: ") + error.what()};
  }
}

void Life::check(const Step& step, const Expected& before) {
  const auto found = facts();
  const auto wanted = step.after.facts();
  if (found == wanted) return;
  const auto missing = difference(wanted, found);
  const auto surplus = difference(found, wanted);
  const bool lost = found == before.facts() || surplus.empty() || surplus.front().starts_with("unreadable");
  fault(lost              ? "lost"
        : missing.empty() ? "doubled"
                          : "doubled or lost in part",
        step, "missing: " + joined(missing, "; ") + "\nnot expected: " + joined(surplus, "; "));
}

void Life::check_file(const Step& step) {
  const auto made =
      step.name == "backup" ? shop_.run({"verify", "--db", step.makes}) : shop_.run({"verify", step.makes});
  if (made.exit != 0) fault("half written", step, made.out + made.err);
}

void Life::check_exit(const Step& step, const Result& result, bool repeated) {
  if (ends_as_it_should(step, result, repeated)) return;
  std::ostringstream said;
  said << result << "\nexpected: exit " << step.exit;
  fault(result.exit == 6 ? "stuck" : "exit", step, said.str());
}

void Life::listen(const Step& step, const Result& result) {
  if (step.name != "alerts") return;
  const auto answer = nlohmann::json::parse(result.out, nullptr, false);
  if (!answer.is_array()) return;  // it was killed before all of it was out, and has not moved its cursor
  for (const auto& crossing : answer) {
    const Expected::Place place{crossing.at("warehouse"), crossing.at("sku")};
    crossing.at("state") == "low" ? void(told_.insert(place)) : void(told_.erase(place));
  }
}

void Life::check_told(const Step& step) {
  if (step.name != "alerts" || told_ == step.after.low()) return;
  const auto list = [](const std::set<Expected::Place>& places) {
    std::string out;
    for (const auto& [warehouse, sku] : places) out += ' ' + warehouse + '/' + sku;
    return out;
  };
  fault("lost", step, "told to be low:" + list(told_) + "\nlow:" + list(step.after.low()));
}

// --- commands

std::unique_ptr<Process> Life::stopped_holder() const {
  auto holder = shop_.start({"receive", "-w", "E", "S1=1", "S2=1", "S3=1", "S4=1", "--dry-run"},
                            faulty("before-rollback:1:stop"));
  if (!wait_until_stopped(*holder)) return nullptr;
  return holder;
}

// Another process has the locks: the kill meets a command that waits.
bool Life::run_in_line(const Step& step, Result& result) {
  const auto holder = stopped_holder();
  if (!holder) {
    fault("stuck", step, "the process that holds the locks did not get them");
    return false;
  }
  point_ = backend_name() == "sqlite" && random_.one_in(2) ? "before-waiting:1:kill" : "";
  auto waiting = shop_.start(step.command(), faulty(point_));
  if (point_.empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random_.between(0, 40)));
    waiting->signal(SIGKILL);
    point_ = "from outside";
  }
  result = waiting->wait();
  holder->signal(random_.one_in(2) ? SIGKILL : SIGCONT);
  holder->wait();
  if (result.exit == killed) ++tally_.kills_in_line;
  return result.exit == killed;
}

bool Life::run_killed(const Step& step, const Words& words, Result& result) {
  if (!step.key.empty() && twist_ == Twist::none && !power_ && random_.one_in(20))
    return run_in_line(step, result);
  point_ = random_point(step.name);
  if (twist_ == Twist::lie && !step.key.empty() && step.exit == 0) point_ = "before-commit:1:lie";
  auto options = faulty(point_);
  // The processes that it starts pass the same points, and the first to get there is killed.
  const auto struck = shop_.dir().path("struck");
  std::filesystem::remove(struck);
  options.env.emplace_back("INVCTL_FAIL_ONCE", struck);
  result = shop_.run(words, options);
  if (result.exit == killed) return true;
  if (!file_exists(struck)) {
    learn(step.name);
    return false;
  }
  ++tally_.kills;
  ++tally_.matrix[step.name + "'s step"][point_.substr(0, point_.find(':'))];
  return false;
}

// Whatever it was doing, the machine is gone; what it had said must still hold.
void Life::cut_power(const Step& step, bool was_killed) {
  const bool made = !was_killed && !step.makes.empty() && step.exit == 0;
  const auto path = shop_.dir().path(step.makes);
  const auto content = made ? read_file(path) : std::string();
  LostWrites lost(log_.path("log"));
  ++tally_.power_cuts;
  tally_.unsynced += lost.unsynced();
  lost.cut_power(random_.pick(std::vector{LostWrites::Kept::nothing, LostWrites::Kept::beginning,
                                          LostWrites::Kept::some, LostWrites::Kept::some}),
                 random_);
  point_ += ", then the power was cut";
  if (made && (!file_exists(path) || read_file(path) != content))
    fault("lost", step, step.makes + " is not as it was");
}

void Life::look_after_kill(const Step& step, const Expected& before) {
  ++tally_.kills;
  ++tally_.matrix[step.name][point_.substr(0, point_.find(':'))];
  if (!power_ && !random_.one_in(3)) return;
  const auto found = facts();
  const bool whole = found == before.facts() || found == step.after.facts() ||
                     std::any_of(step.on_the_way.begin(), step.on_the_way.end(),
                                 [&](const Expected& state) { return found == state.facts(); });
  if (whole) return;
  const auto earlier = before.facts();
  fault("half written", step,
        "gone: " + joined(difference(earlier, found), "; ") +
            "\nnew: " + joined(difference(found, earlier), "; "));
}

void Life::take(const Step& step) {
  for (const auto& [name, content] : step.files) shop_.dir().write(name, content);
  const auto before = script_.state();
  const auto words_of = [&](Words words) {
    words.push_back("--json");
    if (twist_ == Twist::hold_lock) words.insert(words.end(), {"--lock-timeout", "300ms"});
    return words;
  };
  const auto holder = twist_ == Twist::hold_lock && !step.key.empty() ? stopped_holder() : nullptr;
  Result result;
  const bool was_killed = run_killed(step, words_of(step.command()), result);
  ++tally_.commands;
  listen(step, result);
  if (over_) return;
  const bool seeded = !before.stock.empty() || twist_ == Twist::none;
  if (power_ && seeded && random_.one_in(2)) cut_power(step, was_killed);
  if (over_) return;
  if (was_killed) {
    look_after_kill(step, before);
  } else {
    check_exit(step, result, false);
    if (!over_) check(step, before);
  }
  // Also what has said its answer is asked again now and then.
  if (!over_ && (was_killed || (random_.one_in(4) && !step.key.empty()))) {
    const bool forgets = was_killed && step.exit == 0 && twist_ == Twist::forget_key;
    result = shop_.run(words_of(forgets ? step.words : step.command()), faulty());
    ++tally_.commands;
    listen(step, result);
    if (!was_killed) point_ += " and again";
    check_exit(step, result, was_killed);
    if (!over_) check(step, before);
  }
  if (!over_) check_told(step);
  if (!over_ && !step.makes.empty()) check_file(step);
  if (!over_) script_.done(step, number_in(result));
}

// The database itself is made under kills too: they leave something that the next init-db finishes.
void Life::initialise() {
  Step step;
  step.name = "init-db new";
  step.words = {"init-db"};
  for (bool again = true; again;) {
    point_ = random_.one_in(3) ? std::string() : random_point(step.name);
    const auto result = shop_.run(step.words, faulty(point_));
    ++tally_.commands;
    again = result.exit == killed;
    // Without syncs there would be no shop in which something can be lost.
    if (power_ && twist_ == Twist::none && random_.one_in(2)) cut_power(step, again);
    if (again) {
      ++tally_.kills;
      ++tally_.matrix[step.name][point_.substr(0, point_.find(':'))];
      continue;
    }
    learn(step.name);
    check_exit(step, result, false);
  }
  if (over_) return;
  shop_.grant();
  if (backend_name() == "sqlite") {
    const auto mode = shop_.rows("PRAGMA journal_mode").at(0).at(0);
    if (mode != "wal") fault("half written", step, "the journal mode is " + mode);
  }
}

void Life::run(int commands) {
  ++tally_.lives;
  initialise();
  const bool imports = twist_ == Twist::none && random_.one_in(3);
  if (!over_) take(imports ? Script::importing(exported_seeding()) : Script::seeding());
  for (int i = 0; i < commands && !over_; ++i) take(script_.next());
  if (over_) return;
  Step step;
  step.words = {"verify"};
  const auto result = shop_.run(step.words);
  if (result.exit != 0) fault("unsound", step, result.out + result.err);
}

}  // namespace invctl::test
