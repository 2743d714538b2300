#include "sim/metrics.hpp"

#include <algorithm>
#include <unordered_map>

namespace invctl::sim {

namespace {

std::int64_t nearest_rank(const std::vector<std::int64_t>& sorted, std::size_t permille) {
  const auto rank = (sorted.size() * permille + 999) / 1000;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

Percentiles percentiles_of_sorted(const std::vector<std::int64_t>& sorted) {
  if (sorted.empty()) return {};
  return {nearest_rank(sorted, 500), nearest_rank(sorted, 900), nearest_rank(sorted, 950),
          nearest_rank(sorted, 990), nearest_rank(sorted, 999), sorted.back()};
}

std::int64_t pairs_of(std::int64_t n) {
  return n * (n - 1) / 2;
}

// How many of the numbers noted so far are below a bound; numbers are 0 to n - 1 (a Fenwick tree).
class Tally {
 public:
  explicit Tally(std::size_t n) : tree_(n + 1) {}
  void note(std::size_t number) {
    for (auto i = number + 1; i < tree_.size(); i += i & (~i + 1)) ++tree_[i];
    ++total_;
  }
  std::int64_t above(std::size_t number) const {
    std::int64_t up_to = 0;
    for (auto i = number + 1; i > 0; i -= i & (~i + 1)) up_to += tree_[i];
    return total_ - up_to;
  }

 private:
  std::vector<std::int64_t> tree_;
  std::int64_t total_ = 0;
};

// Pairs that are equal in what `key` makes of them; `turns` are sorted by it.
template <class Key>
std::int64_t equal_pairs(const std::vector<Turn>& turns, Key&& key) {
  std::int64_t pairs = 0;
  for (std::size_t first = 0; first < turns.size();) {
    auto last = first;
    while (last < turns.size() && key(turns[last]) == key(turns[first])) ++last;
    pairs += pairs_of(static_cast<std::int64_t>(last - first));
    first = last;
  }
  return pairs;
}

}  // namespace

Percentiles percentiles(std::vector<std::int64_t> values) {
  std::sort(values.begin(), values.end());
  return percentiles_of_sorted(values);
}

Inversions count_inversions(std::vector<Turn> turns) {
  const auto by_service = [](const Turn& t) { return t.service; };
  const auto by_arrival = [](const Turn& t) { return t.arrival; };
  const auto by_both = [](const Turn& t) { return std::pair(t.arrival, t.service); };

  std::sort(turns.begin(), turns.end(), [&](auto& a, auto& b) { return by_service(a) < by_service(b); });
  auto ordered = pairs_of(static_cast<std::int64_t>(turns.size())) - equal_pairs(turns, by_service);
  std::vector<std::int64_t> services;
  for (const auto& turn : turns) services.push_back(turn.service);
  services.erase(std::unique(services.begin(), services.end()), services.end());
  const auto rank = [&](const Turn& turn) {
    return static_cast<std::size_t>(std::lower_bound(services.begin(), services.end(), turn.service) -
                                    services.begin());
  };

  std::sort(turns.begin(), turns.end(), [&](auto& a, auto& b) { return by_both(a) < by_both(b); });
  ordered += equal_pairs(turns, by_both) - equal_pairs(turns, by_arrival);

  Inversions result;
  result.pairs = ordered;
  Tally earlier(services.size());
  for (std::size_t first = 0; first < turns.size();) {
    // Those who came together are compared with all before them and noted only then.
    auto last = first;
    for (; last < turns.size() && turns[last].arrival == turns[first].arrival; ++last) {
      result.count += earlier.above(rank(turns[last]));
    }
    for (; first < last; ++first) earlier.note(rank(turns[first]));
  }
  return result;
}

double jain_index(std::span<const std::int64_t> shares) {
  double sum = 0;
  double squares = 0;
  for (const auto share : shares) {
    const auto x = static_cast<double>(share);
    sum += x;
    squares += x * x;
  }
  return squares == 0 ? 1 : sum * sum / (static_cast<double>(shares.size()) * squares);
}

namespace {

constexpr std::int64_t timeline_steps = 60;

Timeline timeline_of(std::span<const Answer> answers, std::int64_t start_ns, std::int64_t elapsed_ns) {
  Timeline timeline;
  timeline.step_ns = std::max<std::int64_t>(elapsed_ns / timeline_steps + 1, 1);
  timeline.answers.resize(static_cast<std::size_t>(elapsed_ns / timeline.step_ns) + 1);
  for (const auto& answer : answers) {
    if (answer.fate() == Fate::failed) continue;
    ++timeline.answers[static_cast<std::size_t>((answer.end_ns - start_ns) / timeline.step_ns)];
  }
  return timeline;
}

double fairness_of_workers(std::span<const Answer> answers) {
  std::unordered_map<std::int64_t, std::int64_t> served;
  for (const auto& answer : answers) ++served[answer.worker];
  std::vector<std::int64_t> shares;
  for (const auto& [worker, count] : served) shares.push_back(count);
  return jain_index(shares);
}

void count_fate(Metrics& metrics, const Answer& answer) {
  switch (answer.fate()) {
    case Fate::accepted:
      if (answer.is_look()) {
        ++metrics.looks;
        break;
      }
      ++metrics.accepted;
      metrics.last_winner = std::max(metrics.last_winner, answer.number);
      if (answer.kind != Request::Kind::receive) metrics.sold += answer.units;
      break;
    case Fate::sold_out:
      ++metrics.sold_out;
      break;
    case Fate::busy:
      ++metrics.busy;
      break;
    case Fate::failed:
      ++metrics.failed;
      break;
  }
}

}  // namespace

Metrics measure(std::span<const Answer> answers, std::int64_t start_ns) {
  Metrics metrics;
  std::vector<std::int64_t> early;
  std::vector<std::int64_t> late;
  std::vector<std::int64_t> services;
  std::vector<std::int64_t> waits;
  std::int64_t last_ns = start_ns;
  for (const auto& answer : answers) {
    metrics.retries += answer.retries;
    metrics.deadlocks += answer.deadlocks;
    metrics.kills += answer.killed;
    last_ns = std::max(last_ns, answer.end_ns);
    count_fate(metrics, answer);
    if (answer.fate() == Fate::failed) continue;
    metrics.latencies.push_back(answer.end_ns - answer.arrival_ns);
    services.push_back(answer.end_ns - answer.begin_ns);
    if (!answer.is_look()) waits.push_back(answer.waited_ns);
  }
  metrics.elapsed_ns = last_ns - start_ns;
  for (const auto& answer : answers) {
    if (answer.fate() == Fate::failed) continue;
    const bool is_early = answer.arrival_ns - start_ns < metrics.elapsed_ns / 2;
    (is_early ? early : late).push_back(answer.end_ns - answer.arrival_ns);
  }
  metrics.early = percentiles(std::move(early));
  metrics.late = percentiles(std::move(late));
  if (metrics.elapsed_ns > 0) {
    metrics.throughput =
        static_cast<double>(metrics.latencies.size()) * 1e9 / static_cast<double>(metrics.elapsed_ns);
  }
  std::sort(metrics.latencies.begin(), metrics.latencies.end());
  metrics.latency = percentiles_of_sorted(metrics.latencies);
  metrics.service = percentiles(std::move(services));
  metrics.lock_wait = percentiles(std::move(waits));
  metrics.jain = fairness_of_workers(answers);
  metrics.timeline = timeline_of(answers, start_ns, metrics.elapsed_ns);
  return metrics;
}

}  // namespace invctl::sim
