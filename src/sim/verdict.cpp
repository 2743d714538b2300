#include "sim/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "core/text.hpp"

namespace invctl::sim {

namespace {

using ByUser = std::unordered_map<std::string, std::vector<const LedgerPurchase*>>;

ByUser by_user(const LedgerView& ledger) {
  ByUser found;
  for (const auto& purchase : ledger.purchases) found[purchase.user].push_back(&purchase);
  return found;
}

// Collects what is wrong under one name: the first case is the explanation, the others are counted.
class Finding {
 public:
  explicit Finding(std::string name) { check_.name = std::move(name); }
  void wrong(std::string what) {
    if (count_++ == 0) check_.detail = std::move(what);
  }
  Check done(std::string fine) {
    check_.ok = count_ == 0;
    if (check_.ok) check_.detail = std::move(fine);
    if (count_ > 1) check_.detail += fmt::format(" (and {} more)", count_ - 1);
    return std::move(check_);
  }

 private:
  Check check_;
  std::int64_t count_ = 0;
};

Check sold_what_there_was(const Scenario& scenario, std::span<const Answer> answers, const LedgerView& ledger,
                          const ByUser& purchases) {
  const auto metrics = measure(answers, 0, scenario.stock);
  Quantity stored = 0;
  for (const auto& purchase : ledger.purchases) stored += purchase.quantity;
  // Who has no final answer may or may not have bought; the ledger says which.
  std::int64_t left_out = scenario.buyers - static_cast<std::int64_t>(answers.size());
  for (const auto& answer : answers) {
    const bool final = answer.fate() == Fate::sold || answer.fate() == Fate::sold_out;
    if (!final && !purchases.contains(user_of(answer.buyer))) ++left_out;
  }
  // Everybody wants the same, so that who is first decides nothing about how much can be sold.
  const auto least = std::min(scenario.buyers - left_out, scenario.stock / scenario.quantity);
  const auto sold = std::max(metrics.sold, stored);
  Finding finding("sold-what-there-was");
  if (sold > scenario.stock) {
    finding.wrong(
        fmt::format("{} of {} units were sold: {} too many", sold, scenario.stock, sold - scenario.stock));
  } else if (sold < least * scenario.quantity) {
    finding.wrong(fmt::format("{} of {} units were sold, though {} were refused", sold, scenario.stock,
                              text::count(metrics.sold_out, "buyer")));
  }
  return finding.done(fmt::format("{} of {} units", sold, scenario.stock));
}

Check acknowledged_once(std::span<const Answer> answers, const ByUser& purchases) {
  Finding finding("acknowledged-once");
  std::int64_t count = 0;
  for (const auto& answer : answers) {
    if (answer.fate() != Fate::sold) continue;
    ++count;
    const auto user = user_of(answer.buyer);
    const auto found = purchases.find(user);
    if (found == purchases.end()) {
      finding.wrong(fmt::format("{} was told of purchase {}, which is not in the ledger", user, answer.key));
    } else if (found->second.size() > 1) {
      finding.wrong(fmt::format("{} bought once and is in the ledger {} times", user, found->second.size()));
    } else if (const auto& purchase = *found->second.front();
               purchase.key != answer.key || purchase.quantity != answer.quantity) {
      finding.wrong(fmt::format("{} was told of {} units under {}, the ledger has {} under {}", user,
                                answer.quantity, answer.key, purchase.quantity, purchase.key));
    }
  }
  return finding.done(text::count(count, "purchase"));
}

Check refused_absent(const Scenario& scenario, std::span<const Answer> answers, const ByUser& purchases) {
  Finding finding("refused-absent");
  std::int64_t refused = 0;
  std::size_t known = 0;
  for (const auto& answer : answers) {
    const auto user = user_of(answer.buyer);
    const auto found = purchases.find(user);
    if (answer.fate() == Fate::sold_out || answer.fate() == Fate::busy) {
      ++refused;
      if (found != purchases.end()) {
        finding.wrong(
            fmt::format("{} was refused, but the ledger has purchase {}", user, found->second.front()->key));
      }
    }
  }
  for (std::int64_t buyer = 1; buyer <= scenario.buyers; ++buyer) known += purchases.count(user_of(buyer));
  if (known != purchases.size()) {
    finding.wrong(fmt::format("the ledger has {} of nobody who was there",
                              text::count(static_cast<long long>(purchases.size() - known), "buyer")));
  }
  return finding.done(text::count(refused, "buyer"));
}

Check everyone_answered(const Scenario& scenario, std::span<const Answer> answers) {
  Finding finding("everyone-answered");
  std::vector<int> times(static_cast<std::size_t>(scenario.buyers) + 1);
  for (const auto& answer : answers) {
    if (answer.buyer < 1 || answer.buyer > scenario.buyers) {
      finding.wrong(fmt::format("there is an answer to buyer {}, who was not there", answer.buyer));
      continue;
    }
    if (++times[static_cast<std::size_t>(answer.buyer)] == 2) {
      finding.wrong(fmt::format("{} was answered twice", user_of(answer.buyer)));
    }
    if (answer.fate() == Fate::failed) {
      finding.wrong(fmt::format("{} failed with exit {}: {}", user_of(answer.buyer),
                                static_cast<int>(answer.exit), text::printable(answer.message)));
    }
  }
  for (std::int64_t buyer = 1; buyer <= scenario.buyers; ++buyer) {
    if (times[static_cast<std::size_t>(buyer)] == 0) {
      finding.wrong(fmt::format("{} was not answered", user_of(buyer)));
    }
  }
  return finding.done(text::count(scenario.buyers, "buyer"));
}

struct Served {
  const Answer* answer;
  std::int64_t version;
};

std::vector<Served> in_version_order(std::span<const Answer> answers, const ByUser& purchases) {
  std::vector<Served> served;
  for (const auto& answer : answers) {
    const auto found = purchases.find(user_of(answer.buyer));
    if (answer.fate() != Fate::sold || found == purchases.end()) continue;
    served.push_back({&answer, found->second.front()->version});
  }
  std::sort(served.begin(), served.end(),
            [](const Served& a, const Served& b) { return a.version < b.version; });
  return served;
}

Check real_time_order(std::span<const Answer> answers, const ByUser& purchases) {
  Finding finding("real-time-order");
  const auto served = in_version_order(answers, purchases);
  const Answer* latest = nullptr;  // of those with lower versions, the one who began last
  for (const auto& [answer, version] : served) {
    if (latest != nullptr && answer->end_ns < latest->begin_ns) {
      finding.wrong(fmt::format("{} was answered before {} began, but has the higher version {}",
                                user_of(answer->buyer), user_of(latest->buyer), version));
    }
    if (latest == nullptr || answer->begin_ns > latest->begin_ns) latest = answer;
  }
  return finding.done(text::count(static_cast<long long>(served.size()), "purchase"));
}

void add_ledger_checks(Verdict& verdict, const LedgerView& ledger) {
  for (const auto name : ledger_checks) {
    Finding finding{std::string(name)};
    for (const auto& violation : ledger.violations) {
      if (violation.check == name) finding.wrong(violation.message());
    }
    verdict.checks.push_back(finding.done(text::count(ledger.movements, "movement")));
  }
}

}  // namespace

LedgerView read_ledger(LedgerReader& reader) {
  LedgerView view;
  LedgerVerifier verifier({}, reader.ids_ascend());
  std::unordered_map<std::int64_t, std::size_t> purchase_of_operation;
  in_snapshot(reader, [&] {
    reader.balances([&](const BalanceEntry& entry) { verifier.balance(entry); });
    reader.ledger(
        [&](const OperationEntry& entry) {
          verifier.operation(entry);
          for (const auto& purchase : entry.purchases) {
            purchase_of_operation[entry.record.id] = view.purchases.size();
            view.purchases.push_back({purchase.user, entry.record.key, purchase.quantity, 0});
          }
        },
        [&](const MovementEntry& entry) {
          verifier.movement(entry);
          const auto found = purchase_of_operation.find(entry.operation_id);
          if (found != purchase_of_operation.end()) {
            view.purchases[found->second].version = entry.record.version;
          }
        },
        [&](const OrphanPurchase& entry) { verifier.orphan(entry); });
  });
  view.movements = verifier.movements();
  view.violations = verifier.finish();
  return view;
}

bool Verdict::ok() const {
  return first_failure() == nullptr;
}

const Check* Verdict::first_failure() const {
  const auto found = std::find_if(checks.begin(), checks.end(), [](const Check& check) { return !check.ok; });
  return found == checks.end() ? nullptr : &*found;
}

Verdict judge(const Scenario& scenario, std::span<const Answer> answers, const LedgerView& ledger) {
  const auto purchases = by_user(ledger);
  Verdict verdict;
  verdict.checks.push_back(sold_what_there_was(scenario, answers, ledger, purchases));
  verdict.checks.push_back(acknowledged_once(answers, purchases));
  verdict.checks.push_back(refused_absent(scenario, answers, purchases));
  verdict.checks.push_back(everyone_answered(scenario, answers));
  verdict.checks.push_back(real_time_order(answers, purchases));
  add_ledger_checks(verdict, ledger);
  return verdict;
}

Inversions fairness(std::span<const Answer> answers, const LedgerView& ledger) {
  const auto purchases = by_user(ledger);
  std::vector<Turn> turns;
  for (const auto& answer : answers) {
    if (answer.fate() == Fate::sold_out) {
      turns.push_back({answer.arrival_ns, std::numeric_limits<std::int64_t>::max()});
    }
  }
  for (const auto& [answer, version] : in_version_order(answers, purchases)) {
    turns.push_back({answer->arrival_ns, version});
  }
  return count_inversions(std::move(turns));
}

}  // namespace invctl::sim
