// What receive, ship, adjust and purchase share: their options, posting one operation, and its report.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apply.hpp"
#include "command.hpp"
#include "lines.hpp"
#include "stock/ledger.hpp"

namespace invctl::cmd {

struct ChangeOptions {
  std::optional<std::string> warehouse, reference, note, id;
  std::vector<std::string> lines;
  bool dry_run = false;
  bool scan = false;                // lines come from a barcode scanner
  std::optional<std::string> from;  // post operations of this input instead
  ApplyOptions input;               // how it is read
  const CLI::App* app = nullptr;
  // What else is said about the lines of words or scans, and how a command line says it.
  std::function<void(std::vector<Line>&)> complete_lines = {};
  std::string more_words = {};
};

// Declares -w, --ref, --note, --id, --dry-run, the SKU=QTY words, and --from with its options.
void add_change_options(CLI::App& app, ChangeOptions& options, const std::string& line_help);
// --scan, of those commands that have it.
void add_scan_option(CLI::App& app, ChangeOptions& options);
// --ref (or what `reference` names), --note, --id and --dry-run alone.
void add_request_options(CLI::App& app, ChangeOptions& options, const std::string& reference = "--ref");

// The warehouse of -w or of the settings; Error(usage) where there is none.
WarehouseCode required_warehouse(Context& context, const ChangeOptions& options);

// An operation with what the options say but its lines.
Operation make_operation(Context& context, Kind kind, const ChangeOptions& options);

// Whether the operations come from --from. Throws Error(usage) where it is mixed with what describes one
// operation on the command line, or where there is neither.
bool posts_input(const ChangeOptions& options);

// Posts what --from names, all of one kind. -w, --ref and --note fill what its rows leave empty, as do the
// `defaults` of the caller.
Exit post_input(Context& context, Kind kind, const ChangeOptions& options, intake::Mapping mapping);

// The number of a reservation as a command line has it; Error(usage).
std::int64_t parse_reservation(const std::string& word);

// Posts one operation of what was written as words, or is scanned, and prints what became of it.
Exit post_lines(Context& context, Kind kind, const ChangeOptions& options);

// Posts the operation and prints what became of it. Throws the rejection where it was refused.
Exit post_and_report(Context& context, Operation operation, bool dry_run);
Exit post_and_report(Context& context, db::SqlStore& store, Operation operation, bool dry_run);
Exit post_and_report(Context& context, db::SqlStore& store, Operation operation,
                     const Ledger::Options& options);

}  // namespace invctl::cmd
