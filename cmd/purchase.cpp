#include <fmt/format.h>

#include "change.hpp"
#include "core/text.hpp"
#include "stock/reservation.hpp"

namespace invctl::cmd {

namespace {

struct PurchaseOptions : ChangeOptions {
  std::optional<std::string> user, reservation;
};

// From what a reservation holds first, and beyond that from what its warehouse has available.
Exit purchase_reserved(Context& context, const PurchaseOptions& options, Operation operation) {
  const auto store = context.open_for_writing();
  const auto held = on_reservation(*store, parse_reservation(*options.reservation), Kind::confirm);
  const auto& warehouse = held.lines.front().warehouse;
  if (options.warehouse && WarehouseCode::parse(*options.warehouse) != *warehouse) {
    throw Error(Exit::usage,
                fmt::format("reservation {} is of warehouse {}", held.reservation->id,
                            text::printable(warehouse->str())),
                "leave -w out");
  }
  operation.reservation = held.reservation;
  operation.lines = parse_lines(options.lines, QuantityForm::positive, warehouse);
  return post_and_report(context, *store, std::move(operation), options.dry_run);
}

}  // namespace

void setup_purchase(CLI::App& app, Action& action) {
  auto options = std::make_shared<PurchaseOptions>();
  add_change_options(app, *options, "what is bought");
  app.get_option("-w")->description("sell from this warehouse only; without it the lines are allocated");
  app.add_option("--user", options->user, "who buys")->type_name("NAME");
  app.add_option("--reservation", options->reservation, "from what this reservation holds first")
      ->type_name("RES");
  action = [options](Context& context) {
    if (posts_input(*options)) {
      if (options->reservation)
        throw Error(Exit::usage, "--reservation names one purchase, --from may hold many");
      intake::Mapping mapping;
      if (options->user) mapping.defaults[intake::index_of(intake::Field::user)] = options->user;
      return post_input(context, Kind::purchase, *options, std::move(mapping));
    }
    if (!options->user) throw Error(Exit::usage, "who buys?", "--user NAME");
    auto operation = make_operation(context, Kind::purchase, *options);
    operation.user = parse_code(*options->user, "--user");
    if (options->reservation) return purchase_reserved(context, *options, std::move(operation));
    // INVCTL_WAREHOUSE is where this shell works, not where its customers are served from.
    const auto warehouse =
        options->warehouse ? std::optional(WarehouseCode::parse(*options->warehouse)) : std::nullopt;
    operation.lines = parse_lines(options->lines, QuantityForm::positive, warehouse);
    return post_and_report(context, std::move(operation), options->dry_run);
  };
}

}  // namespace invctl::cmd
