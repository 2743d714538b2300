#include "apply/export_import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/text.hpp"
#include "stock/holds.hpp"
#include "stock/ledger.hpp"

namespace invctl::intake {

namespace {

constexpr std::size_t chunk_size = 500;  // operations, and rows of the catalogue

ExportCounts require_sound(CatalogStore& catalog, io::InputFile& file) {
  const auto check = check_export(file, file.name());
  if (!check.report.violations.empty()) {
    Error error(Exit::bad_input, "bad_export",
                fmt::format("{} is not a sound ledger: {}", text::printable(file.name()),
                            text::count(static_cast<long long>(check.report.violations.size()), "violation")),
                "`invctl verify FILE` names them too");
    for (const auto& violation : check.report.violations) {
      error.add_line({violation.message(), {{"check", violation.check}}});
    }
    throw error;
  }
  if (check.header.currency != catalog.info().currency.code()) {
    throw Error(Exit::conflict, "other_currency",
                fmt::format("the export is in {}, the database in {}", text::printable(check.header.currency),
                            catalog.info().currency.code()),
                "make a database with `invctl init-db --currency`");
  }
  return check.counts;
}

// One pass over the file, inside the transaction.
class Importer {
 public:
  explicit Importer(const ImportTarget& target) : target_(target) {}

  void run(io::InputFile& file) {
    read_export(file, file.name(),
                {.header = {},
                 .warehouse = [&](const Warehouse& warehouse) { add(warehouse); },
                 .product = [&](const Product& product, bool) { add(product); },
                 .threshold = [&](const Threshold& threshold) { add(threshold); },
                 .price = [&](const PriceChange& change) { add(change); },
                 .operation = [&](const ExportedOperation& operation) { add(operation); }});
    flush_catalog();
    flush();
    write_holds();
  }

 private:
  void add(const Warehouse& warehouse) {
    warehouses_.push_back(warehouse);
    if (warehouses_.size() == chunk_size) flush_catalog();
  }
  void add(const Product& product) {
    products_.push_back(product);
    if (products_.size() == chunk_size) flush_catalog();
  }

  void add(Threshold threshold) {
    flush_catalog();
    const auto key = key_of(threshold.warehouse, threshold.sku);
    threshold.warehouse_id = key.warehouse_id;
    threshold.product_id = key.product_id;
    target_.catalog.put_threshold(threshold);
  }
  void add(PriceChange change) {
    flush_catalog();
    for (auto& line : change.lines) line.product_id = product_ids_.at(line.sku);
    target_.catalog.append_prices(change);
  }

  void flush_catalog() {
    if (warehouses_.empty() && products_.empty()) return;
    const auto warehouse_ids = target_.catalog.insert_warehouses(warehouses_);
    for (std::size_t i = 0; i < warehouses_.size(); ++i) {
      warehouse_ids_[warehouses_[i].code] = warehouse_ids[i];
    }
    warehouses_.clear();
    const auto product_ids = target_.catalog.insert_products(products_, first_prices());
    for (std::size_t i = 0; i < products_.size(); ++i) product_ids_[products_[i].sku] = product_ids[i];
    products_.clear();
  }

  // Of products from before prices were recorded.
  static PriceNote first_prices() {
    PriceNote note;
    note.actor = "import";
    note.reason = "the price when prices began to be recorded";
    return note;
  }

  InventoryKey key_of(const std::string& warehouse, const std::string& sku) const {
    return {warehouse_ids_.at(warehouse), product_ids_.at(sku)};
  }

  void add(const ExportedOperation& operation) {
    flush_catalog();
    auto record = operation.entry.record;
    record.id = 0;
    if (record.reverses_uid)
      record.reverses_id = id_of(*record.reverses_uid, record.uid, "reverses an operation");
    if (record.reservation_uid) {
      record.reservation_id = id_of(*record.reservation_uid, record.uid, "names a reservation");
    }
    if (record.accepted) holds_.operation(record);
    const auto index = batch_.operations.size();
    for (auto purchase : operation.entry.purchases) {
      purchase.operation = index;
      purchase.key = key_of(purchase.warehouse, purchase.sku);
      batch_.purchases.push_back(std::move(purchase));
    }
    const auto opening = opening_of(record);
    for (const auto& movement : operation.movements) add_movement(index, movement, opening);
    batch_.operations.push_back(std::move(record));
    if (batch_.operations.size() == chunk_size) flush();
  }

  // Operations that are referred to have an id only once they are written.
  std::int64_t id_of(const Uid& uid, const Uid& by, const char* how) {
    const bool here = std::any_of(batch_.operations.begin(), batch_.operations.end(),
                                  [&](const OperationRecord& record) { return record.uid == uid; });
    if (here) flush();
    const auto id = target_.store.find_operation_by_uid(uid);
    if (id) return *id;
    throw Error(Exit::bad_input, "bad_export",
                fmt::format("operation {} {} that is not in the export", to_hex(by), how), "");
  }

