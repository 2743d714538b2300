// threshold set, list and unset: when to order, and up to what.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <unordered_map>

#include "catalog_change.hpp"
#include "core/text.hpp"
#include "filters.hpp"
#include "subcommand.hpp"

namespace invctl::cmd {

namespace {

struct ThresholdOptions {
  std::optional<std::string> sku, warehouse, reorder_point, target;
};

// A threshold of a product, or of a product in one warehouse.
struct Shown {
  std::optional<std::string> warehouse;
  std::string sku, name;
  std::optional<Quantity> reorder_point, target;
};

const std::vector<io::Column> threshold_columns = {{"warehouse", io::Kind::code},
                                                   {"sku", io::Kind::code},
                                                   {"name", io::Kind::text},
                                                   {"reorder_point", io::Kind::number, "REORDER AT"},
                                                   {"target", io::Kind::number}};

std::vector<io::Value> to_row(const Shown& shown) {
  return {optional_value(shown.warehouse), shown.sku, shown.name, optional_value(shown.reorder_point),
          optional_value(shown.target)};
}

void print_one(Context& context, const Shown& shown) {
  std::vector<io::Field> fields;
  const auto values = to_row(shown);
  for (std::size_t i = 0; i < threshold_columns.size(); ++i)
    fields.emplace_back(threshold_columns[i].key, values[i]);
  io::print_object(context.out, context.format(), fields, context.table_options());
}

Product read_product(CatalogStore& store, const std::string& sku) {
  const std::vector<std::string> skus{sku};
  auto found = store.read_products(skus);
  if (found.empty()) throw no_product(sku);
  return std::move(found.front());
}

Warehouse read_warehouse(CatalogStore& store, const std::string& code) {
  const std::vector<std::string> codes{code};
  auto found = store.read_warehouses(codes);
  if (found.empty()) throw no_warehouse(code);
  return std::move(found.front());
}

// What the catalogue has for this product there; nothing where there is nothing.
std::optional<Threshold> find_threshold(CatalogStore& store, const Warehouse& warehouse,
                                        const Product& product) {
  for (auto& threshold : store.thresholds()) {
    if (threshold.warehouse_id == warehouse.id && threshold.product_id == product.id) return threshold;
  }
  return std::nullopt;
}

// An option that is given sets its field; a target that is given empty is taken away.
void apply(const ThresholdOptions& options, std::optional<Quantity>& reorder_point,
           std::optional<Quantity>& target) {
  std::string why;
  if (options.reorder_point) {
    reorder_point = parse_whole(*options.reorder_point, why);
    if (!reorder_point)
      throw Error(Exit::usage, "--reorder-point: " + why, "`threshold unset` takes it away");
  }
  if (options.target) {
    target = options.target->empty() ? std::nullopt : parse_whole(*options.target, why);
    if (!target && !options.target->empty()) throw Error(Exit::usage, "--target: " + why);
  }
  if (!reorder_point) throw Error(Exit::usage, "at how many is it to be ordered?", "--reorder-point N");
  if (target && *target < *reorder_point) {
    throw Error(Exit::usage,
                fmt::format("the target {} is below the reorder point {}", *target, *reorder_point),
                "order up to the reorder point at least");
  }
}

Exit set_thresholds(Context& context, const ThresholdOptions& options) {
  if (!options.reorder_point && !options.target) {
    throw Error(Exit::usage, "nothing to set", "--reorder-point N, --target N");
  }
  const auto sku = Sku::parse(*options.sku).str();
  Shown shown;
  if (options.warehouse) shown.warehouse = WarehouseCode::parse(*options.warehouse).str();
  change_catalog(context, [&](CatalogStore& store) {
    auto product = read_product(store, sku);
    shown.sku = product.sku;
    shown.name = product.name;
    if (!shown.warehouse) {
      apply(options, product.reorder_point, product.reorder_target);
      shown.reorder_point = product.reorder_point;
      shown.target = product.reorder_target;
      store.update_products(std::span(&product, 1));
      return;
    }
    const auto warehouse = read_warehouse(store, *shown.warehouse);
    const auto before = find_threshold(store, warehouse, product);
    shown.reorder_point = before ? std::optional(before->reorder_point) : std::nullopt;
    shown.target = before ? before->target : std::nullopt;
    apply(options, shown.reorder_point, shown.target);
    store.put_threshold(
        {warehouse.id, product.id, warehouse.code, product.sku, *shown.reorder_point, shown.target});
  });
  print_one(context, shown);
  return Exit::ok;
}

Exit unset_thresholds(Context& context, const ThresholdOptions& options) {
  const auto sku = Sku::parse(*options.sku).str();
  Shown shown;
  if (options.warehouse) shown.warehouse = WarehouseCode::parse(*options.warehouse).str();
  change_catalog(context, [&](CatalogStore& store) {
    auto product = read_product(store, sku);
    shown.sku = product.sku;
    shown.name = product.name;
    if (shown.warehouse) {
      // What is not there is unset already.
      store.delete_threshold(read_warehouse(store, *shown.warehouse).id, product.id);
      return;
    }
    product.reorder_point.reset();
    product.reorder_target.reset();
    store.update_products(std::span(&product, 1));
  });
  print_one(context, shown);
  return Exit::ok;
}

Exit list_thresholds(Context& context, const ThresholdOptions& options) {
  const auto store = context.open_for_reading();
  const auto sku = options.sku ? std::optional(Sku::parse(*options.sku).str()) : std::nullopt;
  const auto code =
      options.warehouse ? std::optional(WarehouseCode::parse(*options.warehouse).str()) : std::nullopt;
  check_exist(*store, code, sku);
  io::RowWriter rows(context.out, context.format(), threshold_columns,
                     context.table_options("no thresholds"));
  std::unordered_map<std::int64_t, std::vector<Threshold>> of_warehouses;  // by product
  for (auto& threshold : store->thresholds()) {
    of_warehouses[threshold.product_id].push_back(std::move(threshold));
  }
  store->each_product([&](const Product& product) {
    if (product.retired_at || (sku && product.sku != *sku)) return;
    if (!code && (product.reorder_point || product.reorder_target)) {
      rows.row(
          to_row({std::nullopt, product.sku, product.name, product.reorder_point, product.reorder_target}));
    }
    const auto found = of_warehouses.find(product.id);
    if (found == of_warehouses.end()) return;
    for (const auto& threshold : found->second) {
      if (code && threshold.warehouse != *code) continue;
      rows.row(to_row(
          {threshold.warehouse, product.sku, product.name, threshold.reorder_point, threshold.target}));
    }
  });
  rows.finish();
  return Exit::ok;
}

}  // namespace

void setup_threshold(CLI::App& app, Action& action) {
  auto options = std::make_shared<ThresholdOptions>();
  const auto sub = [&](const char* name, const char* summary, auto run) {
    return add_command(app, action, options, name, summary, run);
  };
  const auto add_warehouse = [&](CLI::App* command, const char* help) {
    command->add_option("-w,--warehouse", options->warehouse, help)->type_name("WH");
  };
  app.require_subcommand(1);
  auto* setting = sub("set", "set when a product is ordered, and up to what", set_thresholds);
  setting->add_option("sku", options->sku, "its SKU")->type_name("SKU")->required();
  add_warehouse(setting, "in this warehouse only; it stands above the product's own");
  setting->add_option("--reorder-point", options->reorder_point, "order at this many available, or fewer")
      ->type_name("N");
  setting->add_option("--target", options->target, "order up to this many; empty takes it away")
      ->type_name("N");
  auto* listing = sub("list", "list the thresholds of products and warehouses", list_thresholds);
  add_warehouse(listing, "only those of this warehouse");
  listing->add_option("--sku", options->sku, "only this product")->type_name("SKU");
  auto* removing = sub("unset", "take a threshold away", unset_thresholds);
  removing->add_option("sku", options->sku, "its SKU")->type_name("SKU")->required();
  add_warehouse(removing, "that of this warehouse; the product's own holds there again");
}

}  // namespace invctl::cmd
