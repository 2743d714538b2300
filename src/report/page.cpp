#include "report/page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "core/time.hpp"
#include "io/html.hpp"
#include "report/calendar.hpp"
#include "report/movements.hpp"
#include "report/sales.hpp"

namespace invctl::report {

namespace {

namespace html = io::html;
using html::grouped;

constexpr std::size_t top_most = 15;               // products in the list of what sells most
constexpr std::size_t priced_most = 6;             // products in the chart of prices: one per colour
constexpr std::size_t low_most = 200;              // rows of low stock
constexpr std::int64_t price_changes_most = 1000;  // of one product that are looked at

std::string day_name(Micros t) {
  return step_name(Step::day, t);
}

std::string named(const std::string& sku, const std::string& name) {
  return name.empty() || name == sku ? sku : fmt::format("{} {}", sku, name);
}

// What a product cost, from when on; nothing: it had no price.
struct Price {
  Micros at = 0;
  std::optional<Minor> price;
};

class PageMaker {
 public:
  PageMaker(ReportStore& store, ReadStore& reads, PriceStore& prices, const PageRequest& request)
      : store_(store), reads_(reads), prices_(prices), request_(request) {
    const auto& range = request.range;
    const auto first = store.first_occurrence(beginning_of_time, end_of_time).value_or(request.now);
    from_ = range.from == beginning_of_time ? std::min(first, request.now) : range.from;
    to_ = range.to == end_of_time ? std::max(request.now, from_) + 1 : range.to;
    store.product_labels([&](const ProductLabel& product) { products_.push_back(product); });
    const auto day_count = day_number(to_ - 1) - day_number(from_) + 1;
    step_ = day_count <= 62 ? Step::day : day_count <= 430 ? Step::week : Step::month;
  }

  std::string run() {
    const auto over_time = movements(step_by());
    sell();
    html::Page page;
    page.title = fmt::format("Stock report {}", request_.name.empty() ? span_text() : request_.name);
    page.subtitle = fmt::format("{} (UTC), by when it {}. Amounts in {}.", span_text(),
                                request_.range.by == TimeBy::occurred ? "happened" : "was recorded",
                                request_.currency.code());
    page.html = tiles(over_time.total);
    page.sections = {{"movements", "Movements over time", over_time_section(over_time)},
                     {"warehouses", "Stock per warehouse", warehouse_section()},
                     {"categories", "Stock per category", category_section()},
                     {"top", "Top products", top_section()},
                     {"prices", "Price history", price_section()},
                     {"low", "Low stock", low_section()}};
    page.footer = fmt::format("Made {} by {}.", format_time(request_.now), request_.source);
    return html::page(page);
  }

 private:
  std::string span_text() const { return fmt::format("{} to {}", day_name(from_), day_name(to_ - 1)); }
  std::string money(Minor amount) const {
    const auto text = request_.currency.format(amount);
    const auto point = text.find('.');
    const bool negative = text.starts_with('-');
    std::string whole =
        text.substr(negative ? 1 : 0, point == std::string::npos ? point : point - (negative ? 1 : 0));
    for (auto at = whole.size(); at > 3;) whole.insert(at -= 3, ",");
    return (negative ? "-" : "") + whole + (point == std::string::npos ? "" : text.substr(point));
  }

  MovementsBy step_by() const {
    switch (step_) {
      case Step::day:
        return MovementsBy::day;
      case Step::week:
        return MovementsBy::week;
      case Step::month:
        return MovementsBy::month;
    }
    return MovementsBy::month;
  }

  MovementsReport movements(MovementsBy by) {
    return report_movements(store_, {request_.range, by, std::nullopt, std::nullopt});
  }

  void sell() {
    top_ = report_top(store_, request_.range, TopBy::quantity, top_most);
    store_.facts({request_.range.by, request_.range.from, request_.range.to, true}, [&](const Fact& fact) {
      for (const auto& sale : fact.sales) {
        revenue_ =
            fact.undoes ? sub_exact(revenue_, sale.total_minor) : add_exact(revenue_, sale.total_minor);
        auto& sold = sold_at_[sale.key.product_id];
        if (!fact.undoes && (sold.empty() || sold.back().price != sale.unit_price_minor)) {
          sold.push_back({fact.at, sale.unit_price_minor});
        }
      }
    });
  }

