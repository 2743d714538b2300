// SqlStore: seals of the ledger.
#include <fmt/format.h>

#include <limits>

#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

SealedLine read_line(const Query& query) {
  SealedLine line;
  line.seal_id = query.integer(1);
  line.head = {query.text(2), query.text(3), query.integer(4), query.bytes<32>(5)};
  return line;
}

// Reads a whole table that is asked for by `sql` (which takes the id to go on after, and how many rows), by
// id.
template <class Use>
void by_pages(Connection& connection, const std::string& sql, Use&& use) {
  const auto page = connection.dialect().rows_per_page;
  const auto limit = page == 0 ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(page);
  std::int64_t after = std::numeric_limits<std::int64_t>::min();
  for (std::int64_t rows = limit; rows == limit;) {
    Query query(connection, sql);
    query.bind(after).bind(limit);
    for (rows = 0; query.next(); ++rows) {
      after = query.integer(0);
      use(query);
    }
  }
}

}  // namespace

std::vector<ChainHead> SqlStore::chain_heads() {
  std::vector<ChainHead> heads;
  Query query(*connection_,
              "SELECT w.code, p.sku, i.version, i.head_hash FROM inventory i "
              "JOIN warehouse w ON w.id = i.warehouse_id JOIN product p ON p.id = i.product_id "
              "WHERE i.version > 0");
  while (query.next()) heads.push_back({query.text(0), query.text(1), query.integer(2), query.bytes<32>(3)});
  return heads;
}

std::vector<SealRecord> SqlStore::seals() {
  std::vector<SealRecord> seals;
  Query query(*connection_,
              "SELECT id, name, digest, movements, inventory_rows, recorded_at, actor, host, tool_version "
              "FROM seal ORDER BY id");
  while (query.next()) {
    SealRecord seal;
    seal.id = query.integer(0);
    seal.name = query.optional_text(1);
    seal.digest = query.bytes<32>(2);
    seal.movements = query.integer(3);
    seal.inventory_rows = query.integer(4);
    seal.recorded_at = query.integer(5);
    seal.actor = query.text(6);
    seal.host = query.text(7);
    seal.tool_version = query.text(8);
    seals.push_back(std::move(seal));
  }
  return seals;
}

// Lines are written seal by seal, one seal at a time: their ids are in the order of the seals.
void SqlStore::sealed_heads(const std::function<void(const SealedLine&)>& line) {
  by_pages(
      *connection_,
      "SELECT id, seal_id, warehouse, sku, version, head FROM seal_line WHERE id > ? ORDER BY id LIMIT ?",
      [&](const Query& query) { line(read_line(query)); });
}

void SqlStore::sealed_lines(const std::function<void(const SealedLine&)>& line) {
  by_pages(*connection_,
           "SELECT l.id, l.seal_id, l.warehouse, l.sku, l.version, l.head, m.hash FROM seal_line l "
           "LEFT JOIN warehouse w ON w.code = l.warehouse LEFT JOIN product p ON p.sku = l.sku "
           "LEFT JOIN inventory i ON i.warehouse_id = w.id AND i.product_id = p.id "
           "LEFT JOIN movement m ON m.inventory_id = i.id AND m.version = l.version "
           "WHERE l.id > ? ORDER BY l.id LIMIT ?",
           [&](const Query& query) {
             auto sealed = read_line(query);
             if (const auto hash = query.view(6); hash.size() == sizeof(Digest)) {
               sealed.found.emplace();
               std::copy(hash.begin(), hash.end(), sealed.found->begin());
             }
             line(sealed);
           });
}

void SqlStore::lock_seals() {
  lock_catalog();
}

void SqlStore::insert_seal(SealRecord& seal, const std::vector<ChainHead>& lines) {
  {
    Query query(*connection_, insert_sql("seal",
                                         "name, digest, movements, inventory_rows, recorded_at, actor, host, "
                                         "tool_version",
                                         8, 1));
    query.bind(seal.name).bind_blob(seal.digest).bind(seal.movements).bind(seal.inventory_rows);
    query.bind(seal.recorded_at).bind(seal.actor).bind(seal.host).bind(seal.tool_version).run();
  }
  seal.id = connection_->last_insert_id();
  in_pieces(lines.size(), connection_->dialect().rows_per_insert, [&](std::size_t first, std::size_t n) {
    Query query(*connection_, insert_sql("seal_line", "seal_id, warehouse, sku, version, head", 5, n));
    for (std::size_t i = first; i < first + n; ++i) {
      query.bind(seal.id).bind(lines[i].warehouse).bind(lines[i].sku);
      query.bind(lines[i].version).bind_blob(lines[i].head);
    }
    query.run();
  });
}

}  // namespace invctl::db
