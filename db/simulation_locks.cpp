#include "simulation_locks.hpp"

#include <fmt/format.h>

#include <map>
#include <thread>

#include "core/sha256.hpp"
#include "core/text.hpp"
#include "sqlite_path.hpp"
#include "stock/transactions.hpp"
#include "turnstile.hpp"
#include "url.hpp"

namespace invctl::db {

namespace {

[[noreturn]] void throw_not_let_in() {
  throw StoreError(StoreError::Kind::retry, Exit::busy, "others hold the lock",
                   "safe to repeat; --lock-timeout waits longer");
}

class FileLocks : public sim::Excluder {
 public:
  explicit FileLocks(std::string path) : path_(std::move(path)) {}

  void enter(std::span<const std::string> names, const Deadline& deadline) override {
    for (const auto& name : names) {
      auto& lock = locks_[name];
      if (!lock) {
        lock =
            std::make_unique<Turnstile>(fmt::format("{}-lock-{}", path_, to_hex(sha256(name)).substr(0, 16)));
      }
      if (!lock->enter(deadline)) {
        leave();
        throw_not_let_in();
      }
    }
  }
  void leave() noexcept override {
    for (auto& [name, lock] : locks_) lock->leave();
  }

 private:
  std::string path_;
  std::map<std::string, std::unique_ptr<Turnstile>> locks_;
};

class SessionLocks : public sim::Excluder {
 public:
  SessionLocks(std::string database, SqlStore& store) : database_(std::move(database)), store_(store) {}

  void enter(std::span<const std::string> names, const Deadline& deadline) override {
    for (const auto& name : names) {
      // A server's names are those of all its databases, and at most 64 characters long.
      const auto key = to_hex(sha256(database_ + '/' + name)).substr(0, 48);
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(deadline.left()).count();
      Query query(store_.connection(), "SELECT GET_LOCK(?, ?)");
      query.bind(key).bind(std::max<std::int64_t>(seconds, 0));
      held_ = true;
      if (!query.next() || query.is_null(0) || query.integer(0) != 1) {
        leave();
        throw_not_let_in();
      }
    }
  }
  void leave() noexcept override {
    if (!std::exchange(held_, false)) return;
    try {
      Query(store_.connection(), "SELECT RELEASE_ALL_LOCKS()").next();
    } catch (const Error&) {
      // The session is over, and its locks with it.
    }
  }

 private:
  std::string database_;
  SqlStore& store_;
  bool held_ = false;
};

class ExpiringLocks : public sim::Excluder {
 public:
  ExpiringLocks(SqlStore& store, std::chrono::milliseconds time_to_live, bool fence)
      : store_(store), time_to_live_(time_to_live), fence_(fence) {
    if (fence) store.before_first_write([this] { check_tokens(); });
  }
  ~ExpiringLocks() override { store_.before_first_write({}); }

  void enter(std::span<const std::string> names, const Deadline& deadline) override {
    for (const auto& name : names) {
      while (!take(name)) {
        if (deadline.passed()) {
          leave();
          throw_not_let_in();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      // The data is shown the token before anything is read: a check where one writes does not help if the
      // one before has not written yet when this one reads.
      if (fence_ && !raise(name)) {
        leave();
        throw_overtaken();
      }
    }
  }
  // Only what is still ours: it may have ended, and be somebody else's.
  void leave() noexcept override {
    for (const auto& [name, token] : tokens_) {
      try {
        Query query(connection(), "UPDATE sim_lock SET expires_at = 0 WHERE name = ? AND token = ?");
        query.bind(name).bind(token).run();
      } catch (const Error&) {
        // It ends by itself.
      }
    }
    tokens_.clear();
  }

 private:
  [[noreturn]] static void throw_overtaken() {
    throw StoreError(StoreError::Kind::retry, Exit::busy, "the lock ended, and another holder was let in");
  }
  Connection& connection() { return store_.connection(); }

  bool take(const std::string& name) {
    try {
      const std::string now(connection().dialect().now);
      Query update(connection(), fmt::format("UPDATE sim_lock SET token = token + 1, expires_at = {0} + ? "
                                             "WHERE name = ? AND expires_at < {0}",
                                             now));
      const auto life = std::chrono::duration_cast<std::chrono::microseconds>(time_to_live_).count();
      if (update.bind(life).bind(name).run() != 1) return false;
      Query token(connection(), "SELECT token FROM sim_lock WHERE name = ?");
      if (!token.bind(name).next()) return false;
      tokens_[name] = token.integer(0);
      return true;
    } catch (const StoreError& error) {
      if (error.kind != StoreError::Kind::retry) throw;
      return false;
    }
  }

  bool raise(const std::string& name) {
    Query query(connection(), "UPDATE sim_fence SET highest = ? WHERE name = ? AND highest < ?");
    const auto token = tokens_.at(name);
    return query.bind(token).bind(name).bind(token).run() == 1;
  }

  // In the transaction that writes: nobody is let past until it ends.
  void check_tokens() {
    for (const auto& [name, token] : tokens_) {
      Query query(connection(), "UPDATE sim_fence SET highest = highest WHERE name = ? AND highest = ?");
      if (query.bind(name).bind(token).run() != 1) throw_overtaken();
    }
  }

  SqlStore& store_;
  std::chrono::milliseconds time_to_live_;
  bool fence_;
  std::map<std::string, std::int64_t> tokens_;  // of the locks that were taken
};

}  // namespace

std::unique_ptr<sim::Excluder> make_named_locks(const std::string& url, SqlStore& store) {
  const auto target = parse_url(url);
  if (target.engine == Url::Engine::sqlite) return std::make_unique<FileLocks>(database_file(target.path));
  return std::make_unique<SessionLocks>(target.database, store);
}

std::unique_ptr<sim::Excluder> make_expiring_locks(SqlStore& store, std::chrono::milliseconds time_to_live,
                                                   bool fence) {
  return std::make_unique<ExpiringLocks>(store, time_to_live, fence);
}

void create_expiring_locks(Connection& connection, const std::vector<std::string>& names) {
  connection.execute(
      "CREATE TABLE sim_lock (name VARCHAR(64) PRIMARY KEY, token BIGINT NOT NULL, expires_at BIGINT NOT "
      "NULL)");
  connection.execute("CREATE TABLE sim_fence (name VARCHAR(64) PRIMARY KEY, highest BIGINT NOT NULL)");
  for (const auto& name : names) {
    Query(connection, "INSERT INTO sim_lock (name, token, expires_at) VALUES (?, 0, 0)").bind(name).run();
    Query(connection, "INSERT INTO sim_fence (name, highest) VALUES (?, 0)").bind(name).run();
  }
}

}  // namespace invctl::db
