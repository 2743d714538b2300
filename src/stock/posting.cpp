// One transaction: lock, replay what is stored, decide the rest, write it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "core/text.hpp"
#include "stock/batch_builder.hpp"
#include "stock/chain.hpp"
#include "stock/ledger.hpp"
#include "stock/rejection.hpp"

namespace invctl {

namespace {

Receipt receipt_of(const OperationRecord& record, std::span<const MovementRecord> movements,
                   std::span<const PurchaseRecord> purchases) {
  Receipt receipt;
  receipt.operation = record.id;
  receipt.key = record.key;
  receipt.kind = record.kind;
  receipt.reference = record.reference;
  receipt.actor = record.actor;
  receipt.recorded_at = record.recorded_at;
  receipt.reverses = record.reverses_id;
  receipt.reservation = record.kind == Kind::reserve ? record.id : record.reservation_id;
  receipt.expires_at = record.expires_at;
  for (const auto& movement : movements) {
    ReceiptLine line;
    line.warehouse = movement.warehouse;
    line.sku = movement.sku;
    line.delta = movement.on_hand_delta;
    line.reserved_delta = movement.reserved_delta;
    line.before = movement.on_hand_after - movement.on_hand_delta;
    line.on_hand = movement.on_hand_after;
    line.reserved = movement.reserved_after;
    line.unit_cost_minor = movement.unit_cost_minor;
    receipt.lines.push_back(std::move(line));
  }
  for (const auto& purchase : purchases) {
    auto& line = receipt.lines.at(static_cast<std::size_t>(purchase.line - 1));
    line.unit_price_minor = purchase.unit_price_minor;
    line.amount_minor = purchase.total_minor;
    receipt.user = purchase.user;
    receipt.total_minor = receipt.total_minor.value_or(0) + purchase.total_minor;
  }
  return receipt;
}

Error key_reused(const std::string& key) {
  return Error(Exit::conflict, "key_reused",
               "the id " + text::printable(key) + " was used for another request",
               "use a new --id for a new request");
}

// `by` is 0 where it happens in the same batch.
Error already_reversed(std::int64_t id, std::int64_t by) {
  return Error(Exit::conflict, "already_reversed",
               fmt::format("operation {} was reversed before{}", id,
                           by == 0 ? std::string() : fmt::format(", by operation {}", by)),
               "`invctl history` shows both; a reversal can be reversed too");
}

Outcome replay(const StoredOperation& stored, const Operation& operation) {
  Outcome outcome;
  outcome.replayed = true;
  if (stored.record.request_hash != request_hash(operation)) {
    outcome.replayed = false;
    outcome.rejection = key_reused(stored.record.key);
  } else if (stored.record.accepted) {
    outcome.receipt = receipt_of(stored.record, stored.movements, stored.purchases);
  } else {
    outcome.rejection = rejection_from_json(stored.record.result.value_or("null"));
  }
  return outcome;
}

// By whom each of the operations that are to be reversed was reversed before.
std::unordered_map<std::int64_t, std::int64_t> find_reversals(PostingStore& store,
                                                              std::span<const Operation> operations) {
  std::vector<std::int64_t> ids;
  for (const auto& operation : operations) {
    if (operation.reverses) ids.push_back(operation.reverses->id);
  }
  std::unordered_map<std::int64_t, std::int64_t> found;
  if (ids.empty()) return found;
  for (const auto& reversal : store.find_reversals(ids)) found[reversal.reversed] = reversal.by;
  return found;
}

Decision refused(Error rejection) {
  Decision decision;
  decision.rejection = std::move(rejection);
  return decision;
}

// Gives back what a reservation holds of the rows that are locked, although its time is up.
Operation expiry_of(const Reservation& reservation, const std::string& actor) {
  Operation operation;
  operation.kind = Kind::expire;
  operation.reservation = reservation.ref;
  operation.actor = actor;
  for (const auto& [key, hold] : reservation.holds) {
    operation.lines.push_back({.warehouse = WarehouseCode::trusted(hold.warehouse),
                               .sku = Sku::trusted(hold.sku),
                               .mode = Line::Mode::held,
                               .expect = std::nullopt});
  }
  ensure_key(operation);
  normalise_lines(operation.lines);
  return operation;
}

void give_back_expired(BatchBuilder& builder, const Book& book, Micros now, const std::string& actor) {
  // A copy: giving back changes the book.
  const auto reservations = book.reservations();  // NOLINT(performance-unnecessary-copy-initialization)
  for (const auto& [id, reservation] : reservations) {
    // One that has expired in part goes on expiring, whatever a clock that was set back says.
    const bool due = reservation.expires_at <= now || reservation.ended_by == Kind::expire;
    if (reservation.holds.empty() || !due) continue;
    const auto operation = expiry_of(reservation, actor);
    builder.add(operation, decide(book, operation));
  }
}

// So near the end of a month that this machine's clock may be behind the one by which the month was closed.
constexpr Micros most_behind = 3'600'000'000;

bool ends_month_within(Micros time) {
  const std::chrono::sys_time<std::chrono::microseconds> soon{std::chrono::microseconds(now_utc() + time)};
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(soon));
  const auto month = std::chrono::sys_days(date.year() / date.month() / 1);
  return soon - month < std::chrono::microseconds(time);
}

// Whether it matters what is closed: where an operation has a time of its own, and near the end of a month.
// Opening stock is kept apart from closing by the lock of the catalogue, and may be drafted beside the
// transaction.
bool may_be_closed(std::span<const Operation> operations) {
  const bool near = ends_month_within(most_behind);
  return std::any_of(operations.begin(), operations.end(), [&](const Operation& operation) {
    return operation.occurred_at || (near && operation.kind != Kind::opening);
  });
}

Error period_closed(Micros occurred_at, Micros closed_until) {
  return Error(Exit::conflict, "period_closed",
               fmt::format("{} is in a period that is closed, up to {}", format_time(occurred_at),
                           format_time(closed_until)),
               "give it a time in an open period: what is closed does not change any more");
}

std::vector<const Line*> pointers_to(std::span<const Line> lines) {
  std::vector<const Line*> pointers;
  pointers.reserve(lines.size());
  for (const auto& line : lines) pointers.push_back(&line);
  return pointers;
}

// Expired holds that are given back in one transaction.
constexpr std::size_t most_due = 500;

bool is_remembered(const Operation& operation, const Error& rejection) {
  // With another time, which is no part of the request, it can be posted.
  return !is_auto_key(*operation.key) && rejection.code != "period_closed" &&
         (rejection.exit == Exit::insufficient_stock || rejection.exit == Exit::conflict);
}

}  // namespace

