#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "catalog_change.hpp"
#include "core/text.hpp"
#include "filters.hpp"
#include "subcommand.hpp"

namespace invctl::cmd {

namespace {

struct ProductOptions {
  std::string sku;
  std::optional<std::string> name, category, unit, price, reorder_point, barcode;
  bool undo = false, all = false;
};

const std::vector<io::Column> product_columns = {{"sku", io::Kind::code},
                                                 {"name", io::Kind::text},
                                                 {"category", io::Kind::text},
                                                 {"unit", io::Kind::text},
                                                 {"price_minor", io::Kind::number},
                                                 {"currency", io::Kind::code},
                                                 {"reorder_point", io::Kind::number, "REORDER AT"},
                                                 {"barcode", io::Kind::code},
                                                 {"retired", io::Kind::code},
                                                 {"on_hand", io::Kind::number},
                                                 {"reserved", io::Kind::number},
                                                 {"available", io::Kind::number}};

std::vector<io::Value> to_row(const ProductEntry& entry, const Currency& currency) {
  return {entry.sku,
          entry.name,
          optional_value(entry.category),
          optional_value(entry.unit),
          optional_value(entry.price_minor),
          currency.code(),
          optional_value(entry.reorder_point),
          optional_value(entry.barcode),
          entry.retired,
          entry.on_hand,
          entry.reserved,
          entry.available()};
}

void print_one(Context& context, db::SqlStore& store, const std::string& sku) {
  ProductFilter filter;
  filter.sku = sku;
  bool found = false;
  store.products(filter, [&](const ProductEntry& entry) {
    found = true;
    std::vector<io::Field> fields;
    auto values = to_row(entry, store.info().currency);
    for (std::size_t i = 0; i < product_columns.size(); ++i)
      fields.emplace_back(product_columns[i].key, values[i]);
    io::print_object(context.out, context.format(), fields, context.table_options());
  });
  if (!found) throw no_product(sku);
}

Product read_one(CatalogStore& store, const std::string& sku, Micros now) {
  const std::vector<std::string> skus{sku};
  auto found = store.read_products(skus, now);
  if (found.empty()) throw no_product(sku);
  return std::move(found.front());
}

// An option that is given sets its field; given empty, it clears it.
void set_fields(Product& product, const ProductOptions& options, const Currency& currency) {
  std::string why;
  if (options.name) product.name = options.name->empty() ? product.sku : parse_text(*options.name, "--name");
  if (options.category) product.category = text_or_nothing(options.category, "--category");
  if (options.unit) product.unit = text_or_nothing(options.unit, "--unit");
  if (options.barcode)
    product.barcode =
        options.barcode->empty() ? std::nullopt : std::optional(parse_code(*options.barcode, "--barcode"));
  if (options.price) {
    product.price_minor = options.price->empty() ? std::nullopt : currency.parse_amount(*options.price, why);
    if (!options.price->empty() && !product.price_minor) throw Error(Exit::usage, "--price: " + why);
  }
  if (options.reorder_point) {
    product.reorder_point =
        options.reorder_point->empty() ? std::nullopt : parse_whole(*options.reorder_point, why);
    if (!options.reorder_point->empty() && !product.reorder_point)
      throw Error(Exit::usage, "--reorder-point: " + why);
  }
}

PriceNote note_of(Context& context, CatalogStore& store, const char* reason) {
  const auto origin = context.origin();
  return {context.actor(), reason, origin.host, origin.tool_version, std::nullopt, store.price_clock()};
}

Exit add_product(Context& context, const ProductOptions& options) {
  Product product;
  product.sku = Sku::parse(options.sku).str();
  product.name = product.sku;
  change_catalog(context, [&](CatalogStore& store) {
    set_fields(product, options, store.info().currency);
    const std::vector<std::string> skus{product.sku};
    if (!store.read_products(skus).empty()) {
      throw Error(Exit::conflict, "already_exists",
                  fmt::format("product {} exists already", text::printable(product.sku)),
                  fmt::format("`invctl product set {}` changes it", text::printable(product.sku)));
    }
    store.insert_products(std::span(&product, 1), note_of(context, store, "product add"));
  });
  print_one(context, *context.open_for_reading(), product.sku);
  return Exit::ok;
}

Exit set_product(Context& context, const ProductOptions& options) {
  const auto sku = Sku::parse(options.sku).str();
  if (!options.name && !options.category && !options.unit && !options.price && !options.reorder_point &&
      !options.barcode) {
    throw Error(Exit::usage, "nothing to set",
                "--name, --category, --unit, --price, --reorder-point or --barcode");
  }
  change_catalog(context, [&](CatalogStore& store) {
    const auto note = note_of(context, store, "product set");
    auto product = read_one(store, sku, note.now);
    const auto price = product.price_minor;
    set_fields(product, options, store.info().currency);
    if (product.price_minor != price) {
      PriceBatch prices(note);
      prices.add(product, price, product.price_minor);
      auto change = std::move(prices).finish();
      store.append_prices(change);
    }
    store.update_products(std::span(&product, 1));
  });
  print_one(context, *context.open_for_reading(), sku);
  return Exit::ok;
}

Exit retire_product(Context& context, const ProductOptions& options) {
  const auto sku = Sku::parse(options.sku).str();
  change_catalog(context, [&](CatalogStore& store) {
    auto product = read_one(store, sku, store.price_clock());
    if (options.undo == !product.retired_at.has_value()) return;  // it is so already
    const auto on_hand = store.on_hand_of_product(product.id);
    if (!options.undo && on_hand != 0) {
      throw Error(Exit::conflict, "not_empty",
                  fmt::format("{} of {} still on hand", text::count(on_hand, "unit"), text::printable(sku)),
                  fmt::format("`invctl stock --sku {}` shows where; ship or adjust them first",
                              text::printable(sku)));
    }
    product.retired_at = options.undo ? std::nullopt : std::optional(now_utc());
    store.update_products(std::span(&product, 1));
  });
  print_one(context, *context.open_for_reading(), sku);
  return Exit::ok;
}

Exit list_products(Context& context, const ProductOptions& options) {
  const auto store = context.open_for_reading();
  ProductFilter filter;
  filter.category = options.category;
  filter.include_retired = options.all;
  const auto format = context.format();
  auto shown = product_columns;
  const bool table = format == io::Format::table;
  if (table) shown[4].title = "PRICE";  // in the currency's own units, for people
  io::RowWriter rows(context.out, format, shown, context.table_options("no products"));
  const auto& currency = store->info().currency;
  store->products(filter, [&](const ProductEntry& entry) {
    auto row = to_row(entry, currency);
    if (table && entry.price_minor) row[4] = currency.format(*entry.price_minor);
    rows.row(row);
  });
  rows.finish();
  return Exit::ok;
}

Exit show_product(Context& context, const ProductOptions& options) {
  print_one(context, *context.open_for_reading(), Sku::parse(options.sku).str());
  return Exit::ok;
}

}  // namespace

void setup_product(CLI::App& app, Action& action) {
  auto options = std::make_shared<ProductOptions>();
  const auto sub = [&](const char* name, const char* summary, auto run) {
    return add_command(app, action, options, name, summary, run);
  };
  const auto add_sku = [&](CLI::App* command, const char* help) {
    command->add_option("sku", options->sku, help)->type_name("SKU")->required();
  };
  const auto add_fields = [&](CLI::App* command) {
    command->add_option("--name", options->name, "its name; the SKU if there is none")->type_name("TEXT");
    command->add_option("--category", options->category, "what kind of thing it is")->type_name("TEXT");
    command->add_option("--unit", options->unit, "what is counted, such as ea, box or kg")->type_name("TEXT");
    command->add_option("--price", options->price, "in the database's currency, such as 12.50")
        ->type_name("AMOUNT");
    command->add_option("--reorder-point", options->reorder_point, "order again below this")->type_name("N");
    command->add_option("--barcode", options->barcode, "what a scanner reads")->type_name("CODE");
  };
  app.require_subcommand(1);
  auto* adding = sub("add", "add a product", add_product);
  add_sku(adding, "its SKU; it never changes");
  add_fields(adding);
  auto* setting = sub("set", "change a product; an empty value clears a field", set_product);
  add_sku(setting, "its SKU");
  add_fields(setting);
  auto* listing = sub("list", "list the products", list_products);
  listing->add_flag("--all", options->all, "the retired ones too");
  listing->add_option("--category", options->category, "only this category")->type_name("TEXT");
  add_sku(sub("show", "show one product and its stock", show_product), "its SKU");
  auto* retiring = sub("retire", "withdraw a product that has no stock", retire_product);
  add_sku(retiring, "its SKU");
  retiring->add_flag("--undo", options->undo, "offer it again");
}

}  // namespace invctl::cmd
