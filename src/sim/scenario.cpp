#include "sim/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "stock/reservation.hpp"

namespace invctl::sim {

namespace {

using std::chrono::milliseconds;

constexpr const char* actor = "simulate-concurrency";
constexpr std::chrono::seconds patience{30};
constexpr std::size_t products_at_once = 500;

constexpr ScenarioKind kinds[] = {
    {.name = "flash-sale", .summary = "a thousand buyers within a second for a hundred units"},
    {.name = "ten-twenty",
     .summary = "twenty buyers at once for ten units",
     .requests = 20,
     .stock = 10,
     .window = milliseconds(0),
     .arrivals = Arrivals::burst},
    {.name = "spread",
     .summary = "many products, of which some are wanted much more than others",
     .stock = 20,
     .products = 100,
     .skew = 1},
    {.name = "in-out",
     .summary = "bulk receipts and shipments on the same rows",
     .mix = Demand::Mix::in_and_out,
     .requests = 400,
     .stock = 50,
     .quantity = 25,
     .products = 4,
     .items = 4},
    {.name = "read-write",
     .summary = "questions about stock between purchases",
     .mix = Demand::Mix::looks_and_buys,
     .stock = 50,
     .products = 10},
    {.name = "multi-line",
     .summary = "orders over several products in random order",
     .mix = Demand::Mix::orders,
     .requests = 500,
     .products = 10,
     .items = 4,
     .window = milliseconds(0),
     .arrivals = Arrivals::burst},
    {.name = "replay",
     .summary = "the demand of a file, as fast as it goes",
     .window = milliseconds(0),
     .arrivals = Arrivals::burst,
     .from_file = true},
    {.name = "crash",
     .summary = "worker processes are killed at random, and ask again",
     .requests = 300,
     .kills = true},
};

Line line_of(const Site& site, const std::string& sku, Quantity quantity) {
  return {WarehouseCode::trusted(site.warehouse), Sku::trusted(sku), quantity, Line::Mode::delta, {}};
}

void post(PostingStore& store, const Origin& origin, Operation operation) {
  operation.actor = actor;
  std::vector<Operation> batch{std::move(operation)};
  const auto outcomes = Ledger(store, origin).post(batch, {.lock_timeout = patience});
  if (outcomes.front().rejection) throw *outcomes.front().rejection;
}

template <class F>
void for_products(const Site& site, F&& use) {
  for (std::size_t first = 0; first < site.skus.size(); first += products_at_once) {
    use(std::span(site.skus).subspan(first, std::min(products_at_once, site.skus.size() - first)));
  }
}

void create(const Site& site, CatalogStore& catalog) {
  Warehouse warehouse;
  warehouse.code = site.warehouse;
  warehouse.name = "Simulated warehouse";
  write_transaction(catalog, Deadline::after(patience), "", [&] {
    catalog.lock_catalog();
    catalog.insert_warehouses(std::span(&warehouse, 1));
    for_products(site, [&](std::span<const std::string> skus) {
      std::vector<Product> products;
      for (const auto& sku : skus) {
        auto& product = products.emplace_back();
        product.sku = sku;
        product.name = "Simulated product " + sku;
        product.price_minor = 1999;
      }
      PriceNote note;
      note.actor = actor;
      catalog.insert_products(products, note);
    });
    return true;
  });
}

// What is left of each product, as an operation that takes it out; no lines where nothing is.
Operation take_out(const Site& site, CatalogStore& catalog, std::span<const std::string> skus) {
  Operation operation;
  operation.kind = Kind::adjust;
  operation.reason = "the simulation is over";
  for (const auto& product : catalog.read_products(skus)) {
    const auto left = catalog.on_hand_of_product(product.id);
    if (left != 0) operation.lines.push_back(line_of(site, product.sku, -left));
  }
  return operation;
}

}  // namespace

std::span<const ScenarioKind> scenario_kinds() {
  return kinds;
}

const ScenarioKind* find_scenario(std::string_view name) {
  const auto all = scenario_kinds();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const ScenarioKind& k) { return k.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> make_skus(const std::string& prefix, std::int64_t n) {
  const auto digits = fmt::formatted_size("{}", n);
  std::vector<std::string> skus;
  skus.reserve(static_cast<std::size_t>(n));
  for (std::int64_t i = 1; i <= n; ++i) skus.push_back(fmt::format("{}-{:0{}}", prefix, i, digits));
  return skus;
}

void stock_up(const Site& site, CatalogStore& catalog, PostingStore& store, const Origin& origin) {
  create(site, catalog);
  if (site.stock == 0) return;
  for_products(site, [&](std::span<const std::string> skus) {
    Operation receipt;
    receipt.kind = Kind::receive;
    for (const auto& sku : skus) receipt.lines.push_back(line_of(site, sku, site.stock));
    post(store, origin, std::move(receipt));
  });
}

void clear_out(const Site& site, CatalogStore& catalog, PostingStore& store, ReadStore& reads,
               const Origin& origin) {
  // Of who was ended between a hold and its confirmation.
  std::set<std::int64_t> held;
  ReservationFilter here;
  here.warehouse = site.warehouse;
  reads.open_holds(here, [&](const HoldEntry& hold) { held.insert(hold.reservation); });
  for (const auto reservation : held) post(store, origin, on_reservation(store, reservation, Kind::release));
  for_products(site, [&](std::span<const std::string> skus) {
    auto operation = take_out(site, catalog, skus);
    if (!operation.lines.empty()) post(store, origin, std::move(operation));
  });
  write_transaction(catalog, Deadline::after(patience), "", [&] {
    catalog.lock_catalog();
    const auto now = catalog.price_clock();
    for_products(site, [&](std::span<const std::string> skus) {
      auto products = catalog.read_products(skus, now);
      for (auto& product : products) product.retired_at = now;
      catalog.update_products(products);
    });
    auto warehouses = catalog.read_warehouses(std::span(&site.warehouse, 1));
    for (auto& warehouse : warehouses) warehouse.retired_at = now;
    catalog.update_warehouses(warehouses);
    return true;
  });
}

Operation operation_of(const Request& request, const std::string& warehouse) {
  Operation operation;
  operation.actor = actor;
  operation.key = request.key;
  operation.reference = name_of(request.number);
  switch (request.kind) {
    case Request::Kind::receive:
      operation.kind = Kind::receive;
      break;
    case Request::Kind::ship:
      operation.kind = Kind::ship;
      break;
    case Request::Kind::purchase:
    case Request::Kind::look:
      operation.kind = Kind::purchase;
      operation.user = name_of(request.number);
      break;
  }
  for (const auto& item : request.items) {
    operation.lines.push_back({WarehouseCode::trusted(warehouse), Sku::trusted(item.sku), item.quantity,
                               Line::Mode::delta, std::nullopt});
  }
  return operation;
}

}  // namespace invctl::sim
