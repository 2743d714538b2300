#include "stock/decide.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/text.hpp"
#include "stock/refusals.hpp"

namespace invctl {

namespace {

class Decider {
 public:
  Decider(const Book& book, const Operation& operation) : book_(book), operation_(operation) {}

  Decision run() {
    if (operation_.reservation) {
      reservation_ = book_.reservation(operation_.reservation->id);
      if (auto refusal = refuse_ended()) {
        decision_.rejection = std::move(refusal);
        return std::move(decision_);
      }
    }
    for (const auto& line : operation_.lines) {
      consider(line);
      refusals_.line_done();
    }
    if (operation_.kind == Kind::reserve && refusals_.empty() && !holds_any()) refuse_nothing_held();
    if (!refusals_.empty()) {
      decision_ = {};
      decision_.rejection = refusals_.all();
      return std::move(decision_);
    }
    if (sells()) add_total();
    return std::move(decision_);
  }

 private:
  bool sells() const {
    return operation_.kind == Kind::purchase || (operation_.kind == Kind::confirm && operation_.user);
  }

  // Why the reservation is of no use any more.
  std::optional<Error> refuse_ended() const {
    if (operation_.kind == Kind::expire) return std::nullopt;
    const auto id = operation_.reservation->id;
    if (reservation_.ended_by == Kind::expire) {
      return Error(Exit::conflict, "reservation_expired", fmt::format("reservation {} has expired", id),
                   "reserve anew, if there is still enough");
    }
    if (reservation_.ended_by) {
      const auto* how = *reservation_.ended_by == Kind::confirm ? "confirmed" : "released";
      return Error(Exit::conflict, "reservation_ended", fmt::format("reservation {} was {} before", id, how),
                   fmt::format("`invctl reservation show {}` tells its story", id));
    }
    if (reservation_.holds.empty() && operation_.kind == Kind::purchase) {
      return Error(Exit::conflict, "not_held", fmt::format("reservation {} holds none of this", id),
                   fmt::format("`invctl reservation show {}` tells what it holds", id));
    }
    if (reservation_.holds.empty()) {
      return Error(Exit::conflict, "reservation_ended",
                   fmt::format("reservation {} holds nothing any more", id),
                   fmt::format("`invctl reservation show {}` tells its story", id));
    }
    return std::nullopt;
  }

  bool holds_any() const {
    return std::any_of(decision_.movements.begin(), decision_.movements.end(),
                       [](const PlannedMovement& movement) { return movement.reserved_delta > 0; });
  }

  // A partial reservation of nothing is a shortage of all its lines.
  void refuse_nothing_held() {
    touched_.clear();
    for (const auto& line : operation_.lines) {
      const auto* product = book_.product(line.sku.str());
      const auto* warehouse = book_.warehouse(line.warehouse->str());
      const auto row = current({warehouse->id, product->id});
      refuse_shortage(row.available(), row.on_hand, row.reserved, line, *product, warehouse->code);
      refusals_.line_done();
    }
  }

  enum Rank { unknown, retired, precondition, price, overflow, shortage };

  void consider(const Line& line) {
    const auto* product = book_.product(line.sku.str());
    const auto* warehouse = line.warehouse ? book_.warehouse(line.warehouse->str()) : nullptr;
    const auto where = line.warehouse ? std::optional(line.warehouse->str()) : std::nullopt;
    if (line.warehouse && warehouse == nullptr) {
      refusals_.add(
          unknown, Exit::not_found, "not_found", "`invctl warehouse list` shows the warehouses",
          line_error(fmt::format("no warehouse {}", text::printable(*where)), where, line.sku.str()));
    }
    if (product == nullptr) {
      refusals_.add(
          unknown, Exit::not_found, "not_found", "`invctl product list` shows the products",
          line_error(fmt::format("no product {}", text::printable(line.sku.str())), where, line.sku.str()));
    }
    if (product == nullptr || (line.warehouse && warehouse == nullptr)) return;
    if (!allowed_when_retired(line, product, warehouse)) return;
    if (operation_.kind == Kind::purchase && !product->price_minor) return refuse_no_price(where, *product);
    if (line.warehouse) {
      change(line, *product, *warehouse);
    } else {
      allocate(line, *product);
    }
  }

