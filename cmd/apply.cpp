#include "apply.hpp"

#include <fmt/format.h>

#include <chrono>

#include "apply/export_import.hpp"
#include "apply/keys.hpp"
#include "apply/rejects_file.hpp"
#include "apply/run.hpp"
#include "apply_report.hpp"
#include "core/text.hpp"
#include "io/progress.hpp"

namespace invctl::cmd {

namespace {

constexpr const char* input_group = "Input";
constexpr std::size_t batch_max = 100'000;

// Shows progress, keeps the rejects and remembers that something is durable.
class Watcher : public intake::Observer {
 public:
  Watcher(Context& context, intake::RejectsFile* rejects)
      : context_(context), rejects_(rejects), progress_("", 0, io::Unit::bytes, !context.quiet()) {}

  void pass(std::string_view label, std::uint64_t bytes) override {
    progress_.restart(std::string(label), bytes);
  }
  void progress(std::uint64_t bytes) override { progress_.set(bytes); }
  void settled(std::span<const intake::BatchItem> items) override {
    if (rejects_ == nullptr) return;
    for (const auto& item : items) {
      if (item.outcome == intake::BatchItem::Outcome::rejected) rejects_->add(item);
    }
  }
  void committed() override {
    context_.committed = true;
    context_.committed_hint = "apply the same input again to see what became of it: nothing is posted twice";
  }
  void finish() { progress_.finish(); }

