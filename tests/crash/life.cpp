// A life: the script's commands one after the other, and what has to be so after each.
#include "life.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>

#include "facts.hpp"

namespace invctl::test {

namespace {

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

Life::Life(Random& random, Tally& tally, Twist twist, bool power)
    : random_(random),
      tally_(tally),
      twist_(twist),
      power_(power),
      // Where the power is cut nobody may be left who writes.
      script_(random, backend_name() == "sqlite", !power && is_sound(), true,
              backend_name() == "sqlite" && can_preload()) {}

bool Life::is_sound() const {
  return twist_ == Twist::none || twist_ == Twist::full_sync || twist_ == Twist::full_disk;
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
  if (step.name == "report") {
    if (!read_file(shop_.dir().path(step.makes)).ends_with("</html>\n")) fault("half written", step, "");
    return;
  }
  const auto made =
      step.name == "backup" ? shop_.run({"verify", "--db", step.makes}) : shop_.run({"verify", step.makes});
  if (check_end(step, made) && made.exit != 0) fault("half written", step, made.out + made.err);
}

void Life::check_exit(const Step& step, const Result& result, bool repeated) {
  if (ends_as_it_should(step, result, repeated)) return;
  std::ostringstream said;
  said << result << "\nexpected: exit " << step.exit;
  fault(result.exit == 6 || result.timed_out ? "stuck" : "exit", step, said.str());
}

bool Life::check_end(const Step& step, const Result& result) {
  if (!result.timed_out) return true;
  std::ostringstream said;
  said << result;
  fault("stuck", step, said.str());
  return false;
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

void Life::verify(const Step& after) {
  const auto result = shop_.run({"verify"});
  if (check_end(after, result) && result.exit != 0) fault("unsound", after, result.out + result.err);
}

void Life::look_after_kill(const Step& step, const Expected& before) {
  if (random_.one_in(10)) verify(step);
  if (over_ || (!power_ && !random_.one_in(3))) return;
  const auto found = facts();
  if (is_unchanged(step, before, found) || found == step.after.facts()) return;
  const auto earlier = before.facts();
  fault("half written", step,
        "gone: " + joined(difference(earlier, found), "; ") +
            "\nnew: " + joined(difference(found, earlier), "; "));
}

void Life::look_after_refusal(const Step& step, const Expected& before, const Result& result, End end) {
  const auto found = facts();
  bool kept = false;
  if (end == End::by_signal) {
    kept = is_unchanged(step, before, found);
  } else {
    // A full disk is known for what it is, and its file is not there. Of a run, which is many transactions,
    // those are left that were before the one that did not fit; that it is known, with nothing begun, is no
    // change.
    auto changes = found;
    const auto known = before.facts();
    std::erase_if(changes, [&](const std::string& fact) {
      return step.name == "run" && fact.starts_with("run ") && fact.ends_with(" going") &&
             std::find(known.begin(), known.end(), fact) == known.end();
    });
    kept = (is_true(step, before, result, changes) && result.exit != 9 && !has_made(step)) ||
           (step.name == "run" && result.exit == 12 && is_unchanged(step, before, found));
  }
  if (kept) return;
  std::ostringstream said;
  said << result << "\nnew: " << joined(difference(found, before.facts()), "; ")
       << (has_made(step) ? "\nand the file is there" : "");
  fault("exit", step, said.str());
}

bool Life::has_made(const Step& step) const {
  return !step.makes.empty() && file_exists(shop_.dir().path(step.makes));
}

void Life::take(const Step& step) {
  for (const auto& [name, content] : step.files) shop_.dir().write(name, content);
  // Before it is put right.
  if (step.name == "rebuild") verify(step);
  if (over_) return;
  const auto before = script_.state();
  const auto words_of = [&](Words words) {
    words.push_back("--json");
    if (twist_ == Twist::hold_lock) words.insert(words.end(), {"--lock-timeout", "300ms"});
    return words;
  };
  const auto holder = twist_ == Twist::hold_lock && !step.key.empty() ? stopped_holder() : nullptr;
  Result result;
  const auto end = run_disturbed(step, words_of(step.command()), result);
  ++tally_.commands;
  listen(step, result);
  if (over_) return;
  const bool seeded = !before.stock.empty() || is_sound();
  if (power_ && seeded && random_.one_in(2)) cut_power(step, end);
  if (over_) return;
  count(step, end);
  const bool was_killed = end == End::by_kill;
  if (was_killed) {
    look_after_kill(step, before);
  } else if (end != End::by_itself) {
    look_after_refusal(step, before, result, end);
  } else {
    check_exit(step, result, false);
    if (!over_) check(step, before);
  }
  // Also what has said its answer is asked again now and then.
  if (!over_ && (end != End::by_itself || (random_.one_in(4) && !step.key.empty()))) {
    // What has no key is known by its file, and otherwise by what it left.
    const bool known = step.makes.empty() ? was_killed : has_made(step);
    const bool forgets = was_killed && step.exit == 0 && twist_ == Twist::forget_key;
    result = shop_.run(words_of(forgets ? step.words : step.command()), timed(step, faulty()));
    ++tally_.commands;
    listen(step, result);
    if (end == End::by_itself) point_ += " and again";
    check_exit(step, result, known);
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
    const bool disturbed = !random_.one_in(3);
    point_ = disturbed && !has_full_disk() ? random_point(step.name) : std::string();
    const auto result =
        shop_.run(step.words, disturbed && has_full_disk() ? on_full_disk(step.name) : faulty(point_));
    ++tally_.commands;
    if (!check_end(step, result)) return;
    const auto end = has_full_disk() && result.exit == 1 ? End::on_full_disk : end_of(result);
    again = end != End::by_itself;
    // Without syncs there would be no shop in which something can be lost.
    if (power_ && is_sound() && random_.one_in(2)) cut_power(step, end);
    count(step, end);
    if (again) continue;
    if (!has_full_disk()) learn(step.name);
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
  const bool imports = is_sound() && random_.one_in(3);
  if (!over_) take(imports ? Script::importing(exported_seeding()) : Script::seeding());
  for (int i = 0; i < commands && !over_; ++i) take(script_.next());
  if (over_) return;
  Step step;
  step.words = {"verify"};
  verify(step);
}

}  // namespace invctl::test
