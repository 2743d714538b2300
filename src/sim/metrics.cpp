#include "sim/metrics.hpp"

#include <algorithm>

namespace invctl::sim {

namespace {

std::int64_t nearest_rank(const std::vector<std::int64_t>& sorted, std::size_t percent) {
  const auto rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
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
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {nearest_rank(values, 50), nearest_rank(values, 90), nearest_rank(values, 95),
          nearest_rank(values, 99), values.back()};
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

Metrics measure(std::span<const Answer> answers, std::int64_t start_ns, Quantity stock) {
  Metrics metrics;
  std::vector<std::int64_t> latencies;
  std::vector<std::int64_t> services;
  std::int64_t last_ns = start_ns;
  for (const auto& answer : answers) {
    metrics.retries += answer.retries;
    last_ns = std::max(last_ns, answer.end_ns);
    switch (answer.fate()) {
      case Fate::sold:
        ++metrics.buyers_sold;
        metrics.sold += answer.quantity;
        break;
      case Fate::sold_out:
        ++metrics.sold_out;
        break;
      case Fate::busy:
        ++metrics.busy;
        break;
      case Fate::failed:
        ++metrics.failed;
        continue;
    }
    latencies.push_back(answer.end_ns - answer.arrival_ns);
    services.push_back(answer.end_ns - answer.begin_ns);
  }
  metrics.oversold = std::max<Quantity>(metrics.sold - stock, 0);
  metrics.elapsed_ns = last_ns - start_ns;
  if (metrics.elapsed_ns > 0) {
    metrics.throughput =
        static_cast<double>(latencies.size()) * 1e9 / static_cast<double>(metrics.elapsed_ns);
  }
  metrics.latency = percentiles(std::move(latencies));
  metrics.service = percentiles(std::move(services));
  return metrics;
}

}  // namespace invctl::sim