Posting::Posting(PostingStore& store, const Origin& origin, std::span<const Operation> operations,
                 const Deadline& deadline, bool repeated)
    : store_(store), origin_(origin), repeated_(repeated) {
  std::vector<const Line*> lines;
  for (const auto& operation : operations) {
    for (const auto& line : operation.lines) lines.push_back(&line);
    if (operation.reservation) reservations_.push_back(*operation.reservation);
    timed_ = timed_ || operation.ttl;
  }
  if (!operations.empty()) actor_ = operations.front().actor;
  if (operations.size() == 1) store_.expect(operations.front());
  begin(lines, deadline);
}

Posting::Posting(PostingStore& store, const Origin& origin, std::span<const Line> lines,
                 const Deadline& deadline)
    : store_(store), origin_(origin), remember_refusals_(false) {
  begin(pointers_to(lines), deadline);
}

void Posting::forget_drafts(std::span<const Line> lines) {
  book_ = {};
  lock(pointers_to(lines));
}

Posting::Posting(PostingStore& store, const Origin& origin, Book book)
    : store_(store), origin_(origin), book_(std::move(book)), open_(false) {}

void Posting::begin(std::span<const Line* const> lines, const Deadline& deadline) {
  for (;;) {
    book_ = {};
    closed_until_.reset();
    store_.begin(deadline);
    try {
      lock(lines);
      if (due_ < most_due) return;
      // So many that they get transactions of their own: one is bounded, on a cluster by the servers as well.
      BatchBuilder builder(book_, origin_, now_, store_.closed_until());
      give_back_expired(builder, book_, now_, actor_);
      auto batch = builder.finish();
      store_.append(batch);
      store_.commit();
    } catch (...) {
      store_.rollback();
      throw;
    }
  }
}

