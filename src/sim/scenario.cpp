#include "sim/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

namespace invctl::sim {

namespace {

constexpr const char* warehouse_code = "SIM";
constexpr const char* sku = "FLASH-1";
constexpr const char* actor = "simulate-concurrency";

constexpr std::array<std::pair<Arrivals, std::string_view>, 3> arrival_names{
    {{Arrivals::burst, "burst"}, {Arrivals::uniform, "uniform"}, {Arrivals::poisson, "poisson"}}};

Line line_of(Quantity quantity) {
  return {WarehouseCode::trusted(warehouse_code), Sku::trusted(sku), quantity, Line::Mode::delta, {}};
}

}  // namespace

std::optional<Arrivals> parse_arrivals(std::string_view name) {
  for (const auto& [value, known] : arrival_names) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::string_view arrivals_name(Arrivals arrivals) {
  return arrival_names[static_cast<std::size_t>(arrivals)].second;
}

std::vector<Buyer> make_demand(const Scenario& scenario) {
  const auto window_ns = std::chrono::nanoseconds(scenario.window).count();
  std::mt19937_64 random(scenario.seed);
  std::vector<std::int64_t> arrivals;
  for (std::int64_t i = 0; i < scenario.buyers; ++i) {
    switch (scenario.arrivals) {
      case Arrivals::burst:
        arrivals.push_back(0);
        break;
      case Arrivals::uniform:
        arrivals.push_back(i * (window_ns / scenario.buyers));
        break;
      case Arrivals::poisson:
        // A Poisson process of which it is known how many came is as many independent uniform times. Taken
        // from the generator's bits, because the library's distributions differ between implementations.
        arrivals.push_back(static_cast<std::int64_t>(static_cast<double>(random() >> 11) * 0x1p-53 *
                                                     static_cast<double>(window_ns)));
        break;
    }
  }
  std::sort(arrivals.begin(), arrivals.end());
  std::vector<Buyer> demand;
  for (const auto arrival : arrivals) {
    demand.push_back({static_cast<std::int64_t>(demand.size()) + 1, arrival, scenario.quantity});
  }
  return demand;
}

void stock_up(const Scenario& scenario, CatalogStore& catalog, PostingStore& store, const Origin& origin) {
  Warehouse warehouse;
  warehouse.code = warehouse_code;
  warehouse.name = "Simulated warehouse";
  Product product;
  product.sku = sku;
  product.name = "Flash sale item";
  product.price_minor = 1999;
  const auto timeout = std::chrono::seconds(30);
  write_transaction(catalog, Deadline::after(timeout), "", [&] {
    catalog.insert_warehouses(std::span(&warehouse, 1));
    catalog.insert_products(std::span(&product, 1));
    return true;
  });
  if (scenario.stock == 0) return;
  Operation receipt;
  receipt.kind = Kind::receive;
  receipt.actor = actor;
  receipt.lines = {line_of(scenario.stock)};
  std::vector<Operation> batch{std::move(receipt)};
  const auto outcomes = Ledger(store, origin).post(batch, {.lock_timeout = timeout});
  if (outcomes.front().rejection) throw *outcomes.front().rejection;
}

Operation purchase_of(const Buyer& buyer) {
  Operation operation;
  operation.kind = Kind::purchase;
  operation.actor = actor;
  operation.user = user_of(buyer.number);
  operation.lines = {line_of(buyer.quantity)};
  return operation;
}

std::string user_of(std::int64_t buyer) {
  return fmt::format("buyer-{}", buyer);
}

}  // namespace invctl::sim
