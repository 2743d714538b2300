// The situations that a simulation can make, each with numbers of its own, and the warehouse that they need.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "sim/demand.hpp"
#include "stock/ledger.hpp"
#include "stock/reads.hpp"

namespace invctl::sim {

// The numbers are what a scenario has where the command does not say otherwise.
struct ScenarioKind {
  std::string_view name, summary;
  Demand::Mix mix = Demand::Mix::purchases;
  std::int64_t requests = 1000, stock = 100, quantity = 1, products = 1, items = 1;
  double skew = 0;
  std::chrono::milliseconds window{1000};
  Arrivals arrivals = Arrivals::poisson;
  bool from_file = false;  // what is asked for comes from a file
  bool kills = false;      // workers are killed at random
};
std::span<const ScenarioKind> scenario_kinds();
const ScenarioKind* find_scenario(std::string_view name);

// The place of one run: a warehouse and products of its own.
struct Site {
  std::string warehouse = "SIM";
  std::vector<std::string> skus;
  Quantity stock = 100;  // of each product, at first
};

struct Scenario {
  std::string name = "flash-sale";
  Demand demand;  // its `skus` are those of the site
  Site site;
  std::vector<Request> requests = {};  // what is really asked for
  std::int64_t kills = 0;              // workers to be killed
  bool from_file = false;              // then quantity, items and skew of the demand mean nothing
};

// `n` codes: PREFIX-1, PREFIX-2, ... with leading zeros, so that they sort as they count.
std::vector<std::string> make_skus(const std::string& prefix, std::int64_t n);

// Creates the warehouse and the products, and receives the stock.
void stock_up(const Site& site, CatalogStore& catalog, PostingStore& store, const Origin& origin);
// Gives back what is held, takes out what is left and retires all that stock_up() made; for a database that
// lives on. `reads` is to look at what is held.
void clear_out(const Site& site, CatalogStore& catalog, PostingStore& store, ReadStore& reads,
               const Origin& origin);

// The operation that a request asks for. Its reference names the request, also where the answer was lost.
Operation operation_of(const Request& request, const std::string& warehouse);

}  // namespace invctl::sim
