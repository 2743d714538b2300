// What one transaction does with the tables: compares them with the database and writes what is missing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/seed.hpp"
#include "catalog/seed_table.hpp"

namespace invctl {

// Made anew for every attempt, inside a transaction that holds the catalogue's lock; the caller commits.
class SeedTransaction {
 public:
  struct Options {
    bool write = true;  // false: only look, because nothing will be committed anyway
    std::string actor;
    std::string reference;  // of the opening stock
    std::string price_reason = "seed-from-csv";
    std::function<void(std::uint64_t)> progress = [](std::uint64_t) {};  // codes done, of all tables
  };

  SeedTransaction(CatalogStore& catalog, PostingStore& stock, const Origin& origin, const SeedTables& tables,
                  Options options);

  // Inserts and updates warehouses and products, then looks up and locks what the stock rows name.
  // Afterwards verdicts() are complete.
  void prepare();
  // Posts the opening stock of all rows that are not refused.
  void post_stock();

  const SeedVerdicts& verdicts() const { return verdicts_; }
  bool refuses_rows() const { return refuses_rows_; }
  bool wrote() const { return wrote_; }
  // Without the rows of the files and those rejected, which this does not see.
  const std::array<SeedCounts, seed_kinds.size()>& counts() const { return counts_; }

 private:
  enum class Fate : std::uint8_t { post, unchanged, refused };
  using Code = SeedVerdicts::Code;

  template <class Row, class Table>
  void seed_rows(SeedKind kind, const CodeTable& codes, const Table& given);
  template <class Row, class Table>
  void seed_chunk(SeedKind kind, const CodeTable& codes, const Table& given, std::size_t first,
                  std::size_t n);
  template <class Find>
  void look_up_others(const CodeTable& codes, std::size_t first, std::vector<std::int64_t>& ids,
                      std::vector<Code>& states, Find&& find);
  std::vector<InventoryRow> lock_stock();
  Fate judge(std::uint32_t number, const InventoryRow& existing);
  struct Chunk;
  Chunk draft_chunk(std::span<const std::uint32_t> numbers) const;
  SeedCounts& count(SeedKind kind) { return counts_[index_of(kind)]; }
  void advance(std::size_t n);

  CatalogStore& catalog_;
  PostingStore& stock_;
  const Origin& origin_;
  const SeedTables& tables_;
  Options options_;

  SeedVerdicts verdicts_;
  std::vector<std::int64_t> warehouse_ids_, product_ids_;  // by code number; 0: none
  std::vector<bool> warehouse_is_new_, product_is_new_;
  std::vector<Fate> fates_;             // by stock row
  std::vector<InventoryRow> existing_;  // of the stock rows, by key
  bool had_products_ = true;
  PriceNote price_note_;
  std::array<SeedCounts, seed_kinds.size()> counts_{};
  std::uint64_t done_ = 0;
  bool refuses_rows_ = false;
  bool wrote_ = false;
};

}  // namespace invctl