  // What is still held when all is posted.
  void write_holds() {
    std::vector<Hold> holds;
    for (const auto& open : holds_.open()) {
      Hold hold;
      hold.reservation = *target_.store.find_operation_by_uid(open.uid);
      hold.inventory_id = rows_.at(held_rows_.at(static_cast<std::size_t>(open.inventory_id))).id;
      hold.quantity = open.quantity;
      hold.expires_at = open.expires_at;
      holds.push_back(std::move(hold));
    }
    if (!holds.empty()) target_.balances.overwrite_holds(holds);
  }

  void add_movement(std::size_t index, const MovementEntry& movement, std::optional<bool> opening) {
    auto record = movement.record;
    record.operation = index;
    record.key = key_of(record.warehouse, record.sku);
    auto [found, fresh] = rows_.try_emplace(record.key);
    auto& row = found->second;
    if (fresh) row.key = record.key;
    if (before_.try_emplace(record.key, row).second) touched_.push_back(record.key);
    // On a cluster an operation can come before one that has an earlier version of the row.
    if (record.version > row.version) {
      row.on_hand = record.on_hand_after;
      row.reserved = record.reserved_after;
      row.version = record.version;
      row.head = record.hash;
    }
    if (record.reserved_delta != 0) holds_.movement(held_row(record.key), record.reserved_delta);
    if (opening) row.opening = *opening ? std::optional(record.on_hand_delta) : std::nullopt;
    batch_.movements.push_back(std::move(record));
  }

  // A number for a row that may have no id yet.
  std::int64_t held_row(const InventoryKey& key) {
    const auto [found, fresh] = held_numbers_.emplace(key, static_cast<std::int64_t>(held_rows_.size()));
    if (fresh) held_rows_.push_back(key);
    return found->second;
  }

  // Whether an operation posts opening stock (true) or takes it back (false).
  std::optional<bool> opening_of(const OperationRecord& record) {
    std::optional<bool> opens;
    if (record.kind == Kind::opening) opens = true;
    if (record.reverses_uid) {
      const auto found = openings_.find(*record.reverses_uid);
      if (found != openings_.end()) opens = !found->second;
    }
    if (opens) openings_[record.uid] = *opens;
    return opens;
  }

  void flush() {
    if (batch_.operations.empty()) return;
    for (const auto& key : touched_) batch_.changes.push_back({before_.at(key), rows_.at(key)});
    target_.ledger.append(batch_);
    for (const auto& change : batch_.changes) rows_.at(change.after.key).id = change.after.id;
    batch_ = {};
    before_.clear();
    touched_.clear();
  }

  const ImportTarget& target_;
  std::vector<Warehouse> warehouses_;
  std::vector<Product> products_;
  std::unordered_map<std::string, std::int64_t> warehouse_ids_, product_ids_;
  std::map<InventoryKey, InventoryRow> rows_, before_;
  std::vector<InventoryKey> touched_;
  std::map<Uid, bool> openings_;
  OpenHolds holds_;
  std::map<InventoryKey, std::int64_t> held_numbers_;
  std::vector<InventoryKey> held_rows_;  // by the number that holds_ knows them by
  AppendBatch batch_;
};

// The state that the database is in, if it is that of the export.
bool holds(SealStore& store, const ExportCounts& counts) {
  auto heads = store.chain_heads();
  std::int64_t movements = 0;
  for (const auto& head : heads) movements += head.version;
  return counts.movements > 0 && seal_text(movements, seal_digest(heads)) == counts.seal;
}

}  // namespace

ImportResult import_export(const ImportTarget& target, io::InputFile& file, const Deadline& deadline) {
  ImportResult result;
  result.counts = require_sound(target.catalog, file);
  bool commit_reached = false;
  run_transaction(target.store, deadline, "", commit_reached, [&] {
    file.rewind();
    target.store.begin(deadline);
    try {
      target.catalog.lock_catalog();
      if (!target.store.is_empty()) {
        if (!holds(target.seals, result.counts)) {
          target.store.rollback();
          target.store.make_durable();
          throw Error(Exit::conflict, "not_empty", "the database is not empty",
                      "an export is taken in by a new database only: `invctl init-db`");
        }
        result.replayed = true;
        target.store.rollback();
        target.store.make_durable();
        return;
      }
      Importer(target).run(file);
      file.verify_unchanged();
    } catch (...) {
      target.store.rollback();
      throw;
    }
    commit_reached = true;
    target.store.commit();
  });
  return result;
}

}  // namespace invctl::intake
