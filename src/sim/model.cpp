#include "sim/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/text.hpp"

namespace invctl::sim {

namespace {

constexpr auto always = std::numeric_limits<std::int64_t>::min();
constexpr auto never = std::numeric_limits<std::int64_t>::max();

// Sorts by time and lets each entry say the highest number so far.
void accumulate(std::vector<std::pair<std::int64_t, std::size_t>>& entries) {
  std::sort(entries.begin(), entries.end());
  std::size_t highest = 0;
  for (auto& [time, steps] : entries) steps = highest = std::max(highest, steps);
}

// The number of the last entry whose time fulfils `before`, which holds for a beginning of the entries.
template <class F>
std::size_t last_number(const std::vector<std::pair<std::int64_t, std::size_t>>& entries, F&& before) {
  const auto end = std::partition_point(entries.begin(), entries.end(),
                                        [&](const auto& entry) { return before(entry.first); });
  return end == entries.begin() ? 0 : std::prev(end)->second;
}

// Which node waits for which, as numbers; finds those that wait for each other.
class Graph {
 public:
  explicit Graph(std::size_t nodes) : next_(nodes), waits_for_(nodes) {}
  void add(std::size_t before, std::size_t after) {
    next_[before].push_back(after);
    ++waits_for_[after];
  }
  // The nodes of one cycle, in their order; empty where there is none. Kahn's algorithm takes away what waits
  // for nothing; whoever is left waits for somebody who is left.
  std::vector<std::size_t> find_cycle() {
    std::vector<std::size_t> free;
    for (std::size_t node = 0; node < next_.size(); ++node) {
      if (waits_for_[node] == 0) free.push_back(node);
    }
    while (!free.empty()) {
      const auto node = free.back();
      free.pop_back();
      for (const auto after : next_[node]) {
        if (--waits_for_[after] == 0) free.push_back(after);
      }
    }
    return walk_back();
  }

 private:
  std::vector<std::size_t> walk_back() const {
    constexpr auto none = static_cast<std::size_t>(-1);
    std::vector<std::size_t> before(next_.size(), none);
    auto node = none;
    for (std::size_t from = 0; from < next_.size(); ++from) {
      if (waits_for_[from] == 0) continue;
      node = from;
      for (const auto after : next_[from]) {
        if (waits_for_[after] > 0) before[after] = from;
      }
    }
    if (node == none) return {};
    std::vector<bool> met(next_.size());
    while (!met[node]) {
      met[node] = true;
      node = before[node];
    }
    std::vector<std::size_t> cycle;
    for (auto at = node; cycle.empty() || at != node; at = before[at]) cycle.push_back(at);
    std::reverse(cycle.begin(), cycle.end());
    return cycle;
  }

