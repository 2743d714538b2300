#include "catalog/seed_table.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl {

void RowIndex::place(Slot slot) {
  auto at = slot.tag & mask();
  while (slots_[at].row != none) at = (at + 1) & mask();
  slots_[at] = slot;
}

void RowIndex::insert(std::size_t hash, Row row) {
  if (row == none) throw Error(Exit::bad_input, "there are more than 4,294,967,294 distinct codes");
  if ((used_ + 1) * 4 > slots_.size() * 3) {
    auto old = std::move(slots_);
    slots_.assign(std::max<std::size_t>(64, old.size() * 2), {});
    for (const auto& slot : old) {
      if (slot.row != none) place(slot);
    }
  }
  place({tag_of(hash), row});
  ++used_;
}

namespace {

std::size_t hash_of(std::string_view code) {
  return std::hash<std::string_view>{}(code);
}

std::size_t hash_of(std::uint32_t warehouse, std::uint32_t sku) {
  return (static_cast<std::size_t>(warehouse) << 32 | sku) * 0xc2b2ae3d27d4eb4fULL;
}

}  // namespace

std::optional<std::uint32_t> CodeTable::find(std::string_view code) const {
  return index_.find(hash_of(code), [&](std::uint32_t row) { return codes_[row] == code; });
}

std::uint32_t CodeTable::add(std::string_view code) {
  // Files of one system are often in one order: then the code after the last one is the next, without a
  // search.
  if (last_ + 1 < codes_.size() && codes_[last_ + 1] == code) return ++last_;
  if (const auto found = find(code)) return last_ = *found;
  const auto row = static_cast<std::uint32_t>(codes_.size());
  index_.insert(hash_of(code), row);
  codes_.emplace_back(code);
  return last_ = row;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> CodeTable::case_pairs(std::size_t count) const {
  // Hashes of the folded codes first: equal ones are rare, and only those are folded again.
  struct Folded {
    std::size_t hash;
    std::uint32_t row;
    bool operator<(const Folded& other) const {
      return hash != other.hash ? hash < other.hash : row < other.row;
    }
  };
  std::vector<Folded> folded;
  folded.reserve(count);
  for (std::uint32_t row = 0; row < count; ++row)
    folded.push_back({hash_of(text::case_fold(codes_[row])), row});
  std::sort(folded.begin(), folded.end());
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (std::size_t i = 0; i < folded.size(); ++i) {
    for (std::size_t j = i; j-- > 0 && folded[j].hash == folded[i].hash;) {
      const auto first = folded[j].row;
      const bool same = text::case_fold(codes_[first]) == text::case_fold(codes_[folded[i].row]);
      if (!same) continue;
      pairs.emplace_back(folded[i].row, first);
      break;
    }
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::optional<std::uint32_t> SeedTables::find_stock(std::uint32_t warehouse, std::uint32_t sku) const {
  return stock_index_.find(hash_of(warehouse, sku), [&](std::uint32_t row) {
    return stock[row].warehouse == warehouse && stock[row].sku == sku;
  });
}

void SeedTables::add_stock(StockRow row) {
  stock_index_.insert(hash_of(row.warehouse, row.sku), static_cast<std::uint32_t>(stock.size()));
  stock.push_back(row);
}

const SeedVerdicts::Refusal* SeedVerdicts::refusal(std::uint32_t stock_row) const {
  const auto found = std::lower_bound(refused.begin(), refused.end(), stock_row,
                                      [](const auto& entry, std::uint32_t row) { return entry.first < row; });
  return found != refused.end() && found->first == stock_row ? &found->second : nullptr;
}

}  // namespace invctl
