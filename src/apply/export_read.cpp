#include "apply/export_read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "catalog/price_check.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "stock/seal.hpp"

namespace invctl::intake {

namespace {

constexpr std::size_t longest_line = std::size_t{256} << 20;

class Lines {
 public:
  Lines(io::ByteSource& source, const std::string& name) : source_(source), name_(name) {}

  // The next line without its end; nothing at the end of the file. Empty lines are passed over.
  bool next() {
    for (;;) {
      const auto end = buffer_.find('\n', searched_);
      if (end != std::string::npos) {
        take(end, end + 1);
        if (!line_.empty()) return true;
        continue;
      }
      searched_ = buffer_.size();
      if (buffer_.size() - begin_ > longest_line) fail("the line is longer than 256 MiB");
      if (!fill()) break;
    }
    if (begin_ >= buffer_.size()) return false;
    take(buffer_.size(), buffer_.size());
    return !line_.empty();
  }

  std::string_view line() const { return line_; }
  std::size_t number() const { return number_; }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(Exit::bad_input, "bad_export",
                fmt::format("{}:{}: {}", text::printable(name_), std::max<std::size_t>(number_, 1), what),
                "an export as `invctl export` writes it, whole");
  }

 private:
  void take(std::size_t end, std::size_t next) {
    line_ = std::string_view(buffer_).substr(begin_, end - begin_);
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    begin_ = searched_ = next;
    ++number_;
  }

  bool fill() {
    buffer_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    const auto size = buffer_.size();
    buffer_.resize(size + (std::size_t{1} << 18));
    const auto read = source_.read(buffer_.data() + size, buffer_.size() - size);
    buffer_.resize(size + read);
    return read > 0;
  }

  io::ByteSource& source_;
  const std::string& name_;
  std::string buffer_;
  std::string_view line_;
  std::size_t begin_ = 0, searched_ = 0, number_ = 0;
};

void hand_over(ExportLine& line, std::int64_t number, const ExportHandlers& handlers, ExportCounts& counts) {
  switch (line.kind) {
    case ExportLine::Kind::header:
      if (handlers.header) handlers.header(line.header);
      break;
    case ExportLine::Kind::warehouse:
      ++counts.warehouses;
      if (handlers.warehouse) handlers.warehouse(line.warehouse);
      break;
    case ExportLine::Kind::product:
      ++counts.products;
      if (handlers.product) handlers.product(line.product, line.has_price_version);
      break;
    case ExportLine::Kind::threshold:
      ++counts.thresholds;
      if (handlers.threshold) handlers.threshold(line.threshold);
      break;
    case ExportLine::Kind::price:
      ++counts.prices;
      line.price.id = number;
      if (handlers.price) handlers.price(line.price);
      break;
    case ExportLine::Kind::operation:
      ++counts.operations;
      counts.movements += static_cast<std::int64_t>(line.operation.movements.size());
      line.operation.entry.record.id = number;
      for (auto& movement : line.operation.movements) movement.id = number;
      if (handlers.operation) handlers.operation(line.operation);
      break;
    case ExportLine::Kind::end:
      break;
  }
}

}  // namespace

ExportCounts read_export(io::ByteSource& source, const std::string& name, const ExportHandlers& handlers) {
  using Kind = ExportLine::Kind;
  Lines lines(source, name);
  ExportCounts counts;
  std::optional<ExportCounts> end;
  auto last = Kind::header;
  for (bool first = true; lines.next(); first = false) {
    const auto take = [&] {
      auto line = parse_export_line(lines.line());
      if (first != (line.kind == Kind::header) || line.kind < last || end) {
        throw Error(Exit::bad_input, "bad_export", "this line comes in the wrong place", "");
      }
      last = line.kind;
      if (line.kind == Kind::end) {
        end = line.end;
      } else {
        hand_over(line, static_cast<std::int64_t>(lines.number()), handlers, counts);
      }
    };
    try {
      take();
    } catch (const Error& error) {
      if (error.code != "bad_export") throw;
      lines.fail(error.message);
    }
  }
  if (!end) lines.fail("the file ends before the export does");
  counts.seal = end->seal;
  if (counts != *end)
    lines.fail("the export does not hold as many rows as its end says: some are missing, or too many");
  return counts;
}

namespace {

class Checker {
 public:
  explicit Checker(VerifyScope scope) : scope_(std::move(scope)), verifier_(scope_), prices_(scope_) {}

