#include "catalog/price_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/text.hpp"
#include "core/time.hpp"

namespace invctl {

namespace {

std::string shown(const std::optional<Minor>& price) {
  return price ? std::to_string(*price) : "no price";
}

std::string shown_moment(const std::optional<Micros>& moment) {
  return moment ? format_time(*moment) : "none";
}

// What a product costs from when on.
using Timeline = std::map<Micros, std::optional<Minor>>;

std::optional<Minor> before(const Timeline& timeline, Timeline::const_iterator end) {
  return end == timeline.begin() ? std::nullopt : std::prev(end)->second;
}

}  // namespace

// A warehouse has no prices of its own.
bool PriceChecker::wanted(const VerifyScope& scope) {
  return !scope.warehouse && (scope.has(prices_check) || scope.has("hash-chain"));
}

void PriceChecker::add(std::string_view check, std::string table, std::string key, std::string expected,
                       std::string actual) {
  if (!scope_.has(check)) return;
  violations_.push_back(
      {std::string(check), std::move(table), std::move(key), std::move(expected), std::move(actual)});
}

void PriceChecker::product(const ProductPrice& product) {
  products_.push_back(product);
}

void PriceChecker::change(const PriceChange& change) {
  ++changes_;
  newest_ = std::max(newest_, change.recorded_at);
  bool selected = !scope_.sku;
  for (const auto& line : change.lines) {
    selected = selected || selects(line.sku);
    if (!selects(line.sku)) continue;
    steps_.push_back({line.product_id, line.version, change.effective_at, line.old_minor, line.new_minor});
  }
  if (!selected) return;
  const auto name = std::to_string(change.id);
  if (change.line_count != static_cast<std::int64_t>(change.lines.size())) {
    add(prices_check, "price_change", name, text::count(change.line_count, "line"),
        std::to_string(change.lines.size()));
  }
  if (const auto hash = price_hash(change); hash != change.hash) {
    add("hash-chain", "price_change", name, to_hex(hash), to_hex(change.hash));
  }
}

void PriceChecker::check_product(const ProductPrice& product, std::span<const Step> steps, Micros now) {
  const auto name = text::printable(product.sku);
  const auto expect = [&](bool holds, const std::string& table, const std::string& key, std::string expected,
                          std::string actual) {
    if (!holds) add(prices_check, table, key, std::move(expected), std::move(actual));
  };
  Timeline timeline;
  std::int64_t version = 0;
  for (const auto& step : steps) {
    const auto line = fmt::format("version {} of {}", step.version, name);
    expect(step.version == ++version, "price_line", line, fmt::format("version {}", version),
           std::to_string(step.version));
    version = step.version;
    const auto old_price = before(timeline, timeline.upper_bound(step.effective_at));
    expect(step.old_minor == old_price, "price_line", line, "old price " + shown(old_price),
           shown(step.old_minor));
    timeline[step.effective_at] = step.new_minor;
  }
  expect(product.price_version == version, "product", name, fmt::format("{} as price version", version),
         std::to_string(product.price_version));
  auto end = timeline.end();
  if (product.next_price_at) {
    end = timeline.find(*product.next_price_at);
    expect(end != timeline.end(), "product", name, "a price change of its next moment",
           shown_moment(product.next_price_at));
  }
  const auto price = before(timeline, end);
  expect(product.price_minor == price, "product", name, "price " + shown(price), shown(product.price_minor));
  if (end != timeline.begin() && std::prev(end)->first > now) {
    expect(false, "product", name, "no price from before its moment",
           "the one of " + format_time(std::prev(end)->first));
  }
}

std::vector<Violation> PriceChecker::finish(Micros now) {
  std::sort(steps_.begin(), steps_.end(), [](const Step& a, const Step& b) {
    return a.product != b.product ? a.product < b.product : a.version < b.version;
  });
  std::sort(products_.begin(), products_.end(),
            [](const ProductPrice& a, const ProductPrice& b) { return a.id < b.id; });
  // A clock that was set back makes nothing wrong.
  now = std::max(now, newest_);
  auto step = steps_.cbegin();
  const auto skip_strangers = [&](std::int64_t id) {
    for (; step != steps_.cend() && step->product < id; ++step) {
      add(prices_check, "price_line", fmt::format("version {} of product {}", step->version, step->product),
          "its product", "none");
    }
  };
  for (const auto& product : products_) {
    skip_strangers(product.id);
    const auto begin = step;
    while (step != steps_.cend() && step->product == product.id) ++step;
    if (selects(product.sku)) check_product(product, {begin, step}, now);
  }
  skip_strangers(INT64_MAX);
  return std::move(violations_);
}

PriceReport check_prices(PriceStore& store, const VerifyScope& scope, const std::function<Micros()>& clock) {
  PriceReport report;
  if (!PriceChecker::wanted(scope)) return report;
  PriceChecker checker(scope);
  store.product_prices([&](const ProductPrice& product) { checker.product(product); });
  store.price_changes([&](const PriceChange& change) { checker.change(change); });
  report.violations = checker.finish(clock());
  report.changes = checker.changes();
  return report;
}

}  // namespace invctl
