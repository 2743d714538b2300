#include "stock/ledger.hpp"

#include <algorithm>

namespace invctl {

namespace {

constexpr std::string_view auto_prefix = "auto-";

}  // namespace

bool is_auto_key(std::string_view key) {
  return key.starts_with(auto_prefix) && key.size() == auto_prefix.size() + 32 &&
         key.find_first_not_of("0123456789abcdef", auto_prefix.size()) == std::string_view::npos;
}

void ensure_key(Operation& operation) {
  operation.key_is_new = !operation.key;
  if (operation.key_is_new) operation.key = std::string(auto_prefix) + to_hex(random_uid());
}

std::vector<Outcome> Ledger::post(std::vector<Operation>& operations, const Options& options) {
  for (auto& operation : operations) {
    ensure_key(operation);
    normalise_lines(operation.lines);
    check_operation(operation);
  }
  const auto deadline = Deadline::after(options.lock_timeout);
  std::vector<Outcome> outcomes;
  bool commit_reached = false;
  bool repeated = false;
  const auto key = operations.size() == 1 ? *operations.front().key : std::string();
  run_transaction(store_, deadline, key, commit_reached, [&] {
    Posting posting(store_, origin_, operations, deadline, repeated);
    const auto note_commit = [&] { commit_reached = repeated = true; };
    if (!options.dry_run && !options.before_commit) {
      outcomes = posting.post_and_commit(operations, note_commit);
      return;
    }
    outcomes = posting.post(operations);
    if (!posting.wrote()) return;
    if (options.before_commit) options.before_commit(outcomes);
    if (options.dry_run) return;
    note_commit();
    posting.commit();
  });
  // A commit of this posting has synced what came before it.
  const auto is_new = [](const Outcome& outcome) { return outcome.receipt && !outcome.replayed; };
  // A replay, and "exists already" and the like, are said of what was there before.
  const auto is_old = [](const Outcome& outcome) {
    return outcome.replayed || (outcome.rejection && outcome.rejection->exit == Exit::conflict);
  };
  if (std::any_of(outcomes.begin(), outcomes.end(), is_old) &&
      std::none_of(outcomes.begin(), outcomes.end(), is_new)) {
    store_.make_durable();
  }
  return outcomes;
}

}  // namespace invctl
