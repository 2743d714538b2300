// Seeding: warehouses, products and opening stock from delimited files (design section 7).
//
// Two passes. The first checks every row and keeps the last word on every distinct code; then one transaction
// compares that with the database and writes what is missing. Where any row is bad, the second pass reads the
// files again to name every fault at its place (or, with a rejects file, to repeat the bad rows there), so
// that memory grows with the distinct codes only, not with the rows or the faults.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/seed_fields.hpp"
#include "io/fault.hpp"
#include "stock/ledger.hpp"

namespace invctl {

// What becomes of a row whose code (for stock: warehouse and SKU) an earlier good row of the file has.
enum class OnDuplicate {
  fail,   // it is a bad row
  first,  // it is left out
  last,   // what it gives replaces what the earlier one gave; a field that it leaves empty does not
};
OnDuplicate parse_on_duplicate(std::string_view name);  // Error(usage)

struct SeedOptions {
  std::array<std::optional<std::string>, seed_kinds.size()> files;  // by SeedKind; `-`: standard input
  SeedMaps maps;
  char delimiter = ',';
  std::string encoding = "UTF-8";
  OnDuplicate on_duplicate = OnDuplicate::fail;
  std::optional<std::string> rejects;  // skip bad rows, and repeat them in this file: seed_rejects.hpp
  bool dry_run = false;                // nothing is written, neither rows nor rejects
  std::string actor;
  std::chrono::milliseconds lock_timeout{5000};
  bool show_progress = false;
};

// Rows are those of the file, the other numbers are codes but for `rejected`. Rows that repeat a code are in
// `rows` alone.
struct SeedCounts {
  std::int64_t rows = 0;
  std::int64_t inserted = 0, updated = 0, unchanged = 0;
  std::int64_t rejected = 0;  // rows
};

// Two codes of one file that differ only by case: legal, and often a slip.
struct CasePair {
  std::string file, code, other;  // in the order of the file
};

struct SeedReport {
  std::array<SeedCounts, seed_kinds.size()> counts;  // by SeedKind
  std::vector<CasePair> case_pairs;
  io::FaultList rejected;               // why, in the order of the files
  std::size_t replaced_characters = 0;  // of rejected rows, that the file's encoding does not have
  bool committed = false;               // something was written

  std::int64_t rejected_rows() const;
};

// `catalog` and `stock` are two views of one store. Throws Error: bad_input with every fault as a line where
// rows are bad and no rejects file was asked for, where a file ends in the middle of a quoted field or of
// bytes that are not text, or cannot be read; usage for options; conflict where the rejects file would
// replace something else; unreported where all is stored but the rejects file is not in its place; what
// run_transaction() throws.
SeedReport seed(CatalogStore& catalog, PostingStore& stock, const Origin& origin, const SeedOptions& options);

}  // namespace invctl
