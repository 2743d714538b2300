// What `watch` shows, as text: which rows, in which order, on which line. No terminal is needed to know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "stock/reads.hpp"

namespace invctl::watch {

struct Data {
  std::string source;                  // the database, without secrets
  std::vector<StockEntry> stock;       // by warehouse, then SKU
  std::deque<HistoryEntry> movements;  // newest first
  double purchases_per_s = 0, movements_per_s = 0;
  std::string clock;    // when it was read, as shown
  std::string trouble;  // why it could not be read; empty: it was
};

enum class Sort { urgency, sku, available, recent };
inline constexpr int sorts = 4;
std::string_view sort_name(Sort sort);

struct View {
  Sort sort = Sort::urgency;
  bool reversed = false;
  bool low_only = false;
  bool paused = false;
  bool typing = false;  // the filter
  std::string filter;   // rows whose warehouse, SKU or name holds it, whatever its case
  std::size_t scroll = 0;
};

// A reorder point is reached when no more than it is available (as `alerts` sees it).
bool is_low(const StockEntry& row);

// Indices into data.stock: what the view shows, in its order.
std::vector<std::size_t> select_rows(const Data& data, const View& view);

enum class Tone { plain, head, dim, good, warn, bad };

struct Piece {
  std::string text;
  Tone tone = Tone::plain;
};
using Line = std::vector<Piece>;

// How many stock rows fit on a screen of so many lines.
std::size_t rows_shown(std::size_t lines);

// Exactly `lines` lines, none wider than `columns` on a terminal. Text of the database is made printable.
std::vector<Line> draw(const Data& data, const View& view, std::size_t lines, std::size_t columns);

// A bar of `width` columns for what is available, of which a third stands for the reorder point.
std::string bar(Quantity available, Quantity reorder_point, std::size_t width);

// The text in exactly `width` columns: cut with an ellipsis, or filled up with spaces.
std::string fit(std::string_view text, std::size_t width, bool to_the_right = false);

}  // namespace invctl::watch
