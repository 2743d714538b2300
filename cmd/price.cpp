// price set, list and history.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <set>

#include "catalog/price_set.hpp"
#include "catalog_change.hpp"
#include "core/text.hpp"
#include "filters.hpp"
#include "subcommand.hpp"

namespace invctl::cmd {

namespace {

struct PriceOptions {
  std::vector<std::string> words;  // of set
  std::optional<std::string> max_change, reason, effective, id;
  bool force = false, dry_run = false;
  std::optional<std::string> sku, category, before;
  std::optional<std::string> limit;
  bool upcoming = false, all = false;
};

// `SKU=PRICE...` or `SKU PRICE...`. Where every second word is without an equals sign, they are pairs: a
// price has none, a SKU may.
std::vector<std::pair<std::string, std::string>> split_words(const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::string>> lines;
  bool pairs = words.size() % 2 == 0;
  for (std::size_t i = 1; i < words.size(); i += 2) pairs = pairs && words[i].find('=') == std::string::npos;
  if (pairs) {
    for (std::size_t i = 0; i < words.size(); i += 2) lines.emplace_back(words[i], words[i + 1]);
    return lines;
  }
  for (const auto& word : words) {
    const auto at = word.rfind('=');
    if (at == std::string::npos) {
      throw Error(Exit::usage, fmt::format("{} is neither SKU=PRICE nor one of a pair", text::quoted(word)),
                  "BOLT-10=2.50 NUT-10=1.10, or BOLT-10 2.50");
    }
    lines.emplace_back(word.substr(0, at), word.substr(at + 1));
  }
  return lines;
}

std::vector<PriceRequest::Line> parse_prices(const std::vector<std::string>& words,
                                             const Currency& currency) {
  std::vector<PriceRequest::Line> lines;
  std::set<std::string> seen;
  Error faults(Exit::usage, "some lines cannot be read");
  for (const auto& [sku, price] : split_words(words)) {
    try {
      std::string why;
      PriceRequest::Line line{Sku::parse(sku).str(), 0};
      const auto minor = currency.parse_amount(price, why);
      if (!minor) throw Error(Exit::usage, why);
      if (!seen.insert(line.sku).second) throw Error(Exit::usage, "it has a price already in this command");
      line.price = *minor;
      lines.push_back(std::move(line));
    } catch (const Error& error) {
      const auto word = sku + "=" + price;
      faults.add_line({fmt::format("{}: {}", text::printable(word), error.message), {{"line", word}}});
    }
  }
  if (!faults.lines.empty()) throw faults;
  return lines;
}

std::optional<PriceLimit> limit_of(Context& context, const PriceOptions& options) {
  if (options.max_change) return PriceLimit::parse(*options.max_change, "--max-change");
  const auto set = context.settings.text("max-price-change");
  return set ? std::optional(PriceLimit::parse(*set, "max-price-change")) : std::nullopt;
}

PriceRequest make_request(Context& context, const PriceOptions& options, const Currency& currency) {
  PriceRequest request;
  request.lines = parse_prices(options.words, currency);
  request.limit = limit_of(context, options);
  if (options.effective) {
    std::string why;
    request.effective_at = parse_time(*options.effective, why);
    if (!request.effective_at) throw Error(Exit::usage, "--effective: " + why);
  }
  const auto reason = text_or_nothing(options.reason, "--reason");
  if (!reason) throw Error(Exit::usage, "why? --reason is empty", "--reason TEXT");
  const auto origin = context.origin();
  request.note = {context.actor(), *reason, origin.host, origin.tool_version, std::nullopt, 0};
  Operation keyed;
  if (options.id) keyed.key = parse_code(*options.id, "--id");
  if (!keyed.key) ensure_key(keyed);
  request.note.key = keyed.key;
  request.force = options.force;
  request.dry_run = options.dry_run;
  return request;
}

// For people, a price is shown in the currency's own units.
io::Value price_value(const std::optional<Minor>& price, const Currency& currency, bool for_people) {
  if (!price) return {};
  return for_people ? io::Value(currency.format(*price)) : io::Value(*price);
}

std::string headline(const PriceReceipt& receipt, bool dry_run) {
  const auto& change = receipt.change;
  auto line = text::count(change.line_count, "price");
  line += dry_run ? " (dry run: nothing is changed)" : " set";
  if (change.effective_at > change.recorded_at) line += " from " + format_time(change.effective_at) + " on";
  if (receipt.replayed) line += " (replayed: it was done before)";
  if (!dry_run) line += fmt::format(", id {}", text::printable(change.key.value_or("")));
  return line;
}

Exit set_prices(Context& context, const PriceOptions& options) {
  if (!options.reason) throw Error(Exit::usage, "why does the price change?", "--reason TEXT");
  if (options.words.empty())
    throw Error(Exit::usage, "which prices?", "BOLT-10=2.50 NUT-10=1.10, or BOLT-10 2.50");
  const auto store = context.open_for_writing();
  const auto currency = store->info().currency;
  const auto receipt =
      set_prices(*store, *store, make_request(context, options, currency), context.deadline());
  const auto& change = receipt.change;
  if (!options.dry_run) {
    context.committed = true;
    context.committed_key = *change.key;
  }
  io::Answer answer;
  answer.headline = headline(receipt, options.dry_run);
  answer.fields = {{"id", optional_value(change.key)},
                   {"replayed", receipt.replayed},
                   {"actor", change.actor},
                   {"reason", change.reason},
                   {"recorded_at", format_time(change.recorded_at)},
                   {"effective_at", format_time(change.effective_at)},
                   {"currency", currency.code()}};
  if (options.dry_run) answer.fields.emplace_back("dry_run", true);
  answer.columns = {{"sku", io::Kind::code},
                    {"version", io::Kind::number},
                    {"old_price_minor", io::Kind::number},
                    {"new_price_minor", io::Kind::number}};
  const auto format = context.format();
  const bool for_people = format == io::Format::table;
  if (for_people) {
    answer.columns[2].title = "OLD PRICE";
    answer.columns[3].title = "NEW PRICE";
    answer.columns.push_back({"change", io::Kind::number});
  }
  const auto shown = [&](const std::optional<Minor>& price) {
    return price_value(price, currency, for_people);
  };
  for (const auto& line : change.lines) {
    answer.rows.push_back({line.sku, line.version, shown(line.old_minor), shown(line.new_minor)});
    if (for_people)
      answer.rows.back().push_back(optional_value(shown_change(line.old_minor, line.new_minor)));
  }
  io::print_answer(context.out, format, answer, context.table_options());
  return Exit::ok;
}

Exit list_prices(Context& context, const PriceOptions& options) {
  PriceFilter filter;
  if (options.sku) filter.sku = Sku::parse(*options.sku).str();
  filter.category = options.category;
  filter.upcoming = options.upcoming;
  filter.include_retired = options.all;
  const auto store = context.open_for_reading();
  check_exist(*store, std::nullopt, filter.sku);
  const auto format = context.format();
  const bool for_people = format == io::Format::table;
  const auto& currency = store->info().currency;
  std::vector<io::Column> columns = {{"sku", io::Kind::code},
                                     {"name", io::Kind::text},
                                     {"category", io::Kind::text},
                                     {"price_minor", io::Kind::number},
                                     {"currency", io::Kind::code},
                                     {"since", io::Kind::code},
                                     {"next_price_minor", io::Kind::number},
                                     {"next_at", io::Kind::code}};
  if (for_people) {
    columns[3].title = "PRICE";
    columns[6].title = "NEXT PRICE";
  }
  io::RowWriter rows(context.out, format, columns, context.table_options("no prices"));
  const auto shown = [&](const std::optional<Minor>& price) {
    return price_value(price, currency, for_people);
  };
  store->list_prices(filter, [&](const PriceEntry& entry) {
    rows.row({entry.sku, entry.name, optional_value(entry.category), shown(entry.price_minor),
              currency.code(), optional_time(entry.since), shown(entry.next_price_minor),
              optional_time(entry.next_at)});
  });
  rows.finish();
  return Exit::ok;
}

std::int64_t whole_number(const std::string& word, const char* option) {
  std::string why;
  const auto number = parse_whole(word, why);
  if (!number) throw Error(Exit::usage, fmt::format("{}: {}", option, why));
  return *number;
}

Exit price_history(Context& context, const PriceOptions& options) {
  PriceHistoryFilter filter;
  filter.sku = Sku::parse(*options.sku).str();
  NewestRows newest(options.limit ? std::optional(whole_number(*options.limit, "--limit")) : std::nullopt);
  filter.limit = newest.to_read();
  if (options.before) filter.before = whole_number(*options.before, "--before");
  const auto store = context.open_for_reading();
  check_exist(*store, std::nullopt, filter.sku);
  const auto format = context.format();
  const bool for_people = format == io::Format::table;
  const auto& currency = store->info().currency;
  // For people what fits a terminal; the rest is for scripts.
  std::vector<io::Column> columns = {{"version", io::Kind::number},
                                     {"old_price_minor", io::Kind::number, "OLD PRICE"},
                                     {"new_price_minor", io::Kind::number, "NEW PRICE"},
                                     {"effective_at", io::Kind::code},
                                     {"upcoming", io::Kind::code},
                                     {"actor", io::Kind::text},
                                     {"reason", io::Kind::text}};
  if (!for_people) {
    columns.push_back({"sku", io::Kind::code});
    columns.push_back({"currency", io::Kind::code});
    columns.push_back({"id", io::Kind::code});
    columns.push_back({"recorded_at", io::Kind::code});
  }
  io::RowWriter rows(context.out, format, columns, context.table_options("no prices"));
  const auto shown = [&](const std::optional<Minor>& price) {
    return price_value(price, currency, for_people);
  };
  store->price_history(filter, [&](const PriceHistoryEntry& entry) {
    if (!newest.shows_next()) return;
    const auto& change = entry.change;
    std::vector<io::Value> row = {entry.line.version,
                                  shown(entry.line.old_minor),
                                  shown(entry.line.new_minor),
                                  format_time(change.effective_at),
                                  entry.upcoming,
                                  change.actor,
                                  change.reason};
    if (!for_people) {
      row.insert(row.end(), {entry.line.sku, currency.code(), optional_value(change.key),
                             format_time(change.recorded_at)});
    }
    rows.row(row);
  });
  rows.finish();
  newest.tell_of_more(context, "--before VERSION");
  return Exit::ok;
}

}  // namespace

void setup_price(CLI::App& app, Action& action) {
  auto options = std::make_shared<PriceOptions>();
  const auto sub = [&](const char* name, const char* summary, auto run) {
    return add_command(app, action, options, name, summary, run);
  };
  app.require_subcommand(1);
  auto* setting = sub("set", "set prices, now or from a time to come on", set_prices);
  setting->add_option("lines", options->words, "what each costs; SKU PRICE in two words will do as well")
      ->type_name("SKU=PRICE");
  setting->add_option("--reason", options->reason, "why; stored with the change")->type_name("TEXT");
  setting
      ->add_option("--max-change", options->max_change,
                   "refuse a change by more than this share, such as 30%")
      ->type_name("PERCENT");
  setting->add_flag("--force", options->force, "also what is above the limit");
  setting->add_option("--effective", options->effective, "the prices hold from this time on")
      ->type_name("TIME");
  setting->add_option("--id", options->id, "idempotency key: the same request with the same id is done once")
      ->type_name("K");
  setting->add_flag("--dry-run", options->dry_run, "do everything, report it, and undo it");
  auto* listing = sub("list", "what each product costs, and what it will cost next", list_prices);
  listing->add_option("--sku", options->sku, "only this product")->type_name("SKU");
  listing->add_option("--category", options->category, "only this category")->type_name("TEXT");
  listing->add_flag("--upcoming", options->upcoming, "only products whose price is going to change");
  listing->add_flag("--all", options->all, "the retired ones too");
  auto* telling = sub("history", "all prices of a product, newest first", price_history);
  telling->add_option("sku", options->sku, "its SKU")->type_name("SKU")->required();
  telling
      ->add_option("--limit", options->limit,
                   fmt::format("at most so many; {} if not given", NewestRows::by_default))
      ->type_name("N");
  telling->add_option("--before", options->before, "the next page: only versions before this")
      ->type_name("VERSION");
}

}  // namespace invctl::cmd
