#include "backup.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>

#include "catalog/price_check.hpp"
#include "command.hpp"
#include "core/text.hpp"
#include "stock/verify.hpp"
#include "url.hpp"

namespace invctl::cmd {

namespace {

struct BackupOptions {
  std::string file;
};

// A copy is only worth keeping where everything in it is as it must be.
VerifyReport verify_copy(const std::string& path) {
  const auto store = db::open_store("sqlite:" + path, {.write = false, .immutable = true});
  VerifyReport report;
  in_snapshot(*store, [&] {
    report = verify_ledger(*store);
    auto prices = check_prices(*store, {}, [&] { return store->clock(); });
    std::move(prices.violations.begin(), prices.violations.end(), std::back_inserter(report.violations));
  });
  if (report.violations.empty()) return report;
  throw Error(Exit::invariant,
              fmt::format("the ledger is not sound ({}, the first: {}), so no backup was made",
                          text::count(static_cast<long long>(report.violations.size()), "violation"),
                          report.violations.front().message()),
              "`invctl verify` names everything; keep the backups that there are");
}

}  // namespace

void setup_backup(CLI::App& app, Action& action) {
  auto options = std::make_shared<BackupOptions>();
  app.add_option("file", options->file, "the file to make; an existing one is never overwritten")
      ->type_name("FILE")
      ->required();
  action = [options](Context& context) {
    const auto url = db::parse_url(context.db_url());
    if (url.engine == db::Url::Engine::mysql) {
      throw Error(Exit::usage, "backup is for SQLite; a MySQL or MariaDB server brings its own",
                  "mariadb-backup, or mysqldump --single-transaction --triggers; `invctl export` writes the "
                  "ledger in a form that every engine reads");
    }
    // Whether this is a database of ours at all is said before anything is written.
    context.open_for_reading();
    VerifyReport report;
    const auto bytes = db::backup_sqlite(url.path, options->file, context.deadline(),
                                         [&](const std::string& path) { report = verify_copy(path); });
    io::print_object(context.out, context.format(),
                     {{"file", options->file},
                      {"bytes", bytes},
                      {"inventory_rows", report.balances},
                      {"operations", report.operations},
                      {"movements", report.movements}},
                     context.table_options());
    return Exit::ok;
  };
}

}  // namespace invctl::cmd
