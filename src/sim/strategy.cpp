#include "sim/strategy.hpp"

#include <algorithm>
#include <thread>

namespace invctl::sim {

std::span<const Strategy> strategies() {
  static constexpr Strategy table[] = {
      {.name = "pessimistic",
       .summary = "lock, decide, write",
       .turnstile = true,
       .lock = true,
       .conditional = true,
       .constraints = true,
       .must_oversell = false},
      {.name = "guards-only",
       .summary = "no lock, constraints alone",
       .turnstile = false,
       .lock = false,
       .conditional = true,
       .constraints = true,
       .must_oversell = false},
      {.name = "none",
       .summary = "the negative control: it oversells",
       .turnstile = false,
       .lock = false,
       .conditional = false,
       .constraints = false,
       .must_oversell = true},
  };
  return table;
}

const Strategy* find_strategy(std::string_view name) {
  const auto all = strategies();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Strategy& s) { return s.name == name; });
  return found == all.end() ? nullptr : &*found;
}

void StrategyStore::begin(const Deadline& deadline) {
  ++begun_;
  store_.begin(deadline);
}

std::vector<WarehouseInfo> StrategyStore::find_warehouses(std::span<const std::string> codes) {
  return store_.find_warehouses(codes);
}

std::vector<ProductInfo> StrategyStore::find_products(std::span<const std::string> skus) {
  return store_.find_products(skus);
}

std::vector<InventoryRow> StrategyStore::lock_inventory(std::span<const InventoryKey> keys,
                                                        std::span<const std::int64_t> products) {
  return store_.lock_inventory(keys, products);
}

std::vector<StoredOperation> StrategyStore::find_operations(std::span<const std::string> keys) {
  return store_.find_operations(keys);
}

template <class F>
void StrategyStore::write(F&& work) const {
  if (think_.count() > 0) std::this_thread::sleep_for(think_);
  try {
    work();
  } catch (const StoreError&) {
    throw;
  } catch (const Error& error) {
    if (error.exit != Exit::insufficient_stock) throw;
    throw StoreError(StoreError::Kind::retry, Exit::busy, "the stock was sold while it was being bought");
  }
}

void StrategyStore::append(AppendBatch& batch) {
  write([&] { store_.append(batch); });
}

void StrategyStore::append_and_commit(AppendBatch& batch, const std::function<void()>& before_commit) {
  write([&] { store_.append_and_commit(batch, before_commit); });
}

}  // namespace invctl::sim
