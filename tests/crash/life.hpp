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

// What a test does wrong on purpose, to see that it is noticed.
enum class Twist {
  none,
  lie,         // the program answers success for a transaction that it rolled back
  forget_key,  // what was killed is repeated without its key
  hold_lock,   // a stopped process keeps its locks
  no_sync,     // PRAGMA synchronous = OFF; with power cuts
  late_sync,   // commits are not synced, but checkpoints are; with power cuts
};

// Over many lives.
struct Tally {
  int lives = 0, commands = 0, kills = 0, kills_in_line = 0, power_cuts = 0;
  std::size_t unsynced = 0;  // writes that the power cuts met
  // The crash matrix: command, point, how often it was killed there.
  std::map<std::string, std::map<std::string, int>> matrix;
  // Passings of each point in a whole run of each command, as far as they are known.
  std::map<std::string, std::map<std::string, long>> passings;
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

  // Makes the database, runs that many commands and looks at what is left. Ends at the first fault.
  void run(int commands);

 private:
  RunOptions faulty(const std::string& point = {}) const;
  std::string random_point(const std::string& name);
  void learn(const std::string& name);
  // Runs the command with a fail point; whether it was killed.
  bool run_killed(const Step& step, const Words& words, Result& result);
  bool run_in_line(const Step& step, Result& result);
  std::unique_ptr<Process> stopped_holder() const;
  void initialise();
  void take(const Step& step);
  // All of it, or nothing, or whole transactions of it.
  void look_after_kill(const Step& step, const Expected& before);
  void cut_power(const Step& step, bool was_killed);
  void check(const Step& step, const Expected& before);
  // What it made is a whole backup or export.
  void check_file(const Step& step);
  void check_exit(const Step& step, const Result& result, bool repeated);
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
  bool over_ = false;
};

// Whether the program can be run with storage_shim: not under a sanitizer, whose library has to come first.
bool can_preload();

// Waits until a process has stopped itself (SIGSTOP). False where it ends, or time is up, instead.
bool wait_until_stopped(const Process& process);

}  // namespace invctl::test
