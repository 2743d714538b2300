// SqlStore: the ledger in the order of its operations, for those who check it.
#include <algorithm>
#include <limits>
#include <unordered_map>

#include "sql_store.hpp"
#include "sql_text.hpp"

namespace invctl::db {

namespace {

constexpr std::int64_t lowest_id = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest_id = std::numeric_limits<std::int64_t>::max();

void read_optional(const Query& query, int column, std::optional<std::string>& into) {
  if (query.is_null(column)) {
    into.reset();
  } else if (into) {
    into->assign(query.view(column));
  } else {
    into.emplace(query.view(column));
  }
}

// Each cursor reads its rows of the operations `from` to `to` into one entry, over and over.
struct Range {
  std::int64_t from, to;
};

// In the order of operations; or in that of the rows' own ids, which is quicker: no index, no search for each
// row.
enum class Order { by_operation, as_written };

std::string in_order(const std::string& select, Order order) {
  return select + (order == Order::as_written
                       ? " ORDER BY id"
                       : " WHERE operation_id >= ? AND operation_id <= ? ORDER BY operation_id, id");
}

void bind_range(Query& query, const Range& range, Order order) {
  if (order == Order::by_operation) query.bind(range.from).bind(range.to);
}

// Codes by id, read when the first is asked for.
class Codes {
 public:
  Codes(Connection& connection, std::string column, std::string table)
      : connection_(connection), column_(std::move(column)), table_(std::move(table)) {}

  // Empty where there is no such row.
  const std::string& of(std::int64_t id) {
    if (!read_) read();
    static const std::string none;
    const auto found = codes_.find(id);
    return found == codes_.end() ? none : found->second;
  }

 private:
  void read() {
    Query query(connection_, fmt::format("SELECT id, {} FROM {}", column_, table_));
    while (query.next()) codes_.emplace(query.integer(0), query.view(1));
    read_ = true;
  }

  Connection& connection_;
  std::string column_, table_;
  std::unordered_map<std::int64_t, std::string> codes_;
  bool read_ = false;
};

struct CatalogCodes {
  Codes warehouses, skus;
};

class Operations {
 public:
  Operations(Connection& connection, const Range& range)
      : query_(
            connection,
            "SELECT o.id, o.uid, o.idempotency_key, o.request_hash, o.kind, o.outcome, o.actor, "
            "o.reference, o.reason, o.note, o.reverses_id, r.uid, o.recorded_at, o.occurred_at, o.host, "
            "o.tool_version, o.result, o.hash, o.reservation_id, v.uid, o.expires_at FROM operation o "
            "LEFT JOIN operation r ON r.id = o.reverses_id "
            "LEFT JOIN operation v ON v.id = o.reservation_id WHERE o.id >= ? AND o.id <= ? ORDER BY o.id") {
    query_.bind(range.from).bind(range.to);
    next();
  }

  bool at_end() const { return at_end_; }
  OperationEntry& entry() { return entry_; }
  std::int64_t id() const { return at_end_ ? highest_id : entry_.record.id; }

  void next() {
    at_end_ = !query_.next();
    if (at_end_) return;
    auto& record = entry_.record;
    record.id = query_.integer(0);
    read_bytes(query_, 1, record.uid);
    record.key = query_.view(2);
    read_bytes(query_, 3, record.request_hash);
    entry_.kind = query_.view(4);
    record.kind = parse_kind(entry_.kind).value_or(Kind::adjust);
    entry_.outcome = query_.view(5);
    record.accepted = entry_.outcome == "accepted";
    record.actor = query_.view(6);
    read_optional(query_, 7, record.reference);
    read_optional(query_, 8, record.reason);
    read_optional(query_, 9, record.note);
    record.reverses_id = query_.optional_integer(10);
    record.reverses_uid.reset();
    if (!query_.is_null(11)) read_bytes(query_, 11, record.reverses_uid.emplace());
    record.recorded_at = query_.integer(12);
    record.occurred_at = query_.integer(13);
    record.host = query_.view(14);
    record.tool_version = query_.view(15);
    read_optional(query_, 16, record.result);
    read_bytes(query_, 17, record.hash);
    record.reservation_id = query_.optional_integer(18);
    record.reservation_uid.reset();
    if (!query_.is_null(19)) read_bytes(query_, 19, record.reservation_uid.emplace());
    record.expires_at = query_.optional_integer(20);
    entry_.purchases.clear();
  }

