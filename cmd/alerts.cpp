#include "stock/alerts.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "command.hpp"
#include "core/text.hpp"
#include "filters.hpp"
#include "stock/alert_cursor.hpp"
#include "stock/audit.hpp"

namespace invctl::cmd {

namespace {

struct AlertOptions {
  std::optional<std::string> warehouse, sku, since, cursor;
  bool reorder = false, dry_run = false;
};

Exit list_low(Context& context, db::SqlStore& store, const AlertFilter& filter, bool reorder) {
  std::vector<io::Column> columns = {{"warehouse", io::Kind::code},
                                     {"sku", io::Kind::code},
                                     {"name", io::Kind::text},
                                     {"on_hand", io::Kind::number},
                                     {"reserved", io::Kind::number},
                                     {"available", io::Kind::number},
                                     {"reorder_point", io::Kind::number, "REORDER AT"},
                                     {"target", io::Kind::number},
                                     {"threshold", io::Kind::code, "OF"}};
  if (reorder) columns.push_back({"order", io::Kind::number});
  io::RowWriter rows(context.out, context.format(), columns,
                     context.table_options(reorder ? "nothing to order" : "no alerts"));
  store.low_stock(filter, [&](const AlertEntry& entry) {
    const auto order = to_order(entry);
    if (reorder && order <= 0) return;
    std::vector<io::Value> row = {entry.warehouse,
                                  entry.sku,
                                  entry.name,
                                  entry.on_hand,
                                  entry.reserved,
                                  entry.available(),
                                  entry.reorder_point,
                                  optional_value(entry.target),
                                  std::string(entry.of_warehouse ? "warehouse" : "product")};
    if (reorder) row.emplace_back(order);
    rows.row(row);
  });
  rows.finish();
  return rows.rows() > 0 ? Exit::alert : Exit::ok;
}

// For people what fits a terminal; the rest is for scripts.
class CrossingWriter {
 public:
  explicit CrossingWriter(Context& context)
      : for_people_(context.format() == io::Format::table),
        rows_(context.out, context.format(), columns(for_people_), context.table_options("no crossings")) {}

  void row(const Crossing& crossing) {
    low_ = low_ || crossing.low;
    std::vector<io::Value> row = {optional_value(crossing.seq),
                                  crossing.warehouse,
                                  crossing.sku,
                                  crossing.name,
                                  std::string(crossing.low ? "low" : "ok"),
                                  crossing.available,
                                  optional_value(crossing.reorder_point),
                                  optional_time(crossing.recorded_at)};
    if (!for_people_) {
      row.insert(row.end(), {std::string(crossing.cause), crossing.version,
                             optional_value(crossing.operation), optional_value(crossing.kind)});
    }
    rows_.row(row);
  }
  Exit finish() {
    rows_.finish();
    return low_ ? Exit::alert : Exit::ok;
  }

 private:
  static std::vector<io::Column> columns(bool for_people) {
    std::vector<io::Column> columns = {{"seq", io::Kind::number},
                                       {"warehouse", io::Kind::code},
                                       {"sku", io::Kind::code},
                                       {"name", io::Kind::text},
                                       {"state", io::Kind::code},
                                       {"available", io::Kind::number},
                                       {"reorder_point", io::Kind::number, "REORDER AT"},
                                       {"recorded_at", io::Kind::code}};
    if (for_people) return columns;
    columns.push_back({"cause", io::Kind::code});
    columns.push_back({"version", io::Kind::number});
    columns.push_back({"operation", io::Kind::number});
    columns.push_back({"kind", io::Kind::code});
    return columns;
  }

  bool for_people_;
  io::RowWriter rows_;
  bool low_ = false;
};

Exit list_since(Context& context, db::SqlStore& store, const AlertFilter& filter, std::int64_t since) {
  CrossingWriter writer(context);
  in_snapshot(store, [&] {
    store.steps_since(filter, since, [&](const StockLevel& level, const LevelStep& step) {
      if (const auto crossing = crossing_of(level, step)) writer.row(*crossing);
    });
  });
  return writer.finish();
}

// The cursor moves once the answer is out: a run that breaks off is told again, nothing is passed over.
Exit follow_cursor(Context& context, db::SqlStore& store, const AlertFilter& filter,
                   const AlertOptions& options, std::optional<std::int64_t> since) {
  AlertCursor cursor(*options.cursor, store.info().uuid, filter, context.deadline());
  std::vector<Crossing> crossings;
  in_snapshot(store, [&] { crossings = crossings_since(store, cursor, filter, since); });
  CrossingWriter writer(context);
  for (const auto& crossing : crossings) writer.row(crossing);
  const auto exit = writer.finish();
  context.out.flush();
  if (!options.dry_run) cursor.save();
  return exit;
}

}  // namespace

void setup_alerts(CLI::App& app, Action& action) {
  auto options = std::make_shared<AlertOptions>();
  app.add_option("-w,--warehouse", options->warehouse, "only this warehouse")->type_name("WH");
  app.add_option("--sku", options->sku, "only this product")->type_name("SKU");
  auto* reorder = app.add_flag("--reorder", options->reorder, "what to order of it");
  auto* since = app.add_option("--since", options->since,
                               "the crossings after this movement; with --cursor, where a new one begins")
                    ->type_name("SEQ");
  auto* cursor = app.add_option("--cursor", options->cursor,
                                "the crossings since the last run with this file, each exactly once")
                     ->type_name("FILE");
  app.add_flag("--dry-run", options->dry_run, "with --cursor: leave it where it is")->needs(cursor);
  reorder->excludes(since);
  reorder->excludes(cursor);
  action = [options](Context& context) {
    AlertFilter filter;
    if (options->warehouse) filter.warehouse = WarehouseCode::parse(*options->warehouse).str();
    if (options->sku) filter.sku = Sku::parse(*options->sku).str();
    std::optional<std::int64_t> since_seq;
    if (options->since) {
      std::string why;
      since_seq = parse_whole(*options->since, why);
      if (!since_seq)
        throw Error(Exit::usage, "--since: " + why, "the seq of a movement, as `history` shows it");
    }
    const auto store = context.open_for_reading();
    check_exist(*store, filter.warehouse, filter.sku);
    if (options->cursor) return follow_cursor(context, *store, filter, *options, since_seq);
    if (since_seq) return list_since(context, *store, filter, *since_seq);
    return list_low(context, *store, filter, options->reorder);
  };
}

}  // namespace invctl::cmd
