#include "catalog_change.hpp"

#include "core/text.hpp"
#include "stock/transactions.hpp"

namespace invctl::cmd {

void change_catalog(Context& context, const std::function<void(CatalogStore&)>& change) {
  const auto store = context.open_for_writing();
  write_transaction(*store, context.deadline(), "", [&] {
    store->lock_catalog();
    change(*store);
    return true;
  });
  context.committed = true;
}

std::optional<std::string> text_or_nothing(const std::optional<std::string>& value, std::string_view what) {
  return value && !text::trim(*value).empty() ? std::optional(parse_text(*value, what)) : std::nullopt;
}

}  // namespace invctl::cmd