 private:
  Query query_;
  OperationEntry entry_;
  bool at_end_ = false;
};

class Purchases {
 public:
  using Orphan = std::function<void(const OrphanPurchase&)>;

  Purchases(Connection& connection, const Range& range, Order order, CatalogCodes& codes)
      : codes_(codes),
        query_(connection,
               in_order("SELECT operation_id, id, line, user_name, warehouse_id, product_id, quantity, "
                        "unit_price_minor, total_minor, purchased_at FROM purchase",
                        order)) {
    bind_range(query_, range, order);
    next();
  }

  // Where rows come as written: whether operations ascended so far.
  bool ascends() const { return ascends_; }

  // Those of an operation, by line. Operations are asked for in ascending order.
  void take(std::int64_t operation, std::vector<PurchaseRecord>& into, const Orphan& orphan) {
    for (; !at_end_ && operation_ <= operation; next()) {
      if (operation_ == operation) {
        into.push_back(read());
      } else {
        orphan({operation_, read()});
      }
    }
    if (into.size() < 2) return;
    std::sort(into.begin(), into.end(),
              [](const PurchaseRecord& a, const PurchaseRecord& b) { return a.line < b.line; });
  }

  void rest(const Orphan& orphan) {
    for (; !at_end_; next()) orphan({operation_, read()});
  }

 private:
  void next() {
    at_end_ = !query_.next();
    if (at_end_) return;
    const auto operation = query_.integer(0);
    ascends_ = ascends_ && operation >= operation_;
    operation_ = operation;
  }

  PurchaseRecord read() {
    PurchaseRecord purchase;
    purchase.id = query_.integer(1);
    purchase.line = query_.integer(2);
    purchase.user = query_.view(3);
    purchase.key = {query_.integer(4), query_.integer(5)};
    purchase.warehouse = codes_.warehouses.of(purchase.key.warehouse_id);
    purchase.sku = codes_.skus.of(purchase.key.product_id);
    purchase.quantity = query_.integer(6);
    purchase.unit_price_minor = query_.integer(7);
    purchase.total_minor = query_.integer(8);
    purchase.purchased_at = query_.integer(9);
    return purchase;
  }

  CatalogCodes& codes_;
  Query query_;
  std::int64_t operation_ = lowest_id;
  bool at_end_ = false, ascends_ = true;
};

class Movements {
 public:
  Movements(Connection& connection, const Range& range, Order order)
      : query_(
            connection,
            in_order(
                "SELECT id, operation_id, inventory_id, kind, line, version, on_hand_delta, reserved_delta, "
                "on_hand_after, reserved_after, hash, unit_cost_minor FROM movement",
                order)) {
    bind_range(query_, range, order);
    entry_.operation_id = lowest_id;
    next();
  }

  bool at_end() const { return at_end_; }
  // Where rows come as written: whether operations ascended so far.
  bool ascends() const { return ascends_; }
  const MovementEntry& entry() const { return entry_; }
  std::int64_t operation() const { return entry_.operation_id; }

  void next() {
    at_end_ = !query_.next();
    if (at_end_) return;
    entry_.id = query_.integer(0);
    const auto operation = query_.integer(1);
    ascends_ = ascends_ && operation >= entry_.operation_id;
    entry_.operation_id = operation;
    entry_.inventory_id = query_.integer(2);
    entry_.kind = query_.view(3);
    auto& record = entry_.record;
    record.line = query_.integer(4);
    record.version = query_.integer(5);
    record.on_hand_delta = query_.integer(6);
    record.reserved_delta = query_.integer(7);
    record.on_hand_after = query_.integer(8);
    record.reserved_after = query_.integer(9);
    read_bytes(query_, 10, record.hash);
    record.unit_cost_minor = query_.optional_integer(11);
  }