  void refuse_no_price(const std::optional<std::string>& warehouse, const ProductInfo& product) {
    refusals_.add(
        price, Exit::conflict, "no_price",
        fmt::format("invctl product set {} --price N", text::printable(product.sku)),
        line_error(fmt::format("{} has no price", text::printable(product.sku)), warehouse, product.sku));
  }

  // Stock may leave a retired place or product, counts may correct it, what was done may be undone, and what
  // was promised may be kept; nothing new may come in, be promised or be sold.
  bool allowed_when_retired(const Line& line, const ProductInfo* product, const WarehouseInfo* warehouse) {
    switch (operation_.kind) {
      case Kind::receive:
      case Kind::opening:
      case Kind::purchase:
      case Kind::reserve:
        break;
      case Kind::transfer:
        if (line.quantity <= 0) return true;
        break;
      default:
        return true;
    }
    const auto where = line.warehouse ? std::optional(line.warehouse->str()) : std::nullopt;
    const auto refuse = [&](const std::string& what, const std::string& code, const std::string& command) {
      refusals_.add(
          retired, Exit::conflict, "retired",
          fmt::format("invctl {} retire {} --undo", command, text::printable(code)),
          line_error(fmt::format("{} {} is retired", what, text::printable(code)), where, line.sku.str()));
    };
    if (product->retired) refuse("product", product->sku, "product");
    if (warehouse != nullptr && warehouse->retired) refuse("warehouse", warehouse->code, "warehouse");
    return !product->retired && (warehouse == nullptr || !warehouse->retired);
  }

  // The row as the movements planned so far leave it.
  InventoryRow current(InventoryKey key) const {
    const auto found = touched_.find(key);
    return found == touched_.end() ? book_.row(key) : found->second;
  }

  void change(const Line& line, const ProductInfo& product, const WarehouseInfo& warehouse) {
    const auto row = current({warehouse.id, product.id});
    if (line.expect && *line.expect != row.on_hand) {
      refusals_.add(
          precondition, Exit::conflict, "precondition_failed", "look at the stock again and decide anew",
          line_error(fmt::format("{} in {} has {} on hand, {} expected", text::printable(product.sku),
                                 text::printable(warehouse.code), row.on_hand, *line.expect),
                     warehouse.code, product.sku, {{"expected", *line.expect}, {"on_hand", row.on_hand}}));
      return;
    }
    if (line.expect_version && *line.expect_version != row.version) {
      refusals_.add(
          precondition, Exit::conflict, "moved",
          "open a new count, or --policy rebase keeps what moved, and as-counted takes what was found",
          line_error(fmt::format("{} in {} moved {} since the count was opened", text::printable(product.sku),
                                 text::printable(warehouse.code),
                                 text::count(row.version - *line.expect_version, "time")),
                     warehouse.code, product.sku,
                     {{"version", row.version}, {"counted_version", *line.expect_version}}));
      return;
    }
    switch (operation_.kind) {
      case Kind::ship:
        return plan(row, {-line.quantity, 0}, product, warehouse, line);
      case Kind::purchase: {
        const auto from_hold = std::min(line.quantity, held(row.key));
        return plan(row, {-line.quantity, -from_hold}, product, warehouse, line);
      }
      case Kind::reserve:
        return hold(row, product, warehouse, line);
      case Kind::confirm:
        return take_held(row, product, warehouse, line);
      case Kind::release:
      case Kind::expire:
        if (held(row.key) > 0) plan(row, {0, -held(row.key)}, product, warehouse, line);
        return;
      case Kind::extend:
        // No change is a movement too: the ledger shows that the hold of this row was prolonged.
        if (held(row.key) > 0) plan(row, {0, 0}, product, warehouse, line);
        return;
      default:
        break;
    }
    // What is set and what there is are non-negative: no overflow.
    const auto delta = line.mode == Line::Mode::set ? line.quantity - row.on_hand : line.quantity;
    plan(row, {delta, 0}, product, warehouse, line);
  }

  // What the reservation holds of a row. Lines are merged: none comes twice.
  Quantity held(InventoryKey key) const {
    const auto found = reservation_.holds.find(key);
    return found == reservation_.holds.end() ? 0 : found->second.quantity;
  }

