#include "apply/export_write.hpp"

#include <unordered_map>

#include "stock/seal.hpp"

namespace invctl::intake {

namespace {

class Writer {
 public:
  Writer(LedgerReader& ledger, CatalogStore& catalog, PriceStore& prices,
         const std::function<void(std::string_view)>& write)
      : ledger_(ledger), catalog_(catalog), prices_(prices), write_(write) {}

  ExportCounts run(const ExportHeader& header) {
    write_(header_line(header));
    for (const auto& warehouse : catalog_.list_warehouses()) {
      write_(warehouse_line(warehouse));
      ++counts_.warehouses;
    }
    catalog_.each_product([&](const Product& product) {
      write_(product_line(product));
      ++counts_.products;
    });
    for (const auto& threshold : catalog_.thresholds()) {
      write_(threshold_line(threshold));
      ++counts_.thresholds;
    }
    prices_.price_changes([&](const PriceChange& change) {
      write_(price_line(change));
      ++counts_.prices;
    });
    ledger_.balances([&](const BalanceEntry& entry) {
      heads_[entry.row.id] = {entry.warehouse, entry.sku, 0, {}};
    });
    ledger_.ledger({[&](const OperationEntry& entry) { operation(entry); },
                    [&](const MovementEntry& entry) { movement(entry); }, [](const OrphanPurchase&) {}});
    flush();
    end();
    return counts_;
  }

 private:
  void operation(const OperationEntry& entry) {
    flush();
    open_ = true;
    operation_.entry = entry;
    operation_.movements.clear();
    ++counts_.operations;
  }

  // One without its operation or its row cannot be written; that the seal does not fit then shows it.
  void movement(const MovementEntry& entry) {
    ++counts_.movements;
    const auto head = heads_.find(entry.inventory_id);
    if (head == heads_.end() || !open_ || operation_.entry.record.id != entry.operation_id) return;
    auto& written = operation_.movements.emplace_back(entry);
    written.record.warehouse = head->second.warehouse;
    written.record.sku = head->second.sku;
    if (entry.record.version > head->second.version) {
      head->second.version = entry.record.version;
      head->second.head = entry.record.hash;
    }
  }

  void flush() {
    if (open_) write_(operation_line(operation_));
    open_ = false;
  }

  void end() {
    std::vector<ChainHead> heads;
    for (auto& [id, head] : heads_) {
      if (head.version > 0) heads.push_back(std::move(head));
    }
    counts_.seal = seal_text(counts_.movements, seal_digest(heads));
    write_(end_line(counts_));
  }

  LedgerReader& ledger_;
  CatalogStore& catalog_;
  PriceStore& prices_;
  const std::function<void(std::string_view)>& write_;
  ExportCounts counts_;
  std::unordered_map<std::int64_t, ChainHead> heads_;
  ExportedOperation operation_;
  bool open_ = false;
};

}  // namespace

ExportCounts write_export(LedgerReader& ledger, CatalogStore& catalog, PriceStore& prices,
                          const ExportHeader& header, const std::function<void(std::string_view)>& write) {
  return Writer(ledger, catalog, prices, write).run(header);
}

}  // namespace invctl::intake
