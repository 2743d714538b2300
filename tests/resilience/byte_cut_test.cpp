// Connections that end at any byte, of what the program says or of what the server answers, under commands of
// every kind. The exit code must be true at that moment, as a model of the commands has it, and the same
// command again with the same key must have it done once. INVCTL_TEST_CUTS says how many cuts (default 40)
// and then shows them; the seed is printed, and INVCTL_TEST_SEED repeats one.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <sstream>

#include "crash/facts.hpp"
#include "crash/script.hpp"
#include "resilience/proxied_shop.hpp"

namespace byte_cut_test {

using namespace invctl::test;

namespace {

class Sweep {
 public:
  explicit Sweep(Random& random) : random_(random), script_(random, false, false) {}

  void seed() { run_whole(Script::seeding()); }
  // Empty, or what was not as the contract says.
  const std::string& fault() const { return fault_; }
  int cuts() const { return cuts_; }
  std::string table() const {
    std::ostringstream out;
    for (const auto& [name, exits] : exits_) {
      out << name << ':';
      for (const auto& [exit, times] : exits) out << "  " << times << " x exit " << exit;
      out << '\n';
    }
    return out.str();
  }
  Result verify() { return shop_.run({"verify"}); }

  void take(bool forgets_key = false) {
    const auto step = script_.next();
    const auto known = bytes_.find(step.name);
    if (known == bytes_.end()) return run_whole(step);
    const auto before = script_.state();
    write_files(step);
    ByteCut cut;
    cut.answer = random_.one_in(2);
    const auto most = static_cast<std::int64_t>(cut.answer ? known->second.second : known->second.first);
    cut.at = static_cast<std::size_t>(random_.between(0, most - 1));
    cut.lets_finish = random_.one_in(2);
    cut.times = random_.one_in(2) ? 1 : always;
    shop_.proxy.set_byte_cut(cut);
    const auto broken = through(step.command(), cut.times == 1 ? "20s" : "100ms");
    const bool was_cut = shop_.proxy.cuts() > 0;
    shop_.proxy.set_byte_cut(std::nullopt);
    std::ostringstream what;
    what << step.words.front() << " cut " << (cut.times == 1 ? "once" : "for good") << " at byte " << cut.at
         << " of " << most << (cut.answer ? " answered" : " asked") << ": " << broken << '\n';
    stored_ = false;
    if (was_cut) {
      ++cuts_;
      ++exits_[step.name][broken.exit];
      judge(what.str(), step, before, broken, cut.times == 1);
    } else if (!ends_as_it_should(step, broken)) {
      fault_ = "uncut, " + what.str();
    }
    if (!fault_.empty()) return;
    finish(forgets_key && stored_ ? step.words : step.command(), step, what.str());
  }

 private:
  void write_files(const Step& step) {
    for (const auto& [name, content] : step.files) shop_.dir().write(name, content);
  }
  std::vector<std::string> facts() {
    return read_facts([&](const std::string& sql) { return shop_.rows(sql); });
  }
  Result through(Words words, const std::string& patience) {
    words.insert(words.end(), {"--json", "--lock-timeout", patience});
    return shop_.through(words);
  }

  // Undisturbed, which also tells how many bytes it takes.
  void run_whole(const Step& step) {
    write_files(step);
    shop_.proxy.set_byte_cut(std::nullopt);
    const auto result = through(step.command(), "20s");
    bytes_[step.name] = {shop_.proxy.most_bytes(false), shop_.proxy.most_bytes(true)};
    std::ostringstream what;
    what << step.words.front() << ": " << result;
    if (!ends_as_it_should(step, result) || facts() != step.after.facts()) fault_ = what.str();
    script_.done(step, number_in(result));
  }

  void judge(const std::string& what, const Step& step, const Expected& before, const Result& broken,
             bool once) {
    const auto found = facts();
    stored_ = found == step.after.facts() && found != before.facts();
    if (!is_true(step, before, broken, found)) fault_ = "the exit code lied: " + what;
    // A connection that breaks once is made again, but for the first one of a command.
    if (once && broken.exit != 9 && !ends_as_it_should(step, broken)) fault_ = "it gave up: " + what;
  }

  void finish(const Words& words, const Step& step, const std::string& what) {
    const auto again = through(words, "20s");
    std::ostringstream said;
    said << what << "again: " << again;
    if (!ends_as_it_should(step, again, true)) fault_ = said.str();
    if (fault_.empty() && facts() != step.after.facts()) fault_ = "not done once: " + said.str();
    script_.done(step, number_in(again));
  }

  Random& random_;
  ProxiedDatabase shop_;
  Script script_;
  std::map<std::string, std::pair<std::size_t, std::size_t>> bytes_;  // asked and answered, by command
  std::map<std::string, std::map<int, int>> exits_;
  int cuts_ = 0;
  bool stored_ = false;  // by the command that was cut
  std::string fault_;
};

}  // namespace

TEST_CASE("whatever byte a connection ends at, the exit code is true and the same command has it done once",
          "[bytes]") {
  Random random;
  INFO(random);
  const char* asked = std::getenv("INVCTL_TEST_CUTS");
  const int cuts = asked != nullptr ? std::atoi(asked) : 40;
  Sweep sweep(random);
  sweep.seed();
  while (sweep.cuts() < cuts && sweep.fault().empty()) sweep.take();
  if (asked != nullptr) WARN(random << '\n' << sweep.table());
  CHECK(sweep.fault() == "");
  CHECK(sweep.verify().exit == 0);
}

TEST_CASE("negative control: repeated without its key, a command that was cut is seen to be done twice",
          "[bytes]") {
  Random random;
  INFO(random);
  Sweep sweep(random);
  sweep.seed();
  while (sweep.fault().empty()) sweep.take(true);
  CHECK_THAT(sweep.fault(), Catch::Contains("again: "));
}

}  // namespace byte_cut_test
