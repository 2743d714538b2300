// SqlStore: what reports are made of.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/trace.hpp"
#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

using report::Fact;
using report::FactQuery;

// Operations read at a time: as many as one list of ids takes.
constexpr std::size_t facts_per_page = list_most;

// The operations of a range by (time, id), page by page: each page begins behind the last operation of the
// one before it, which two look-ups into the index of the time find, however many share a time.
class FactPages {
 public:
  FactPages(Connection& connection, const FactQuery& query)
      : connection_(connection),
        query_(query),
        time_(query.by == report::TimeBy::recorded ? "recorded_at" : "occurred_at") {}

  // False at the end. Those that were refused are left out, so that a page may be empty.
  bool next(std::vector<Fact>& page) {
    page.clear();
    if (at_end_) return false;
    std::size_t left = facts_per_page;
    if (last_) {
      Query query(connection_, select("{0} = ? AND id > ? ORDER BY id"));
      query.bind(last_->first).bind(last_->second).bind(static_cast<std::int64_t>(left));
      left -= read(query, page);
    }
    if (left > 0) {
      // The first page begins with its time, the others behind the last one's.
      Query query(connection_, select(last_ ? "{0} > ? AND {0} < ? ORDER BY {0}, id"
                                            : "{0} >= ? AND {0} < ? ORDER BY {0}, id"));
      query.bind(last_ ? last_->first : query_.from).bind(query_.to).bind(static_cast<std::int64_t>(left));
      left -= read(query, page);
    }
    at_end_ = left > 0;
    return true;
  }

 private:
  std::string select(std::string_view where) const {
    return fmt::format("SELECT id, {0}, kind, outcome, reverses_id, reason FROM operation WHERE ", time_) +
           fmt::format(fmt::runtime(where), time_) + " LIMIT ?";
  }

  std::size_t read(Query& query, std::vector<Fact>& page) {
    std::size_t rows = 0;
    for (; query.next(); ++rows) {
      last_ = {query.integer(1), query.integer(0)};
      if (query.view(3) != "accepted") continue;
      auto& fact = page.emplace_back();
      fact.id = query.integer(0);
      fact.at = query.integer(1);
      fact.kind = query.view(2);
      fact.root = fact.kind;
      fact.reverses = query.optional_integer(4);
      fact.reason = query.optional_text(5);
    }
    return rows;
  }

  Connection& connection_;
  const FactQuery& query_;
  std::string time_;
  std::optional<std::pair<std::int64_t, std::int64_t>> last_;  // time and id
  bool at_end_ = false;
};

// Follows a chain of reversals to what it began with. Returns that operation's id.
std::int64_t find_root(Connection& connection, Fact& fact) {
  auto id = fact.id;
  for (auto reverses = fact.reverses; reverses;) {
    Query query(connection, "SELECT kind, reverses_id FROM operation WHERE id = ?");
    if (!query.bind(*reverses).next()) break;
    id = *reverses;
    fact.root = query.view(0);
    fact.undoes = !fact.undoes;
    reverses = query.optional_integer(1);
  }
  return id;
}

void read_lines(Connection& connection, std::vector<Fact>& page) {
  std::unordered_map<std::int64_t, Fact*> by_id;
  std::vector<std::int64_t> ids;
  for (auto& fact : page) {
    by_id[fact.id] = &fact;
    ids.push_back(fact.id);
  }
  for_lists<std::int64_t>(
      connection, ids,
      [](std::size_t n) {
        return fmt::format(
            "SELECT operation_id, inventory_id, on_hand_delta, unit_cost_minor FROM movement "
            "WHERE operation_id IN ({}) AND on_hand_delta <> 0 ORDER BY operation_id, id",
            placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) {
          by_id.at(query.integer(0))
              ->lines.push_back({query.integer(1), query.integer(2), query.optional_integer(3)});
        }
      });
}

void read_sales(Connection& connection, const std::multimap<std::int64_t, Fact*>& by_root) {
  std::vector<std::int64_t> ids;
  for (const auto& [id, fact] : by_root) {
    if (ids.empty() || ids.back() != id) ids.push_back(id);
  }
  for_lists<std::int64_t>(
      connection, ids,
      [](std::size_t n) {
        return fmt::format(
            "SELECT operation_id, user_name, warehouse_id, product_id, quantity, unit_price_minor, "
            "total_minor FROM purchase WHERE operation_id IN ({}) ORDER BY operation_id, id",
            placeholders(n));
      },
      [&](Query& query) {
        while (query.next()) {
          const auto [first, last] = by_root.equal_range(query.integer(0));
          for (auto at = first; at != last; ++at) {
            at->second->sales.push_back({query.text(1),
                                         {query.integer(2), query.integer(3)},
                                         query.integer(4),
                                         query.integer(5),
                                         query.integer(6)});
          }
        }
      });
}

}  // namespace

void SqlStore::stock_rows(const std::function<void(const report::StockRow&)>& row) {
  Query query(*connection_,
              "SELECT i.id, i.warehouse_id, i.product_id, w.code, p.sku, i.on_hand FROM inventory i "
              "JOIN warehouse w ON w.id = i.warehouse_id JOIN product p ON p.id = i.product_id "
              "ORDER BY w.code, p.sku");
  while (query.next()) {
    row({query.integer(0),
         {query.integer(1), query.integer(2)},
         query.text(3),
         query.text(4),
         query.integer(5)});
  }
}

void SqlStore::product_labels(const std::function<void(const report::ProductLabel&)>& product) {
  Query query(*connection_, "SELECT id, sku, name, category, reorder_point FROM product ORDER BY sku");
  while (query.next()) {
    product(
        {query.integer(0), query.text(1), query.text(2), query.optional_text(3), query.optional_integer(4)});
  }
}

void SqlStore::facts(const FactQuery& query, const std::function<void(const Fact&)>& fact) {
  FactPages pages(*connection_, query);
  std::vector<Fact> page;
  std::int64_t operations = 0;
  std::int64_t lines = 0;
  while (pages.next(page)) {
    read_lines(*connection_, page);
    std::multimap<std::int64_t, Fact*> by_root;
    for (auto& found : page) {
      const auto root = find_root(*connection_, found);
      if (query.sales && (found.root == "purchase" || found.root == "confirm")) {
        by_root.emplace(root, &found);
      }
    }
    if (!by_root.empty()) read_sales(*connection_, by_root);
    for (const auto& found : page) {
      ++operations;
      lines += static_cast<std::int64_t>(found.lines.size());
      fact(found);
    }
  }
  trace(TraceLevel::debug, "facts_read", {{"operations", operations}, {"lines", lines}});
}

std::optional<Micros> SqlStore::first_occurrence(Micros from, Micros to) {
  Query query(*connection_,
              "SELECT occurred_at FROM operation WHERE occurred_at >= ? AND occurred_at < ? "
              "AND outcome = 'accepted' ORDER BY occurred_at LIMIT 1");
  return query.bind(from).bind(to).next() ? std::optional(query.integer(0)) : std::nullopt;
}

}  // namespace invctl::db
