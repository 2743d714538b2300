// What happens to the commands of a life: kills, signals, full disks, power cuts.
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <set>
#include <sstream>
#include <thread>

#include "facts.hpp"
#include "life.hpp"
#include "lost_writes.hpp"

namespace invctl::test {

std::string Tally::table() const {
  std::set<std::string> points;
  for (const auto& [name, row] : matrix) {
    for (const auto& [point, times] : row) points.insert(point);
  }
  std::ostringstream out;
  out << lives << " lives, " << commands << " commands, " << kills << " kills (" << kills_in_line
      << " of them while others were served), " << signals << " signals that ended a command, " << waited
      << " that waited for its end, " << refused << " full disks\n";
  for (const auto& point : points) {
    out << std::left << std::setw(24) << point;
    for (const auto& [name, row] : matrix) {
      const auto found = row.find(point);
      if (found != row.end()) out << "  " << name << ' ' << found->second;
    }
    out << '\n';
  }
  return out.str();
}

bool can_preload() {
  return !is_sanitized;  // its library has to come first
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

// --- how a command is run

RunOptions Life::faulty(const std::string& point) const {
  RunOptions options;
  // Where it is not to be killed at a point of its own, it is the program as it is released.
  const bool released = point.empty() && ((power_ && twist_ == Twist::none) || has_full_disk());
  if (!released) options.binary = INVCTL_FAULTY;
  options.env = {{"INVCTL_FAIL_COUNTS", shop_.dir().path("counts")}};
  if (!point.empty()) {
    options.env.emplace_back("INVCTL_FAIL_POINT", point);
    if (twist_ == Twist::hang) options.timeout = std::chrono::seconds(1);
  }
  const char* synchronous = twist_ == Twist::no_sync     ? "OFF"
                            : twist_ == Twist::late_sync ? "NORMAL"
                            : twist_ == Twist::full_sync ? "FULL"
                                                         : nullptr;
  if (synchronous != nullptr) options.env.emplace_back("INVCTL_FAIL_SYNCHRONOUS", synchronous);
  if (power_) {
    options.env.insert(options.env.end(), {{"LD_PRELOAD", INVCTL_SHIM},
                                           {"INVCTL_SHIM_DIR", shop_.dir().path()},
                                           {"INVCTL_SHIM_LOG", log_.path("log")}});
  }
  return options;
}

// With the step's clock.
RunOptions Life::timed(const Step& step, RunOptions options) const {
  if (step.clock == 0) return options;
  options.env.emplace_back("LD_PRELOAD", INVCTL_SHIM);
  options.env.emplace_back("INVCTL_SHIM_CLOCK", "1:" + std::to_string(step.clock));
  return options;
}

// From any of the writes on that the command makes, or of a few where it is not known how many.
RunOptions Life::on_full_disk(const std::string& name) {
  const auto known = tally_.writes.find(name);
  const auto n = random_.between(1, known != tally_.writes.end() ? std::max(1L, known->second) : 8);
  point_ = "full from write " + std::to_string(n);
  RunOptions options;
  options.env = {{"LD_PRELOAD", INVCTL_SHIM},
                 {"INVCTL_SHIM_DIR", shop_.dir().path()},
                 {"INVCTL_SHIM_COUNTS", log_.path("calls")},
                 {"INVCTL_SHIM_FAIL", "write:" + std::to_string(n) + ":" + std::to_string(ENOSPC)}};
  if (twist_ == Twist::hide_full) {
    options.wrapper = {"bash", "-c", R"("$0" "$@"; code=$?; [ $code = 1 ] && code=0; exit $code)"};
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

std::string Life::random_action() {
  if (twist_ == Twist::hang) return "stop";
  if (twist_ != Twist::none || power_ || !random_.one_in(6)) return "kill";
  return random_.one_in(2) ? "int" : "term";
}

// Each point of the command as likely as the other, however often it is passed; or none, where none is known
// yet.
std::string Life::random_point(const std::string& name) {
  const auto known = tally_.passings.find(name);
  if (known == tally_.passings.end() || random_.one_in(15)) return {};
  auto chosen = known->second.begin();
  std::advance(chosen, random_.between(0, static_cast<std::int64_t>(known->second.size()) - 1));
  return chosen->first + ':' + std::to_string(random_.between(1, chosen->second)) + ':' + random_action();
}

End Life::end_of(const Result& result) const {
  if (result.exit == 128 + SIGKILL) return End::by_kill;
  const bool interrupted = point_.ends_with(":int") || point_.ends_with(":quit");
  if (result.exit == 128 + SIGINT && interrupted) return End::by_signal;
  return result.exit == 128 + SIGTERM && point_.ends_with(":term") ? End::by_signal : End::by_itself;
}

void Life::count(const Step& step, End end) {
  const auto point = point_.substr(0, point_.find(':'));
  auto& row = tally_.matrix[step.name];
  if (end == End::by_kill) {
    ++tally_.kills;
    ++row[point];
  } else if (end == End::by_signal) {
    ++tally_.signals;
    ++row[point + " signal"];
  } else if (end == End::on_full_disk) {
    ++tally_.refused;
    ++row["full disk"];
  }
}

// --- what happens

std::unique_ptr<Process> Life::stopped_holder() const {
  auto holder = shop_.start({"receive", "-w", "E", "S1=1", "S2=1", "S3=1", "S4=1", "--dry-run"},
                            faulty("before-rollback:1:stop"));
  if (!wait_until_stopped(*holder)) return nullptr;
  return holder;
}

// Another process has the locks: the kill meets a command that waits.
End Life::run_in_line(const Step& step, const Words& words, Result& result) {
  const auto holder = stopped_holder();
  if (!holder) {
    fault("stuck", step, "the process that holds the locks did not get them");
    return End::by_itself;
  }
  point_ = backend_name() == "sqlite" && random_.one_in(2) ? "before-waiting:1:kill" : "";
  auto waiting = shop_.start(words, timed(step, faulty(point_)));
  if (point_.empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random_.between(0, 40)));
    waiting->signal(SIGKILL);
    point_ = "from outside";
  }
  result = waiting->wait();
  holder->signal(random_.one_in(2) ? SIGKILL : SIGCONT);
  if (!check_end(step, holder->wait()) || !check_end(step, result)) return End::by_itself;
  const auto end = end_of(result);
  if (end == End::by_kill) ++tally_.kills_in_line;
  return end;
}

End Life::run_on_full_disk(const Step& step, const Words& words, Result& result) {
  const auto options = timed(step, on_full_disk(step.name));
  const auto calls = log_.path("calls");
  std::filesystem::remove(calls);
  result = shop_.run(words, options);
  if (!check_end(step, result) || twist_ == Twist::hide_full) return End::by_itself;
  std::ifstream file(calls);
  std::string word;
  long writes = 0;
  file >> word >> writes;
  auto& most = tally_.writes[step.name];
  most = std::max(most, writes);
  // A plan may end with 12 by itself, when it undid what it did.
  const bool stopped = step.name == "run" && result.err.find("\"code\":\"stopped\"") != std::string::npos;
  return ends_as_it_should(step, result) && !stopped ? End::by_itself : End::on_full_disk;
}

End Life::run_disturbed(const Step& step, const Words& words, Result& result) {
  if (has_full_disk()) return run_on_full_disk(step, words, result);
  if (!step.key.empty() && twist_ == Twist::none && !power_ && random_.one_in(20))
    return run_in_line(step, words, result);
  point_ = random_point(step.name);
  const bool stores = (liar_.empty() ? !step.key.empty() : step.name == liar_) && step.exit == 0;
  if (twist_ == Twist::lie && stores) point_ = "before-commit:1:lie";
  if (twist_ == Twist::quit && stores) point_ = "after-commit:1:quit";
  auto options = timed(step, faulty(point_));
  // The processes that it starts pass the same points, and the first to get there is killed.
  const auto struck = shop_.dir().path("struck");
  std::filesystem::remove(struck);
  options.env.emplace_back("INVCTL_FAIL_ONCE", struck);
  result = shop_.run(words, options);
  if (!check_end(step, result)) return End::by_itself;
  const auto end = end_of(result);
  if (end != End::by_itself) return end;
  if (!file_exists(struck)) {
    learn(step.name);
  } else if (point_.ends_with(":kill")) {
    ++tally_.kills;
    ++tally_.matrix[step.name + "'s step"][point_.substr(0, point_.find(':'))];
  } else {
    ++tally_.waited;
  }
  return end;
}

// Whatever it was doing, the machine is gone; what it had said must still hold.
void Life::cut_power(const Step& step, End end) {
  const bool made = end == End::by_itself && !step.makes.empty() && step.exit == 0;
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

}  // namespace invctl::test
