#include <fmt/format.h>

#include "change.hpp"
#include "core/text.hpp"

namespace invctl::cmd {

namespace {

struct TransferOptions : ChangeOptions {
  std::string source, target;
};

}  // namespace

void setup_transfer(CLI::App& app, Action& action) {
  auto options = std::make_shared<TransferOptions>();
  app.add_option("lines", options->lines, "the stock that moves")->type_name("SKU=QTY")->required();
  app.add_option("--from", options->source, "the warehouse that it leaves")->type_name("WH")->required();
  app.add_option("--to", options->target, "the warehouse that it comes to")->type_name("WH")->required();
  add_request_options(app, *options);
  action = [options](Context& context) {
    const auto source = WarehouseCode::parse(options->source);
    const auto target = WarehouseCode::parse(options->target);
    if (source == target) {
      throw Error(Exit::usage, fmt::format("--from and --to are both {}", text::printable(source.str())),
                  "stock is transferred between two warehouses");
    }
    auto operation = make_operation(context, Kind::transfer, *options);
    for (auto& line : parse_lines(options->lines, QuantityForm::positive, source)) {
      auto arrival = line;
      arrival.warehouse = target;
      line.quantity = -line.quantity;
      operation.lines.push_back(std::move(line));
      operation.lines.push_back(std::move(arrival));
    }
    return post_and_report(context, std::move(operation), options->dry_run);
  };
}

}  // namespace invctl::cmd
