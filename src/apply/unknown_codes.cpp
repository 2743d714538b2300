#include "apply/unknown_codes.hpp"

#include <vector>

#include "core/text.hpp"

namespace invctl::intake {

void UnknownCodes::add(const ReadOperation& read) {
  for (const auto& place : read.places) {
    if (!place.warehouse.empty()) warehouses_.insert(place.warehouse);
    skus_.insert(place.sku);
  }
}

void UnknownCodes::look_up(PostingStore& store) {
  const std::vector<std::string> warehouses(warehouses_.begin(), warehouses_.end());
  const std::vector<std::string> skus(skus_.begin(), skus_.end());
  store.begin_snapshot();
  try {
    for (const auto& warehouse : store.find_warehouses(warehouses)) warehouses_.erase(warehouse.code);
    for (const auto& product : store.find_products(skus)) skus_.erase(product.sku);
  } catch (...) {
    store.rollback();
    throw;
  }
  store.rollback();
}

void UnknownCodes::explain(const ReadOperation& read, const std::string& file, io::FaultList& faults) const {
  for (const auto& place : read.places) {
    if (warehouses_.contains(place.warehouse)) {
      faults.add({file, place.line, 0, "warehouse", "no warehouse " + text::printable(place.warehouse)});
    }
    if (skus_.contains(place.sku)) {
      faults.add({file, place.line, place.column, "sku", "no product " + text::printable(place.sku)});
    }
  }
}

}  // namespace invctl::intake
