// The one implementation of storage, in SQL that every engine understands; what differs is in dialect.cpp.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "apply/export_import.hpp"
#include "apply/file_store.hpp"
#include "catalog/catalog.hpp"
#include "catalog/price_store.hpp"
#include "connection.hpp"
#include "report/facts.hpp"
#include "saga/saga.hpp"
#include "stock/alerts.hpp"
#include "stock/audit.hpp"
#include "stock/count.hpp"
#include "stock/reads.hpp"
#include "stock/seal.hpp"
#include "stock/store.hpp"

namespace invctl::db {

// The guards against overselling, each of which holds alone (design section 3). All are on but in the
// simulator and the tests, which switch them off one by one.
struct Guards {
  bool lock = true;       // rows are locked before they are read
  bool relative = true;   // the balance is changed by a difference, not set to what was reckoned
  bool versioned = true;  // and only if its version is still what was read
  // In place of the lock: what is read is read in a transaction that the database keeps serializable, ...
  bool serializable = false;
  // ... or the balances are changed before they are decided about, by who uses the store (db/simulation.hpp).
  bool claimed = false;
};

class SqlStore : public PostingStore,
                 public CatalogStore,
                 public PriceStore,
                 public AlertStore,
                 public ReadStore,
                 public RepairStore,
                 public SealStore,
                 public CountStore,
                 public saga::RunStore,
                 public report::PeriodStore,
                 public intake::ImportStore,
                 public intake::FileStore {
 public:
  // Reads the database's settings. Throws Error(unavailable) where it is not initialised or of another
  // version.
  explicit SqlStore(std::unique_ptr<Connection> connection, Guards guards = {});

  void begin(const Deadline& deadline) override;
  void commit() override;
  void rollback() noexcept override;
  void begin_snapshot() override;
  void make_durable() override { connection_->make_durable(); }
  void reconnect() override;

  void expect(const Operation& operation) override;
  std::vector<WarehouseInfo> find_warehouses(std::span<const std::string> codes) override;
  std::vector<WarehouseInfo> all_warehouses() override;
  std::vector<ProductInfo> find_products(std::span<const std::string> skus) override;
  CodesFound look_up(std::span<const std::string> warehouses, bool every_warehouse,
                     std::span<const std::string> skus) override;
  std::vector<InventoryRow> lock_inventory(std::span<const InventoryKey> keys,
                                           std::span<const std::int64_t> products) override;
  LockedLines lock_lines(std::span<const Place> places) override;
  std::vector<StoredOperation> find_operations(std::span<const std::string> keys) override;
  std::optional<StoredOperation> find_operation(std::int64_t id) override;
  std::vector<Reversal> find_reversals(std::span<const std::int64_t> ids) override;
  Micros clock() override;
  std::vector<Hold> find_due_holds(std::span<const std::int64_t> inventory_ids, Micros now,
                                   std::size_t most) override;
  std::vector<Hold> find_holds(std::span<const std::int64_t> reservations,
                               std::span<const std::int64_t> inventory_ids) override;
  std::vector<ReservationEnd> find_reservation_ends(std::span<const std::int64_t> ids) override;
  std::optional<Micros> closed_until() override;
  void append(AppendBatch& batch) override;
  void append_and_commit(AppendBatch& batch, const std::function<void()>& before_commit) override;

  const DatabaseInfo& info() const override { return info_; }
  void lock_catalog() override;
  std::vector<Warehouse> read_warehouses(std::span<const std::string> codes) override;
  using CatalogStore::insert_products;
  using CatalogStore::read_products;
  std::vector<Product> read_products(std::span<const std::string> skus, Micros now) override;
  bool has_products() override;
  std::vector<Warehouse> list_warehouses() override;
  void each_product(const std::function<void(const Product&)>& use) override;
  std::vector<std::int64_t> insert_warehouses(std::span<const Warehouse> warehouses) override;
  std::vector<std::int64_t> insert_products(std::span<const Product> products,
                                            const PriceNote& note) override;
  void update_warehouses(std::span<const Warehouse> warehouses) override;
  void update_products(std::span<const Product> products) override;
  Quantity on_hand_in_warehouse(std::int64_t warehouse_id) override;
  Quantity on_hand_of_product(std::int64_t product_id) override;
  Micros price_clock() override;
  void append_prices(PriceChange& change) override;
  std::vector<Threshold> thresholds() override;
  void put_threshold(const Threshold& threshold) override;
  bool delete_threshold(std::int64_t warehouse_id, std::int64_t product_id) override;

  std::optional<PriceChange> find_price_change(const std::string& key) override;
  std::vector<PriceLine> price_lines(std::int64_t change, std::span<const std::int64_t> products) override;
  std::optional<Minor> price_at(std::int64_t product, Micros moment) override;
  void list_prices(const PriceFilter& filter, const std::function<void(const PriceEntry&)>& row) override;
  void price_history(const PriceHistoryFilter& filter,
                     const std::function<void(const PriceHistoryEntry&)>& row) override;
  void product_prices(const std::function<void(const ProductPrice&)>& row) override;
  void price_changes(const std::function<void(const PriceChange&)>& row) override;

  void low_stock(const AlertFilter& filter, const std::function<void(const AlertEntry&)>& row) override;
  void levels(const AlertFilter& filter, const std::function<void(const StockLevel&)>& row) override;
  std::vector<LevelStep> steps_after(std::int64_t inventory_id, std::int64_t version) override;
  void steps_since(const AlertFilter& filter, std::int64_t seq,
                   const std::function<void(const StockLevel&, const LevelStep&)>& step) override;

  void stock(const StockFilter& filter, const std::function<void(const StockEntry&)>& row) override;
  void history(const HistoryFilter& filter, const std::function<void(const HistoryEntry&)>& row) override;
  void open_holds(const ReservationFilter& filter, const std::function<void(const HoldEntry&)>& row) override;
  std::optional<OperationDetail> operation_detail(std::int64_t id) override;
  void products(const ProductFilter& filter, const std::function<void(const ProductEntry&)>& row) override;
  bool warehouse_exists(const std::string& code) override;
  bool product_exists(const std::string& sku) override;
  bool operation_exists(std::int64_t id) override;
  std::vector<std::string> warehouse_codes(const std::string& prefix, std::int64_t limit) override;
  std::vector<std::string> skus(const std::string& prefix, std::int64_t limit) override;

  void balances(const std::function<void(const BalanceEntry&)>& row) override;
  void ledger(const LedgerSink& to) override;
  bool ledger_as_written(const LedgerSink& to) override;
  bool ids_ascend() const override;
  void lock_balances() override;
  void overwrite_balance(const InventoryRow& row) override;
  void holds(const std::function<void(const Hold&)>& row) override;
  void overwrite_holds(std::span<const Hold> holds) override;

  std::int64_t open_count(const StockCount& count, std::span<const std::string> skus) override;
  std::optional<StockCount> find_count(std::int64_t id) override;
  std::optional<StockCount> find_count(const Uid& uid) override;
  void counts(const std::function<void(const StockCount&)>& row) override;
  std::vector<CountLine> count_lines(std::int64_t id) override;
  bool begin_entry(std::int64_t id) override;
  std::optional<CountEntries> find_entries(std::int64_t id, const std::string& key) override;
  std::vector<std::optional<Quantity>> counted(std::int64_t id, std::span<const std::string> skus) override;
  std::vector<std::string> unknown_skus(std::span<const std::string> skus) override;
  void add_entries(std::int64_t id, const CountEntries& entries) override;
  bool end_count(const StockCount& count, std::optional<std::int64_t> operation) override;

  std::optional<saga::Run> find_run(const std::string& key) override;
  void add_run(const saga::Run& run) override;
  void runs(const std::function<void(const saga::Run&)>& row) override;
  std::vector<saga::Event> run_events(std::int64_t run) override;
  void add_run_event(std::int64_t run, std::int64_t number, const saga::Event& event) override;

  bool is_empty() override;
  std::optional<std::int64_t> find_operation_by_uid(const Uid& uid) override;

  std::vector<ChainHead> chain_heads() override;
  std::vector<SealRecord> seals() override;
  void sealed_heads(const std::function<void(const SealedLine&)>& line) override;
  void sealed_lines(const std::function<void(const SealedLine&)>& line) override;
  void lock_seals() override;
  void insert_seal(SealRecord& seal, const std::vector<ChainHead>& lines) override;

  void stock_rows(const std::function<void(const report::StockRow&)>& row) override;
  void product_labels(const std::function<void(const report::ProductLabel&)>& product) override;
  void facts(const report::FactQuery& query, const std::function<void(const report::Fact&)>& fact) override;
  std::optional<Micros> first_occurrence(Micros from, Micros to) override;
  std::vector<report::ClosedPeriod> closed_periods() override;
  report::PeriodState period_state(std::int64_t period) override;
  void lock_periods() override;
  void insert_period(report::ClosedPeriod& period, const report::PeriodState& state) override;

  std::vector<intake::StoredRequest> find_requests(std::span<const std::string> keys) override;
  bool has_key_beginning(const std::string& prefix) override;
  bool is_applied(const Digest& digest) override;
  std::vector<intake::AppliedFile> find_applied_by_head(const Digest& head) override;
  void add_applied(const intake::AppliedFile& file) override;

  // Called first thing in each transaction that writes.
  void before_first_write(std::function<void()> hook) { first_write_ = std::move(hook); }

  Connection& connection() { return *connection_; }

 private:
  // An expression for the database's now, to stand in a query.
  std::string now_sql() const;
  // A page (`limit`) of one warehouse, or all.
  void read_stock(const StockFilter& filter, const std::function<void(const StockEntry&)>& row);
  template <class T>
  std::vector<StoredOperation> stored_operations(std::string_view column, std::span<const T> values);
  void insert_operations(AppendBatch& batch);
  void write_operations(std::span<const OperationRecord> operations);
  // `counted`: false where the server itself sees to it that all rows matched.
  void write_inventory(AppendBatch& batch, bool counted = true);
  void insert_inventory(const std::vector<InventoryChange*>& created);
  void update_inventory(const std::vector<const InventoryChange*>& changed, bool counted);
  // `id`: an expression for the id of the only operation, where that is not known.
  void insert_movements(const AppendBatch& batch, std::string_view id = {});
  void insert_purchases(const AppendBatch& batch, std::string_view id = {});
  void write_holds(const AppendBatch& batch);
  void begin_writing();
  void expect_more(std::size_t movements);
  void expect_writes(const Operation& operation);
  std::optional<LockedLines> lock_known(std::span<const Place> places);
  void note_known(const LockedLines& locked);
  std::optional<std::vector<std::int64_t>> resolved_inventory(std::span<const InventoryKey> keys,
                                                              std::span<const std::int64_t> products) const;
  std::vector<std::int64_t> resolve_inventory(std::span<const InventoryKey> keys,
                                              std::span<const std::int64_t> products);
  std::int64_t next_id(const std::string& table);
  // Inserts `rows` and returns their ids. `columns` start with "id, " and the table's unique code, which is
  // the member `code` and by which ids are read back where they are not counted; `bind` binds all but the id.
  template <class Row, class Bind>
  std::vector<std::int64_t> insert_rows(const std::string& table, const std::string& columns,
                                        std::span<const Row> rows, std::string Row::*code, Bind&& bind);

  std::unique_ptr<Connection> connection_;
  Guards guards_;
  // Without the lock guard, what is read is read outside any transaction, which begins at the first write.
  std::optional<Deadline> unlocked_since_;
  std::function<void()> first_write_;
  // What look_up() found out beyond what it was asked for: the inventory rows of all these places.
  struct Resolved {
    std::set<std::int64_t> warehouses, products;
    std::map<InventoryKey, std::int64_t> ids;
    bool every_warehouse = false;
  };
  std::optional<Resolved> resolved_;
  // Ids that this connection has met. Codes never change and rows are never deleted, so they stay true as
  // long as the database is not made anew, which lock_known() notices.
  struct Known {
    std::map<std::string, std::int64_t, std::less<>> warehouses, products;
    std::map<InventoryKey, std::int64_t> rows;
  };
  Known known_;
  bool expected_ = false;
  std::size_t written_ = 0;   // movements, by this connection
  bool commit_held_ = false;  // signals wait since the last COMMIT
  DatabaseInfo info_;
};

// Opens the database that a URL names. `write`: false opens it for reading only.
struct OpenOptions {
  bool write = true;
  bool turnstile = true;
  bool immutable = false;  // SQLite: a file that nobody else has open
  Guards guards{};
  // A server: how long opening goes on while it has no connection free, and how long a statement outside a
  // write transaction waits for a lock (in whole seconds, at least one).
  std::chrono::milliseconds patience{5000};
};
std::unique_ptr<SqlStore> open_store(const std::string& url, const OpenOptions& options = {});

// The connection alone, for init-db and for tests; does not look whether the database is initialised.
std::unique_ptr<Connection> open_connection(const std::string& url, const OpenOptions& options = {});

}  // namespace invctl::db
