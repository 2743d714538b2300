// What reports are made of: the ledger's operations in the order of their times, and closed periods.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/types.hpp"
#include "report/costing.hpp"
#include "stock/book.hpp"
#include "stock/transactions.hpp"

namespace invctl::report {

// By which time an operation belongs to a period: when it happened, as its label says, or when it was
// written. A closed period is one of the first kind.
enum class TimeBy { occurred, recorded };

inline constexpr Micros beginning_of_time = std::numeric_limits<Micros>::min();
inline constexpr Micros end_of_time = std::numeric_limits<Micros>::max();

// A row of `inventory`.
struct StockRow {
  std::int64_t id = 0;
  InventoryKey key;
  std::string warehouse, sku;
  Quantity on_hand = 0;
};

struct ProductLabel {
  std::int64_t id = 0;
  std::string sku, name;
  std::optional<std::string> category;
  std::optional<Quantity> reorder_point;
};

struct FactLine {
  std::int64_t inventory_id = 0;
  Quantity delta = 0;  // on hand, not 0
  std::optional<Minor> unit_cost;
};

struct SaleLine {
  std::string user;
  InventoryKey key;
  Quantity quantity = 0;
  Minor unit_price_minor = 0, total_minor = 0;
};

// An operation that was accepted, and what it did to stock on hand.
struct Fact {
  std::int64_t id = 0;
  Micros at = 0;
  std::string kind;  // as stored
  // What a chain of reversals began with, and whether this undoes it (a reversal of a reversal does it
  // again). Of anything else its own kind.
  std::string root;
  bool undoes = false;
  std::optional<std::int64_t> reverses;  // the operation that it undoes
  std::optional<std::string> reason;
  std::vector<FactLine> lines;
  std::vector<SaleLine> sales;  // of the root, if asked for

  bool is_sale() const { return root == "ship" || root == "purchase" || root == "confirm"; }
};

// from <= time < to.
struct FactQuery {
  TimeBy by = TimeBy::occurred;
  Micros from = beginning_of_time, to = end_of_time;
  bool sales = false;
};

struct ClosedPeriod {
  std::int64_t id = 0;
  std::string name;
  Micros starts_at = 0, ends_at = 0;
  std::int64_t operations = 0, movements = 0;
  Digest digest{};
  Micros closed_at = 0;
  std::string actor, host, tool_version;
};

// How things stood when a period ended.
struct PeriodState {
  std::map<std::int64_t, Quantity> on_hand;  // by inventory id; where it is not 0
  std::map<std::int64_t, CostState> costs;   // by product id; where there is anything
  friend bool operator==(const PeriodState&, const PeriodState&) = default;
};

// To see one moment's state, ask between begin_snapshot() and rollback(). Rows come one by one.
class ReportStore : public virtual Transactions {
 public:
  // By warehouse code, then SKU.
  virtual void stock_rows(const std::function<void(const StockRow&)>& row) = 0;
  // By SKU; retired ones too.
  virtual void product_labels(const std::function<void(const ProductLabel&)>& product) = 0;
  // By time, then id.
  virtual void facts(const FactQuery& query, const std::function<void(const Fact&)>& fact) = 0;
  // When the first accepted operation of this range happened.
  virtual std::optional<Micros> first_occurrence(Micros from, Micros to) = 0;

  virtual std::vector<ClosedPeriod> closed_periods() = 0;  // by time
  virtual PeriodState period_state(std::int64_t period) = 0;
};

// What closing needs beyond reading, inside a write transaction.
class PeriodStore : public ReportStore {
 public:
  // Keeps out whoever else closes a period or posts into the past.
  virtual void lock_periods() = 0;
  virtual void insert_period(ClosedPeriod& period, const PeriodState& state) = 0;
};

}  // namespace invctl::report