 private:
  Context& context_;
  intake::RejectsFile* rejects_;
  io::Progress progress_;
};

std::size_t parse_batch(const std::string& text) {
  std::string why;
  const auto size = parse_whole(text, why);
  if (!size) throw Error(Exit::usage, "--batch: " + why);
  if (*size < 1 || *size > static_cast<std::int64_t>(batch_max)) {
    throw Error(Exit::usage, fmt::format("--batch {} is not between 1 and {}", *size, batch_max));
  }
  return static_cast<std::size_t>(*size);
}

intake::Options run_options(Context& context, const ApplyOptions& options) {
  intake::Options run;
  if (options.on_error != "abort" && options.on_error != "skip") {
    throw Error(Exit::usage,
                fmt::format("--on-error {} is not abort or skip", text::quoted(options.on_error)));
  }
  run.skip_errors = options.on_error == "skip";
  if (!run.skip_errors && !options.ack && (options.rejects || options.batch)) {
    throw Error(Exit::usage,
                fmt::format("{} goes with --on-error skip", options.rejects ? "--rejects" : "--batch"),
                "without it all of the input is one transaction");
  }
  if (options.rejects == "-" || options.rejects == "") {
    throw Error(Exit::usage, "--rejects needs the name of a file", "standard output carries the report");
  }
  if (options.batch) run.batch = parse_batch(*options.batch);
  run.dry_run = options.dry_run;
  run.as_new = options.as_new;
  if (options.source) run.source = intake::parse_source(*options.source);
  if (run.source && run.as_new) {
    throw Error(Exit::usage, "--as-new does not go with --source", "the keys of a source are its positions");
  }
  run.actor = context.actor();
  run.lock_timeout = context.settings.duration("lock-timeout");
  return run;
}

// The kind of a row: from at most one of --kind-map, --kind-from-sign, and the row's own field.
void choose_kind(intake::Mapping& mapping, const ApplyOptions& options) {
  const bool says_field =
      mapping.columns.contains("kind") || mapping.constants[intake::index_of(intake::Field::kind)];
  if (int{options.kind_map.has_value()} + int{options.kind_from_sign.has_value()} + int{says_field} > 1) {
    throw Error(Exit::usage, "the kind of a row is said in more than one way",
                "one of --kind-map, --kind-from-sign, --map kind=COLUMN and --set kind=KIND");
  }
  if (says_field && !std::holds_alternative<intake::KindColumn>(mapping.kind)) {
    throw Error(Exit::usage, "the kind is said by the command", "`invctl apply` reads it from the input");
  }
  if (options.kind_map) mapping.kind = intake::KindMap::read(*options.kind_map);
  if (options.kind_from_sign) mapping.kind = intake::KindBySign::parse(*options.kind_from_sign);
}

// The options that say something about a whole file mean nothing in a stream that is answered line by line.
void check_ack(const ApplyOptions& options) {
  const bool plain = options.path == "-" && options.on_error == "abort" && !options.group_by &&
                     !options.rejects && !options.as_new && !options.dry_run &&
                     options.input_format.value_or("ndjson") == "ndjson" &&
                     io::is_utf8_name(options.encoding);
  if (plain) return;
  throw Error(Exit::usage, "--ack goes with standard input and one JSON object per line",
              "invctl apply - --ack, with --map, --set, --source, --batch and the kind options only");
}

Exit finish(Context& context, const intake::Report& report, const ApplyOptions& options,
            intake::RejectsFile* rejects, std::chrono::steady_clock::duration elapsed) {
  if (rejects != nullptr && !options.dry_run) {
    rejects->publish();
    if (rejects->replaced_characters() > 0) {
      context.warn(
          fmt::format("{} in {} became a question mark: {} does not have them",
                      text::count(static_cast<long long>(rejects->replaced_characters()), "character"),
                      text::printable(*options.rejects), text::printable(options.encoding)));
    }
  }
  print_apply_report(context, report,
                     {.elapsed = elapsed, .dry_run = options.dry_run, .rejects = options.rejects});
  return report.operations.rejected > 0 ? Exit::partial : Exit::ok;
}

// An export holds operations that were posted, with all that is said about them elsewhere by options.
void check_plain(const ApplyOptions& options, const intake::Mapping& mapping, const std::string& name) {
  const bool plain = options.maps.empty() && options.constants.empty() && !options.group_by &&
                     !options.reason_default && !options.kind_map && !options.kind_from_sign &&
                     !options.source && !options.rejects && !options.batch && !options.as_new &&
                     !options.dry_run && options.on_error == "abort" && io::is_utf8_name(options.encoding) &&
                     std::holds_alternative<intake::KindColumn>(mapping.kind);
  if (plain) return;
  throw Error(Exit::usage,
              fmt::format("{} is an export of a whole ledger: no other option says anything about it",
                          text::printable(name)),
              "`invctl apply FILE` or `invctl import FILE` fill an empty database from it");
}

intake::Report apply_export(Context& context, db::SqlStore& store, intake::Input& input) {
  const auto result =
      intake::import_export({store, store, store, store, store}, input.file(), context.deadline());
  context.committed = !result.replayed;
  intake::Report report;
  report.file = input.name();
  report.rows = result.counts.operations;
  (result.replayed ? report.operations.replayed : report.operations.applied) = result.counts.operations;
  report.movements = result.replayed ? 0 : result.counts.movements;
  return report;
}

}  // namespace

intake::InputOptions input_options(const ApplyOptions& options) {
  intake::InputOptions input;
  input.path = options.path;
  input.delimiter = io::parse_delimiter(options.delimiter);
  input.encoding = options.encoding;
  if (!options.input_format) return input;
  if (*options.input_format != "csv" && *options.input_format != "ndjson") {
    throw Error(Exit::usage,
                fmt::format("--input-format {} is not csv or ndjson", text::quoted(*options.input_format)));
  }
  input.ndjson = *options.input_format == "ndjson";
  return input;
}

void complete_mapping(Context& context, intake::Mapping& mapping, const ApplyOptions& options) {
  intake::add_map_words(mapping, options.maps);
  intake::add_set_words(mapping, options.constants);
  mapping.group_by = options.group_by;
  if (options.reason_default) {
    mapping.defaults[intake::index_of(intake::Field::reason)] =
        parse_text(*options.reason_default, "--reason-default");
  }
  if (!mapping.default_warehouse) mapping.default_warehouse = context.settings.text("warehouse");
  choose_kind(mapping, options);
}

void add_input_options(CLI::App& app, ApplyOptions& options) {
  const auto add = [&](const char* name, auto& value, const char* help, const char* type) {
    return app.add_option(name, value, help)->type_name(type)->group(input_group);
  };
  add("--input-format", options.input_format, "csv or ndjson; found out from the input", "FORMAT");
  add("--delimiter", options.delimiter, "between the fields of CSV: a character, or tab", "C");
  add("--encoding", options.encoding, "of the input, such as CP949 or SHIFT_JIS", "NAME");
  add("--map", options.maps, "read a field from the column of this name", "FIELD=COLUMN")
      ->allow_extra_args(false);
  add("--group-by", options.group_by, "consecutive rows with the same value here are one operation",
      "COLUMN");
  add("--reason-default", options.reason_default, "the reason of rows that give none", "TEXT");
  add("--on-error", options.on_error, "abort: all of it or nothing; skip: post what is good", "MODE");
  add("--rejects", options.rejects, "with skip: write what is not posted to this file", "FILE");
  add("--batch", options.batch, "with skip: operations per commit (500)", "N");
  add("--source", options.source, "the input is a stream of this name that grows: post only what is new",
      "NAME");
  app.add_flag("--as-new", options.as_new, "post it all, although it begins like a file that was applied")
      ->group(input_group);
}

std::optional<std::string> input_option_given(const CLI::App& app) {
  for (const auto* option : app.get_options()) {
    if (option->get_group() == input_group && option->count() > 0) return option->get_name();
  }
  return std::nullopt;
}

Exit apply_input(Context& context, const ApplyOptions& options, intake::Mapping mapping) {
  const auto start = std::chrono::steady_clock::now();
  const auto run = run_options(context, options);
  complete_mapping(context, mapping, options);
  if (mapping.constants[intake::index_of(intake::Field::id)]) {
    throw Error(Exit::usage, "--set id gives all operations the same id",
                "--map id=COLUMN, or --source NAME");
  }
  if (options.ack) {
    check_ack(options);
    return answer_stream(context, run, mapping);
  }
  const auto from = input_options(options);
  const auto store = context.open_for_writing();
  mapping.currency = store->info().currency;
  intake::Input input(from, mapping);
  const auto elapsed = [&] { return std::chrono::steady_clock::now() - start; };
  if (input.is_export()) {
    check_plain(options, mapping, input.name());
    return finish(context, apply_export(context, *store, input), options, nullptr, elapsed());
  }
  std::optional<intake::RejectsFile> rejects;
  if (options.rejects) rejects.emplace(*options.rejects, input.form(), options.encoding);
  auto* const rejects_file = rejects ? &*rejects : nullptr;
  Watcher watcher(context, rejects_file);
  intake::Apply apply(*store, *store, context.origin(), input, mapping, run, watcher);
  try {
    apply.run();
  } catch (const Error& error) {
    watcher.finish();
    if (error.exit != Exit::partial) throw;
    finish(context, apply.report(), options, rejects_file, elapsed());
    context.out.flush();
    throw;
  }
  watcher.finish();
  return finish(context, apply.report(), options, rejects_file, elapsed());
}

void setup_apply(CLI::App& app, Action& action) {
  auto options = std::make_shared<ApplyOptions>();
  app.add_option("file", options->path, "CSV with a header, or one JSON object per line; - is standard input")
      ->type_name("FILE")
      ->required();
  add_input_options(app, *options);
  app.add_option("--set", options->constants, "give all rows this value, in place of a column")
      ->type_name("FIELD=VALUE")
      ->allow_extra_args(false)
      ->group(input_group);
  app.add_option("--kind-map", options->kind_map,
                 "a CSV file with columns column, pattern, kind: the first match is a row's kind, or skip")
      ->type_name("FILE")
      ->group(input_group);
  app.add_option("--kind-from-sign", options->kind_from_sign,
                 "the kinds of positive and of negative quantities")
      ->type_name("A,B")
      ->group(input_group);
  app.add_flag("--ack", options->ack, "answer each line of NDJSON from standard input once it is durable");
  app.add_flag("--dry-run", options->dry_run, "do everything, report it, and undo it");
  action = [options](Context& context) { return apply_input(context, *options, {}); };
}

}  // namespace invctl::cmd
