// Filling an empty database from an export: the same balances and the same hashes, on whatever engine.
#pragma once

#include <string>

#include "apply/export_read.hpp"
#include "catalog/catalog.hpp"
#include "core/time.hpp"
#include "io/input_file.hpp"
#include "stock/audit.hpp"
#include "stock/seal.hpp"
#include "stock/store.hpp"

namespace invctl::intake {

class ImportStore : public virtual Transactions {
 public:
  virtual bool is_empty() = 0;  // no warehouse, product or operation
  virtual std::optional<std::int64_t> find_operation_by_uid(const Uid& uid) = 0;
};

// One database, in its several capacities.
struct ImportTarget {
  PostingStore& ledger;
  RepairStore& balances;
  CatalogStore& catalog;
  SealStore& seals;
  ImportStore& store;
};

struct ImportResult {
  ExportCounts counts;
  bool replayed = false;  // the database holds exactly this export already
};

// Checks the whole file first, then writes it in one transaction: nothing is decided anew, every operation
// keeps its uid, times and hashes. Throws Error: bad_input where the export is not sound, conflict
// (not_empty, other_currency) where the database cannot take it, and what the transaction throws.
ImportResult import_export(const ImportTarget& target, io::InputFile& file, const Deadline& deadline);

}  // namespace invctl::intake