  std::vector<std::vector<std::size_t>> next_;
  std::vector<std::size_t> waits_for_;
};

}  // namespace

Model::Model(std::span<const Answer> answers, const LedgerView& ledger)
    : ledger_(ledger), by_request_(ledger.by_request()) {
  for (const auto& answer : answers) {
    const bool seen = answer.fate() == Fate::accepted;
    intervals_[name_of(answer.number)] = {answer.fate() == Fate::failed ? always : answer.begin_ns,
                                          seen ? answer.end_ns : never};
  }
  for (const auto& operation : ledger.operations) {
    for (const auto& movement : operation.movements) {
      rows_[movement.sku].steps.push_back(
          {&operation, movement.version, movement.on_hand_delta, movement.reserved_delta, when(operation)});
    }
  }
  for (auto& [sku, row] : rows_) {
    std::stable_sort(row.steps.begin(), row.steps.end(),
                     [](const Step& a, const Step& b) { return a.version < b.version; });
    Quantity on_hand = 0;
    Quantity reserved = 0;
    for (std::size_t i = 0; i < row.steps.size(); ++i) {
      auto& step = row.steps[i];
      step.on_hand = on_hand += step.on_hand;  // so far it was the delta
      step.reserved = reserved += step.reserved;
      row.must_by_end.emplace_back(step.when.end, i + 1);
      row.can_by_begin.emplace_back(step.when.begin, i + 1);
      for (const auto& movement : step.operation->movements) {
        const bool same = movement.on_hand_after == on_hand && movement.reserved_after == reserved;
        if (movement.sku != sku || movement.version != step.version || same || wrong_balance_) continue;
        wrong_balance_ =
            fmt::format("after version {} of {} there are {} on hand by the movements so far, {} by its own",
                        step.version, text::printable(sku), on_hand, movement.on_hand_after);
      }
    }
    accumulate(row.must_by_end);
    accumulate(row.can_by_begin);
  }
}

// The stock was received before anybody came.
Interval Model::when(const LedgerOperation& operation) const {
  if (operation.request.empty()) return {always, always};
  const auto found = intervals_.find(operation.request);
  return found == intervals_.end() ? Interval{always, never} : found->second;
}

std::optional<std::string> Model::find_wrong_balance() const {
  return wrong_balance_;
}

std::optional<std::string> Model::check(const Answer& answer, std::span<const Item> wanted) const {
  if (answer.fate() == Fate::accepted && !answer.is_look()) return check_accepted(answer);
  if (answer.fate() == Fate::sold_out && answer.lines.empty()) {
    return fmt::format("{} was refused without a reason", name_of(answer.number));
  }
  for (const auto& line : answer.lines) {
    std::optional<Quantity> quantity;
    if (answer.fate() == Fate::sold_out) {
      quantity = 0;
      for (const auto& item : wanted) {
        if (item.sku == line.sku) *quantity += item.quantity;
      }
    }
    if (auto wrong = check_seen(answer, line, quantity)) return wrong;
  }
  return std::nullopt;
}

std::optional<std::string> Model::check_accepted(const Answer& answer) const {
  const auto found = by_request_.find(name_of(answer.number));
  if (found == by_request_.end()) return std::nullopt;  // the check of what was acknowledged says so
  const auto& operation = *found->second.front();
  for (const auto& movement : operation.movements) {
    const auto& steps = rows_.at(movement.sku).steps;
    const auto first = std::partition_point(steps.begin(), steps.end(),
                                            [&](const Step& s) { return s.version < movement.version; });
    const auto step =
        std::find_if(first, steps.end(), [&](const Step& s) { return s.operation == &operation; });
    const auto line = std::find_if(answer.lines.begin(), answer.lines.end(),
                                   [&](const AnswerLine& l) { return l.sku == movement.sku; });
    if (line == answer.lines.end() || line->quantity != step->on_hand) {
      return fmt::format(
          "{} was told that {} of {} are left, by the movements before it there are {}",
          name_of(answer.number),
          line == answer.lines.end() ? std::string("nothing") : fmt::format("{}", line->quantity),
          text::printable(movement.sku), step->on_hand);
    }
  }
  return std::nullopt;
}

std::optional<std::string> Model::check_seen(const Answer& answer, const AnswerLine& line,
                                             std::optional<Quantity> wanted) const {
  const auto found = rows_.find(line.sku);
  static const Row empty;
  const auto& row = found == rows_.end() ? empty : found->second;
  const auto least = last_number(row.must_by_end, [&](std::int64_t end) { return end < answer.begin_ns; });
  const auto most = last_number(row.can_by_begin, [&](std::int64_t begin) { return begin <= answer.end_ns; });
  for (auto i = least; i <= std::max(least, most); ++i) {
    const auto available = i == 0 ? 0 : row.steps[i - 1].on_hand - row.steps[i - 1].reserved;
    if (available == line.quantity && (!wanted || available < *wanted)) return std::nullopt;
  }
  const auto versions =
      least >= most ? fmt::format("version {}", least) : fmt::format("versions {} to {}", least, most);
  return fmt::format("{} {} {} of {}, which at {}, all that he can have seen, were never available{}",
                     name_of(answer.number), wanted ? "was refused for" : "saw", line.quantity,
                     text::printable(line.sku), versions,
                     wanted ? fmt::format(" or were enough for the {} that he wanted", *wanted) : "");
}

// Operations are the first nodes; behind them the moments at which one began or ended stand in a chain. Who
// ended leads into the chain, who begins comes out of it.
std::optional<std::string> Model::find_cycle() const {
  struct Moment {
    std::int64_t time;
    bool ends;
    std::size_t operation;
  };
  const auto& operations = ledger_.operations;
  std::unordered_map<const LedgerOperation*, std::size_t> number;
  std::vector<Moment> moments;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    number[&operations[i]] = i;
    const auto interval = when(operations[i]);
    if (interval.begin != always) moments.push_back({interval.begin, false, i});
    if (interval.end != never) moments.push_back({interval.end, true, i});
  }
  // Who begins in the moment in which another ends has not begun after it.
  std::sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) {
    return std::pair(a.time, a.ends) < std::pair(b.time, b.ends);
  });
  Graph graph(operations.size() + moments.size());
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const auto node = operations.size() + i;
    if (i > 0) graph.add(node - 1, node);
    if (moments[i].ends) {
      graph.add(moments[i].operation, node);
    } else {
      graph.add(node, moments[i].operation);
    }
  }
  for (const auto& [sku, row] : rows_) {
    for (std::size_t i = 1; i < row.steps.size(); ++i) {
      const auto before = number.at(row.steps[i - 1].operation);
      const auto after = number.at(row.steps[i].operation);
      if (before != after) graph.add(before, after);
    }
  }
  std::vector<std::string> names;
  for (const auto node : graph.find_cycle()) {
    if (node >= operations.size() || names.size() == 5) continue;
    const auto& who = operations[node].request;
    names.push_back(who.empty() ? std::string("the stock") : who);
  }
  if (names.empty()) return std::nullopt;
  names.push_back(names.front());
  return fmt::format("in no order can {}", text::join(names, " come before "));
}

}  // namespace invctl::sim
