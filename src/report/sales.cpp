#include "report/sales.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace invctl::report {

namespace {

FactQuery sales_of(const TimeRange& range) {
  return {range.by, range.from, range.to, true};
}

std::int64_t signed_by(const Fact& fact, std::int64_t value) {
  return fact.undoes ? sub_exact(0, value) : value;
}

std::int64_t rank_of(const TopProduct& product, TopBy by) {
  switch (by) {
    case TopBy::quantity:
      return product.quantity;
    case TopBy::revenue:
      return product.revenue_minor;
    case TopBy::operations:
      return product.operations;
  }
  return 0;
}

}  // namespace

std::optional<TopBy> parse_top_by(std::string_view name) {
  if (name == "quantity") return TopBy::quantity;
  if (name == "revenue") return TopBy::revenue;
  if (name == "operations") return TopBy::operations;
  return std::nullopt;
}

std::vector<TopProduct> report_top(ReportStore& store, const TimeRange& range, TopBy by, std::size_t most) {
  std::unordered_map<std::int64_t, std::int64_t> product_of;
  store.stock_rows([&](const StockRow& row) { product_of[row.id] = row.key.product_id; });
  std::unordered_map<std::int64_t, TopProduct> products;
  store.facts(sales_of(range), [&](const Fact& fact) {
    if (!fact.is_sale()) return;
    std::set<std::int64_t> met;
    for (const auto& line : fact.lines) {
      const auto id = product_of.at(line.inventory_id);
      auto& product = products[id];
      // A reversal brings back: its sign is right already.
      product.quantity = sub_exact(product.quantity, line.delta);
      if (!fact.undoes && met.insert(id).second) ++product.operations;
    }
    for (const auto& sale : fact.sales) {
      auto& product = products[sale.key.product_id];
      product.revenue_minor = add_exact(product.revenue_minor, signed_by(fact, sale.total_minor));
    }
  });
  std::vector<TopProduct> top;
  store.product_labels([&](const ProductLabel& label) {
    const auto found = products.find(label.id);
    if (found == products.end()) return;
    found->second.product = label;
    top.push_back(std::move(found->second));
  });
  // By SKU so far, which decides among equals.
  std::stable_sort(top.begin(), top.end(),
                   [&](const TopProduct& a, const TopProduct& b) { return rank_of(a, by) > rank_of(b, by); });
  if (top.size() > most) top.resize(most);
  return top;
}

std::vector<Buyer> report_buyers(ReportStore& store, const TimeRange& range) {
  std::map<std::string, Buyer> buyers;
  store.facts(sales_of(range), [&](const Fact& fact) {
    if (fact.sales.empty()) return;
    auto& buyer = buyers[fact.sales.front().user];
    if (!fact.undoes) ++buyer.orders;
    for (const auto& sale : fact.sales) {
      buyer.quantity = add_exact(buyer.quantity, signed_by(fact, sale.quantity));
      buyer.total_minor = add_exact(buyer.total_minor, signed_by(fact, sale.total_minor));
    }
  });
  std::vector<Buyer> found;
  for (auto& [user, buyer] : buyers) {
    buyer.user = user;
    found.push_back(std::move(buyer));
  }
  return found;
}

std::vector<BoughtLine> report_bought(ReportStore& store, const TimeRange& range, const std::string& user) {
  std::unordered_map<std::int64_t, ProductLabel> labels;
  store.product_labels([&](const ProductLabel& label) { labels[label.id] = label; });
  std::map<InventoryKey, std::string> warehouses;
  store.stock_rows([&](const StockRow& row) { warehouses[row.key] = row.warehouse; });
  std::vector<BoughtLine> lines;
  store.facts(sales_of(range), [&](const Fact& fact) {
    for (const auto& sale : fact.sales) {
      if (sale.user != user) continue;
      const auto& label = labels.at(sale.key.product_id);
      lines.push_back({fact.id, fact.at, label.sku, label.name, warehouses.at(sale.key),
                       signed_by(fact, sale.quantity), sale.unit_price_minor,
                       signed_by(fact, sale.total_minor)});
    }
  });
  return lines;
}

}  // namespace invctl::report