  // Those with most revenue, and then those that sell most, of which prices are known.
  std::vector<ProductLabel> priced_products() {
    std::vector<ProductLabel> products;
    auto candidates = report_top(store_, request_.range, TopBy::revenue, priced_most);
    std::erase_if(candidates, [](const TopProduct& product) { return product.revenue_minor <= 0; });
    candidates.insert(candidates.end(), top_.begin(), top_.end());
    for (const auto& candidate : candidates) {
      const auto& product = candidate.product;
      const bool there = std::any_of(products.begin(), products.end(),
                                     [&](const ProductLabel& other) { return other.id == product.id; });
      if (!there && products.size() < priced_most && !price_course(product).empty()) {
        products.push_back(product);
      }
    }
    return products;
  }

  // The price with which the page begins, and each change after it. Where none was recorded so early, as in a
  // history that was posted later, what it was sold at.
  std::vector<Price> price_course(const ProductLabel& product) {
    struct Change {
      Micros at;
      std::int64_t version;
      std::optional<Minor> price;
    };
    std::vector<Change> changes;
    prices_.price_history(
        {product.sku, std::nullopt, price_changes_most}, [&](const PriceHistoryEntry& entry) {
          changes.push_back({entry.change.effective_at, entry.line.version, entry.line.new_minor});
        });
    std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
      return std::pair(a.at, a.version) < std::pair(b.at, b.version);
    });
    std::vector<Price> course;
    for (const auto& change : changes) {
      if (change.at >= to_) break;
      const auto at = std::max(change.at, from_);
      if (!course.empty() && course.back().at == at) course.pop_back();
      course.push_back({at, change.price});
    }
    return course.empty() ? sold_at_[product.id] : course;
  }

  std::string tiles(const MovementsGroup& total) const {
    return html::tiles({{"On hand at the beginning", grouped(total.opening)},
                        {"Came in", grouped(total.in)},
                        {"Went out", grouped(total.out)},
                        {"On hand at the end", grouped(total.closing)},
                        {"Movements", grouped(total.movements)},
                        {"Sold to users", money(revenue_), "less what was undone"}});
  }

  // The names of all steps of the page, also of those in which nothing moved.
  std::vector<std::string> step_names() const {
    std::vector<std::string> names;
    for (auto day = day_number(from_); day <= day_number(to_ - 1); ++day) {
      auto name = step_name(step_, day * day_length);
      if (names.empty() || names.back() != name) names.push_back(std::move(name));
    }
    return names;
  }

