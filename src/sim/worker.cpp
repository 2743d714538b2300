#include "sim/worker.hpp"

#include <algorithm>
#include <map>
#include <thread>

#include "sim/combiner.hpp"
#include "sim/scenario.hpp"
#include "sim/strategy_store.hpp"
#include "stock/reservation.hpp"

namespace invctl::sim {

namespace {

constexpr Micros hold_for = 15LL * 60 * 1'000'000;
constexpr std::int64_t paused_one_in = 10;

std::vector<std::string> names_of(const Request& request) {
  std::vector<std::string> names;
  for (const auto& item : request.items) names.push_back(item.sku);
  std::sort(names.begin(), names.end());
  return names;
}

// By how much the stock of each SKU is to change.
std::map<std::string, Quantity> deltas_of(const Operation& operation) {
  std::map<std::string, Quantity> deltas;
  const bool adds = operation.kind == Kind::receive;
  for (const auto& line : operation.lines) deltas[line.sku.str()] += adds ? line.quantity : -line.quantity;
  return deltas;
}

void note_receipt(Answer& answer, const Receipt& receipt) {
  answer.key = receipt.key;
  for (const auto& line : receipt.lines) answer.lines.push_back({line.sku, line.on_hand});
}

void note_refusal(Answer& answer, const Error& rejection) {
  answer.message = rejection.message;
  for (const auto& line : rejection.lines) {
    AnswerLine said;
    for (const auto& [name, value] : line.fields) {
      if (name == "sku" && std::holds_alternative<std::string>(value))
        said.sku = std::get<std::string>(value);
      if (name == "available" && std::holds_alternative<std::int64_t>(value)) {
        said.quantity = std::get<std::int64_t>(value);
      }
    }
    if (!said.sku.empty()) answer.lines.push_back(std::move(said));
  }
}

void add_counts(PostResult& sum, const PostResult& more) {
  sum.retries += more.retries;
  sum.deadlocks += more.deadlocks;
  sum.waited += more.waited;
}

}  // namespace

std::int64_t monotonic_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

Fate Answer::fate() const {
  switch (exit) {
    case Exit::ok:
      return Fate::accepted;
    case Exit::insufficient_stock:
      return Fate::sold_out;
    case Exit::busy:
      return Fate::busy;
    default:
      return Fate::failed;
  }
}

Answer unanswered(const Request& request, std::int64_t start_ns) {
  Answer answer;
  answer.number = request.number;
  answer.kind = request.kind;
  answer.units = request.units();
  answer.arrival_ns = start_ns + request.arrival_ns;
  return answer;
}

void note_result(Answer& answer, const PostResult& result) {
  answer.retries = result.retries;
  answer.deadlocks = result.deadlocks;
  answer.waited_ns = result.waited.count();
  if (result.error) {
    answer.exit = result.error->exit;
    answer.message = result.error->message;
  } else if (result.outcome->rejection) {
    answer.exit = result.outcome->rejection->exit;
    note_refusal(answer, *result.outcome->rejection);
  } else {
    answer.exit = Exit::ok;
    note_receipt(answer, *result.outcome->receipt);
  }
}

std::chrono::milliseconds Worker::pause_of(const Request& request) const {
  return request.number % paused_one_in == 1 ? std::max(options_.think, options_.pause) : options_.think;
}

PostResult Worker::post(Operation operation, const Request& request) {
  PostResult result;
  if (options_.strategy->way == Way::combine) return combiner_->post(std::move(operation));
  // Between a hold and its confirmation there is a pause already.
  const bool thinks = options_.strategy->way != Way::reserve;
  StrategyStore store(session_.store(),
                      {.think = thinks ? pause_of(request) : std::chrono::milliseconds(0),
                       .attempts_most = options_.attempts_most,
                       .way = options_.strategy->way,
                       .names = names_of(request),
                       .deltas = deltas_of(operation)},
                      session_.excluder(), session_.claims());
  try {
    std::vector<Operation> batch{std::move(operation)};
    result.outcome = std::move(
        Ledger(store, options_.origin).post(batch, {.lock_timeout = options_.lock_timeout}).front());
  } catch (const Error& error) {
    result.error = error;
  } catch (const std::exception& error) {
    result.error = Error(Exit::internal, error.what());
  }
  const auto& counts = store.counts();
  result.retries = std::max<std::int64_t>(counts.begun - 1, 0);
  result.deadlocks = counts.deadlocks;
  result.waited = counts.waited;
  return result;
}

// As `reserve` and `confirm` do it: the hold is what may be refused.
PostResult Worker::hold_and_confirm(const Request& request) {
  auto hold = operation_of(request, options_.warehouse);
  hold.kind = Kind::reserve;
  hold.user.reset();
  hold.ttl = hold_for;
  if (hold.key) *hold.key += "-hold";
  auto held = post(std::move(hold), request);
  if (held.error || held.outcome->rejection) return held;
  if (options_.think.count() > 0) std::this_thread::sleep_for(options_.think);
  const auto asked = operation_of(request, options_.warehouse);
  auto confirmation = on_reservation(session_.store(), *held.outcome->receipt->reservation, Kind::confirm);
  confirmation.key = asked.key;
  confirmation.actor = asked.actor;
  confirmation.reference = asked.reference;
  confirmation.user = asked.user;
  auto confirmed = post(std::move(confirmation), request);
  add_counts(confirmed, held);
  return confirmed;
}

void Worker::look(const Request& request, Answer& answer) {
  for (const auto& item : request.items) {
    answer.lines.push_back({item.sku, session_.available(options_.warehouse, item.sku)});
  }
  answer.exit = Exit::ok;
}

Answer Worker::serve(const Request& request, std::int64_t start_ns) {
  auto answer = unanswered(request, start_ns);
  answer.begin_ns = monotonic_ns();
  try {
    if (request.kind == Request::Kind::look) {
      look(request, answer);
    } else if (options_.strategy->way == Way::reserve && request.kind == Request::Kind::purchase) {
      note_result(answer, hold_and_confirm(request));
    } else {
      note_result(answer, post(operation_of(request, options_.warehouse), request));
    }
  } catch (const Error& error) {
    answer.exit = error.exit;
    answer.message = error.message;
  } catch (const std::exception& error) {
    answer.exit = Exit::internal;
    answer.message = error.what();
  }
  answer.end_ns = monotonic_ns();
  return answer;
}

}  // namespace invctl::sim
