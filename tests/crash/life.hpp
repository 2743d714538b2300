// A shop whose commands are killed at random points and repeated with the same key, and what came of it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/backend.hpp"
#include "script.hpp"

namespace invctl::test {

// What a test does beside killing commands. What is wrong, it is to notice.
enum class Twist {
  none,
  lie,         // wrong: the program answers success for a transaction that it rolled back
  forget_key,  // wrong: what was killed is repeated without its key
  hold_lock,   // wrong: a stopped process keeps its locks
  hang,        // wrong: a command stops at a point, for good
  quit,        // wrong: the program ends with 130 after it has stored
  no_sync,     // wrong: PRAGMA synchronous = OFF; with power cuts
  late_sync,   // wrong: commits are not synced, but checkpoints are; with power cuts
  full_sync,   // PRAGMA synchronous = FULL; with power cuts
  full_disk,   // instead of the kills the disk is full from some write on, and has room afterwards; SQLite
  hide_full,   // wrong: the same, and the program answers success for it
};

// How the run of a command came to its end.
enum class End { by_itself, by_kill, by_signal, on_full_disk };

// Over many lives.
struct Tally {
  int lives = 0, commands = 0, kills = 0, kills_in_line = 0, power_cuts = 0;
  int signals = 0, waited = 0;  // SIGINT and SIGTERM: that ended a command, and that came too late for it
  int refused = 0;              // commands that found the disk full
  std::size_t unsynced = 0;     // writes that the power cuts met
  // The crash matrix: command, what happened to it, how often.
  std::map<std::string, std::map<std::string, int>> matrix;
  // Passings of each point in a whole run of each command, as far as they are known; and its writes.
  std::map<std::string, std::map<std::string, long>> passings;
  std::map<std::string, long> writes;
  // What contradicts the contract, each beginning with lost, doubled, half written, stuck, exit or unsound.
  std::vector<std::string> faults;

  std::string table() const;
};

// A database that is not there yet, and what runs on it.
class BareShop {
 public:
  BareShop() : backend_(make_backend(backend_name(), dir_)) {}

  Result run(const Words& words, RunOptions options = {}) const {
    return test::run(words, complete(words, options));
  }
  std::unique_ptr<Process> start(const Words& words, RunOptions options = {}) const {
    return std::make_unique<Process>(words, complete(words, options));
  }
  // After init-db, where the account that works with the ledger is not the one that made it.
  void grant() { backend_->grant(); }
  Rows rows(const std::string& sql) const { return backend_->rows(sql); }
  const TempDir& dir() const { return dir_; }
  std::string url() const { return backend_->url(); }

 private:
  RunOptions complete(const Words& words, const RunOptions& options) const {
    return options_for(*backend_, dir_, words, options);
  }

  TempDir dir_;
  std::unique_ptr<Backend> backend_;
};

class Life {
 public:
  // `power`: SQLite only. After commands the power is cut, and what was not synced is lost, some or all of
  // it.
  Life(Random& random, Tally& tally, Twist twist = Twist::none, bool power = false);

  // With Twist::lie: about this command alone, and not about all that have a key.
  void lie_about(const std::string& name) { liar_ = name; }

  // Makes the database, runs that many commands and looks at what is left. Ends at the first fault.
  void run(int commands);

 private:
  // Whether the program is left as it is, whatever happens around it.
  bool is_sound() const;
  bool has_full_disk() const { return twist_ == Twist::full_disk || twist_ == Twist::hide_full; }

  // --- what happens to a command (life_trouble.cpp)
  RunOptions faulty(const std::string& point = {}) const;
  RunOptions timed(const Step& step, RunOptions options) const;
  RunOptions on_full_disk(const std::string& name);
  std::string random_action();
  std::string random_point(const std::string& name);
  void learn(const std::string& name);
  // Runs the command, and something happens to it, or not.
  End run_disturbed(const Step& step, const Words& words, Result& result);
  End run_in_line(const Step& step, const Words& words, Result& result);
  End run_on_full_disk(const Step& step, const Words& words, Result& result);
  // How it ended where this point was chosen for it; false: by itself.
  End end_of(const Result& result) const;
  void count(const Step& step, End end);
  std::unique_ptr<Process> stopped_holder() const;
  void cut_power(const Step& step, End end);

  // --- what has to be so
  void initialise();
  void take(const Step& step);
  void verify(const Step& after);
  // All of it, or nothing, or whole transactions of it.
  void look_after_kill(const Step& step, const Expected& before);
  // What the exit code of an interrupted command, or one without space, says.
  void look_after_refusal(const Step& step, const Expected& before, const Result& result, End end);
  void check(const Step& step, const Expected& before);
  bool has_made(const Step& step) const;  // its file is there
  // What it made is a whole backup or export.
  void check_file(const Step& step);
  void check_exit(const Step& step, const Result& result, bool repeated);
  // Whether it ended in time; SIGKILL by the harness is none of ours.
  bool check_end(const Step& step, const Result& result);
  // What alerts says of the crossings since its last run. Told twice is well, passed over is not.
  void listen(const Step& step, const Result& result);
  void check_told(const Step& step);
  std::vector<std::string> facts();
  void fault(const std::string& what, const Step& step, const std::string& more);

  Random& random_;
  Tally& tally_;
  Twist twist_;
  bool power_;
  BareShop shop_;
  TempDir log_;  // of the shim
  Script script_;
  std::string point_;               // of the command that is being run
  std::set<Expected::Place> told_;  // that they are low, and not yet that they are no more
  std::string liar_;
  bool over_ = false;
};

// Whether the program can be run with storage_shim: not under a sanitizer, whose library has to come first.
bool can_preload();

// Waits until a process has stopped itself (SIGSTOP). False where it ends, or time is up, instead.
bool wait_until_stopped(const Process& process);

}  // namespace invctl::test