  void warehouse(const Warehouse& warehouse) { add_code(warehouses_, warehouse.code); }
  void product(const Product& product, bool has_price_version) {
    add_code(products_, product.sku);
    if (!has_price_version) return;
    has_prices_ = true;
    prices_.product({products_.at(product.sku), product.sku, product.price_minor, product.next_price_at,
                     product.price_version});
  }
  void threshold(const Threshold& threshold) const { key_of(threshold.warehouse, threshold.sku); }
  void price(PriceChange change) {
    has_prices_ = true;
    for (auto& line : change.lines) {
      const auto product = products_.find(line.sku);
      if (product == products_.end()) throw not_in_catalogue(text::quoted(line.sku));
      line.product_id = product->second;
    }
    prices_.change(change);
  }

  void operation(const ExportedOperation& operation) {
    auto entry = operation.entry;
    if (entry.record.reverses_uid) {
      // Only openings are looked up; any other id says no more than that there is one.
      const auto found = openings_.find(*entry.record.reverses_uid);
      entry.record.reverses_id = found == openings_.end() ? 0 : found->second;
    }
    const bool opens = entry.record.kind == Kind::opening || entry.record.reverses_id.value_or(0) > 0;
    if (opens) openings_[entry.record.uid] = entry.record.id;
    for (auto& purchase : entry.purchases) purchase.key = key_of(purchase.warehouse, purchase.sku);
    verifier_.operation(entry);
    for (auto movement : operation.movements) {
      movement.operation_id = entry.record.id;
      movement.inventory_id = row_of(movement.record);
      verifier_.movement(movement);
    }
  }

  VerifyReport finish() {
    auto report = report_of(verifier_, scope_);
    if (has_prices_ && PriceChecker::wanted(scope_)) {
      for (auto& violation : prices_.finish(now_utc())) report.violations.push_back(std::move(violation));
    }
    return report;
  }
  std::int64_t prices() const { return prices_.changes(); }

 private:
  using Codes = std::unordered_map<std::string, std::int64_t>;
  static void add_code(Codes& codes, const std::string& code) {
    if (!codes.emplace(code, static_cast<std::int64_t>(codes.size()) + 1).second) {
      throw Error(Exit::bad_input, "bad_export", fmt::format("{} is there twice", text::quoted(code)), "");
    }
  }

  static Error not_in_catalogue(const std::string& what) {
    return Error(Exit::bad_input, "bad_export", what + " is not in the export's catalogue", "");
  }

  InventoryKey key_of(const std::string& warehouse, const std::string& sku) const {
    const auto place = warehouses_.find(warehouse);
    const auto product = products_.find(sku);
    if (place == warehouses_.end() || product == products_.end()) {
      throw not_in_catalogue(fmt::format("{} in {}", text::quoted(sku), text::quoted(warehouse)));
    }
    return {place->second, product->second};
  }

  std::int64_t row_of(const MovementRecord& record) {
    const auto key = key_of(record.warehouse, record.sku);
    const auto [row, fresh] = rows_.emplace(key, static_cast<std::int64_t>(rows_.size()) + 1);
    if (fresh) {
      BalanceEntry entry;
      entry.row.id = row->second;
      entry.row.key = key;
      entry.warehouse = record.warehouse;
      entry.sku = record.sku;
      verifier_.row_without_balance(entry);
    }
    return row->second;
  }

  VerifyScope scope_;
  LedgerVerifier verifier_;
  PriceChecker prices_;
  bool has_prices_ = false;
  Codes warehouses_, products_;
  std::map<InventoryKey, std::int64_t> rows_;
  std::map<Uid, std::int64_t> openings_;
};

}  // namespace

ExportCheck check_export(io::ByteSource& source, const std::string& name, VerifyScope scope) {
  ExportCheck check;
  if (!scope.heads_after) scope.heads_after = -1;
  Checker checker(std::move(scope));
  check.counts =
      read_export(source, name,
                  {.header = [&](const ExportHeader& header) { check.header = header; },
                   .warehouse = [&](const Warehouse& warehouse) { checker.warehouse(warehouse); },
                   .product = [&](const Product& product,
                                  bool has_price_version) { checker.product(product, has_price_version); },
                   .threshold = [&](const Threshold& threshold) { checker.threshold(threshold); },
                   .price = [&](const PriceChange& change) { checker.price(change); },
                   .operation = [&](const ExportedOperation& operation) { checker.operation(operation); }});
  check.report = checker.finish();
  check.prices = checker.prices();
  const auto seal = seal_text(check.report.movements, seal_digest(check.report.heads_now));
  if (seal != check.counts.seal) {
    check.report.violations.push_back({"hash-chain", "end", "seal", seal, check.counts.seal});
  }
  return check;
}

}  // namespace invctl::intake
