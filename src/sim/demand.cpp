#include "sim/demand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

namespace invctl::sim {

namespace {

constexpr std::array<std::pair<Arrivals, std::string_view>, 3> arrival_names{
    {{Arrivals::burst, "burst"}, {Arrivals::uniform, "uniform"}, {Arrivals::poisson, "poisson"}}};

constexpr std::array<std::pair<Request::Kind, std::string_view>, 4> kind_names{
    {{Request::Kind::purchase, "purchase"},
     {Request::Kind::receive, "receive"},
     {Request::Kind::ship, "ship"},
     {Request::Kind::look, "look"}}};

template <class Table>
auto parse_name(const Table& table, std::string_view name)
    -> std::optional<typename Table::value_type::first_type> {
  for (const auto& [value, known] : table) {
    if (known == name) return value;
  }
  return std::nullopt;
}

// Taken from the generator's bits, because the library's distributions differ between implementations.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  double fraction() { return static_cast<double>(random_() >> 11) * 0x1p-53; }  // [0, 1)
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(fraction() * static_cast<double>(n)); }

 private:
  std::mt19937_64 random_;
};

std::vector<std::int64_t> arrival_times(const Demand& demand, std::size_t count, Dice& dice) {
  const auto window_ns = std::chrono::nanoseconds(demand.window).count();
  std::vector<std::int64_t> times;
  times.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    switch (demand.arrivals) {
      case Arrivals::burst:
        times.push_back(0);
        break;
      case Arrivals::uniform:
        times.push_back(static_cast<std::int64_t>(static_cast<double>(i) * static_cast<double>(window_ns) /
                                                  static_cast<double>(count)));
        break;
      case Arrivals::poisson:
        // A Poisson process of which it is known how many came is as many independent uniform times.
        times.push_back(static_cast<std::int64_t>(dice.fraction() * static_cast<double>(window_ns)));
        break;
    }
  }
  std::sort(times.begin(), times.end());
  return times;
}

// Zipf's law over the SKUs in their order.
class Preference {
 public:
  Preference(std::size_t skus, double skew) {
    double sum = 0;
    for (std::size_t i = 1; i <= skus; ++i) sums_.push_back(sum += std::pow(static_cast<double>(i), -skew));
  }
  std::size_t draw(Dice& dice) const {
    const auto found = std::upper_bound(sums_.begin(), sums_.end(), dice.fraction() * sums_.back());
    return static_cast<std::size_t>(std::min(found, sums_.end() - 1) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

// Different SKUs in random order.
std::vector<Item> draw_items(const Demand& demand, const Preference& preference, Dice& dice) {
  std::vector<Item> items;
  while (std::cmp_less(items.size(), demand.items)) {
    const auto& sku = demand.skus[preference.draw(dice)];
    const auto has = [&](const Item& item) { return item.sku == sku; };
    if (std::none_of(items.begin(), items.end(), has)) items.push_back({sku, demand.quantity});
  }
  return items;
}

}  // namespace

std::optional<Arrivals> parse_arrivals(std::string_view name) {
  return parse_name(arrival_names, name);
}

std::string_view arrivals_name(Arrivals arrivals) {
  return arrival_names[static_cast<std::size_t>(arrivals)].second;
}

std::string_view request_kind_name(Request::Kind kind) {
  return kind_names[static_cast<std::size_t>(kind)].second;
}

std::optional<Request::Kind> parse_request_kind(std::string_view name) {
  return parse_name(kind_names, name);
}

Quantity Request::units() const {
  return std::accumulate(items.begin(), items.end(), Quantity{0},
                         [](Quantity sum, const Item& item) { return sum + item.quantity; });
}

std::vector<Request> make_requests(const Demand& demand) {
  Dice dice(demand.seed);
  const auto times = arrival_times(demand, static_cast<std::size_t>(demand.requests), dice);
  const Preference preference(demand.skus.size(), demand.skew);
  std::vector<Request> requests;
  requests.reserve(times.size());
  for (const auto time : times) {
    Request request;
    request.number = static_cast<std::int64_t>(requests.size()) + 1;
    request.arrival_ns = time;
    request.items = draw_items(demand, preference, dice);
    if (demand.mix == Demand::Mix::in_and_out) {
      request.kind = dice.below(2) == 0 ? Request::Kind::receive : Request::Kind::ship;
    } else if (demand.mix == Demand::Mix::looks_and_buys && dice.below(2) == 0) {
      request.kind = Request::Kind::look;
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

void let_arrive(std::vector<Request>& requests, const Demand& demand) {
  Dice dice(demand.seed);
  const auto times = arrival_times(demand, requests.size(), dice);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].number = static_cast<std::int64_t>(i) + 1;
    requests[i].arrival_ns = times[i];
  }
}

std::string name_of(std::int64_t number) {
  return fmt::format("buyer-{}", number);
}

}  // namespace invctl::sim