  void hold(const InventoryRow& row, const ProductInfo& product, const WarehouseInfo& warehouse,
            const Line& line) {
    const auto quantity = operation_.allow_partial ? std::min(line.quantity, row.available()) : line.quantity;
    if (quantity > row.available()) {
      refuse_shortage(row.available(), row.on_hand, row.reserved, line, product, warehouse.code);
    } else {
      // A line of which nothing could be held is told as well, and stands in the ledger. Where there has
      // never been any it makes a row, as nothing else does that takes no stock in: no line goes without an
      // answer.
      plan(row, {0, quantity}, product, warehouse, line);
    }
  }

  void take_held(const InventoryRow& row, const ProductInfo& product, const WarehouseInfo& warehouse,
                 const Line& line) {
    const auto there = held(row.key);
    const auto taken = line.mode == Line::Mode::held ? there : line.quantity;
    if (taken > there) {
      refusals_.add(shortage, Exit::insufficient_stock, "insufficient_stock", "",
                    line_error(fmt::format("reservation {} holds only {} of {} in {}, {} requested",
                                           operation_.reservation->id, there, text::printable(product.sku),
                                           text::printable(warehouse.code), taken),
                               warehouse.code, product.sku, {{"requested", taken}, {"held", there}}));
    } else if (there > 0) {
      plan(row, {-taken, -there}, product, warehouse, line);
    }
  }

  struct Deltas {
    Quantity on_hand = 0, reserved = 0;
  };

  void plan(InventoryRow row, Deltas delta, const ProductInfo& product, const WarehouseInfo& warehouse,
            const Line& line) {
    const auto after = checked_add(row.on_hand, delta.on_hand);
    const auto reserved_after = row.reserved + delta.reserved;  // at most on hand: no overflow
    if (reserved_after < 0) {
      throw Error(Exit::invariant, "balance_broken",
                  fmt::format("{} in {} has less reserved than reservations hold",
                              text::printable(product.sku), text::printable(warehouse.code)),
                  "`invctl verify` says more, `invctl rebuild --apply` puts it right");
    }
    if (!after) {
      refusals_.add(overflow, Exit::conflict, "overflow", "",
                    line_error(fmt::format("{} in {} would have more on hand than 64 bits hold",
                                           text::printable(product.sku), text::printable(warehouse.code)),
                               warehouse.code, product.sku, {{"on_hand", row.on_hand}}));
      return;
    }
    if (*after < reserved_after) {
      refuse_shortage(row.available() - delta.reserved, row.on_hand, row.reserved, line, product,
                      warehouse.code);
      return;
    }
    PlannedMovement movement;
    movement.key = row.key;
    movement.on_hand_delta = delta.on_hand;
    movement.reserved_delta = delta.reserved;
    movement.on_hand_after = *after;
    movement.reserved_after = reserved_after;
    movement.version = row.version + 1;
    movement.warehouse = warehouse.code;
    movement.sku = product.sku;
    movement.unit_cost_minor = line.unit_cost_minor;
    if (sells() && delta.on_hand != 0 && !set_price(movement, product)) return;
    row.on_hand = *after;
    row.reserved = reserved_after;
    row.version += 1;
    touched_[row.key] = row;
    decision_.movements.push_back(std::move(movement));
  }

  bool set_price(PlannedMovement& movement, const ProductInfo& product) {
    if (!product.price_minor) {
      refuse_no_price(movement.warehouse, product);
      return false;
    }
    const auto amount = checked_mul(*product.price_minor, -movement.on_hand_delta);
    if (!amount) {
      refuse_amount(movement, product);
      return false;
    }
    movement.unit_price_minor = product.price_minor;
    movement.amount_minor = amount;
    return true;
  }

  void refuse_amount(const PlannedMovement& movement, const ProductInfo& product) {
    refusals_.add(overflow, Exit::conflict, "overflow", "",
                  line_error(fmt::format("{} x {} is more money than 64 bits hold", -movement.on_hand_delta,
                                         text::printable(product.sku)),
                             movement.warehouse, product.sku));
  }

