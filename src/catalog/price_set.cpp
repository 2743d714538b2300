#include "catalog/price_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/text.hpp"
#include "stock/ledger.hpp"

namespace invctl {

namespace {

class Setting {
 public:
  Setting(CatalogStore& catalog, PriceStore& prices, const PriceRequest& request)
      : catalog_(catalog), prices_(prices), request_(request) {}

  // Inside the transaction. Whether anything was written.
  bool run(PriceReceipt& receipt) {
    catalog_.lock_catalog();
    now_ = catalog_.price_clock();
    read_products();
    if (auto stored = prices_.find_price_change(*request_.note.key)) {
      receipt = replay(std::move(*stored));
      return false;
    }
    if (request_.effective_at && *request_.effective_at <= now_) throw has_passed();
    auto note = request_.note;
    note.now = now_;
    PriceBatch batch(note, request_.effective_at);
    for (std::size_t i = 0; i < products_.size(); ++i) add(batch, products_[i], request_.lines[i].price);
    if (!refusal_.lines.empty()) throw refusal_;
    receipt = {std::move(batch).finish(), false};
    catalog_.append_prices(receipt.change);
    catalog_.update_products(products_);
    return true;
  }

 private:
  // In the order of the lines.
  void read_products() {
    std::vector<std::string> skus;
    for (const auto& line : request_.lines) skus.push_back(line.sku);
    std::unordered_map<std::string, Product> found;
    for (auto& product : catalog_.read_products(skus, now_)) found.emplace(product.sku, std::move(product));
    Error unknown(Exit::not_found, "some products do not exist", "`invctl product list` shows the products");
    for (const auto& sku : skus) {
      const auto product = found.find(sku);
      if (product == found.end()) {
        unknown.add_line({"no product " + text::printable(sku), {{"sku", sku}}});
      } else {
        products_.push_back(std::move(product->second));
      }
    }
    if (unknown.lines.size() == 1) unknown.message = unknown.lines.front().message;
    if (!unknown.lines.empty()) throw unknown;
  }

  void add(PriceBatch& batch, Product& product, Minor price) {
    auto old_price = product.price_minor;
    const auto& at = request_.effective_at;
    if (at && product.next_price_at && *product.next_price_at <= *at) {
      old_price = prices_.price_at(product.id, *at);
    }
    if (request_.limit && !request_.force && !request_.limit->allows(old_price, price)) {
      refuse(product.sku, *old_price, price);
    }
    batch.add(product, old_price, price);
    if (!at) {
      product.price_minor = price;
    } else if (!product.next_price_at || *at < *product.next_price_at) {
      product.next_price_at = at;
    }
  }

  void refuse(const std::string& sku, Minor old_price, Minor price) {
    const auto& currency = catalog_.info().currency;
    const auto percent = shown_change(old_price, price);
    auto message = fmt::format("{} from {} to {} {}", text::printable(sku), currency.format(old_price),
                               currency.format(price), currency.code());
    if (percent) message += fmt::format(" is a change of {}", *percent);
    message += fmt::format(", the limit is {}", request_.limit->str());
    refusal_.add_line({std::move(message),
                       {{"code", std::string("price_limit")},
                        {"sku", sku},
                        {"old_price_minor", old_price},
                        {"new_price_minor", price}}});
    refusal_.message = refusal_.lines.front().message;
    if (refusal_.lines.size() == 1) return;
    refusal_.message = "some prices change by more than the limit";
    refusal_.hint = "--force sets them all the same";
  }

  Error has_passed() const {
    return Error(Exit::conflict, "effective_in_the_past",
                 fmt::format("{} has passed: it is {} by the database's clock",
                             format_time(*request_.effective_at), format_time(now_)),
                 "without --effective the price changes at once");
  }

  PriceReceipt replay(PriceChange stored) const {
    std::vector<std::int64_t> ids;
    for (const auto& product : products_) ids.push_back(product.id);
    bool same = stored.reason == request_.note.reason &&
                stored.line_count == static_cast<std::int64_t>(request_.lines.size()) &&
                stored.effective_at == request_.effective_at.value_or(stored.recorded_at);
    const auto lines = prices_.price_lines(stored.id, ids);
    for (std::size_t i = 0; same && i < products_.size(); ++i) {
      const auto line = std::find_if(lines.begin(), lines.end(), [&](const PriceLine& candidate) {
        return candidate.product_id == products_[i].id;
      });
      same = line != lines.end() && line->new_minor == request_.lines[i].price;
      if (same) stored.lines.push_back(*line);
    }
    if (!same) {
      throw Error(Exit::conflict, "key_reused",
                  "the id " + text::printable(*stored.key) + " was used for another request",
                  "use a new --id for a new request");
    }
    return {std::move(stored), true};
  }

  CatalogStore& catalog_;
  PriceStore& prices_;
  const PriceRequest& request_;
  Micros now_ = 0;
  std::vector<Product> products_;
  Error refusal_{Exit::conflict, "price_limit", "", "--force sets it all the same"};
};

}  // namespace

PriceReceipt set_prices(CatalogStore& catalog, PriceStore& prices, PriceRequest request,
                        const Deadline& deadline) {
  PriceReceipt receipt;
  write_transaction(catalog, deadline, *request.note.key,
                    [&] { return Setting(catalog, prices, request).run(receipt) && !request.dry_run; });
  return receipt;
}

}  // namespace invctl
