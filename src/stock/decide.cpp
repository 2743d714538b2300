#include "stock/decide.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/text.hpp"

namespace invctl {

namespace {

ErrorLine line_error(std::string message, const std::optional<std::string>& warehouse, const std::string& sku,
                     std::vector<std::pair<std::string, FieldValue>> more = {}) {
  ErrorLine line;
  line.message = std::move(message);
  line.fields.emplace_back("warehouse", warehouse ? FieldValue(*warehouse) : FieldValue());
  line.fields.emplace_back("sku", sku);
  for (auto& field : more) line.fields.push_back(std::move(field));
  return line;
}

// Collects what is wrong with each line, most important class first.
class Refusals {
 public:
  void add(int rank, Exit exit, const std::string& code, std::string hint, ErrorLine line) {
    line.fields.emplace_back("code", code);
    const auto it = by_rank_.try_emplace(rank, exit, code, line.message, std::move(hint)).first;
    it->second.add_line(std::move(line));
    ++faults_;
  }
  void line_done() {
    if (faults_ > faults_before_line_) ++failing_lines_;
    faults_before_line_ = faults_;
  }
  bool empty() const { return by_rank_.empty(); }

  // The most important class, with the faults of all classes.
  Error all() const {
    auto error = by_rank_.begin()->second;
    for (auto other = std::next(by_rank_.begin()); other != by_rank_.end(); ++other) {
      for (const auto& line : other->second.lines) error.add_line(line);
    }
    if (failing_lines_ > 1) error.message = text::count(failing_lines_, "line") + " cannot be applied";
    return error;
  }

 private:
  std::map<int, Error> by_rank_;
  long long faults_ = 0;
  long long faults_before_line_ = 0;
  long long failing_lines_ = 0;
};

class Decider {
 public:
  Decider(const Book& book, const Operation& operation) : book_(book), operation_(operation) {}

  Decision run() {
    for (const auto& line : operation_.lines) {
      consider(line);
      refusals_.line_done();
    }
    if (!refusals_.empty()) {
      decision_ = {};
      decision_.rejection = refusals_.all();
      return std::move(decision_);
    }
    if (operation_.kind == Kind::purchase) add_total();
    return std::move(decision_);
  }

 private:
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
    if (operation_.kind == Kind::purchase && !product->price_minor) {
      refusals_.add(
          price, Exit::conflict, "no_price",
          fmt::format("invctl product set {} --price N", text::printable(product->sku)),
          line_error(fmt::format("{} has no price", text::printable(product->sku)), where, product->sku));
      return;
    }
    if (line.warehouse) {
      change(line, *product, *warehouse);
    } else {
      allocate(line, *product);
    }
  }

  // Stock may leave a retired place or product, counts may correct it, and what was done may be undone;
  // nothing new may come in or be sold.
  bool allowed_when_retired(const Line& line, const ProductInfo* product, const WarehouseInfo* warehouse) {
    const bool leaves =
        operation_.kind == Kind::ship || operation_.kind == Kind::adjust || operation_.kind == Kind::reverse;
    if (leaves) return true;
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
    Quantity delta = line.quantity;
    if (line.mode == Line::Mode::set) {
      delta = line.quantity - row.on_hand;  // both are non-negative: no overflow
    } else if (operation_.kind == Kind::ship || operation_.kind == Kind::purchase) {
      delta = -line.quantity;
    }
    plan(row, delta, product, warehouse, line);
  }

  void plan(InventoryRow row, Quantity delta, const ProductInfo& product, const WarehouseInfo& warehouse,
            const Line& line) {
    const auto after = checked_add(row.on_hand, delta);
    if (!after) {
      refusals_.add(overflow, Exit::conflict, "overflow", "",
                    line_error(fmt::format("{} in {} would have more on hand than 64 bits hold",
                                           text::printable(product.sku), text::printable(warehouse.code)),
                               warehouse.code, product.sku, {{"on_hand", row.on_hand}}));
      return;
    }
    if (*after < row.reserved) {
      refuse_shortage(row.available(), row.on_hand, row.reserved, line, product, warehouse.code);
      return;
    }
    PlannedMovement movement;
    movement.key = row.key;
    movement.on_hand_delta = delta;
    movement.on_hand_after = *after;
    movement.reserved_after = row.reserved;
    movement.version = row.version + 1;
    movement.warehouse = warehouse.code;
    movement.sku = product.sku;
    if (operation_.kind == Kind::purchase && !set_price(movement, product)) return;
    row.on_hand = *after;
    row.version += 1;
    touched_[row.key] = row;
    decision_.movements.push_back(std::move(movement));
  }

  bool set_price(PlannedMovement& movement, const ProductInfo& product) {
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
    const bool is_signed = operation_.kind == Kind::adjust || operation_.kind == Kind::reverse;
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
      plan(offer.row, -take, product, *offer.warehouse, line);
      left -= take;
    }
  }

  void add_total() {
    Minor total = 0;
    for (const auto& movement : decision_.movements) {
      const auto sum = checked_add(total, *movement.amount_minor);
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
  Refusals refusals_;
  std::map<InventoryKey, InventoryRow> touched_;
};

}  // namespace

Decision decide(const Book& book, const Operation& operation) {
  return Decider(book, operation).run();
}

void apply(Book& book, const Decision& decision) {
  for (const auto& movement : decision.movements) {
    auto& row = book.row_for_update(movement.key);
    row.on_hand = movement.on_hand_after;
    row.reserved = movement.reserved_after;
    row.version = movement.version;
  }
}

}  // namespace invctl
