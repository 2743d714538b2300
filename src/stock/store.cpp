// What a store does where it knows no shorter way.
#include "stock/store.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace invctl {

void PostingStore::expect(const Operation&) {}

LockedLines PostingStore::lock_lines(std::span<const Place> places) {
  std::set<std::string_view> codes;
  std::set<std::string_view> skus;
  bool anywhere = false;
  for (const auto& place : places) {
    if (place.warehouse) codes.insert(*place.warehouse);
    anywhere = anywhere || !place.warehouse;
    skus.insert(place.sku);
  }
  const auto list = [](const std::set<std::string_view>& set) {
    return std::vector<std::string>(set.begin(), set.end());
  };
  LockedLines locked;
  locked.codes = look_up(list(codes), anywhere, list(skus));
  std::unordered_map<std::string_view, std::int64_t> warehouse_ids;
  std::unordered_map<std::string_view, std::int64_t> product_ids;
  for (const auto& warehouse : locked.codes.warehouses) warehouse_ids.emplace(warehouse.code, warehouse.id);
  for (const auto& product : locked.codes.products) product_ids.emplace(product.sku, product.id);

  std::vector<InventoryKey> keys;
  std::vector<std::int64_t> products;
  for (const auto& place : places) {
    const auto product = product_ids.find(place.sku);
    if (product == product_ids.end()) continue;
    if (!place.warehouse) {
      products.push_back(product->second);
    } else if (const auto warehouse = warehouse_ids.find(*place.warehouse);
               warehouse != warehouse_ids.end()) {
      keys.push_back({warehouse->second, product->second});
    }
  }
  const auto make_unique = [](auto& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  };
  make_unique(keys);
  make_unique(products);
  locked.rows = lock_inventory(keys, products);
  return locked;
}

void PostingStore::append_and_commit(AppendBatch& batch, const std::function<void()>& before_commit) {
  append(batch);
  before_commit();
  commit();
}

}  // namespace invctl