Posting::~Posting() {
  if (open_) store_.rollback();
}

void Posting::lock(std::span<const Line* const> lines) {
  std::vector<Place> places;
  places.reserve(lines.size());
  for (const auto* line : lines) {
    places.push_back(
        {line->warehouse ? std::optional<std::string_view>(line->warehouse->str()) : std::nullopt,
         line->sku.str()});
  }
  auto locked = store_.lock_lines(places);
  for (auto& warehouse : locked.codes.warehouses) book_.add(std::move(warehouse));
  for (auto& product : locked.codes.products) book_.add(std::move(product));
  for (const auto& row : locked.rows) book_.add(row);
  find_holds(locked.rows);
}

// Costs nothing where nothing is reserved.
void Posting::find_holds(std::span<const InventoryRow> rows) {
  std::vector<std::int64_t> reserved;
  for (const auto& row : rows) {
    if (row.reserved > 0) reserved.push_back(row.id);
  }
  std::vector<std::int64_t> named;
  for (const auto& reservation : reservations_) named.push_back(reservation.id);
  if (timed_ || !reserved.empty()) now_ = store_.clock();
  due_ = 0;
  if (!reserved.empty()) {
    for (const auto& hold : store_.find_due_holds(reserved, now_, most_due)) {
      book_.add(hold);
      ++due_;
    }
  }
  if (!reserved.empty() && !named.empty()) {
    for (const auto& hold : store_.find_holds(named, reserved)) book_.add(hold);
  }
  if (named.empty()) return;
  for (const auto& end : store_.find_reservation_ends(named)) {
    const auto is_it = [&](const ReservationRef& ref) { return ref.id == end.reservation; };
    book_.add_end(*std::find_if(reservations_.begin(), reservations_.end(), is_it), end.by);
  }
}

// The transaction may take its time: a month that ends meanwhile ends near enough.
void Posting::ready_to_draft(bool timed) {
  constexpr Micros longest = 24 * most_behind;
  closing_matters_ = timed || ends_month_within(longest);
  if (*closing_matters_) closed_until();
}

std::optional<Micros> Posting::closed_until() {
  if (!closed_until_) closed_until_ = store_.closed_until();
  return *closed_until_;
}

