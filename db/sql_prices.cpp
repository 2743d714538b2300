// SqlStore: prices.
#include "sql_prices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sql_conditions.hpp"
#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

constexpr std::string_view change_columns =
    "c.id, c.uid, c.idempotency_key, c.actor, c.reason, c.effective_at, c.recorded_at, c.host, "
    "c.tool_version, c.line_count, c.hash";

PriceChange read_change(const Query& query) {
  PriceChange change;
  change.id = query.integer(0);
  read_bytes(query, 1, change.uid);
  change.key = query.optional_text(2);
  change.actor = query.text(3);
  change.reason = query.text(4);
  change.effective_at = query.integer(5);
  change.recorded_at = query.integer(6);
  change.host = query.text(7);
  change.tool_version = query.text(8);
  change.line_count = query.integer(9);
  read_bytes(query, 10, change.hash);
  return change;
}

// The lines of all changes from one id to another, change by change.
class Lines {
 public:
  Lines(Connection& connection, std::int64_t from, std::int64_t to)
      : query_(
            connection,
            "SELECT l.change_id, l.product_id, p.sku, l.version, l.old_minor, l.new_minor FROM price_line l "
            "LEFT JOIN product p ON p.id = l.product_id WHERE l.change_id >= ? AND l.change_id <= ? "
            "ORDER BY l.change_id, l.product_id, l.version") {
    query_.bind(from).bind(to);
    next();
  }

  std::int64_t change() const {
    return at_end_ ? std::numeric_limits<std::int64_t>::max() : query_.integer(0);
  }
  bool at_end() const { return at_end_; }
  void take(PriceChange& into) {
    for (; !at_end_ && query_.integer(0) == into.id; next()) {
      into.lines.push_back({query_.integer(1), query_.text(2), query_.integer(3), query_.optional_integer(4),
                            query_.optional_integer(5)});
    }
  }

 private:
  void next() { at_end_ = !query_.next(); }
  Query query_;
  bool at_end_ = false;
};

// The change of `p` whose price is in effect at a moment, or the first one after it.
std::string version_at(bool after) {
  return fmt::format(
      "(SELECT x.version FROM price_line x JOIN price_change y ON y.id = x.change_id WHERE x.product_id = "
      "p.id "
      "AND y.effective_at {} ? ORDER BY y.effective_at {}, x.version DESC LIMIT 1)",
      after ? ">" : "<=", after ? "ASC" : "DESC");
}

}  // namespace

std::string price_in_effect(std::string_view now) {
  return fmt::format(
      "(CASE WHEN p.next_price_at IS NULL OR p.next_price_at > {0} THEN p.price_minor ELSE "
      "(SELECT l.new_minor FROM price_line l JOIN price_change c ON c.id = l.change_id "
      "WHERE l.product_id = p.id AND c.effective_at <= {0} "
      "ORDER BY c.effective_at DESC, l.version DESC LIMIT 1) END)",
      now);
}

Micros SqlStore::price_clock() {
  const auto now = clock();
  Query query(*connection_, "SELECT recorded_at FROM price_change ORDER BY id DESC LIMIT 1");
  return query.next() ? std::max(now, query.integer(0)) : now;
}

void SqlStore::append_prices(PriceChange& change) {
  insert_price_change(*connection_, change);
}

void insert_price_change(Connection& connection, PriceChange& change) {
  {
    Query query(connection,
                insert_sql("price_change",
                           "uid, idempotency_key, actor, reason, effective_at, recorded_at, host, "
                           "tool_version, line_count, hash",
                           10, 1));
    query.bind_blob(change.uid).bind(change.key).bind(change.actor).bind(change.reason);
    query.bind(change.effective_at).bind(change.recorded_at).bind(change.host).bind(change.tool_version);
    query.bind(change.line_count).bind_blob(change.hash).run();
  }
  change.id = connection.last_insert_id();
  in_pieces(change.lines.size(), connection.dialect().rows_per_insert, [&](std::size_t first, std::size_t n) {
    Query query(connection,
                insert_sql("price_line", "product_id, version, change_id, old_minor, new_minor", 5, n));
    for (const auto& line : std::span(change.lines).subspan(first, n)) {
      query.bind(line.product_id).bind(line.version).bind(change.id);
      query.bind(line.old_minor).bind(line.new_minor);
    }
    query.run();
  });
}

std::optional<PriceChange> SqlStore::find_price_change(const std::string& key) {
  Query query(*connection_,
              fmt::format("SELECT {} FROM price_change c WHERE c.idempotency_key = ?", change_columns));
  return query.bind(key).next() ? std::optional(read_change(query)) : std::nullopt;
}

std::vector<PriceLine> SqlStore::price_lines(std::int64_t change, std::span<const std::int64_t> products) {
  std::vector<PriceLine> found;
  for_lists<std::int64_t>(
      *connection_, products,
      [](std::size_t n) {
        return fmt::format(
            "SELECT l.product_id, p.sku, l.version, l.old_minor, l.new_minor FROM price_line l "
            "JOIN product p ON p.id = l.product_id WHERE l.product_id IN ({}) AND l.change_id = ?",
            placeholders(n));
      },
      [&](Query& query) {
        query.bind(change);
        while (query.next()) {
          found.push_back({query.integer(0), query.text(1), query.integer(2), query.optional_integer(3),
                           query.optional_integer(4)});
        }
      });
  return found;
}