  std::string over_time_section(const MovementsReport& report) const {
    if (report.groups.empty()) return html::paragraph("Nothing moved.");
    const auto names = step_names();
    std::map<std::string, const MovementsGroup*> by_name;
    for (const auto& group : report.groups) by_name[group.name.value_or("")] = &group;
    html::BarSeries in{"in", {}};
    html::BarSeries out{"out", {}};
    html::LineSeries line{"on hand", {}};
    auto on_hand = report.total.opening;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto found = by_name.find(names[i]);
      const bool moved = found != by_name.end();
      in.values.push_back(moved ? found->second->in : 0);
      out.values.push_back(moved ? found->second->out : 0);
      if (moved) on_hand = found->second->closing;
      line.points.push_back({static_cast<std::int64_t>(i), on_hand});
    }
    const auto last = static_cast<std::int64_t>(names.size());
    std::string section = html::bar_chart(
        fmt::format("Units in and out, {} to {}", names.front(), names.back()), names, {in, out});
    section += html::line_chart("Units on hand at the end of each step",
                                {0, last, names.front(), names.back()}, {line});
    return section + movements_table("By time", "Period", report.groups);
  }

  static std::string movements_table(const std::string& caption, const std::string& title,
                                     const std::vector<MovementsGroup>& groups) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& group : groups) {
      rows.push_back({group.name.value_or("-"), grouped(group.movements), grouped(group.opening),
                      grouped(group.in), grouped(group.out), grouped(group.closing)});
    }
    const auto number = io::Kind::number;
    return html::table(caption,
                       {{title},
                        {"Movements", number},
                        {"Beginning", number},
                        {"In", number},
                        {"Out", number},
                        {"End", number}},
                       rows);
  }

  static std::string closing_bars(const std::string& description, const std::vector<MovementsGroup>& groups) {
    std::vector<html::RankedBar> bars;
    for (const auto& group : groups) bars.push_back({group.name.value_or("-"), group.closing});
    std::stable_sort(bars.begin(), bars.end(),
                     [](const auto& a, const auto& b) { return a.value > b.value; });
    return html::ranked_bars(description, bars);
  }

  std::string warehouse_section() {
    const auto report = movements(MovementsBy::warehouse);
    if (report.groups.empty()) return html::paragraph("No stock.");
    return closing_bars("Units on hand at the end, per warehouse", report.groups) +
           movements_table("By warehouse", "Warehouse", report.groups);
  }

  std::string category_section() {
    const auto report = movements(MovementsBy::sku);
    if (report.groups.empty()) return html::paragraph("No stock.");
    std::map<std::string, std::string> category_of;
    for (const auto& product : products_) {
      category_of[product.sku] = product.category.value_or("no category");
    }
    std::map<std::string, MovementsGroup> categories;
    for (const auto& group : report.groups) {
      const auto& name = category_of[group.name.value_or("")];
      auto& sum = categories[name];
      sum.name = name;
      sum.movements += group.movements;
      sum.opening = add_exact(sum.opening, group.opening);
      sum.in = add_exact(sum.in, group.in);
      sum.out = add_exact(sum.out, group.out);
      sum.closing = add_exact(sum.closing, group.closing);
    }
    std::vector<MovementsGroup> groups;
    for (auto& [name, group] : categories) groups.push_back(std::move(group));
    return closing_bars("Units on hand at the end, per category", groups) +
           movements_table("By category", "Category", groups);
  }

  std::string top_section() const {
    std::vector<html::RankedBar> bars;
    std::vector<std::vector<std::string>> rows;
    for (const auto& product : top_) {
      bars.push_back({named(product.product.sku, product.product.name), product.quantity});
      rows.push_back({product.product.sku, product.product.name, grouped(product.quantity),
                      grouped(product.operations), money(product.revenue_minor)});
    }
    if (rows.empty()) return html::paragraph("Nothing was sold.");
    const auto number = io::Kind::number;
    return html::ranked_bars("Units sold, shipped or confirmed, less what was undone", bars) +
           html::table("What sells most",
                       {{"SKU"}, {"Name"}, {"Units", number}, {"Operations", number}, {"Revenue", number}},
                       rows);
  }

  std::string price_section() {
    std::vector<html::LineSeries> series;
    std::vector<std::vector<std::string>> rows;
    for (const auto& product : priced_products()) {
      html::LineSeries line{named(product.sku, product.name), {}};
      for (const auto& [at, price] : price_course(product)) {
        if (price) line.points.push_back({at, *price});
        rows.push_back({product.sku, product.name, format_time(at), price ? money(*price) : "none"});
      }
      series.push_back(std::move(line));
    }
    if (series.empty()) return html::paragraph("Nothing with a price was sold.");
    const auto number = io::Kind::number;
    return html::line_chart("Prices of the products with most revenue",
                            {from_, to_, day_name(from_), day_name(to_ - 1)}, series,
                            [&](std::int64_t amount) { return money(amount); }) +
           html::table("At the beginning, and each change", {{"SKU"}, {"Name"}, {"From"}, {"Price", number}},
                       rows);
  }

  std::string low_section() const {
    std::vector<std::vector<std::string>> rows;
    std::size_t more = 0;
    StockFilter filter;
    filter.below_reorder = true;
    reads_.stock(filter, [&](const StockEntry& entry) {
      if (rows.size() == low_most) {
        ++more;
        return;
      }
      rows.push_back({entry.warehouse, entry.sku, entry.name, grouped(entry.available()),
                      grouped(entry.reorder_point.value_or(0))});
    });
    if (rows.empty()) return html::paragraph("Nothing is below its reorder point.");
    const auto number = io::Kind::number;
    auto section =
        html::table(fmt::format("Below the reorder point, {}", format_time(request_.now)),
                    {{"Warehouse"}, {"SKU"}, {"Name"}, {"Available", number}, {"Reorder at", number}}, rows);
    if (more > 0) {
      section += html::paragraph(fmt::format("And {}: `invctl stock --below-reorder` lists all.",
                                             text::count(static_cast<long long>(more), "more row")));
    }
    return section;
  }

  ReportStore& store_;
  ReadStore& reads_;
  PriceStore& prices_;
  const PageRequest& request_;
  Micros from_ = 0, to_ = 0;  // both known
  Step step_ = Step::month;
  std::vector<ProductLabel> products_;  // by SKU
  std::vector<TopProduct> top_;
  Minor revenue_ = 0;
  std::map<std::int64_t, std::vector<Price>> sold_at_;  // by product
};

}  // namespace

std::string make_page(ReportStore& store, ReadStore& reads, PriceStore& prices, const PageRequest& request) {
  return PageMaker(store, reads, prices, request).run();
}

}  // namespace invctl::report
