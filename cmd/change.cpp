#include "change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "catalog_change.hpp"
#include "core/shell_word.hpp"
#include "core/text.hpp"
#include "filters.hpp"
#include "scan.hpp"

namespace invctl::cmd {

namespace {

std::string headline(const Receipt& receipt, const Currency& currency, bool replayed, bool dry_run) {
  std::string line = dry_run ? fmt::format("{} (dry run: nothing is changed)", kind_name(receipt.kind))
                             : fmt::format("{} {}", kind_name(receipt.kind), receipt.operation);
  if (receipt.reservation && receipt.kind != Kind::reserve) {
    line += fmt::format(" of reservation {}", *receipt.reservation);
  }
  if (receipt.expires_at) line += " until " + format_time(*receipt.expires_at);
  if (receipt.reverses) line += fmt::format(" of operation {}", *receipt.reverses);
  if (replayed) line += " (replayed: it was done before)";
  if (!dry_run) line += fmt::format(", id {}", text::printable(receipt.key));
  if (receipt.reference) line += fmt::format(", reference {}", text::printable(*receipt.reference));
  if (receipt.user) line += fmt::format(", user {}", text::printable(*receipt.user));
  if (receipt.total_minor)
    line += fmt::format(", total {} {}", currency.format(*receipt.total_minor), currency.code());
  return line;
}

bool is_sale(const Receipt& receipt) {
  return receipt.kind == Kind::purchase || receipt.user;
}

bool has_costs(const Receipt& receipt) {
  return std::any_of(receipt.lines.begin(), receipt.lines.end(),
                     [](const ReceiptLine& line) { return line.unit_cost_minor.has_value(); });
}

// The answer of design section 6. In a dry run there is no operation to name.
io::Answer to_answer(const Receipt& receipt, const Currency& currency, bool replayed, bool dry_run) {
  const bool purchase = is_sale(receipt);
  io::Answer answer;
  answer.headline = headline(receipt, currency, replayed, dry_run);
  answer.fields = {{"operation", dry_run && !replayed ? io::Value() : io::Value(receipt.operation)},
                   {"id", receipt.key},
                   {"kind", std::string(kind_name(receipt.kind))},
                   {"replayed", replayed},
                   {"reference", optional_value(receipt.reference)},
                   {"actor", receipt.actor},
                   {"recorded_at", format_time(receipt.recorded_at)}};
  if (receipt.kind == Kind::reverse) {
    answer.fields.emplace_back("reverses", optional_value(receipt.reverses));
  }
  if (receipt.reservation) {
    const bool unnamed = receipt.kind == Kind::reserve && dry_run && !replayed;
    answer.fields.emplace_back("reservation", unnamed ? io::Value() : io::Value(*receipt.reservation));
  }
  if (receipt.expires_at) answer.fields.emplace_back("expires_at", format_time(*receipt.expires_at));
  if (dry_run) answer.fields.emplace_back("dry_run", true);
  answer.columns = {{"warehouse", io::Kind::code},  {"sku", io::Kind::code},
                    {"delta", io::Kind::number},    {"before", io::Kind::number},
                    {"on_hand", io::Kind::number},  {"reserved", io::Kind::number},
                    {"available", io::Kind::number}};
  if (receipt.reservation) answer.columns.push_back({"reserved_delta", io::Kind::number});
  if (purchase) {
    answer.fields.emplace_back("user", optional_value(receipt.user));
    answer.fields.emplace_back("currency", currency.code());
    answer.fields.emplace_back("total_minor", optional_value(receipt.total_minor));
    answer.columns.push_back({"unit_price_minor", io::Kind::number});
    answer.columns.push_back({"amount_minor", io::Kind::number});
  }
  const bool costed = has_costs(receipt);
  if (costed) answer.columns.push_back({"unit_cost_minor", io::Kind::number});
  for (const auto& line : receipt.lines) {
    answer.rows.push_back(
        {line.warehouse, line.sku, line.delta, line.before, line.on_hand, line.reserved, line.available()});
    if (receipt.reservation) answer.rows.back().push_back(line.reserved_delta);
    if (purchase) {
      answer.rows.back().push_back(optional_value(line.unit_price_minor));
      answer.rows.back().push_back(optional_value(line.amount_minor));
    }
    if (costed) answer.rows.back().push_back(optional_value(line.unit_cost_minor));
  }
  return answer;
}

// For people, a price is shown in the currency's own units.
void show_prices(io::Answer& answer, const Currency& currency) {
  static const std::map<std::string, std::string> titles = {
      {"unit_price_minor", "UNIT PRICE"}, {"amount_minor", "AMOUNT"}, {"unit_cost_minor", "UNIT COST"}};
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    const auto title = titles.find(answer.columns[i].key);
    if (title == titles.end()) continue;
    answer.columns[i].title = title->second;
    for (auto& row : answer.rows) {
      if (const auto* minor = std::get_if<std::int64_t>(&row[i])) row[i] = currency.format(*minor);
    }
  }
}

// Warns of each line of a reservation that may be partial and is. Whether there was one.
bool warn_of_less(Context& context, const Operation& operation, const Receipt& receipt) {
  if (!operation.allow_partial) return false;
  bool less = false;
  // Line by line, which both have in one order: sums may not fit.
  for (std::size_t i = 0; i < operation.lines.size(); ++i) {
    const auto& line = receipt.lines.at(i);
    if (line.reserved_delta >= operation.lines[i].quantity) continue;
    less = true;
    context.warn(fmt::format("{} of {} {} are held in {}", line.reserved_delta, operation.lines[i].quantity,
                             text::printable(line.sku), text::printable(line.warehouse)));
  }
  return less;
}

}  // namespace

