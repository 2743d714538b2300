// Workers: one connection each, serving one request after the other.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "sim/answer.hpp"
#include "sim/session.hpp"
#include "sim/strategy.hpp"
#include "stock/ledger.hpp"

namespace invctl::sim {

class Combiner;

struct WorkerOptions {
  const Strategy* strategy = nullptr;
  std::string warehouse = "SIM";
  std::chrono::milliseconds lock_timeout{5000};
  std::chrono::milliseconds think{0};  // between reading and writing; between a hold and its confirmation
  // Who holds a lock that expires stops for so long after reading, in every tenth request, from the first on.
  std::chrono::milliseconds pause{0};
  std::optional<std::int64_t> attempts_most = {};
  Origin origin = {};
};

// Asked between requests; true ends the run early.
using Stop = std::function<bool()>;
// Called now and then with the number of answers so far, from one thread.
using Watch = std::function<void(std::size_t answered)>;

// What the ledger said to an operation.
struct PostResult {
  std::optional<Outcome> outcome;
  std::optional<Error> error;  // in place of it
  std::int64_t retries = 0, deadlocks = 0;
  std::chrono::nanoseconds waited{0};
};
// Fills in what a result says: exit code, key, lines, message, counts.
void note_result(Answer& answer, const PostResult& result);

// The request's answer before anybody has served it. `start_ns`: when the run began.
Answer unanswered(const Request& request, std::int64_t start_ns);

class Worker {
 public:
  // `session` must outlive it; `combiner` too, which only the strategy that combines needs.
  Worker(Session& session, const WorkerOptions& options, Combiner* combiner = nullptr)
      : session_(session), options_(options), combiner_(combiner) {}

  // Never throws: a failure is the answer's exit code.
  Answer serve(const Request& request, std::int64_t start_ns);

 private:
  PostResult post(Operation operation, const Request& request);
  PostResult hold_and_confirm(const Request& request);
  std::chrono::milliseconds pause_of(const Request& request) const;
  void look(const Request& request, Answer& answer);

  Session& session_;
  const WorkerOptions& options_;
  Combiner* combiner_;
};

}  // namespace invctl::sim