  void refuse_shortage(Quantity available, Quantity on_hand, Quantity reserved, const Line& line,
                       const ProductInfo& product, const std::optional<std::string>& warehouse) {
    // What the line wants to take; a line that sets a value wants the row to end there.
    const bool sets = line.mode == Line::Mode::set;
    const bool is_signed = operation_.kind == Kind::adjust || operation_.kind == Kind::reverse ||
                           operation_.kind == Kind::transfer || operation_.kind == Kind::count;
    const auto requested = is_signed && !sets ? -line.quantity : line.quantity;
    const auto where = warehouse ? "in " + text::printable(*warehouse) : std::string("in all warehouses");
    auto message = sets ? fmt::format("{} of {} {} are reserved, it cannot be set to {}", reserved,
                                      text::printable(product.sku), where, line.quantity)
                        : fmt::format("only {} of {} {}, {} requested", available,
                                      text::printable(product.sku), where, requested);
    refusals_.add(shortage, Exit::insufficient_stock, "insufficient_stock", "",
                  line_error(std::move(message), warehouse, product.sku,
                             {{"requested", requested},
                              {"available", available},
                              {"on_hand", on_hand},
                              {"reserved", reserved}}));
  }

  void allocate(const Line& line, const ProductInfo& product) {
    struct Offer {
      InventoryRow row;
      const WarehouseInfo* warehouse;
    };
    std::vector<Offer> offers;
    Quantity available = 0;
    Quantity on_hand = 0;
    Quantity reserved = 0;
    for (const auto& stored : book_.rows_of(product.id)) {
      const auto* warehouse = book_.warehouse_by_id(stored.key.warehouse_id);
      if (warehouse == nullptr || warehouse->retired) continue;
      const auto row = current(stored.key);
      // Saturating: only used to compare with the line and to be shown.
      available = checked_add(available, row.available()).value_or(INT64_MAX);
      on_hand = checked_add(on_hand, row.on_hand).value_or(INT64_MAX);
      reserved = checked_add(reserved, row.reserved).value_or(INT64_MAX);
      if (row.available() > 0) offers.push_back({row, warehouse});
    }
    if (available < line.quantity) {
      refuse_shortage(available, on_hand, reserved, line, product, std::nullopt);
      return;
    }
    std::sort(offers.begin(), offers.end(), [](const Offer& a, const Offer& b) {
      if (a.row.available() != b.row.available()) return a.row.available() > b.row.available();
      return a.warehouse->code < b.warehouse->code;
    });
    Quantity left = line.quantity;
    for (const auto& offer : offers) {
      if (left == 0) break;
      const auto take = std::min(left, offer.row.available());
      plan(offer.row, {-take, 0}, product, *offer.warehouse, line);
      left -= take;
    }
  }

  void add_total() {
    Minor total = 0;
    for (const auto& movement : decision_.movements) {
      const auto sum = checked_add(total, movement.amount_minor.value_or(0));
      if (!sum) {
        decision_ = {};
        decision_.rejection =
            Error(Exit::conflict, "overflow", "the total is more money than 64 bits hold", "");
        return;
      }
      total = *sum;
    }
    decision_.total_minor = total;
  }

  const Book& book_;
  const Operation& operation_;
  Decision decision_;
  Reservation reservation_;
  Refusals refusals_;
  std::unordered_map<InventoryKey, InventoryRow, InventoryKeyHash> touched_;
};

}  // namespace

Decision decide(const Book& book, const Operation& operation) {
  return Decider(book, operation).run();
}

void apply(Book& book, const Operation& operation, const Decision& decision) {
  for (const auto& movement : decision.movements) {
    auto& row = book.row_for_update(movement.key);
    row.on_hand = movement.on_hand_after;
    row.reserved = movement.reserved_after;
    row.version = movement.version;
  }
  if (!operation.reservation || !decision.accepted()) return;
  auto& reservation = book.reservation_for_update(operation.reservation->id);
  for (const auto& movement : decision.movements) {
    const auto hold = reservation.holds.find(movement.key);
    if (hold == reservation.holds.end()) continue;
    hold->second.quantity += movement.reserved_delta;
    if (hold->second.quantity == 0) reservation.holds.erase(hold);
  }
  const bool ends =
      operation.kind == Kind::confirm || operation.kind == Kind::release || operation.kind == Kind::expire;
  if (ends) reservation.ended_by = operation.kind;
}

}  // namespace invctl