void add_change_options(CLI::App& app, ChangeOptions& options, const std::string& line_help) {
  app.add_option("lines", options.lines, line_help)->type_name("SKU=QTY");
  app.add_option("-w,--warehouse", options.warehouse, "the warehouse; INVCTL_WAREHOUSE is the default")
      ->type_name("WH");
  add_request_options(app, options);
  app.add_option("--from", options.from, "post the operations of this file instead; - is standard input")
      ->type_name("FILE")
      ->group("Input");
  add_input_options(app, options.input);
  options.app = &app;
}

void add_request_options(CLI::App& app, ChangeOptions& options, const std::string& reference) {
  app.add_option(reference, options.reference, "a reference, such as an order's number")->type_name("R");
  app.add_option("--note", options.note, "a note, stored with the operation")->type_name("N");
  app.add_option("--id", options.id, "idempotency key: the same request with the same id is done once")
      ->type_name("K");
  app.add_flag("--dry-run", options.dry_run, "do everything, report it, and undo it");
}

bool posts_input(const ChangeOptions& options) {
  const auto given = input_option_given(*options.app);
  if (!options.from) {
    if (given) throw Error(Exit::usage, *given + " goes with --from FILE");
    if (options.lines.empty() && !options.scan) {
      throw Error(Exit::usage, "which lines?", "SKU=QTY words such as BOLT-10=5, or --from FILE");
    }
    if (!options.lines.empty() && options.scan) {
      throw Error(Exit::usage, "lines are given both as words and with --scan", "one of the two");
    }
    return false;
  }
  if (options.scan) throw Error(Exit::usage, "lines come both from --scan and --from", "one of the two");
  if (!options.lines.empty()) {
    throw Error(Exit::usage, "lines are given both as words and with --from", "one of the two");
  }
  if (options.id) {
    throw Error(Exit::usage, "--id names one operation, --from may hold many",
                "a column `id` of the input, or --source NAME");
  }
  return true;
}

Exit post_input(Context& context, Kind kind, const ChangeOptions& options, intake::Mapping mapping) {
  const auto fill = [&](intake::Field field, const std::optional<std::string>& value) {
    if (value && !value->empty()) mapping.defaults[intake::index_of(field)] = value;
  };
  mapping.kind = kind;
  fill(intake::Field::reference, options.reference);
  fill(intake::Field::note, options.note);
  fill(intake::Field::warehouse, options.warehouse);
  auto input = options.input;
  input.path = *options.from;
  input.dry_run = options.dry_run;
  return apply_input(context, input, std::move(mapping));
}

