#include "stock/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <thread>

#include "core/text.hpp"
#include "core/trace.hpp"

namespace invctl {

namespace {

constexpr std::string_view auto_prefix = "auto-";

// Full jitter: the pause is uniform below a bound that doubles, so that rivals do not meet again in step.
void pause_before_retry(int attempt, const Deadline& deadline) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto bound = std::min<std::int64_t>(100'000, 500LL << std::min(attempt, 8));
  const std::chrono::microseconds pause(std::uniform_int_distribution<std::int64_t>(0, bound)(random));
  std::this_thread::sleep_for(std::min(pause, deadline.left()));
}

std::string naming(std::string_view key) {
  return key.empty() ? std::string() : fmt::format(" (id {})", text::printable(key));
}

}  // namespace

bool is_auto_key(std::string_view key) {
  return key.starts_with(auto_prefix) && key.size() == auto_prefix.size() + 32 &&
         key.find_first_not_of("0123456789abcdef", auto_prefix.size()) == std::string_view::npos;
}

void ensure_key(Operation& operation) {
  operation.key_is_new = !operation.key;
  if (operation.key_is_new) operation.key = std::string(auto_prefix) + to_hex(random_uid());
}

namespace {

Error unknown_outcome(std::string_view key, const Error& last) {
  return Error(
      Exit::unknown_outcome,
      fmt::format(
          "the connection broke at COMMIT, it is not known whether the change was stored{}; at last: {}",
          naming(key), last.message),
      key.empty() ? "repeat the command" : fmt::format("repeat with --id {}", text::printable(key)));
}

}  // namespace

void run_transaction(Transactions& store, const Deadline& deadline, std::string_view key,
                     bool& commit_reached, const std::function<void()>& work) {
  bool in_doubt = false;
  bool broken = false;
  bool looked_again = false;
  for (int attempt = 0;; ++attempt) {
    commit_reached = false;
    try {
      if (broken) {
        store.reconnect();
        broken = false;
      }
      work();
      return;
    } catch (const StoreError& error) {
      const bool lost_at_commit = error.kind == StoreError::Kind::lost && commit_reached;
      broken = broken || error.kind == StoreError::Kind::lost;
      in_doubt = in_doubt || lost_at_commit;
      trace(TraceLevel::info, "retry", {{"attempt", attempt + 1}, {"why", error.message}});
      // Either way the answer may be stored already, and only needs to be read.
      const bool look_again = (error.kind == StoreError::Kind::duplicate || lost_at_commit) && !looked_again;
      looked_again = looked_again || look_again;
      if (error.kind == StoreError::Kind::other || (deadline.passed() && !look_again)) {
        if (in_doubt) throw unknown_outcome(key, error);
        if (error.kind == StoreError::Kind::other || broken) throw;
        throw Error(Exit::busy, error.message + naming(key),
                    error.hint.empty() ? "safe to repeat; --lock-timeout waits longer" : error.hint);
      }
    } catch (const Error& error) {
      if (in_doubt) throw unknown_outcome(key, error);
      throw;
    }
    pause_before_retry(attempt, deadline);
  }
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
  return outcomes;
}

}  // namespace invctl
