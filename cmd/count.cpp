// count: stocktaking while stock moves.
#include "stock/count.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "apply/count_file.hpp"
#include "catalog_change.hpp"
#include "change.hpp"
#include "core/sha256.hpp"
#include "core/shell_word.hpp"
#include "core/text.hpp"
#include "filters.hpp"
#include "scan.hpp"
#include "subcommand.hpp"

namespace invctl::cmd {

namespace {

struct CountOptions : ChangeOptions {
  std::string count;
  std::vector<std::string> skus, maps;
  std::string delimiter = ",";
  std::string encoding = "UTF-8";
  std::string policy = "strict";
  std::optional<std::string> max_variance, reason, file;
  bool add = false, uncounted_is_zero = false;
};

std::int64_t parse_count(const std::string& word) {
  std::string why;
  const auto id = parse_whole(word, why);
  if (!id) throw Error(Exit::usage, why, "the number that `invctl count list` shows");
  return *id;
}

StockCount find(CountStore& store, const std::string& word) {
  const auto id = parse_count(word);
  auto count = store.find_count(id);
  if (!count) throw no_count(id);
  return std::move(*count);
}

std::vector<io::Field> fields_of(const StockCount& count) {
  return {{"count", count.id},
          {"warehouse", count.warehouse},
          {"state", count.state},
          {"lines", count.lines},
          {"counted", count.counted},
          {"operation", optional_value(count.operation)},
          {"actor", count.actor},
          {"opened_at", format_time(count.opened_at)},
          {"ended_at", optional_time(count.ended_at)},
          {"note", optional_value(count.note)}};
}

void print_count(Context& context, const StockCount& count) {
  io::print_object(context.out, context.format(), fields_of(count), context.table_options());
}

Exit open_count(Context& context, const CountOptions& options) {
  StockCount count;
  count.uid = random_uid();
  count.warehouse = required_warehouse(context, options).str();
  count.note = text_or_nothing(options.note, "--note");
  count.actor = context.actor();
  std::vector<std::string> skus;
  for (const auto& sku : options.skus) skus.push_back(Sku::parse(sku).str());
  std::sort(skus.begin(), skus.end());
  skus.erase(std::unique(skus.begin(), skus.end()), skus.end());
  const auto store = context.open_for_writing();
  check_exist(*store, count.warehouse, std::nullopt);
  for (const auto& sku : skus) check_exist(*store, std::nullopt, sku);
  write_transaction(*store, context.deadline(), "", [&] {
    // After a commit that nobody knows the outcome of, this is the second attempt.
    if (store->find_count(count.uid)) return false;
    store->open_count(count, skus);
    return true;
  });
  context.committed = true;
  print_count(context, *store->find_count(count.uid));
  return Exit::ok;
}

Exit enter_count(Context& context, const CountOptions& options, std::vector<CountEntry> entries) {
  const auto id = parse_count(options.count);
  if (entries.empty()) throw Error(Exit::usage, "nothing was counted", "SKU=QTY, or a file with counts");
  CountEntries all;
  all.entries = std::move(entries);
  all.add = options.add;
  all.key = options.id ? parse_code(*options.id, "--id") : "auto-" + to_hex(random_uid());
  all.actor = context.actor();
  const auto store = context.open_for_writing();
  const auto entered = enter_counts(*store, id, all, context.deadline());
  context.committed = true;
  io::Answer answer;
  answer.headline =
      fmt::format("count {}{}, id {}", id, entered.replayed ? " (replayed: it was entered before)" : "",
                  text::printable(all.key));
  answer.fields = {{"count", id}, {"id", all.key}, {"replayed", entered.replayed}, {"actor", all.actor}};
  answer.columns = {{"sku", io::Kind::code}, {"entered", io::Kind::number}, {"counted", io::Kind::number}};
  for (std::size_t i = 0; i < all.entries.size(); ++i) {
    const auto& entry = all.entries[i];
    answer.rows.push_back({entry.sku, entry.quantity, entered.counted[i].value_or(0)});
  }
  io::print_answer(context.out, context.format(), answer, context.table_options());
  return Exit::ok;
}

Exit enter_scans(Context& context, const CountOptions& options) {
  std::string again = "invctl count enter " + options.count;
  if (options.add) again += " --add";
  if (options.id) again += " --id " + shell_word(*options.id);
  const auto scanned = read_scans(context, again);
  std::vector<CountEntry> entries;
  for (const auto& line : scanned) entries.push_back({line.sku, line.quantity});
  return keep_scans(
      context, again, [&]() -> const auto& { return scanned; },
      [&] { return enter_count(context, options, std::move(entries)); });
}

Exit enter_words(Context& context, const CountOptions& options) {
  if (options.scan == !options.lines.empty())
    throw Error(Exit::usage, "what was counted?", "SKU=QTY words, or --scan");
  if (options.scan) return enter_scans(context, options);
  auto lines = parse_lines(options.lines, QuantityForm::absolute, std::nullopt);
  for (auto& line : lines) line.mode = Line::Mode::delta;
  normalise_lines(lines);
  std::vector<CountEntry> entries;
  for (const auto& line : lines) entries.push_back({line.sku.str(), line.quantity});
  return enter_count(context, options, std::move(entries));
}

Exit load_count(Context& context, const CountOptions& options) {
  intake::CountFileOptions file;
  file.delimiter = io::parse_delimiter(options.delimiter);
  file.encoding = options.encoding;
  for (const auto& map : options.maps) {
    const auto at = map.find('=');
    if (at == std::string::npos) throw Error(Exit::usage, "--map wants FIELD=COLUMN, such as sku=Article");
    file.columns[map.substr(0, at)] = map.substr(at + 1);
  }
  auto input = io::InputFile::open(*options.file);
  return enter_count(context, options, intake::read_counts(input, file));
}

Exit list_counts(Context& context) {
  const auto store = context.open_for_reading();
  io::RowWriter rows(context.out, context.format(),
                     {{"count", io::Kind::number},
                      {"warehouse", io::Kind::code},
                      {"state", io::Kind::code},
                      {"lines", io::Kind::number},
                      {"counted", io::Kind::number},
                      {"operation", io::Kind::number},
                      {"actor", io::Kind::text},
                      {"opened_at", io::Kind::code},
                      {"ended_at", io::Kind::code},
                      {"note", io::Kind::text}},
                     context.table_options("no counts"));
  store->counts([&](const StockCount& count) {
    std::vector<io::Value> row;
    for (auto& field : fields_of(count)) row.push_back(std::move(field.second));
    rows.row(row);
  });
  rows.finish();
  return Exit::ok;
}

Exit show_count(Context& context, const CountOptions& options) {
  const auto store = context.open_for_reading();
  const auto count = find(*store, options.count);
  io::Answer answer;
  answer.fields = fields_of(count);
  answer.fields[3].first = "rows";  // `lines` is the list
  answer.columns = {{"sku", io::Kind::code},        {"name", io::Kind::text},
                    {"snapshot", io::Kind::number}, {"counted", io::Kind::number},
                    {"variance", io::Kind::number}, {"on_hand", io::Kind::number, "ON HAND NOW"},
                    {"moved", io::Kind::code}};
  for (const auto& line : store->count_lines(count.id)) {
    answer.rows.push_back({line.sku, line.name, line.snapshot, optional_value(line.counted),
                           line.counted ? io::Value(*line.counted - line.snapshot) : io::Value(),
                           line.on_hand, line.moved});
  }
  io::print_answer(context.out, context.format(), answer, context.table_options());
  return Exit::ok;
}

// What somebody takes along to the shelves: nothing on it says how much there should be.
Exit count_sheet(Context& context, const CountOptions& options) {
  const auto store = context.open_for_reading();
  const auto count = find(*store, options.count);
  io::RowWriter rows(context.out, context.format(),
                     {{"warehouse", io::Kind::code},
                      {"sku", io::Kind::code},
                      {"name", io::Kind::text},
                      {"unit", io::Kind::text},
                      {"barcode", io::Kind::code},
                      {"counted", io::Kind::number}},
                     context.table_options("nothing to count"));
  for (const auto& line : store->count_lines(count.id)) {
    rows.row({count.warehouse, line.sku, line.name, optional_value(line.unit), optional_value(line.barcode),
              optional_value(line.counted)});
  }
  rows.finish();
  return Exit::ok;
}

CountPolicy to_policy(const CountOptions& options) {
  CountPolicy policy;
  const auto kind = parse_count_policy(options.policy);
  if (!kind) {
    throw Error(Exit::usage, fmt::format("{} is not a policy", text::quoted(options.policy)),
                "strict, rebase or as-counted");
  }
  policy.kind = *kind;
  policy.uncounted_is_zero = options.uncounted_is_zero;
  if (options.max_variance) {
    std::string why;
    policy.max_variance = parse_whole(*options.max_variance, why);
    if (!policy.max_variance) throw Error(Exit::usage, "--max-variance: " + why, "a number of units");
  }
  return policy;
}

Exit close_count(Context& context, const CountOptions& options) {
  const auto policy = to_policy(options);
  const auto store = context.open_for_writing();
  const auto count = find(*store, options.count);
  auto operation = closing_of(*store, count, policy);
  operation.actor = context.actor();
  operation.note = text_or_nothing(options.note, "--note");
  operation.reason = text_or_nothing(options.reason, "--reason");
  if (!operation.reason) operation.reason = "stocktaking";
  auto ledger = context.ledger_options(options.dry_run);
  ledger.before_commit = closing_step(*store, count, policy);
  try {
    return post_and_report(context, *store, std::move(operation), ledger);
  } catch (const Error& error) {
    if (error.code != "key_reused") throw;
    throw Error(Exit::conflict, "count_ended",
                fmt::format("count {} was closed before, in another way", count.id),
                fmt::format("`invctl count show {}` tells how it ended", count.id));
  }
}

Exit cancel_count(Context& context, const CountOptions& options) {
  const auto store = context.open_for_writing();
  const auto count = find(*store, options.count);
  write_transaction(*store, context.deadline(), "", [&] {
    if (count.state == "cancelled") return false;
    if (!store->end_count(count, std::nullopt)) {
      throw Error(Exit::conflict, count.ended_at ? "count_ended" : "count_changed",
                  fmt::format("count {} {}", count.id,
                              count.ended_at ? "is " + count.state : "was changed meanwhile"),
                  "");
    }
    return true;
  });
  context.committed = true;
  print_count(context, *store->find_count(count.id));
  return Exit::ok;
}

}  // namespace

void setup_count(CLI::App& app, Action& action) {
  auto options = std::make_shared<CountOptions>();
  app.require_subcommand(1);
  const auto sub = [&](const char* name, const char* summary, auto run) {
    return add_command(app, action, options, name, summary, run);
  };
  const auto with_number = [&](CLI::App* command) {
    command->add_option("count", options->count, "its number")->type_name("COUNT")->required();
    return command;
  };
  const auto with_key = [&](CLI::App* command) {
    command->add_flag("--add", options->add, "add to what was entered before, instead of replacing it");
    command
        ->add_option("--id", options->id, "idempotency key: what is entered with the same id is entered once")
        ->type_name("K");
    return command;
  };
  auto* opening = sub("open", "remember what stands in the books, and begin to count", open_count);
  opening->add_option("-w,--warehouse", options->warehouse, "the warehouse; INVCTL_WAREHOUSE is the default")
      ->type_name("WH");
  opening->add_option("--sku", options->skus, "only this product; may be repeated")->type_name("SKU");
  opening->add_option("--note", options->note, "a note")->type_name("N");
  auto* entering = with_key(with_number(sub("enter", "enter what was counted", enter_words)));
  entering->add_option("lines", options->lines, "what was counted")->type_name("SKU=QTY");
  entering->add_flag("--scan", options->scan, "take it from a barcode scanner on standard input");
  auto* loading = with_key(with_number(sub("load", "enter what was counted from a CSV file", load_count)));
  loading->add_option("file", options->file, "columns sku and counted; - is standard input")
      ->type_name("FILE")
      ->required();
  loading->add_option("--map", options->maps, "the file's own column for sku or counted")
      ->type_name("FIELD=COLUMN");
  loading->add_option("--delimiter", options->delimiter, "between fields; `tab` too")->type_name("C");
  loading->add_option("--encoding", options->encoding, "of the file, as iconv calls it")->type_name("NAME");
  with_number(sub("sheet", "a sheet to count with; as CSV it can be filled in and loaded", count_sheet));
  with_number(sub("show", "what was counted, and how it differs", show_count));
  auto* closing = with_number(sub("close", "post the differences, once", close_count));
  closing->add_option("--policy", options->policy, "what to do about rows that moved since")
      ->type_name("strict|rebase|as-counted");
  closing->add_option("--max-variance", options->max_variance, "refuse a larger difference of any row")
      ->type_name("N");
  closing->add_flag("--uncounted-is-zero", options->uncounted_is_zero,
                    "what was not counted is not there; without this it is left as it is");
  closing->add_option("--reason", options->reason, "why: `stocktaking` if there is none")->type_name("TEXT");
  closing->add_option("--note", options->note, "a note, stored with the operation")->type_name("N");
  closing->add_flag("--dry-run", options->dry_run, "do everything, report it, and undo it");
  with_number(sub("cancel", "end a count without posting anything", cancel_count));
  sub("list", "list the counts, newest first",
      [](Context& context, const CountOptions&) { return list_counts(context); });
}

}  // namespace invctl::cmd
