#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "catalog_change.hpp"
#include "core/text.hpp"
#include "filters.hpp"
#include "subcommand.hpp"

namespace invctl::cmd {

namespace {

struct WarehouseOptions {
  std::string code;
  std::optional<std::string> name, address;
  bool undo = false, all = false;
};

const std::vector<io::Column> warehouse_columns = {{"code", io::Kind::code},
                                                   {"name", io::Kind::text},
                                                   {"address", io::Kind::text},
                                                   {"retired", io::Kind::code}};

std::vector<io::Value> to_row(const Warehouse& warehouse) {
  return {warehouse.code, warehouse.name, optional_value(warehouse.address),
          warehouse.retired_at.has_value()};
}

void print_one(Context& context, const Warehouse& warehouse) {
  std::vector<io::Field> fields;
  const auto values = to_row(warehouse);
  for (std::size_t i = 0; i < warehouse_columns.size(); ++i)
    fields.emplace_back(warehouse_columns[i].key, values[i]);
  io::print_object(context.out, context.format(), fields, context.table_options());
}

Warehouse read_one(CatalogStore& store, const std::string& code) {
  const std::vector<std::string> codes{code};
  auto found = store.read_warehouses(codes);
  if (found.empty()) throw no_warehouse(code);
  return std::move(found.front());
}

Exit add_warehouse(Context& context, const WarehouseOptions& options) {
  Warehouse warehouse;
  warehouse.code = WarehouseCode::parse(options.code).str();
  warehouse.name = options.name ? parse_text(*options.name, "--name") : warehouse.code;
  if (warehouse.name.empty()) warehouse.name = warehouse.code;
  warehouse.address = text_or_nothing(options.address, "--address");
  change_catalog(context, [&](CatalogStore& store) {
    const std::vector<std::string> codes{warehouse.code};
    if (!store.read_warehouses(codes).empty()) {
      throw Error(Exit::conflict, "already_exists",
                  fmt::format("warehouse {} exists already", text::printable(warehouse.code)), "");
    }
    store.insert_warehouses(std::span(&warehouse, 1));
  });
  print_one(context, warehouse);
  return Exit::ok;
}

Exit retire_warehouse(Context& context, const WarehouseOptions& options) {
  const auto code = WarehouseCode::parse(options.code).str();
  Warehouse warehouse;
  change_catalog(context, [&](CatalogStore& store) {
    warehouse = read_one(store, code);
    if (options.undo == !warehouse.retired_at.has_value()) return;  // it is so already
    const auto on_hand = store.on_hand_in_warehouse(warehouse.id);
    if (!options.undo && on_hand != 0) {
      throw Error(
          Exit::conflict, "not_empty",
          fmt::format("warehouse {} still has {} on hand", text::printable(code),
                      text::count(on_hand, "unit")),
          fmt::format("`invctl stock -w {}` lists them; ship or adjust them first", text::printable(code)));
    }
    warehouse.retired_at = options.undo ? std::nullopt : std::optional(now_utc());
    store.update_warehouses(std::span(&warehouse, 1));
  });
  print_one(context, warehouse);
  return Exit::ok;
}

Exit list_warehouses(Context& context, const WarehouseOptions& options) {
  const auto store = context.open_for_reading();
  io::RowWriter rows(context.out, context.format(), warehouse_columns,
                     context.table_options("no warehouses"));
  for (const auto& warehouse : store->list_warehouses()) {
    if (warehouse.retired_at && !options.all) continue;
    rows.row(to_row(warehouse));
  }
  rows.finish();
  return Exit::ok;
}

}  // namespace

void setup_warehouse(CLI::App& app, Action& action) {
  auto options = std::make_shared<WarehouseOptions>();
  const auto sub = [&](const char* name, const char* summary, auto run) {
    return add_command(app, action, options, name, summary, run);
  };
  app.require_subcommand(1);
  auto* adding = sub("add", "add a warehouse", add_warehouse);
  adding->add_option("code", options->code, "its code; it never changes")->type_name("CODE")->required();
  adding->add_option("--name", options->name, "its name; the code if there is none")->type_name("TEXT");
  adding->add_option("--address", options->address, "where it stands")->type_name("TEXT");
  sub("list", "list the warehouses", list_warehouses)
      ->add_flag("--all", options->all, "the retired ones too");
  sub("show", "show one warehouse",
      [](Context& context, const WarehouseOptions& given) {
        const auto store = context.open_for_reading();
        print_one(context, read_one(*store, WarehouseCode::parse(given.code).str()));
        return Exit::ok;
      })
      ->add_option("code", options->code, "its code")
      ->type_name("WH")
      ->required();
  auto* retiring = sub("retire", "close an empty warehouse", retire_warehouse);
  retiring->add_option("code", options->code, "its code")->type_name("WH")->required();
  retiring->add_flag("--undo", options->undo, "open it again");
}

}  // namespace invctl::cmd
