#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "command.hpp"
#include "core/text.hpp"
#include "filters.hpp"

namespace invctl::cmd {

namespace {

struct HistoryOptions {
  std::optional<std::string> warehouse, sku, kind, user, reference, operation, since, until, before;
  std::optional<std::string> limit;
  bool full = false;
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
                  "receive, ship, adjust, purchase, transfer, reserve, confirm, release, extend, expire, "
                  "count, opening or reverse");
    }
    filter.kind = *options.kind;
  }
  filter.user = options.user;
  filter.reference = options.reference;
  filter.operation = parsed<std::int64_t>(options.operation, "--operation", parse_whole);
  filter.since = parsed<Micros>(options.since, "--since", parse_time);
  filter.until = parsed<Micros>(options.until, "--until", parse_time);
  filter.before = parsed<std::int64_t>(options.before, "--before", parse_whole);
  return filter;
}

// For people only: what undoes what. Scripts find it with --full.
io::Value link(const HistoryEntry& entry) {
  std::vector<std::string> parts;
  if (entry.reverses) parts.push_back(fmt::format("reverses {}", *entry.reverses));
  if (entry.reversed_by) parts.push_back(fmt::format("reversed by {}", *entry.reversed_by));
  return parts.empty() ? io::Value() : io::Value(text::join(parts, ", "));
}

Exit list_movements(Context& context, ReadStore& store, HistoryFilter filter, NewestRows newest) {
  filter.limit = newest.to_read();
  const auto format = context.format();
  const bool for_people = format == io::Format::table;
  std::vector<io::Column> columns = {{"seq", io::Kind::number},
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
                                     {"recorded_at", io::Kind::code}};
  if (for_people) columns.push_back({"link", io::Kind::code});
  io::RowWriter rows(context.out, format, columns, context.table_options("no movements"));
  store.history(filter, [&](const HistoryEntry& entry) {
    if (!newest.shows_next()) return;
    std::vector<io::Value> row = {entry.seq,
                                  entry.operation,
                                  entry.kind,
                                  entry.warehouse,
                                  entry.sku,
                                  entry.delta,
                                  entry.reserved_delta,
                                  entry.on_hand,
                                  entry.reserved,
                                  entry.actor,
                                  optional_value(entry.reference),
                                  optional_value(entry.reason),
                                  format_time(entry.recorded_at)};
    if (for_people) row.push_back(link(entry));
    rows.row(row);
  });
  rows.finish();
  newest.tell_of_more(context, "--before SEQ");
  return Exit::ok;
}

// Everything that is stored about one operation.
Exit show_operation(Context& context, ReadStore& store, std::int64_t id) {
  const auto detail = store.operation_detail(id);
  if (!detail) throw Error(Exit::not_found, fmt::format("no operation {}", id));
  const auto& record = detail->record;
  const auto user = detail->purchases.empty() ? io::Value() : io::Value(detail->purchases.front().user);
  io::Answer answer;
  answer.fields = {{"operation", record.id},
                   {"id", record.key},
                   {"uid", to_hex(record.uid)},
                   {"kind", std::string(kind_name(record.kind))},
                   {"outcome", std::string(record.accepted ? "accepted" : "rejected")},
                   {"actor", record.actor},
                   {"user", user},
                   {"reference", optional_value(record.reference)},
                   {"reason", optional_value(record.reason)},
                   {"note", optional_value(record.note)},
                   {"reverses", optional_value(record.reverses_id)},
                   {"reversed_by", optional_value(detail->reversed_by)},
                   {"reservation", optional_value(record.reservation_id)},
                   {"expires_at", optional_time(record.expires_at)},
                   {"recorded_at", format_time(record.recorded_at)},
                   {"occurred_at", format_time(record.occurred_at)},
                   {"host", record.host},
                   {"tool_version", record.tool_version},
                   {"request_hash", to_hex(record.request_hash)},
                   {"result", optional_value(record.result)},
                   {"hash", to_hex(record.hash)}};
  answer.columns = {{"seq", io::Kind::number},
                    {"line", io::Kind::number},
                    {"warehouse", io::Kind::code},
                    {"sku", io::Kind::code},
                    {"delta", io::Kind::number},
                    {"reserved_delta", io::Kind::number, "RESV +/-"},
                    {"on_hand", io::Kind::number},
                    {"reserved", io::Kind::number, "RESV"},
                    {"version", io::Kind::number},
                    {"unit_price_minor", io::Kind::number},
                    {"amount_minor", io::Kind::number},
                    {"unit_cost_minor", io::Kind::number},
                    {"hash", io::Kind::code}};
  auto purchase = detail->purchases.begin();
  for (const auto& [seq, line] : detail->movements) {
    const bool sold = purchase != detail->purchases.end() && purchase->line == line.line;
    answer.rows.push_back({seq, line.line, line.warehouse, line.sku, line.on_hand_delta, line.reserved_delta,
                           line.on_hand_after, line.reserved_after, line.version,
                           sold ? io::Value(purchase->unit_price_minor) : io::Value(),
                           sold ? io::Value(purchase->total_minor) : io::Value(),
                           optional_value(line.unit_cost_minor), to_hex(line.hash)});
    if (sold) ++purchase;
  }
  io::print_answer(context.out, context.format(), answer, context.table_options());
  return Exit::ok;
}

}  // namespace

void setup_history(CLI::App& app, Action& action) {
  auto options = std::make_shared<HistoryOptions>();
  app.add_option("--sku", options->sku, "only this product")->type_name("SKU");
  app.add_option("-w,--warehouse", options->warehouse, "only this warehouse")->type_name("WH");
  app.add_option("--kind", options->kind, "only movements of this kind")
      ->type_name(
          "receive|ship|adjust|purchase|transfer|reserve|confirm|release|extend|expire|opening|reverse");
  app.add_option("--user", options->user, "only purchases of this user")->type_name("U");
  app.add_option("--ref", options->reference, "only this reference")->type_name("R");
  app.add_option("--operation", options->operation, "only this operation")->type_name("N");
  app.add_option("--since", options->since, "recorded at this time or later")->type_name("T");
  app.add_option("--until", options->until, "recorded at this time or earlier")->type_name("T");
  app.add_option("--limit", options->limit,
                 fmt::format("at most so many movements; {} if not given", NewestRows::by_default))
      ->type_name("N");
  app.add_option("--before", options->before, "the next page: only movements before this seq")
      ->type_name("SEQ");
  app.add_flag("--full", options->full, "with --operation: everything that is stored about it");
  action = [options](Context& context) {
    const auto filter = to_filter(*options);
    const NewestRows newest(parsed<std::int64_t>(options->limit, "--limit", parse_whole));
    if (options->full && !filter.operation) {
      throw Error(Exit::usage, "--full is about one operation", "history --operation N --full");
    }
    const auto store = context.open_for_reading();
    if (options->full) return show_operation(context, *store, *filter.operation);
    check_exist(*store, filter.warehouse, filter.sku);
    if (filter.operation && !store->operation_exists(*filter.operation)) {
      throw Error(Exit::not_found, fmt::format("no operation {}", *filter.operation));
    }
    return list_movements(context, *store, filter, newest);
  };
}

}  // namespace invctl::cmd