std::optional<Minor> SqlStore::price_at(std::int64_t product, Micros moment) {
  Query query(*connection_,
              "SELECT l.new_minor FROM price_line l JOIN price_change c ON c.id = l.change_id "
              "WHERE l.product_id = ? AND c.effective_at <= ? "
              "ORDER BY c.effective_at DESC, l.version DESC LIMIT 1");
  query.bind(product).bind(moment);
  return query.next() ? query.optional_integer(0) : std::nullopt;
}

void SqlStore::list_prices(const PriceFilter& filter, const std::function<void(const PriceEntry&)>& row) {
  const auto now = price_clock();
  Conditions conditions;
  if (filter.sku) conditions.add("p.sku = ?", *filter.sku);
  if (filter.category) conditions.add("p.category = ?", *filter.category);
  if (!filter.include_retired && !filter.sku) conditions.add("p.retired_at IS NULL");
  if (filter.upcoming) conditions.add("n.version IS NOT NULL");
  Query query(*connection_,
              fmt::format("SELECT p.sku, p.name, p.category, l.new_minor, c.effective_at, n.new_minor, "
                          "d.effective_at FROM product p "
                          "LEFT JOIN price_line l ON l.product_id = p.id AND l.version = {} "
                          "LEFT JOIN price_change c ON c.id = l.change_id "
                          "LEFT JOIN price_line n ON n.product_id = p.id AND n.version = {} "
                          "LEFT JOIN price_change d ON d.id = n.change_id{} ORDER BY p.sku",
                          version_at(false), version_at(true), conditions.sql()));
  query.bind(now).bind(now);
  conditions.bind(query);
  while (query.next()) {
    PriceEntry entry;
    entry.sku = query.text(0);
    entry.name = query.text(1);
    entry.category = query.optional_text(2);
    entry.price_minor = query.optional_integer(3);
    entry.since = query.optional_integer(4);
    entry.next_price_minor = query.optional_integer(5);
    entry.next_at = query.optional_integer(6);
    row(entry);
  }
}

void SqlStore::price_history(const PriceHistoryFilter& filter,
                             const std::function<void(const PriceHistoryEntry&)>& row) {
  const auto now = price_clock();
  Query query(*connection_,
              fmt::format("SELECT {}, l.product_id, l.version, l.old_minor, l.new_minor FROM price_line l "
                          "JOIN price_change c ON c.id = l.change_id "
                          "WHERE l.product_id = (SELECT id FROM product WHERE sku = ?) AND l.version < ? "
                          "ORDER BY l.version DESC LIMIT ?",
                          change_columns));
  query.bind(filter.sku).bind(filter.before.value_or(std::numeric_limits<std::int64_t>::max()));
  query.bind(filter.limit);
  while (query.next()) {
    PriceHistoryEntry entry;
    entry.change = read_change(query);
    entry.line = {query.integer(11), filter.sku, query.integer(12), query.optional_integer(13),
                  query.optional_integer(14)};
    entry.upcoming = entry.change.effective_at > now;
    row(entry);
  }
}

void SqlStore::product_prices(const std::function<void(const ProductPrice&)>& row) {
  Query query(*connection_,
              "SELECT id, sku, price_minor, next_price_at, price_version FROM product ORDER BY id");
  while (query.next()) {
    row({query.integer(0), query.text(1), query.optional_integer(2), query.optional_integer(3),
         query.integer(4)});
  }
}

void SqlStore::price_changes(const std::function<void(const PriceChange&)>& row) {
  constexpr auto highest = std::numeric_limits<std::int64_t>::max();
  // A change may have hundreds of lines, so that few of them are read at a time where an answer is buffered.
  constexpr std::int64_t changes_per_page = 50;
  const bool paged = connection_->dialect().rows_per_page != 0;
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  for (auto to = from; to != highest; from = to + 1) {
    to = highest;
    if (paged) {
      Query query(*connection_, "SELECT id FROM price_change WHERE id >= ? ORDER BY id LIMIT 1 OFFSET ?");
      if (query.bind(from).bind(changes_per_page - 1).next()) to = query.integer(0);
    }
    Lines lines(*connection_, from, to);
    const auto hand_over_strangers = [&](std::int64_t until) {
      while (!lines.at_end() && lines.change() < until) {
        PriceChange stranger;
        stranger.id = lines.change();
        lines.take(stranger);
        row(stranger);
      }
    };
    Query query(*connection_, fmt::format("SELECT {} FROM price_change c WHERE c.id >= ? AND c.id <= ? "
                                          "ORDER BY c.id",
                                          change_columns));
    query.bind(from).bind(to);
    while (query.next()) {
      auto change = read_change(query);
      hand_over_strangers(change.id);
      lines.take(change);
      row(change);
    }
    hand_over_strangers(highest);
    if (to == highest) return;
  }
}

}  // namespace invctl::db
