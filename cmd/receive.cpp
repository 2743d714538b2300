#include <fmt/format.h>

#include <map>

#include "change.hpp"
#include "core/shell_word.hpp"
#include "core/text.hpp"

namespace invctl::cmd {

namespace {

struct ReceiveOptions : ChangeOptions {
  std::vector<std::string> unit_costs;
};

// Of all lines that have none of their own, and of single products.
struct UnitCosts {
  std::optional<Minor> of_all;
  std::map<Sku, Minor> of_product;
};

// `2.50` or `BOLT-10=2.50`.
UnitCosts parse_unit_costs(const std::vector<std::string>& words, const Currency& currency) {
  UnitCosts costs;
  for (const auto& word : words) {
    const auto at = word.rfind('=');
    const bool names_product = at != std::string::npos;
    std::string why;
    const auto cost = currency.parse_amount(
        names_product ? std::string_view(word).substr(at + 1) : std::string_view(word), why);
    if (!cost) throw Error(Exit::usage, "--unit-cost: " + why, "such as 2.50, or BOLT-10=2.50");
    if (!names_product) {
      if (costs.of_all)
        throw Error(Exit::usage, "--unit-cost is given twice", "SKU=COST is that of one product");
      costs.of_all = cost;
      continue;
    }
    const auto sku = Sku::parse(std::string_view(word).substr(0, at));
    if (!costs.of_product.emplace(sku, *cost).second) {
      throw Error(Exit::usage, fmt::format("--unit-cost of {} is given twice", text::printable(sku.str())));
    }
  }
  return costs;
}

void set_unit_costs(std::vector<Line>& lines, const UnitCosts& costs) {
  auto unused = costs.of_product;
  for (auto& line : lines) {
    const auto own = costs.of_product.find(line.sku);
    line.unit_cost_minor = own == costs.of_product.end() ? costs.of_all : std::optional(own->second);
    unused.erase(line.sku);
  }
  if (unused.empty()) return;
  throw Error(
      Exit::usage,
      fmt::format("--unit-cost of {}, which is not received", text::printable(unused.begin()->first.str())),
      "SKU=COST is about one of the lines");
}

Exit post_file(Context& context, const ReceiveOptions& options) {
  intake::Mapping mapping;
  if (options.unit_costs.size() > 1 ||
      (!options.unit_costs.empty() && options.unit_costs.front().find('=') != std::string::npos)) {
    throw Error(Exit::usage, "--unit-cost of single products does not go with --from",
                "a column `unit_cost` of the input");
  }
  if (!options.unit_costs.empty()) {
    mapping.defaults[intake::index_of(intake::Field::unit_cost)] = options.unit_costs.front();
  }
  return post_input(context, Kind::receive, options, std::move(mapping));
}

}  // namespace

void setup_receive(CLI::App& app, Action& action) {
  auto options = std::make_shared<ReceiveOptions>();
  add_change_options(app, *options, "the stock that comes in");
  add_scan_option(app, *options);
  app.add_option("--unit-cost", options->unit_costs, "what a unit has cost; SKU=COST is about one product")
      ->type_name("COST")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  action = [options](Context& context) {
    if (posts_input(*options)) return post_file(context, *options);
    if (options->unit_costs.empty()) return post_lines(context, Kind::receive, *options);
    // Looked at before anything is scanned.
    const auto costs = parse_unit_costs(options->unit_costs, context.open_for_reading()->info().currency);
    auto complete = *options;
    complete.complete_lines = [costs](std::vector<Line>& lines) { set_unit_costs(lines, costs); };
    for (const auto& word : options->unit_costs) complete.more_words += " --unit-cost " + shell_word(word);
    return post_lines(context, Kind::receive, complete);
  };
}

}  // namespace invctl::cmd
