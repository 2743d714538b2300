#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "apply/export_import.hpp"
#include "apply/export_write.hpp"
#include "command.hpp"
#include "core/text.hpp"
#include "io/input_file.hpp"
#include "new_file.hpp"

namespace invctl::cmd {

namespace {

using intake::ExportCounts;

std::vector<io::Field> fields_of(const ExportCounts& counts, std::chrono::steady_clock::time_point begin) {
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  return {{"warehouses", counts.warehouses},
          {"products", counts.products},
          {"thresholds", counts.thresholds},
          {"prices", counts.prices},
          {"operations", counts.operations},
          {"movements", counts.movements},
          {"seal", counts.seal},
          {"elapsed_ms", std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count()}};
}

ExportCounts write_to(db::SqlStore& store, io::Output& out) {
  ExportCounts counts;
  in_snapshot(store, [&] {
    counts = intake::write_export(store, store, store,
                                  {store.info().currency.code(), store.info().uuid, std::string(version)},
                                  [&](std::string_view line) {
                                    out.write(line);
                                    if (out.failed()) out.check();
                                  });
  });
  return counts;
}

}  // namespace

void setup_export(CLI::App& app, Action& action) {
  auto file = std::make_shared<std::string>("-");
  app.add_option("file", *file, "the file to make, or - for standard output (the default)")
      ->type_name("FILE");
  action = [file](Context& context) {
    const auto begin = std::chrono::steady_clock::now();
    const auto store = context.open_for_reading();
    if (*file == "-") {
      const auto counts = write_to(*store, context.out);
      context.out.flush();
      context.note(fmt::format("{}, {}; seal {}", text::count(counts.operations, "operation"),
                               text::count(counts.movements, "movement"), counts.seal));
      return Exit::ok;
    }
    NewFile target(*file);
    io::Output out(target.fd(), *file);
    const auto counts = write_to(*store, out);
    out.flush();
    target.keep();
    io::print_object(context.out, context.format(), fields_of(counts, begin), context.table_options());
    return Exit::ok;
  };
}

void setup_import(CLI::App& app, Action& action) {
  auto file = std::make_shared<std::string>();
  app.add_option("file", *file, "an export, or - for standard input")->type_name("FILE")->required();
  action = [file](Context& context) {
    const auto begin = std::chrono::steady_clock::now();
    auto input = io::InputFile::open(*file);
    const auto store = context.open_for_writing();
    const auto result =
        intake::import_export({*store, *store, *store, *store, *store}, input, context.deadline());
    context.committed = !result.replayed;
    auto fields = fields_of(result.counts, begin);
    fields.emplace_back("replayed", result.replayed);
    io::print_object(context.out, context.format(), fields, context.table_options());
    return Exit::ok;
  };
}

}  // namespace invctl::cmd
