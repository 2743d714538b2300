#include "stock/book.hpp"

namespace invctl {

void Book::add(WarehouseInfo warehouse) {
  warehouse_codes_[warehouse.id] = warehouse.code;
  auto code = warehouse.code;
  warehouses_.insert_or_assign(std::move(code), std::move(warehouse));
}

void Book::add(ProductInfo product) {
  auto sku = product.sku;
  products_.insert_or_assign(std::move(sku), std::move(product));
}

void Book::add(const InventoryRow& row) {
  if (rows_.insert_or_assign(row.key, row).second) by_product_[row.key.product_id].push_back(row.key);
}

const WarehouseInfo* Book::warehouse(std::string_view code) const {
  const auto found = warehouses_.find(code);
  return found == warehouses_.end() ? nullptr : &found->second;
}

const ProductInfo* Book::product(std::string_view sku) const {
  const auto found = products_.find(sku);
  return found == products_.end() ? nullptr : &found->second;
}

const WarehouseInfo* Book::warehouse_by_id(std::int64_t id) const {
  const auto found = warehouse_codes_.find(id);
  return found == warehouse_codes_.end() ? nullptr : warehouse(found->second);
}

InventoryRow Book::row(InventoryKey key) const {
  const auto found = rows_.find(key);
  if (found != rows_.end()) return found->second;
  InventoryRow absent;
  absent.key = key;
  return absent;
}

InventoryRow& Book::row_for_update(InventoryKey key) {
  const auto [found, is_new] = rows_.try_emplace(key);
  if (is_new) {
    found->second.key = key;
    by_product_[key.product_id].push_back(key);
  }
  return found->second;
}

std::vector<InventoryRow> Book::rows_of(std::int64_t product_id) const {
  std::vector<InventoryRow> rows;
  if (const auto found = by_product_.find(product_id); found != by_product_.end()) {
    for (const auto& key : found->second) rows.push_back(rows_.at(key));
  }
  return rows;
}

void Book::add(const Hold& hold) {
  auto& reservation = reservations_[hold.reservation];
  reservation.ref = {hold.reservation, hold.uid};
  reservation.expires_at = hold.expires_at;
  reservation.holds[hold.key] = hold;
}

void Book::add_end(const ReservationRef& reservation, Kind kind) {
  auto& known = reservations_[reservation.id];
  known.ref = reservation;
  known.ended_by = kind;
}

Reservation Book::reservation(std::int64_t id) const {
  const auto found = reservations_.find(id);
  return found == reservations_.end() ? Reservation{} : found->second;
}

Reservation& Book::reservation_for_update(std::int64_t id) {
  return reservations_[id];
}

}  // namespace invctl
