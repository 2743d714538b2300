// Who wants what, and when: the demand that a simulation lets loose on the stock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "stock/ledger.hpp"

namespace invctl::sim {

enum class Arrivals {
  burst,    // all at once
  uniform,  // evenly spaced over the window
  poisson,  // at random, independently of each other
};
std::optional<Arrivals> parse_arrivals(std::string_view name);
std::string_view arrivals_name(Arrivals arrivals);

// One product in one warehouse, and more buyers than there is stock.
struct Scenario {
  std::string name = "flash-sale";
  std::int64_t buyers = 1000;
  Quantity stock = 100;
  Quantity quantity = 1;  // that each buyer wants
  std::chrono::milliseconds window{1000};
  Arrivals arrivals = Arrivals::poisson;
  std::uint64_t seed = 1;
};

struct Buyer {
  std::int64_t number = 0;      // 1, 2, ... in order of arrival
  std::int64_t arrival_ns = 0;  // since the start
  Quantity quantity = 1;
};

// The same scenario and seed give the same demand, ascending by arrival.
std::vector<Buyer> make_demand(const Scenario& scenario);

// Creates the warehouse and the product in an empty database, and receives the stock.
void stock_up(const Scenario& scenario, CatalogStore& catalog, PostingStore& store, const Origin& origin);

// The buyer's purchase. The user's name tells whose it is, also where the answer was lost.
Operation purchase_of(const Buyer& buyer);
std::string user_of(std::int64_t buyer);

}  // namespace invctl::sim
