#include "stock/verify.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

#include "apply/export_read.hpp"
#include "audit_report.hpp"
#include "catalog/price_check.hpp"
#include "command.hpp"
#include "core/text.hpp"
#include "filters.hpp"
#include "io/input_file.hpp"
#include "report/close.hpp"
#include "schema_check.hpp"
#include "stock/seal.hpp"

namespace invctl::cmd {

namespace {

struct VerifyOptions {
  std::vector<std::string> checks;
  std::optional<std::string> file, warehouse, sku, seal;
};

constexpr const char* schema_name = "schema";

std::vector<std::string> check_names() {
  std::vector<std::string> names(std::begin(ledger_checks), std::end(ledger_checks));
  names.emplace_back(prices_check);
  names.emplace_back("seals");
  names.emplace_back("periods");
  names.emplace_back(schema_name);
  return names;
}

VerifyScope to_scope(const VerifyOptions& options) {
  VerifyScope scope;
  const auto names = check_names();
  for (const auto& check : options.checks) {
    if (std::find(names.begin(), names.end(), check) == names.end()) {
      const auto near = text::closest(check, names);
      throw Error(
          Exit::usage, fmt::format("there is no check {}", text::quoted(check)),
          near.empty() ? "one of: " + text::join(names, ", ") : fmt::format("did you mean {}?", near));
    }
    scope.checks.push_back(check);
  }
  if (options.warehouse) scope.warehouse = WarehouseCode::parse(*options.warehouse).str();
  if (options.sku) scope.sku = Sku::parse(*options.sku).str();
  return scope;
}

bool is_digest_of(std::optional<std::vector<ChainHead>> heads, const SealText& seal) {
  return heads && seal_digest(*heads) == seal.digest;
}

// Whether the ledger passed through the sealed state, as its own order shows or as a stored seal does.
bool holds(const VerifyReport& report, const SealCheck& seals, const SealText& seal) {
  return seals.wanted_holds || is_digest_of(report.heads, seal) || is_digest_of(report.heads_now, seal);
}

Violation no_such_state(const SealText& seal) {
  return {"seals", "seal", to_hex(seal.digest), "a state of the ledger that it is the digest of", "none"};
}

AuditAnswer answer_of(const VerifyScope& scope, const VerifyReport& report,
                      std::optional<std::int64_t> prices, std::optional<std::int64_t> seals,
                      std::chrono::steady_clock::time_point begin) {
  const auto elapsed = seconds_since(begin);
  AuditAnswer answer;
  for (const auto& name : check_names()) {
    if (scope.has(name)) answer.checks.push_back(name);
  }
  answer.counts = {
      {"inventory_rows", report.balances}, {"operations", report.operations},
      {"movements", report.movements},     {"prices", optional_value(prices)},
      {"seals", optional_value(seals)},    {"elapsed_ms", static_cast<std::int64_t>(elapsed * 1000)}};
  answer.headline = fmt::format("{}, {}, {} ({:.1f} s)", text::count(report.balances, "inventory row"),
                                text::count(report.operations, "operation"),
                                text::count(report.movements, "movement"), elapsed);
  answer.violations = report.violations;
  return answer;
}

// A trigger that is gone keeps nobody from changing the ledger; without the right to see them, none is looked
// for.
void add_schema_gaps(db::SqlStore& store, std::vector<Violation>& violations) {
  for (const auto& gap : db::check_schema(store.connection()).gaps) {
    violations.push_back({schema_name, std::string(gap.kind_name()), gap.name,
                          gap.wanted.empty() ? "there" : gap.wanted,
                          gap.wanted.empty() ? "missing" : gap.type});
  }
}

AuditAnswer verify_database(db::SqlStore& store, VerifyScope scope, const std::optional<SealText>& seal) {
  if (seal) scope.heads_after = seal->movements.value_or(-1);
  const auto begin = std::chrono::steady_clock::now();
  VerifyReport found;
  PriceReport prices;
  SealCheck seals;
  std::vector<Violation> periods;
  in_snapshot(store, [&] {
    found = verify_ledger(store, scope);
    prices = check_prices(store, scope, [&] { return store.clock(); });
    if (scope.has("seals")) seals = check_seals(store, scope, seal);
    // A period is about the whole warehouse.
    if (scope.has("periods") && !scope.narrow()) periods = report::check_periods(store);
  });
  auto answer = answer_of(scope, found, prices.changes, seals.seals, begin);
  answer.violations.insert(answer.violations.end(), prices.violations.begin(), prices.violations.end());
  answer.violations.insert(answer.violations.end(), seals.violations.begin(), seals.violations.end());
  answer.violations.insert(answer.violations.end(), periods.begin(), periods.end());
  if (seal && !holds(found, seals, *seal)) answer.violations.push_back(no_such_state(*seal));
  if (scope.has(schema_name) && !scope.narrow()) add_schema_gaps(store, answer.violations);
  return answer;
}

// An export, without any database.
AuditAnswer verify_file(const std::string& path, VerifyScope scope, const std::optional<SealText>& seal) {
  if (seal) scope.heads_after = seal->movements.value_or(-1);
  const auto begin = std::chrono::steady_clock::now();
  auto file = io::InputFile::open(path);
  auto check = intake::check_export(file, file.name(), scope);
  AuditAnswer answer = answer_of(scope, check.report, check.prices, std::nullopt, begin);
  std::erase(answer.checks, schema_name);
  if (seal && !holds(check.report, {}, *seal)) answer.violations.push_back(no_such_state(*seal));
  return answer;
}

}  // namespace

void setup_verify(CLI::App& app, Action& action) {
  auto options = std::make_shared<VerifyOptions>();
  app.add_option("file,--export", options->file,
                 "an export to check instead of the database; - is standard input")
      ->type_name("EXPORT");
  app.add_option("--check", options->checks, "only this check; may be repeated")
      ->type_name("NAME")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--sku", options->sku, "only this product")->type_name("SKU");
  app.add_option("-w,--warehouse", options->warehouse, "only this warehouse")->type_name("WH");
  app.add_option("--seal", options->seal, "and that nothing up to this seal was changed, moved or cut off")
      ->type_name("SEAL");
  action = [options](Context& context) {
    const auto scope = to_scope(*options);
    const auto seal = options->seal ? std::optional(parse_seal_text(*options->seal)) : std::nullopt;
    if (seal && (scope.narrow() || !scope.checks.empty())) {
      throw Error(Exit::usage, "--seal is about the whole ledger", "without --check, --sku and -w");
    }
    if (options->file) return answer_audit(context, verify_file(*options->file, scope, seal));
    const auto store = context.open_for_reading();
    check_exist(*store, scope.warehouse, scope.sku);
    return answer_audit(context, verify_database(*store, scope, seal));
  };
}

}  // namespace invctl::cmd
