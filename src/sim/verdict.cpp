#include "sim/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

#include "core/text.hpp"
#include "sim/model.hpp"

namespace invctl::sim {

namespace {

using ByRequest = LedgerView::ByRequest;

// Collects what is wrong under one name: the first case is the explanation, the others are counted.
class Finding {
 public:
  explicit Finding(std::string name) { check_.name = std::move(name); }
  void wrong(std::string what) {
    if (count_++ == 0) check_.detail = std::move(what);
  }
  void wrong_if(std::optional<std::string> what) {
    if (what) wrong(std::move(*what));
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

std::string many(std::size_t n, std::string_view what) {
  return text::count(static_cast<long long>(n), what);
}

// What was wanted of one product, what there was, and what went.
struct Trade {
  Quantity supply = 0;            // the first stock, and what was received
  Quantity told = 0, stored = 0;  // units that were acknowledged, and that the ledger has
  std::int64_t wanted = 0;        // purchases that have a final answer
  std::int64_t refused = 0;
  std::optional<Quantity> each;  // what each wants, where all want the same
  bool simple = true;            // nothing but purchases of this product alone
  Quantity sold() const { return std::max(told, stored); }
};

using Trades = std::map<std::string, Trade>;

void note_request(Trades& trades, const Request& request, const Answer* answer, bool stored) {
  const bool buys = request.kind == Request::Kind::purchase || request.kind == Request::Kind::ship;
  if (request.kind == Request::Kind::look) return;
  for (const auto& item : request.items) {
    auto& trade = trades[item.sku];
    if (!trade.each) trade.each = item.quantity;
    trade.simple = trade.simple && buys && request.items.size() == 1 && trade.each == item.quantity;
    if (!buys) continue;
    const auto fate = answer == nullptr ? Fate::failed : answer->fate();
    if (fate == Fate::accepted) trade.told += item.quantity;
    if (fate == Fate::sold_out) ++trade.refused;
    // Who has no final answer may or may not have bought; the ledger says which.
    if (fate == Fate::accepted || fate == Fate::sold_out || stored) ++trade.wanted;
  }
}

Trades trades_of(const Scenario& scenario, std::span<const Answer> answers, const LedgerView& ledger,
                 const ByRequest& by_request) {
  Trades trades;
  for (const auto& sku : scenario.site.skus) trades[sku].supply = scenario.site.stock;
  for (const auto& operation : ledger.operations) {
    if (operation.request.empty()) continue;
    for (const auto& movement : operation.movements) {
      auto& trade = trades[movement.sku];
      (movement.on_hand_delta > 0 ? trade.supply : trade.stored) += std::abs(movement.on_hand_delta);
    }
  }
  std::unordered_map<std::int64_t, const Answer*> answer_of;
  for (const auto& answer : answers) answer_of[answer.number] = &answer;
  for (const auto& request : scenario.requests) {
    const auto found = answer_of.find(request.number);
    note_request(trades, request, found == answer_of.end() ? nullptr : found->second,
                 by_request.contains(name_of(request.number)));
  }
  return trades;
}

// Where all want the same of one product, who is first decides nothing about how much can be sold. Elsewhere
// each refusal is looked at on its own (answers-match).
Check sold_what_there_was(const Trades& trades) {
  Finding finding("sold-what-there-was");
  Quantity sold = 0;
  Quantity supply = 0;
  for (const auto& [sku, trade] : trades) {
    sold += trade.sold();
    supply += trade.supply;
    const auto of = trades.size() == 1 ? std::string() : " of " + text::printable(sku);
    const auto least =
        trade.simple && trade.each ? std::min(trade.wanted, trade.supply / *trade.each) * *trade.each : 0;
    if (trade.sold() > trade.supply) {
      finding.wrong(fmt::format("{} of {} units{} were sold: {} too many", trade.sold(), trade.supply, of,
                                trade.sold() - trade.supply));
    } else if (trade.sold() < least) {
      finding.wrong(fmt::format("{} of {} units{} were sold, though {} were refused", trade.sold(),
                                trade.supply, of, text::count(trade.refused, "buyer")));
    }
  }
  return finding.done(fmt::format("{} of {} units", sold, supply));
}

Check acknowledged_once(std::span<const Answer> answers, const ByRequest& by_request) {
  Finding finding("acknowledged-once");
  std::size_t count = 0;
  for (const auto& answer : answers) {
    if (answer.fate() != Fate::accepted || answer.is_look()) continue;
    ++count;
    const auto who = name_of(answer.number);
    const auto found = by_request.find(who);
    if (found == by_request.end()) {
      finding.wrong(fmt::format("{} was told of operation {}, which is not in the ledger", who, answer.key));
    } else if (found->second.size() > 1) {
      finding.wrong(fmt::format("{} asked once and is in the ledger {} times", who, found->second.size()));
    } else if (const auto& stored = *found->second.front();
               stored.key != answer.key || std::abs(stored.units_out()) != answer.units) {
      finding.wrong(fmt::format("{} was told of {} units under {}, the ledger has {} under {}", who,
                                answer.units, answer.key, std::abs(stored.units_out()), stored.key));
    }
  }
  return finding.done(many(count, "operation"));
}

Check refused_absent(const Scenario& scenario, std::span<const Answer> answers, const ByRequest& by_request) {
  Finding finding("refused-absent");
  std::int64_t refused = 0;
  for (const auto& answer : answers) {
    if (answer.fate() != Fate::sold_out && answer.fate() != Fate::busy) continue;
    ++refused;
    const auto found = by_request.find(name_of(answer.number));
    if (found != by_request.end()) {
      finding.wrong(fmt::format("{} was refused, but the ledger has operation {}", name_of(answer.number),
                                found->second.front()->key));
    }
  }
  std::size_t known = 0;
  for (const auto& request : scenario.requests) known += by_request.count(name_of(request.number));
  if (known != by_request.size()) {
    finding.wrong(
        fmt::format("the ledger has {} of nobody who was there", many(by_request.size() - known, "buyer")));
  }
  return finding.done(text::count(refused, "buyer"));
}

Check everyone_answered(const Scenario& scenario, std::span<const Answer> answers) {
  Finding finding("everyone-answered");
  const auto last = static_cast<std::int64_t>(scenario.requests.size());
  std::vector<int> times(scenario.requests.size() + 1);
  for (const auto& answer : answers) {
    if (answer.number < 1 || answer.number > last) {
      finding.wrong(fmt::format("there is an answer to buyer {}, who was not there", answer.number));
      continue;
    }
    if (++times[static_cast<std::size_t>(answer.number)] == 2) {
      finding.wrong(fmt::format("{} was answered twice", name_of(answer.number)));
    }
    if (answer.fate() == Fate::failed) {
      finding.wrong(fmt::format("{} failed with exit {}: {}", name_of(answer.number),
                                static_cast<int>(answer.exit), text::printable(answer.message)));
    }
  }
  for (std::int64_t number = 1; number <= last; ++number) {
    if (times[static_cast<std::size_t>(number)] == 0) {
      finding.wrong(fmt::format("{} was not answered", name_of(number)));
    }
  }
  return finding.done(text::count(last, "buyer"));
}

struct Served {
  const Answer* answer;
  std::int64_t version;
};

// Who was served of each product, by version.
std::map<std::string, std::vector<Served>> in_version_order(std::span<const Answer> answers,
                                                            const ByRequest& by_request) {
  std::map<std::string, std::vector<Served>> served;
  for (const auto& answer : answers) {
    const auto found = by_request.find(name_of(answer.number));
    if (answer.fate() != Fate::accepted || answer.is_look() || found == by_request.end()) continue;
    for (const auto& movement : found->second.front()->movements) {
      served[movement.sku].push_back({&answer, movement.version});
    }
  }
  for (auto& [sku, list] : served) {
    std::sort(list.begin(), list.end(),
              [](const Served& a, const Served& b) { return a.version < b.version; });
  }
  return served;
}

Check real_time_order(std::span<const Answer> answers, const ByRequest& by_request) {
  Finding finding("real-time-order");
  std::size_t count = 0;
  for (const auto& [sku, served] : in_version_order(answers, by_request)) {
    count += served.size();
    const Answer* latest = nullptr;  // of those with lower versions, the one who began last
    for (const auto& [answer, version] : served) {
      if (latest != nullptr && answer->end_ns < latest->begin_ns) {
        finding.wrong(fmt::format("{} was answered before {} began, but has the higher version {} of {}",
                                  name_of(answer->number), name_of(latest->number), version,
                                  text::printable(sku)));
      }
      if (latest == nullptr || answer->begin_ns > latest->begin_ns) latest = answer;
    }
  }
  return finding.done(many(count, "movement"));
}

Check one_order(const Model& model, const LedgerView& ledger) {
  Finding finding("one-order");
  finding.wrong_if(model.find_cycle());
  return finding.done(many(ledger.operations.size(), "operation"));
}

Check answers_match(const Scenario& scenario, std::span<const Answer> answers, const Model& model) {
  Finding finding("answers-match");
  finding.wrong_if(model.find_wrong_balance());
  std::size_t count = 0;
  for (const auto& answer : answers) {
    const auto number = static_cast<std::size_t>(answer.number);
    const bool final = answer.fate() == Fate::accepted || answer.fate() == Fate::sold_out;
    if (!final || number < 1 || number > scenario.requests.size()) continue;
    ++count;
    finding.wrong_if(model.check(answer, scenario.requests[number - 1].items));
  }
  return finding.done(many(count, "answer"));
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

bool Verdict::ok() const {
  return first_failure() == nullptr;
}

const Check* Verdict::first_failure() const {
  const auto found = std::find_if(checks.begin(), checks.end(), [](const Check& check) { return !check.ok; });
  return found == checks.end() ? nullptr : &*found;
}

Verdict judge(const Scenario& scenario, std::span<const Answer> answers, const LedgerView& ledger) {
  const auto by_request = ledger.by_request();
  const auto trades = trades_of(scenario, answers, ledger, by_request);
  const Model model(answers, ledger);
  Verdict verdict;
  for (const auto& [sku, trade] : trades) {
    verdict.oversold += std::max<Quantity>(trade.sold() - trade.supply, 0);
  }
  verdict.checks.push_back(sold_what_there_was(trades));
  verdict.checks.push_back(acknowledged_once(answers, by_request));
  verdict.checks.push_back(refused_absent(scenario, answers, by_request));
  verdict.checks.push_back(everyone_answered(scenario, answers));
  verdict.checks.push_back(real_time_order(answers, by_request));
  verdict.checks.push_back(one_order(model, ledger));
  verdict.checks.push_back(answers_match(scenario, answers, model));
  add_ledger_checks(verdict, ledger);
  return verdict;
}

Inversions fairness(const Scenario& scenario, std::span<const Answer> answers, const LedgerView& ledger) {
  std::map<std::string, std::vector<Turn>> turns;
  for (const auto& answer : answers) {
    const auto number = static_cast<std::size_t>(answer.number);
    if (answer.fate() != Fate::sold_out || number < 1 || number > scenario.requests.size()) continue;
    for (const auto& item : scenario.requests[number - 1].items) {
      turns[item.sku].push_back({answer.arrival_ns, std::numeric_limits<std::int64_t>::max()});
    }
  }
  for (const auto& [sku, served] : in_version_order(answers, ledger.by_request())) {
    for (const auto& [answer, version] : served) turns[sku].push_back({answer->arrival_ns, version});
  }
  Inversions sum;
  for (auto& [sku, list] : turns) {
    const auto inversions = count_inversions(std::move(list));
    sum.count += inversions.count;
    sum.pairs += inversions.pairs;
  }
  return sum;
}

std::vector<std::pair<std::int64_t, std::int64_t>> service_order(std::span<const Answer> answers,
                                                                 const LedgerView& ledger) {
  std::unordered_map<std::string, std::int64_t> arrivals;
  for (const auto& answer : answers) {
    if (answer.fate() == Fate::accepted && !answer.is_look())
      arrivals[name_of(answer.number)] = answer.number;
  }
  std::vector<std::int64_t> served;  // numbers, in the order of the ledger
  for (const auto& operation : ledger.operations) {
    const auto found = arrivals.find(operation.request);
    if (found != arrivals.end() && operation.is_final()) served.push_back(found->second);
  }
  auto came = served;
  std::sort(came.begin(), came.end());
  std::vector<std::pair<std::int64_t, std::int64_t>> order;
  for (std::size_t i = 0; i < served.size(); ++i) {
    const auto rank = std::lower_bound(came.begin(), came.end(), served[i]) - came.begin() + 1;
    order.emplace_back(rank, static_cast<std::int64_t>(i) + 1);
  }
  return order;
}

}  // namespace invctl::sim