 private:
  Query query_;
  MovementEntry entry_;
  bool at_end_ = false, ascends_ = true;
};

// The id of the operation with which a page that begins at `from` ends.
std::int64_t page_end(Connection& connection, std::int64_t from) {
  const auto most = connection.dialect().rows_per_page;
  if (most == 0) return highest_id;
  Query query(connection, "SELECT id FROM operation WHERE id >= ? ORDER BY id LIMIT 1 OFFSET ?");
  query.bind(from).bind(static_cast<std::int64_t>(most) - 1);
  return query.next() ? query.integer(0) : highest_id;
}

// False where rows come as written, but not in the order of operations: then not all was handed over.
bool read_page(Connection& connection, const Range& range, Order order, CatalogCodes& codes,
               const LedgerSink& to) {
  Operations operations(connection, range);
  Purchases purchases(connection, range, order, codes);
  Movements movements(connection, range, order);
  while (!operations.at_end() || !movements.at_end()) {
    if (!movements.ascends() || !purchases.ascends()) return false;
    if (!operations.at_end() && (movements.at_end() || operations.id() <= movements.operation())) {
      const auto id = operations.id();
      purchases.take(id, operations.entry().purchases, to.orphan);
      to.operation(operations.entry());
      operations.next();
      for (; !movements.at_end() && movements.operation() == id; movements.next()) {
        to.movement(movements.entry());
      }
    } else {
      to.movement(movements.entry());
      movements.next();
    }
  }
  purchases.rest(to.orphan);
  return movements.ascends() && purchases.ascends();
}

CatalogCodes codes_of_catalog(Connection& connection) {
  return {Codes(connection, "code", "warehouse"), Codes(connection, "sku", "product")};
}

}  // namespace

void SqlStore::balances(const std::function<void(const BalanceEntry&)>& row) {
  Query query(*connection_,
              "SELECT i.id, i.warehouse_id, i.product_id, i.on_hand, i.reserved, i.version, i.head_hash, "
              "i.opening, w.code, p.sku FROM inventory i LEFT JOIN warehouse w ON w.id = i.warehouse_id "
              "LEFT JOIN product p ON p.id = i.product_id ORDER BY i.id");
  BalanceEntry entry;
  while (query.next()) {
    entry.row.id = query.integer(0);
    entry.row.key = {query.integer(1), query.integer(2)};
    entry.row.on_hand = query.integer(3);
    entry.row.reserved = query.integer(4);
    entry.row.version = query.integer(5);
    read_bytes(query, 6, entry.row.head);
    entry.row.opening = query.optional_integer(7);
    entry.warehouse = query.view(8);
    entry.sku = query.view(9);
    row(entry);
  }
}

void SqlStore::ledger(const LedgerSink& to) {
  auto codes = codes_of_catalog(*connection_);
  Range range{lowest_id, 0};
  for (;;) {
    range.to = page_end(*connection_, range.from);
    read_page(*connection_, range, Order::by_operation, codes, to);
    if (range.to == highest_id) return;
    range.from = range.to + 1;
  }
}

bool SqlStore::ledger_as_written(const LedgerSink& to) {
  auto codes = codes_of_catalog(*connection_);
  return read_page(*connection_, {lowest_id, highest_id}, Order::as_written, codes, to);
}

void SqlStore::lock_balances() {
  const auto& dialect = connection_->dialect();
  if (dialect.exclusive_writer) return;
  Query query(*connection_, "SELECT id FROM inventory" + std::string(dialect.by_primary_key) +
                                " ORDER BY id" + std::string(dialect.for_update));
  while (query.next()) {
  }
}

void SqlStore::overwrite_balance(const InventoryRow& row) {
  Query query(*connection_,
              "UPDATE inventory SET on_hand = ?, reserved = ?, version = ?, head_hash = ?, opening = ? "
              "WHERE id = ?");
  query.bind(row.on_hand).bind(row.reserved).bind(row.version).bind_blob(row.head).bind(row.opening);
  query.bind(row.id).run();
}

bool SqlStore::ids_ascend() const {
  return connection_->dialect().exclusive_writer;
}

}  // namespace invctl::db
