// reserve, confirm, release, extend, and `reservation` to look at them.
#include "stock/reservation.hpp"

#include <fmt/format.h>

#include "catalog_change.hpp"
#include "change.hpp"
#include "core/text.hpp"
#include "filters.hpp"
#include "subcommand.hpp"

namespace invctl::cmd {

namespace {

constexpr std::chrono::hours longest_ttl{24 * 3650};

Micros parse_ttl(const std::string& word) {
  std::string why;
  const auto ttl = parse_duration(word, why);
  if (!ttl) throw Error(Exit::usage, "--ttl: " + why, "such as 15m, 2h or 7d");
  if (ttl->count() <= 0 || *ttl > longest_ttl) {
    throw Error(Exit::usage, fmt::format("--ttl {} is not between 1ms and 3650d", text::printable(word)));
  }
  return std::chrono::duration_cast<std::chrono::microseconds>(*ttl).count();
}

struct ReservationOptions : ChangeOptions {
  std::string reservation;
  std::string ttl = "15m";
  std::optional<std::string> user;
  bool allow_partial = false;
};

void add_reservation(CLI::App& app, ReservationOptions& options) {
  app.add_option("reservation", options.reservation, "its number, as `reserve` printed it")
      ->type_name("RES")
      ->required();
}

// An operation on the reservation that the options name, with who asks for it.
Operation make_step(Context& context, PostingStore& store, Kind kind, const ReservationOptions& options) {
  auto asked = make_operation(context, kind, options);
  auto operation = on_reservation(store, parse_reservation(options.reservation), kind);
  operation.key = std::move(asked.key);
  operation.actor = std::move(asked.actor);
  operation.reference = std::move(asked.reference);
  operation.note = std::move(asked.note);
  return operation;
}

Exit list_reservations(Context& context, const ReservationFilter& filter) {
  const auto store = context.open_for_reading();
  check_exist(*store, filter.warehouse, filter.sku);
  io::RowWriter rows(context.out, context.format(),
                     {{"reservation", io::Kind::number},
                      {"warehouse", io::Kind::code},
                      {"sku", io::Kind::code},
                      {"quantity", io::Kind::number},
                      {"expires_at", io::Kind::code},
                      {"expired", io::Kind::code},
                      {"reference", io::Kind::text},
                      {"actor", io::Kind::text}},
                     context.table_options("no open reservations"));
  store->open_holds(filter, [&](const HoldEntry& hold) {
    rows.row({hold.reservation, hold.warehouse, hold.sku, hold.quantity, format_time(hold.expires_at),
              hold.expired, optional_value(hold.reference), hold.actor});
  });
  rows.finish();
  return Exit::ok;
}

struct Story {
  std::string state = "used up";  // nothing is held any more, although nobody ended it
  std::optional<Micros> expires_at;
  bool holds = false;
};

Story story_of(ReadStore& store, std::int64_t id, const std::string& last_kind) {
  Story story;
  bool expired = false;
  ReservationFilter filter;
  filter.reservation = id;
  store.open_holds(filter, [&](const HoldEntry& hold) {
    story.holds = true;
    story.expires_at = hold.expires_at;
    expired = hold.expired;
  });
  if (story.holds) {
    story.state = expired ? "expired" : "open";
  } else if (last_kind == "confirm") {
    story.state = "confirmed";
  } else if (last_kind == "release") {
    story.state = "released";
  } else if (last_kind == "expire") {
    story.state = "expired";
  }
  return story;
}

Exit show_reservation(Context& context, const std::string& word) {
  const auto id = parse_reservation(word);
  const auto store = context.open_for_reading();
  store->begin_snapshot();  // one moment's state; it ends with the connection
  const auto detail = store->operation_detail(id);
  if (!detail || detail->record.kind != Kind::reserve || !detail->record.accepted) throw no_reservation(id);
  std::vector<HistoryEntry> movements;
  HistoryFilter filter;
  filter.reservation = id;
  filter.limit = INT64_MAX;
  store->history(filter, [&](const HistoryEntry& entry) { movements.push_back(entry); });
  const auto story = story_of(*store, id, movements.front().kind);
  io::Answer answer;
  answer.fields = {{"reservation", id},
                   {"state", story.state},
                   {"expires_at", optional_time(story.expires_at)},
                   {"reference", optional_value(detail->record.reference)},
                   {"actor", detail->record.actor},
                   {"recorded_at", format_time(detail->record.recorded_at)}};
  answer.list_key = "movements";
  answer.columns = {{"seq", io::Kind::number},
                    {"operation", io::Kind::number, "OP"},
                    {"kind", io::Kind::code},
                    {"warehouse", io::Kind::code},
                    {"sku", io::Kind::code},
                    {"delta", io::Kind::number},
                    {"reserved_delta", io::Kind::number, "RESV +/-"},
                    {"actor", io::Kind::text},
                    {"recorded_at", io::Kind::code}};
  for (auto entry = movements.rbegin(); entry != movements.rend(); ++entry) {
    answer.rows.push_back({entry->seq, entry->operation, entry->kind, entry->warehouse, entry->sku,
                           entry->delta, entry->reserved_delta, entry->actor,
                           format_time(entry->recorded_at)});
  }
  io::print_answer(context.out, context.format(), answer, context.table_options());
  return Exit::ok;
}

}  // namespace

void setup_reserve(CLI::App& app, Action& action) {
  auto options = std::make_shared<ReservationOptions>();
  app.add_option("lines", options->lines, "the stock to hold")->type_name("SKU=QTY")->required();
  app.add_option("-w,--warehouse", options->warehouse, "the warehouse; INVCTL_WAREHOUSE is the default")
      ->type_name("WH");
  app.add_option("--ttl", options->ttl, "how long it is held: 15m if you do not say")->type_name("DURATION");
  app.add_flag("--allow-partial", options->allow_partial,
               "hold what there is where it is less (exit 12); nothing at all is exit 4");
  add_request_options(app, *options, "--for");
  app.get_option("--for")->description("whom or what it is for: the operation's reference");
  action = [options](Context& context) {
    auto operation = make_operation(context, Kind::reserve, *options);
    operation.ttl = parse_ttl(options->ttl);
    operation.allow_partial = options->allow_partial;
    operation.lines =
        parse_lines(options->lines, QuantityForm::positive, required_warehouse(context, *options));
    return post_and_report(context, std::move(operation), options->dry_run);
  };
}

void setup_confirm(CLI::App& app, Action& action) {
  auto options = std::make_shared<ReservationOptions>();
  add_reservation(app, *options);
  app.add_option("lines", options->lines, "only so much of it; the rest is given back")->type_name("SKU=QTY");
  app.add_option("--user", options->user, "sell it to this user; without it, it is shipped")
      ->type_name("NAME");
  add_request_options(app, *options);
  action = [options](Context& context) {
    const auto taken = parse_lines(options->lines, QuantityForm::positive, std::nullopt);
    const auto store = context.open_for_writing();
    auto operation = make_step(context, *store, Kind::confirm, *options);
    if (options->user) operation.user = parse_code(*options->user, "--user");
    if (!taken.empty()) take_only(operation, taken);
    return post_and_report(context, *store, std::move(operation), options->dry_run);
  };
}

void setup_release(CLI::App& app, Action& action) {
  auto options = std::make_shared<ReservationOptions>();
  add_reservation(app, *options);
  add_request_options(app, *options);
  action = [options](Context& context) {
    const auto store = context.open_for_writing();
    return post_and_report(context, *store, make_step(context, *store, Kind::release, *options),
                           options->dry_run);
  };
}

void setup_extend(CLI::App& app, Action& action) {
  auto options = std::make_shared<ReservationOptions>();
  add_reservation(app, *options);
  app.add_option("--ttl", options->ttl, "how long it is held, from now")->type_name("DURATION")->required();
  add_request_options(app, *options);
  action = [options](Context& context) {
    const auto ttl = parse_ttl(options->ttl);
    const auto store = context.open_for_writing();
    auto operation = make_step(context, *store, Kind::extend, *options);
    operation.ttl = ttl;
    return post_and_report(context, *store, std::move(operation), options->dry_run);
  };
}

void setup_reservation(CLI::App& app, Action& action) {
  struct Look {
    std::optional<std::string> warehouse, sku, reference;
    std::string reservation;
  };
  auto options = std::make_shared<Look>();
  app.require_subcommand(1);
  const auto sub = [&](const char* name, const char* summary, auto run) {
    return add_command(app, action, options, name, summary, run);
  };
  auto* listing = sub("list", "list what is held", [](Context& context, const Look& look) {
    ReservationFilter filter;
    if (look.warehouse) filter.warehouse = WarehouseCode::parse(*look.warehouse).str();
    if (look.sku) filter.sku = Sku::parse(*look.sku).str();
    filter.reference = look.reference;
    return list_reservations(context, filter);
  });
  listing->add_option("-w,--warehouse", options->warehouse, "only this warehouse")->type_name("WH");
  listing->add_option("--sku", options->sku, "only this product")->type_name("SKU");
  listing->add_option("--for", options->reference, "only this reference")->type_name("R");
  sub("show", "show one reservation and all that was done with it",
      [](Context& context, const Look& look) { return show_reservation(context, look.reservation); })
      ->add_option("reservation", options->reservation, "its number")
      ->type_name("RES")
      ->required();
}

}  // namespace invctl::cmd
