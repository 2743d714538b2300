#include "stock/transactions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <thread>

#include "core/text.hpp"
#include "core/trace.hpp"

namespace invctl {

namespace {

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

Error unknown_outcome(std::string_view key, const Error& last) {
  return Error(Exit::unknown_outcome,
               fmt::format("COMMIT broke off, it is not known whether the change was stored{}; at last: {}",
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
      const bool lost_at_commit = error.kind == StoreError::Kind::lost && commit_reached && !error.undone;
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
      if (in_doubt || error.exit == Exit::unknown_outcome) throw unknown_outcome(key, error);
      throw;
    }
    pause_before_retry(attempt, deadline);
  }
}

void write_transaction(Transactions& store, const Deadline& deadline, std::string_view key,
                       const std::function<bool()>& work) {
  bool commit_reached = false;
  run_transaction(store, deadline, key, commit_reached, [&] {
    store.begin(deadline);
    bool wrote = false;
    try {
      wrote = work();
    } catch (const StoreError&) {
      store.rollback();
      throw;
    } catch (const Error& error) {
      store.rollback();
      // "It exists already" is said of something that its writer may not have synced yet.
      if (error.exit == Exit::conflict) store.make_durable();
      throw;
    } catch (...) {
      store.rollback();
      throw;
    }
    if (!wrote) {
      store.rollback();
      store.make_durable();
      return;
    }
    commit_reached = true;
    store.commit();
  });
}

}  // namespace invctl
