#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "command.hpp"
#include "core/text.hpp"
#include "filters.hpp"

namespace invctl::cmd {

namespace {

struct HistoryOptions {
  std::optional<std::string> warehouse, sku, kind, user, reference, operation, since, until, before;
  std::string limit = "100";
};

template <class T, class Parse>
std::optional<T> parsed(const std::optional<std::string>& text, std::string_view option, Parse&& parse) {
  if (!text) return std::nullopt;
  std::string why;
  const std::optional<T> value = parse(*text, why);
  if (!value) throw Error(Exit::usage, fmt::format("{}: {}", option, why));
  return value;
}

HistoryFilter to_filter(const HistoryOptions& options) {
  HistoryFilter filter;
  if (options.warehouse) filter.warehouse = WarehouseCode::parse(*options.warehouse).str();
  if (options.sku) filter.sku = Sku::parse(*options.sku).str();
  if (options.kind) {
    if (!parse_kind(*options.kind)) {
      throw Error(Exit::usage, fmt::format("{} is not a kind of operation", text::quoted(*options.kind)),
                  "receive, ship, adjust, purchase, opening or reverse");
    }
    filter.kind = *options.kind;
  }
  filter.user = options.user;
  filter.reference = options.reference;
  filter.operation = parsed<std::int64_t>(options.operation, "--operation", parse_whole);
  filter.since = parsed<Micros>(options.since, "--since", parse_time);
  filter.until = parsed<Micros>(options.until, "--until", parse_time);
  filter.before = parsed<std::int64_t>(options.before, "--before", parse_whole);
  filter.limit = *parsed<std::int64_t>(options.limit, "--limit", parse_whole);
  return filter;
}

}  // namespace

void setup_history(CLI::App& app, Action& action) {
  auto options = std::make_shared<HistoryOptions>();
  app.add_option("--sku", options->sku, "only this product")->type_name("SKU");
  app.add_option("-w,--warehouse", options->warehouse, "only this warehouse")->type_name("WH");
  app.add_option("--kind", options->kind, "only movements of this kind")
      ->type_name("receive|ship|adjust|purchase|opening|reverse");
  app.add_option("--user", options->user, "only purchases of this user")->type_name("U");
  app.add_option("--ref", options->reference, "only this reference")->type_name("R");
  app.add_option("--operation", options->operation, "only this operation")->type_name("N");
  app.add_option("--since", options->since, "recorded at this time or later")->type_name("T");
  app.add_option("--until", options->until, "recorded at this time or earlier")->type_name("T");
  app.add_option("--limit", options->limit, "at most so many movements")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--before", options->before, "the next page: only movements before this seq")
      ->type_name("SEQ");
  action = [options](Context& context) {
    const auto filter = to_filter(*options);
    const auto store = context.open_for_reading();
    check_exist(*store, filter.warehouse, filter.sku);
    if (filter.operation && !store->operation_exists(*filter.operation)) {
      throw Error(Exit::not_found, fmt::format("no operation {}", *filter.operation));
    }
    io::RowWriter rows(context.out, context.format(),
                       {{"seq", io::Kind::number},
                        {"operation", io::Kind::number, "OP"},
                        {"kind", io::Kind::code},
                        {"warehouse", io::Kind::code},
                        {"sku", io::Kind::code},
                        {"delta", io::Kind::number},
                        {"reserved_delta", io::Kind::number, "RESV +/-"},
                        {"on_hand", io::Kind::number},
                        {"reserved", io::Kind::number, "RESV"},
                        {"actor", io::Kind::text},
                        {"reference", io::Kind::text, "REF"},
                        {"reason", io::Kind::text},
                        {"recorded_at", io::Kind::code}},
                       context.table_options("no movements"));
    store->history(filter, [&](const HistoryEntry& entry) {
      rows.row({entry.seq, entry.operation, entry.kind, entry.warehouse, entry.sku, entry.delta,
                entry.reserved_delta, entry.on_hand, entry.reserved, entry.actor,
                optional_value(entry.reference), optional_value(entry.reason),
                format_time(entry.recorded_at)});
    });
    rows.finish();
    return Exit::ok;
  };
}

}  // namespace invctl::cmd