WarehouseCode required_warehouse(Context& context, const ChangeOptions& options) {
  if (options.warehouse) return WarehouseCode::parse(*options.warehouse);
  const auto fallback = context.settings.text("warehouse");
  if (!fallback) {
    throw Error(Exit::usage, "which warehouse?",
                "-w WH, or INVCTL_WAREHOUSE; `invctl warehouse list` shows them");
  }
  return WarehouseCode::parse(*fallback);
}

Operation make_operation(Context& context, Kind kind, const ChangeOptions& options) {
  Operation operation;
  operation.kind = kind;
  operation.actor = context.actor();
  operation.reference = text_or_nothing(options.reference, "--ref");
  operation.note = text_or_nothing(options.note, "--note");
  if (options.id) {
    operation.key = parse_code(*options.id, "--id");
    if (is_auto_key(*operation.key)) {
      // One that the program made and showed, as after exit 10: it is looked up like any other.
      context.note("repeating the operation of an automatic id");
    }
  }
  return operation;
}

void add_scan_option(CLI::App& app, ChangeOptions& options) {
  app.add_flag("--scan", options.scan, "take the lines from a barcode scanner on standard input");
}

Exit post_lines(Context& context, Kind kind, const ChangeOptions& options) {
  auto operation = make_operation(context, kind, options);
  const auto warehouse = required_warehouse(context, options);
  if (!options.scan) {
    operation.lines = parse_lines(options.lines, QuantityForm::positive, warehouse);
    if (options.complete_lines) options.complete_lines(operation.lines);
    return post_and_report(context, std::move(operation), options.dry_run);
  }
  std::string again = fmt::format("invctl {} -w {}", kind_name(kind), shell_word(warehouse.str()));
  const auto add = [&](const char* option, const std::optional<std::string>& value) {
    if (value) again += fmt::format(" {} {}", option, shell_word(*value));
  };
  add("--ref", options.reference);
  add("--note", options.note);
  add("--id", options.id);
  again += options.more_words;
  const auto scanned = read_scans(context, again);
  for (const auto& line : scanned) {
    operation.lines.push_back({.warehouse = warehouse,
                               .sku = Sku::trusted(line.sku),
                               .quantity = line.quantity,
                               .expect = std::nullopt});
  }
  return keep_scans(
      context, again, [&]() -> const auto& { return scanned; },
      [&] {
        if (options.complete_lines) options.complete_lines(operation.lines);
        return post_and_report(context, std::move(operation), options.dry_run);
      });
}

std::int64_t parse_reservation(const std::string& word) {
  std::string why;
  const auto id = parse_whole(word, why);
  if (!id) throw Error(Exit::usage, why, "the number that `invctl reservation list` shows");
  return *id;
}

Exit post_and_report(Context& context, Operation operation, bool dry_run) {
  return post_and_report(context, *context.open_for_writing(), std::move(operation), dry_run);
}

Exit post_and_report(Context& context, db::SqlStore& store, Operation operation, bool dry_run) {
  return post_and_report(context, store, std::move(operation), context.ledger_options(dry_run));
}

Exit post_and_report(Context& context, db::SqlStore& store, Operation operation,
                     const Ledger::Options& options) {
  const bool dry_run = options.dry_run;
  Ledger ledger(store, context.origin());
  std::vector<Operation> batch{std::move(operation)};
  auto outcomes = ledger.post(batch, options);
  auto& outcome = outcomes.front();
  if (outcome.rejection) {
    if (outcome.replayed) {
      outcome.rejection->hint =
          "answered so before under this id, whatever is there now; a new --id asks anew";
    }
    throw *outcome.rejection;
  }
  if (!dry_run) {
    context.committed = true;
    context.committed_key = outcome.receipt->key;
  }
  const auto& currency = store.info().currency;
  auto answer = to_answer(*outcome.receipt, currency, outcome.replayed, dry_run);
  const auto format = context.format();
  if (format == io::Format::table) show_prices(answer, currency);
  io::print_answer(context.out, format, answer, context.table_options());
  return warn_of_less(context, batch.front(), *outcome.receipt) ? Exit::partial : Exit::ok;
}

}  // namespace invctl::cmd
