#include "catalog/seed.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "core/text.hpp"

namespace invctl::cmd {

namespace {

struct SeedArguments {
  std::optional<std::string> directory;
  std::optional<std::string> warehouses, products, stock;
  std::vector<std::string> maps;
  std::string delimiter = ",";
  std::string encoding = "UTF-8";
  std::string on_duplicate = "fail";
  std::optional<std::string> rejects;
  bool dry_run = false;
};

using Files = decltype(SeedOptions::files);

std::string file_in(const std::string& directory, SeedKind kind) {
  const bool slash = directory.ends_with('/');
  return fmt::format("{}{}{}.csv", directory, slash ? "" : "/", seed_plural(kind));
}

void check_directory(const std::string& directory) {
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) {
    throw Error(
        Exit::bad_input, "cannot_read",
        fmt::format("cannot read {}: {}", text::printable(directory), std::generic_category().message(errno)),
        "name a directory that holds warehouses.csv, products.csv or stock.csv");
  }
  if (!S_ISDIR(info.st_mode)) {
    throw Error(
        Exit::bad_input, "cannot_read", fmt::format("{} is not a directory", text::printable(directory)),
        fmt::format("name a file with --warehouses, --products or --stock {}", text::printable(directory)));
  }
}

Files choose_files(const SeedArguments& arguments) {
  Files files = {arguments.warehouses, arguments.products, arguments.stock};
  if (arguments.directory) {
    check_directory(*arguments.directory);
    for (const auto kind : seed_kinds) {
      auto& file = files[index_of(kind)];
      auto path = file_in(*arguments.directory, kind);
      // One that is there but cannot be read is an error, not an absent one.
      if (!file && access(path.c_str(), F_OK) == 0) file = std::move(path);
    }
  }
  if (std::none_of(files.begin(), files.end(), [](const auto& file) { return file.has_value(); })) {
    if (!arguments.directory) {
      throw Error(Exit::usage, "nothing to seed from",
                  "name a directory, or files with --warehouses, --products and --stock");
    }
    throw Error(Exit::bad_input, "no_files",
                fmt::format("{} holds none of warehouses.csv, products.csv and stock.csv",
                            text::printable(*arguments.directory)),
                "other names go with --warehouses, --products and --stock");
  }
  if (std::count(files.begin(), files.end(), std::optional<std::string>("-")) > 1) {
    throw Error(Exit::usage, "standard input can be only one of the files");
  }
  return files;
}

void check_maps(const SeedMaps& maps, const Files& files) {
  for (const auto kind : seed_kinds) {
    if (maps[index_of(kind)].empty() || files[index_of(kind)]) continue;
    throw Error(Exit::usage,
                fmt::format("--map {}.{}: no file of {} is given", seed_kind_name(kind),
                            maps[index_of(kind)].begin()->first, seed_plural(kind)),
                fmt::format("name it with --{}", seed_plural(kind)));
  }
}

SeedOptions make_options(Context& context, const SeedArguments& arguments) {
  SeedOptions options;
  options.maps = parse_seed_maps(arguments.maps);
  options.delimiter = io::parse_delimiter(arguments.delimiter);
  options.encoding = arguments.encoding;
  options.on_duplicate = parse_on_duplicate(arguments.on_duplicate);
  options.files = choose_files(arguments);
  check_maps(options.maps, options.files);
  options.rejects = arguments.rejects;
  if (options.rejects == "-" || options.rejects == "") {
    throw Error(Exit::usage, "--rejects needs the name of a file", "standard output carries the report");
  }
  options.dry_run = arguments.dry_run;
  options.actor = context.actor();
  options.lock_timeout = context.settings.duration("lock-timeout");
  options.show_progress = !context.quiet();
  return options;
}

void warn_of_case(Context& context, const SeedReport& report) {
  if (report.case_pairs.empty()) return;
  const auto n = static_cast<long long>(report.case_pairs.size());
  context.warn(fmt::format("{} of codes {} only by case; both codes of each are kept", text::count(n, "pair"),
                           n == 1 ? "differs" : "differ"));
  std::vector<std::string> lines;
  for (const auto& pair : report.case_pairs) {
    lines.push_back(fmt::format("{}: {} and {} differ only by case", text::printable(pair.file),
                                text::quoted(pair.code), text::quoted(pair.other)));
  }
  context.warn_of(lines, lines.size(), "; -v shows all");
}

void warn_of_rejected(Context& context, const SeedReport& report, const SeedArguments& arguments) {
  if (report.rejected_rows() == 0) return;
  std::vector<std::string> lines;
  for (const auto& fault : report.rejected.kept()) lines.push_back(fault.to_string());
  const auto where = text::printable(*arguments.rejects);
  context.warn_of(lines, report.rejected.count(),
                  arguments.dry_run ? "; -v shows more" : "; all are in " + where);
  const auto rows = text::count(report.rejected_rows(), "row");
  context.warn(arguments.dry_run ? fmt::format("{} would be rejected", rows)
                                 : fmt::format("{} rejected, see {}", rows, where));
  if (report.replaced_characters > 0) {
    context.warn(fmt::format("{} in {} became a question mark: {} does not have them",
                             text::count(static_cast<long long>(report.replaced_characters), "character"),
                             where, text::printable(arguments.encoding)));
  }
}

void print_json_report(Context& context, io::Format format, const SeedReport& report, double elapsed) {
  nlohmann::ordered_json answer;
  for (const auto kind : seed_kinds) {
    const auto& counts = report.counts[index_of(kind)];
    answer[std::string(seed_plural(kind))] = {{"rows", counts.rows},
                                              {"inserted", counts.inserted},
                                              {"updated", counts.updated},
                                              {"unchanged", counts.unchanged},
                                              {"rejected", counts.rejected}};
  }
  answer["elapsed_s"] = elapsed;
  io::print_json(context.out, format, answer);
}

void print_report(Context& context, const SeedReport& report, double elapsed, bool dry_run) {
  const auto format = context.format();
  if (io::is_json(format)) return print_json_report(context, format, report, elapsed);
  io::RowWriter rows(context.out, format,
                     {{"file", io::Kind::code, " "},
                      {"rows", io::Kind::number},
                      {"inserted", io::Kind::number},
                      {"updated", io::Kind::number},
                      {"unchanged", io::Kind::number},
                      {"rejected", io::Kind::number}},
                     context.table_options());
  for (const auto kind : seed_kinds) {
    const auto& counts = report.counts[index_of(kind)];
    rows.row({std::string(seed_plural(kind)), counts.rows, counts.inserted, counts.updated, counts.unchanged,
              counts.rejected});
  }
  rows.finish();
  if (format != io::Format::table) return;
  context.out.write(dry_run ? "dry run: nothing is changed\n" : fmt::format("in {:.3f} s\n", elapsed));
}

Exit run_seed(Context& context, const SeedArguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  const auto options = make_options(context, arguments);
  const auto store = context.open_for_writing();
  const auto report = seed(*store, *store, context.origin(), options);
  context.committed = report.committed;
  warn_of_case(context, report);
  warn_of_rejected(context, report, arguments);
  print_report(context, report, std::round(seconds_since(start) * 1000) / 1000, arguments.dry_run);
  return report.rejected_rows() > 0 ? Exit::partial : Exit::ok;
}

}  // namespace

