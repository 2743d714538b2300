#include "catalog_change.hpp"

#include "stock/ledger.hpp"

namespace invctl::cmd {

void change_catalog(Context& context, const std::function<void(CatalogStore&)>& change) {
  const auto store = context.open_for_writing();
  const auto deadline = context.deadline();
  bool commit_reached = false;
  run_transaction(*store, deadline, "", commit_reached, [&] {
    store->begin(deadline);
    try {
      store->lock_catalog();
      change(*store);
    } catch (...) {
      store->rollback();
      throw;
    }
    commit_reached = true;
    store->commit();
  });
  context.committed = true;
}

std::optional<std::string> text_or_nothing(const std::optional<std::string>& value, std::string_view what) {
  return value && !value->empty() ? std::optional(parse_text(*value, what)) : std::nullopt;
}

}  // namespace invctl::cmd
