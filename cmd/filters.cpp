#include "filters.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace invctl::cmd {

Error no_warehouse(const std::string& code) {
  return Error(Exit::not_found, "no warehouse " + text::printable(code),
               "`invctl warehouse list` shows the warehouses");
}

Error no_product(const std::string& sku) {
  return Error(Exit::not_found, "no product " + text::printable(sku),
               "`invctl product list` shows the products");
}

void check_exist(ReadStore& store, const std::optional<std::string>& warehouse,
                 const std::optional<std::string>& sku) {
  if (warehouse && !store.warehouse_exists(*warehouse)) throw no_warehouse(*warehouse);
  if (sku && !store.product_exists(*sku)) throw no_product(*sku);
}

void NewestRows::tell_of_more(Context& context, std::string_view next_page) const {
  if (rows_ <= to_show_) return;
  context.warn(
      fmt::format("only the newest {} are shown; --limit N shows as many as you say, {} the next page",
                  to_show_, next_page));
}

}  // namespace invctl::cmd