void setup_seed(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<SeedArguments>();
  app.add_option("directory", arguments->directory,
                 "holds warehouses.csv, products.csv, stock.csv, or some of them")
      ->type_name("DIR");
  app.add_option("--warehouses", arguments->warehouses, "code, name, address; - is standard input")
      ->type_name("FILE");
  app.add_option("--products", arguments->products,
                 "sku, name, category, unit, price, reorder_point, barcode; - is standard input")
      ->type_name("FILE");
  app.add_option("--stock", arguments->stock, "opening stock: warehouse, sku, quantity; - is standard input")
      ->type_name("FILE");
  app.add_option("--map", arguments->maps, "where a field stands, such as product.sku=ProductNumber")
      ->type_name("KIND.FIELD=COLUMN")
      ->allow_extra_args(false);
  app.add_option("--delimiter", arguments->delimiter, "what separates fields: one character, or tab")
      ->type_name("CHAR");
  app.add_option("--encoding", arguments->encoding, "of the files, such as latin1, CP949 or SHIFT_JIS")
      ->type_name("NAME");
  app.add_option("--on-duplicate", arguments->on_duplicate,
                 "a code that a file repeats: fail, or the first or last row counts")
      ->type_name("fail|first|last");
  app.add_option("--rejects", arguments->rejects,
                 "skip bad rows, and repeat them in this file with the reason")
      ->type_name("FILE");
  app.add_flag("--dry-run", arguments->dry_run, "check and report everything, change nothing");
  action = [arguments](Context& context) { return run_seed(context, *arguments); };
}

}  // namespace invctl::cmd