Posting::Draft Posting::draft(std::span<const Operation> operations) {
  for (const auto& operation : operations) check_operation(operation);
  std::vector<std::string> keys;
  for (const auto& operation : operations) {
    if (repeated_ || !operation.key_is_new) keys.push_back(*operation.key);
  }
  std::unordered_map<std::string, StoredOperation> stored;
  for (auto& found : keys.empty() ? std::vector<StoredOperation>() : store_.find_operations(keys)) {
    auto key = found.record.key;
    stored.emplace(std::move(key), std::move(found));
  }

  auto reversed = find_reversals(store_, operations);
  const bool matters = closing_matters_ ? *closing_matters_ : may_be_closed(operations);
  const auto closed = matters ? closed_until() : std::nullopt;
  BatchBuilder builder(book_, origin_, now_, closed);
  if (!book_.reservations().empty() && !operations.empty()) {
    give_back_expired(builder, book_, now_, operations.front().actor);
  }
  Draft draft;
  auto& outcomes = draft.outcomes;
  outcomes.resize(operations.size());
  draft.written.resize(operations.size());
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const auto& operation = operations[i];
    if (const auto found = stored.find(*operation.key); found != stored.end()) {
      outcomes[i] = replay(found->second, operation);
      continue;
    }
    if (const auto twin = draft.first_with_key.find(*operation.key); twin != draft.first_with_key.end()) {
      // The same key twice in one batch: the second is a replay of the first, once that has its id.
      outcomes[i].replayed = request_hash(operations[twin->second]) == request_hash(operation);
      if (!outcomes[i].replayed) outcomes[i].rejection = key_reused(*operation.key);
      continue;
    }
    const bool too_late = closed && operation.occurred_at && *operation.occurred_at < *closed;
    auto decision =
        too_late ? refused(period_closed(*operation.occurred_at, *closed)) : decide(book_, operation);
    if (operation.reverses) {
      const auto [twin, first] = reversed.try_emplace(operation.reverses->id, 0);
      if (!first) decision = refused(already_reversed(twin->first, twin->second));
      if (!decision.accepted() && first) reversed.erase(twin);
    }
    if (decision.accepted() || (remember_refusals_ && is_remembered(operation, *decision.rejection))) {
      draft.written[i] = builder.add(operation, decision);
      draft.first_with_key.emplace(*operation.key, i);
    }
    outcomes[i].rejection = decision.rejection;
  }

  draft.batch = builder.finish();
  return draft;
}

void Posting::write(Draft& draft) {
  if (draft.batch.operations.empty()) return;
  for (auto& change : draft.batch.changes) {
    const auto row = change.before.id == 0 ? created_.find(change.after.key) : created_.end();
    if (row != created_.end()) change.before.id = change.after.id = row->second;
  }
  store_.append(draft.batch);
  note_written(draft);
  for (const auto& change : draft.batch.changes) {
    if (change.before.id == 0) created_.emplace(change.after.key, change.after.id);
  }
}

void Posting::note_written(const Draft& draft) {
  wrote_ = true;
  posted_ = posted_ || std::any_of(draft.written.begin(), draft.written.end(),
                                   [](const auto& rows) { return rows.has_value(); });
}

std::vector<Outcome> Posting::post(std::span<const Operation> operations) {
  auto drafted = draft(operations);
  return post(drafted, operations);
}

std::vector<Outcome> Posting::post(Draft& drafted, std::span<const Operation> operations) {
  write(drafted);
  return outcomes_of(drafted, operations);
}

std::vector<Outcome> Posting::post_and_commit(std::span<const Operation> operations,
                                              const std::function<void()>& before_commit) {
  auto drafted = draft(operations);
  if (!drafted.batch.operations.empty()) {
    open_ = false;
    try {
      store_.append_and_commit(drafted.batch, before_commit);
    } catch (...) {
      store_.rollback();
      throw;
    }
    note_written(drafted);
  }
  return outcomes_of(drafted, operations);
}

std::vector<Outcome> Posting::outcomes_of(Draft& drafted, std::span<const Operation> operations) {
  auto& [batch, outcomes, written, first_with_key] = drafted;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!written[i] || outcomes[i].rejection) continue;
    const auto& rows = *written[i];
    outcomes[i].receipt = receipt_of(batch.operations[rows.operation],
                                     std::span(batch.movements).subspan(rows.movement, rows.movements),
                                     std::span(batch.purchases).subspan(rows.purchase, rows.purchases));
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!outcomes[i].replayed || outcomes[i].receipt || outcomes[i].rejection) continue;
    const auto& twin = outcomes[first_with_key.at(*operations[i].key)];
    outcomes[i].receipt = twin.receipt;
    outcomes[i].rejection = twin.rejection;
  }
  return std::move(outcomes);
}

void Posting::commit() {
  open_ = false;
  store_.commit();
}

}  // namespace invctl
