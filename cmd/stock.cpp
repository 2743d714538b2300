#include <CLI/CLI.hpp>

#include "command.hpp"
#include "core/text.hpp"
#include "filters.hpp"

namespace invctl::cmd {

namespace {

struct StockOptions {
  std::optional<std::string> warehouse, sku, as_of, limit, after;
  bool below_reorder = false;
};

// The page that is asked for, if any.
void set_page(StockFilter& filter, const StockOptions& options) {
  if (options.limit) {
    std::string why;
    filter.limit = parse_whole(*options.limit, why);
    if (!filter.limit) throw Error(Exit::usage, "--limit: " + why);
  }
  if (!options.after) return;
  if (!filter.warehouse || !filter.limit) {
    throw Error(Exit::usage, "--after is about the pages of one warehouse", "name it with -w, and --limit");
  }
  filter.after = Sku::parse(*options.after).str();
}

}  // namespace

void setup_stock(CLI::App& app, Action& action) {
  auto options = std::make_shared<StockOptions>();
  app.add_option("-w,--warehouse", options->warehouse, "only this warehouse")->type_name("WH");
  app.add_option("--sku", options->sku, "only this product")->type_name("SKU");
  app.add_flag("--below-reorder", options->below_reorder,
               "only where less than the reorder point is available");
  app.add_option("--as-of", options->as_of, "as it was at this time, from the ledger")->type_name("TIME");
  app.add_option("--limit", options->limit, "at most so many rows")->type_name("N");
  app.add_option("--after", options->after, "with -w and --limit, the next page: what comes after this SKU")
      ->type_name("SKU");
  action = [options](Context& context) {
    StockFilter filter;
    if (options->warehouse) filter.warehouse = WarehouseCode::parse(*options->warehouse).str();
    if (options->sku) filter.sku = Sku::parse(*options->sku).str();
    filter.below_reorder = options->below_reorder;
    if (options->as_of) {
      std::string why;
      filter.as_of = parse_time(*options->as_of, why);
      if (!filter.as_of) throw Error(Exit::usage, "--as-of: " + why);
    }
    set_page(filter, *options);
    const auto store = context.open_for_reading();
    check_exist(*store, filter.warehouse, filter.sku);
    io::RowWriter rows(context.out, context.format(),
                       {{"warehouse", io::Kind::code},
                        {"sku", io::Kind::code},
                        {"name", io::Kind::text},
                        {"on_hand", io::Kind::number},
                        {"reserved", io::Kind::number},
                        {"available", io::Kind::number},
                        {"reorder_point", io::Kind::number, "REORDER AT"}},
                       context.table_options("no stock"));
    store->stock(filter, [&](const StockEntry& entry) {
      rows.row({entry.warehouse, entry.sku, entry.name, entry.on_hand, entry.reserved, entry.available(),
                optional_value(entry.reorder_point)});
    });
    rows.finish();
    return Exit::ok;
  };
}

}  // namespace invctl::cmd
