#include "catalog/seed_apply.hpp"

#include <algorithm>
#include <memory>

#include "core/ahead.hpp"

namespace invctl {

namespace {

constexpr std::size_t chunk_rows = 512;
constexpr std::size_t lines_per_operation = 500;
constexpr std::size_t chunks_ahead = 4;

// A field that was given and differs takes the new value. True if it did.
template <class Field, class Value>
bool update(Field& field, const Value& given) {
  if (given == Value() || field == given) return false;
  field = given;
  return true;
}

Warehouse new_row(const std::string& code, const WarehouseRow&) {
  Warehouse warehouse;
  warehouse.code = code;
  warehouse.name = code;
  return warehouse;
}

Product new_row(const std::string& sku, const ProductRow&) {
  Product product;
  product.sku = sku;
  product.name = sku;
  return product;
}

bool apply(Warehouse& warehouse, const WarehouseRow& given) {
  const bool name = update(warehouse.name, given.name);
  return update(warehouse.address, given.address) || name;
}

bool apply(Product& product, const ProductRow& given) {
  bool changed = update(product.name, given.name);
  changed |= update(product.category, given.category);
  changed |= update(product.unit, given.unit);
  changed |= update(product.barcode, given.barcode);
  changed |= update(product.price_minor, given.price_minor);
  changed |= update(product.reorder_point, given.reorder_point);
  return changed;
}

const std::string& code_of(const Warehouse& warehouse) {
  return warehouse.code;
}
const std::string& code_of(const Product& product) {
  return product.sku;
}
const std::string& code_of(const WarehouseInfo& warehouse) {
  return warehouse.code;
}
const std::string& code_of(const ProductInfo& product) {
  return product.sku;
}

// The store's operations, by the type of the rows.
template <class Row>
struct Catalog;
template <>
struct Catalog<Warehouse> {
  static auto read(CatalogStore& store, std::span<const std::string> codes, Micros) {
    return store.read_warehouses(codes);
  }
  static auto insert(CatalogStore& store, std::span<const Warehouse> rows, const PriceNote&) {
    return store.insert_warehouses(rows);
  }
  static void update(CatalogStore& store, std::span<const Warehouse> rows) { store.update_warehouses(rows); }
  static std::optional<Minor> price(const Warehouse&) { return std::nullopt; }
  static void note_price(PriceBatch&, Warehouse&, const std::optional<Minor>&) {}
};
template <>
struct Catalog<Product> {
  static auto read(CatalogStore& store, std::span<const std::string> skus, Micros now) {
    return store.read_products(skus, now);
  }
  static auto insert(CatalogStore& store, std::span<const Product> rows, const PriceNote& note) {
    return store.insert_products(rows, note);
  }
  static void update(CatalogStore& store, std::span<const Product> rows) { store.update_products(rows); }
  static std::optional<Minor> price(const Product& product) { return product.price_minor; }
  static void note_price(PriceBatch& prices, Product& product, const std::optional<Minor>& before) {
    if (product.price_minor != before) prices.add(product, before, product.price_minor);
  }
};

std::vector<std::string> chunk_of(const CodeTable& codes, std::size_t first, std::size_t n) {
  std::vector<std::string> chunk;
  chunk.reserve(n);
  for (std::size_t i = first; i < first + n; ++i) chunk.push_back(codes[i]);
  return chunk;
}

}  // namespace

SeedTransaction::SeedTransaction(CatalogStore& catalog, PostingStore& stock, const Origin& origin,
                                 const SeedTables& tables, Options options)
    : catalog_(catalog), stock_(stock), origin_(origin), tables_(tables), options_(std::move(options)) {
  verdicts_.warehouses.assign(tables_.warehouse_codes.size(), Code::unknown);
  verdicts_.skus.assign(tables_.skus.size(), Code::unknown);
  warehouse_ids_.assign(tables_.warehouse_codes.size(), 0);
  product_ids_.assign(tables_.skus.size(), 0);
  warehouse_is_new_.assign(tables_.warehouse_codes.size(), false);
  product_is_new_.assign(tables_.skus.size(), false);
}

void SeedTransaction::advance(std::size_t n) {
  done_ += n;
  options_.progress(done_);
}

template <class Row, class Table>
void SeedTransaction::seed_chunk(SeedKind kind, const CodeTable& codes, const Table& given, std::size_t first,
                                 std::size_t n) {
  const bool of_warehouses = kind == SeedKind::warehouse;
  auto& ids = of_warehouses ? warehouse_ids_ : product_ids_;
  auto& states = of_warehouses ? verdicts_.warehouses : verdicts_.skus;
  auto& is_new = of_warehouses ? warehouse_is_new_ : product_is_new_;

  std::vector<Row> changed;
  PriceBatch prices(price_note_);
  const bool may_exist = of_warehouses || had_products_;
  for (auto& row : may_exist ? Catalog<Row>::read(catalog_, chunk_of(codes, first, n), price_note_.now)
                             : std::vector<Row>()) {
    const auto number = *codes.find(code_of(row));
    ids[number] = row.id;
    states[number] = row.retired_at ? Code::retired : Code::active;
    const auto price = Catalog<Row>::price(row);
    if (apply(row, given[number])) {
      Catalog<Row>::note_price(prices, row, price);
      changed.push_back(std::move(row));
    } else {
      ++count(kind).unchanged;
    }
  }
  std::vector<Row> created;
  created.reserve(n);
  std::vector<std::size_t> numbers;
  for (std::size_t number = first; number < first + n; ++number) {
    if (states[number] != Code::unknown) continue;
    created.push_back(new_row(codes[number], given[number]));
    apply(created.back(), given[number]);
    numbers.push_back(number);
    states[number] = Code::active;
    is_new[number] = true;
  }
  count(kind).inserted += static_cast<std::int64_t>(created.size());
  count(kind).updated += static_cast<std::int64_t>(changed.size());
  if (options_.write) {
    const auto new_ids = Catalog<Row>::insert(catalog_, created, price_note_);
    for (std::size_t i = 0; i < new_ids.size(); ++i) ids[numbers[i]] = new_ids[i];
    Catalog<Row>::update(catalog_, changed);
    if (!prices.empty()) {
      auto change = std::move(prices).finish();
      catalog_.append_prices(change);
    }
    wrote_ = wrote_ || !created.empty() || !changed.empty();
  }
  advance(n);
}

template <class Row, class Table>
void SeedTransaction::seed_rows(SeedKind kind, const CodeTable& codes, const Table& given) {
  for (std::size_t first = 0; first < given.size(); first += chunk_rows) {
    seed_chunk<Row>(kind, codes, given, first, std::min(chunk_rows, given.size() - first));
  }
}

template <class Find>
void SeedTransaction::look_up_others(const CodeTable& codes, std::size_t first,
                                     std::vector<std::int64_t>& ids, std::vector<Code>& states, Find&& find) {
  for (; first < codes.size(); first += chunk_rows) {
    for (const auto& info : find(chunk_of(codes, first, std::min(chunk_rows, codes.size() - first)))) {
      const auto number = *codes.find(code_of(info));
      ids[number] = info.id;
      states[number] = info.retired ? Code::retired : Code::active;
    }
  }
}

void SeedTransaction::prepare() {
  had_products_ = catalog_.has_products();
  price_note_ = {options_.actor,       options_.price_reason, origin_.host,
                 origin_.tool_version, std::nullopt,          catalog_.price_clock()};
  seed_rows<Warehouse>(SeedKind::warehouse, tables_.warehouse_codes, tables_.warehouses);
  seed_rows<Product>(SeedKind::product, tables_.skus, tables_.products);
  look_up_others(tables_.warehouse_codes, tables_.warehouses.size(), warehouse_ids_, verdicts_.warehouses,
                 [&](const std::vector<std::string>& codes) { return stock_.find_warehouses(codes); });
  look_up_others(tables_.skus, tables_.products.size(), product_ids_, verdicts_.skus,
                 [&](const std::vector<std::string>& skus) { return stock_.find_products(skus); });

  existing_ = lock_stock();
  fates_.reserve(tables_.stock.size());
  for (std::uint32_t number = 0; number < tables_.stock.size(); ++number) {
    const auto& row = tables_.stock[number];
    const InventoryKey key{warehouse_ids_[row.warehouse], product_ids_[row.sku]};
    const auto found =
        std::lower_bound(existing_.begin(), existing_.end(), key,
                         [](const InventoryRow& a, const InventoryKey& b) { return a.key < b; });
    const bool exists = found != existing_.end() && found->key == key;
    fates_.push_back(judge(number, exists ? *found : InventoryRow()));
    auto& counts = count(SeedKind::stock);
    if (fates_.back() == Fate::post) ++counts.inserted;
    if (fates_.back() == Fate::unchanged) ++counts.unchanged;
    if (fates_.back() == Fate::refused) refuses_rows_ = true;
  }
}

std::vector<InventoryRow> SeedTransaction::lock_stock() {
  std::vector<InventoryKey> keys;
  for (const auto& row : tables_.stock) {
    // What was made a moment ago cannot have stock.
    if (warehouse_is_new_[row.warehouse] || product_is_new_[row.sku]) continue;
    const InventoryKey key{warehouse_ids_[row.warehouse], product_ids_[row.sku]};
    if (key.warehouse_id != 0 && key.product_id != 0) keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  auto rows = stock_.lock_inventory(keys, {});
  std::sort(rows.begin(), rows.end(),
            [](const InventoryRow& a, const InventoryRow& b) { return a.key < b.key; });
  return rows;
}

SeedTransaction::Fate SeedTransaction::judge(std::uint32_t number, const InventoryRow& existing) {
  const auto& row = tables_.stock[number];
  const auto warehouse = verdicts_.warehouses[row.warehouse];
  const auto sku = verdicts_.skus[row.sku];
  if (warehouse == Code::unknown || sku == Code::unknown) return Fate::refused;
  const auto refuse = [&](SeedVerdicts::Reason reason, Quantity value) {
    verdicts_.refused.push_back({number, {reason, value}});
    return Fate::refused;
  };
  if (existing.opening) {
    if (*existing.opening == row.quantity) return Fate::unchanged;
    return refuse(SeedVerdicts::Reason::opening_differs, *existing.opening);
  }
  if (warehouse == Code::retired) return refuse(SeedVerdicts::Reason::retired_warehouse, 0);
  if (sku == Code::retired) return refuse(SeedVerdicts::Reason::retired_product, 0);
  if (!checked_add(existing.on_hand, row.quantity)) {
    return refuse(SeedVerdicts::Reason::overflow, existing.on_hand);
  }
  return Fate::post;
}

// Some rows of opening stock, decided and hashed, but not yet written.
struct SeedTransaction::Chunk {
  std::unique_ptr<Posting> posting;
  Posting::Draft draft;
  std::size_t rows = 0;  // of the table, also those that need no posting
};

void SeedTransaction::post_stock() {
  // The store writes one chunk while another thread makes the next ones: about as much work again. Nothing
  // that it reads changes meanwhile.
  std::uint32_t next = 0;
  Ahead<Chunk> chunks(
      [&, numbers = std::vector<std::uint32_t>()]() mutable -> std::optional<Chunk> {
        const auto first = next;
        numbers.clear();
        for (; next < fates_.size() && numbers.size() < lines_per_operation; ++next) {
          if (fates_[next] == Fate::post) numbers.push_back(next);
        }
        if (numbers.empty()) return std::nullopt;
        auto chunk = draft_chunk(numbers);
        chunk.rows = next - first;
        return chunk;
      },
      chunks_ahead);
  while (auto chunk = chunks.next()) {
    if (auto& rejection = chunk->draft.outcomes.front().rejection) throw *rejection;
    chunk->posting->write(chunk->draft);
    wrote_ = true;
    advance(chunk->rows);
  }
}

SeedTransaction::Chunk SeedTransaction::draft_chunk(std::span<const std::uint32_t> numbers) const {
  Book book;
  Operation operation;
  operation.kind = Kind::opening;
  operation.actor = options_.actor;
  operation.reference = options_.reference;
  operation.lines.reserve(numbers.size());
  for (const auto number : numbers) {
    const auto& row = tables_.stock[number];
    const auto& code = tables_.warehouse_codes[row.warehouse];
    const auto& sku = tables_.skus[row.sku];
    const InventoryKey key{warehouse_ids_[row.warehouse], product_ids_[row.sku]};
    if (book.warehouse(code) == nullptr) book.add(WarehouseInfo{key.warehouse_id, code, false});
    if (book.product(sku) == nullptr) book.add(ProductInfo{key.product_id, sku, std::nullopt, false});
    const auto found =
        std::lower_bound(existing_.begin(), existing_.end(), key,
                         [](const InventoryRow& a, const InventoryKey& b) { return a.key < b; });
    if (found != existing_.end() && found->key == key) book.add(*found);
    Line line{WarehouseCode::trusted(code), Sku::trusted(sku), row.quantity, Line::Mode::delta, {}};
    operation.lines.push_back(std::move(line));
  }
  normalise_lines(operation.lines);
  ensure_key(operation);
  Chunk chunk;
  chunk.posting = std::make_unique<Posting>(stock_, origin_, std::move(book));
  chunk.draft = chunk.posting->draft(std::span(&operation, 1));
  return chunk;
}

}  // namespace invctl
