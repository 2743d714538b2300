#include "stock/verify.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

#include "audit_report.hpp"
#include "command.hpp"
#include "core/text.hpp"
#include "filters.hpp"

namespace invctl::cmd {

namespace {

struct VerifyOptions {
  std::vector<std::string> checks;
  std::optional<std::string> warehouse, sku;
};

std::vector<std::string> check_names() {
  return {std::begin(ledger_checks), std::end(ledger_checks)};
}

VerifyScope to_scope(const VerifyOptions& options) {
  VerifyScope scope;
  const auto names = check_names();
  for (const auto& check : options.checks) {
    if (std::find(names.begin(), names.end(), check) == names.end()) {
      const auto near = text::closest(check, names);
      throw Error(Exit::usage, fmt::format("there is no check {}", text::quoted(check)),
                  near.empty() ? "one of: " + text::join(names, ", ") : fmt::format("did you mean {}?", near));
    }
    scope.checks.push_back(check);
  }
  if (options.warehouse) scope.warehouse = WarehouseCode::parse(*options.warehouse).str();
  if (options.sku) scope.sku = Sku::parse(*options.sku).str();
  return scope;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

void setup_verify(CLI::App& app, Action& action) {
  auto options = std::make_shared<VerifyOptions>();
  app.add_option("--check", options->checks, "only this check; may be repeated")
      ->type_name("NAME")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--sku", options->sku, "only this product")->type_name("SKU");
  app.add_option("-w,--warehouse", options->warehouse, "only this warehouse")->type_name("WH");
  action = [options](Context& context) {
    const auto scope = to_scope(*options);
    const auto store = context.open_for_reading();
    check_exist(*store, scope.warehouse, scope.sku);
    const auto begin = std::chrono::steady_clock::now();
    VerifyReport report;
    in_snapshot(*store, [&] { report = verify_ledger(*store, scope); });
    const auto elapsed = seconds_since(begin);
    AuditAnswer answer;
    for (const auto& name : check_names()) {
      if (scope.has(name)) answer.checks.push_back(name);
    }
    answer.counts = {{"inventory_rows", report.balances},
                     {"operations", report.operations},
                     {"movements", report.movements},
                     {"elapsed_ms", static_cast<std::int64_t>(elapsed * 1000)}};
    answer.headline =
        fmt::format("{}, {}, {} ({:.1f} s)", text::count(report.balances, "inventory row"),
                    text::count(report.operations, "operation"), text::count(report.movements, "movement"),
                    elapsed);
    answer.violations = std::move(report.violations);
    return answer_audit(context, answer);
  };
}

}  // namespace invctl::cmd
