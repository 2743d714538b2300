// Random commands on a server in trouble: what each exit code promises must be what the database has, and
// once the trouble is over the same command again must do it once.
#pragma once

#include <functional>
#include <map>
#include <sstream>
#include <string>

#include "crash/facts.hpp"
#include "resilience/own_shop.hpp"

namespace invctl::test {

class ScriptedShop : public OwnShop {
 public:
  explicit ScriptedShop(Random& random, const std::vector<std::string>& options = {},
                        const std::string& data_in = {})
      : OwnShop(options, data_in), script_(random, false, false) {
    take(Script::seeding());
  }
  virtual ~ScriptedShop() = default;

  // The next command under the trouble; where it does not do what it should, again after `relieve`, which is
  // followed by `engage`. Empty, or what was wrong.
  std::string take_next(const std::function<void()>& relieve, const std::function<void()>& engage) {
    const auto step = script_.next();
    const auto before = script_.state();
    const auto result = run_step(step, "1s");
    ++exits[result.exit];
    std::ostringstream what;
    for (const auto& word : step.command()) what << word << ' ';
    what << ": " << result << '\n';
    if (!is_true(step, before, result, facts_or_revive(relieve))) return "the exit code lied: " + what.str();
    if (ends_as_it_should(step, result)) {
      script_.done(step, number_in(result));
      return {};
    }
    last_failure = result;
    relieve();
    const auto again = run_step(step, "20s");
    what << "again: " << again;
    if (!ends_as_it_should(step, again, true)) return what.str();
    if (facts() != step.after.facts()) return "not done once: " + what.str();
    script_.done(step, number_in(again));
    engage();
    return {};
  }

 protected:
  // After every run of a command: what was to happen to it happens no more.
  virtual void settle() {}
  Environment through;  // of commands, after those that seed

 public:
  std::map<int, int> exits;
  int deaths = 0;  // of the server, of its trouble
  Result last_failure;

 private:
  void take(const Step& step) {
    const auto result = run_step(step, "20s");
    if (!ends_as_it_should(step, result)) throw std::runtime_error(step.name + ": " + result.err);
    script_.done(step, number_in(result));
  }
  Result run_step(const Step& step, const std::string& patience) {
    for (const auto& [file, content] : step.files) dir.write(file, content);
    auto words = step.command();
    words.insert(words.end(), {"--json", "--lock-timeout", patience});
    auto result = run(words, operator_user, {.env = through});
    settle();
    return result;
  }
  std::vector<std::string> facts() const {
    return read_facts([&](const std::string& sql) { return rows(sql); });
  }

  // A server may die of a full disk itself.
  std::vector<std::string> facts_or_revive(const std::function<void()>& relieve) {
    try {
      return facts();
    } catch (const std::exception&) {
      ++deaths;
      relieve();
      server->restart();
      return facts();
    }
  }

  Script script_;
};

}  // namespace invctl::test
