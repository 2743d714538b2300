#include "catalog/seed.hpp"

#include <fmt/format.h>

#include <memory>

#include "catalog/seed_apply.hpp"
#include "catalog/seed_input.hpp"
#include "catalog/seed_rejects.hpp"
#include "catalog/seed_rows.hpp"
#include "core/text.hpp"
#include "io/progress.hpp"

namespace invctl {

OnDuplicate parse_on_duplicate(std::string_view name) {
  if (name == "fail") return OnDuplicate::fail;
  if (name == "first") return OnDuplicate::first;
  if (name == "last") return OnDuplicate::last;
  throw Error(Exit::usage, fmt::format("--on-duplicate {} is not fail, first or last", text::quoted(name)));
}

std::int64_t SeedReport::rejected_rows() const {
  std::int64_t sum = 0;
  for (const auto& count : counts) sum += count.rejected;
  return sum;
}

namespace {

// The stored reference of the opening stock: the file's own name, which may be any bytes.
std::string reference_of(const std::string& name) {
  return text::to_nfc(text::printable(name.substr(name.rfind('/') + 1)));
}

std::string reasons(const io::FaultList& faults) {
  std::string all;
  for (const auto& fault : faults.kept()) {
    if (!all.empty()) all += "; ";
    all += fault.to_string();
  }
  return all;
}

class Seeding {
 public:
  Seeding(CatalogStore& catalog, PostingStore& stock, const Origin& origin, const SeedOptions& options)
      : catalog_(catalog),
        stock_(stock),
        origin_(origin),
        options_(options),
        rows_({catalog.info().currency, options.on_duplicate, options.rejects.has_value()}, tables_),
        progress_("", 0, io::Unit::bytes, options.show_progress) {}

  SeedReport run() {
    open_inputs();
    open_rejects();
    first_pass();
    find_case_pairs();
    const auto deadline = Deadline::after(options_.lock_timeout);
    bool commit_reached = false;
    run_transaction(catalog_, deadline, {}, commit_reached, [&] { attempt(deadline, commit_reached); });
    progress_.finish();
    if (refused_) throw_refusal();
    if (rejects_ && !options_.dry_run) rejects_->publish();
    return std::move(report_);
  }

 private:
  void open_inputs();
  void open_rejects();
  void first_pass();
  void find_case_pairs();
  void attempt(const Deadline& deadline, bool& commit_reached);
  void within_transaction(SeedTransaction& transaction);
  void second_pass(const SeedVerdicts& verdicts, SeedRejects* rejects);
  void explain_input(SeedInput& input, const SeedVerdicts& verdicts, SeedRejects* rejects);
  [[noreturn]] void throw_refusal();
  SeedCounts& count(SeedKind kind) { return report_.counts[index_of(kind)]; }
  bool skips_bad_rows() const { return options_.rejects && !cut_short_; }

  CatalogStore& catalog_;
  PostingStore& stock_;
  const Origin& origin_;
  const SeedOptions& options_;
  SeedTables tables_;
  SeedRows rows_;
  io::Progress progress_;
  std::vector<std::unique_ptr<SeedInput>> inputs_;
  std::optional<SeedRejects> rejects_;
  bool bad_rows_ = false;   // the first pass found some
  bool cut_short_ = false;  // a file ends where it must not: its rows cannot be trusted to be all
  std::optional<SeedVerdicts> refused_;  // the attempt ended because rows are bad
  bool in_doubt_ = false;                // the connection was lost at an earlier attempt's COMMIT
  SeedReport report_;
};

void Seeding::open_inputs() {
  std::optional<Error> failure;
  for (const auto kind : seed_kinds) {
    const auto& path = options_.files[index_of(kind)];
    if (!path) continue;
    try {
      inputs_.push_back(std::make_unique<SeedInput>(kind, *path, options_.maps[index_of(kind)],
                                                    SeedForm{options_.delimiter, options_.encoding}));
    } catch (const Error& error) {
      if (error.exit != Exit::bad_input) throw;
      // Whatever is wrong with the other files is told too.
      if (!failure) {
        failure = error;
        if (failure->lines.empty()) failure->add_line({error.message, {}});
        continue;
      }
      if (error.lines.empty()) failure->add_line({error.message, {}});
      for (const auto& line : error.lines) failure->add_line(line);
      if (failure->hint.empty()) failure->hint = error.hint;
    }
  }
  if (failure) throw *failure;
}

void Seeding::open_rejects() {
  if (!options_.rejects) return;
  std::vector<std::string> headers;
  for (const auto& input : inputs_) headers.push_back(input->raw_header());
  const SeedForm form{options_.delimiter, options_.encoding};
  if (options_.dry_run) {
    SeedRejects::check(*options_.rejects, form, headers);
  } else {
    rejects_.emplace(*options_.rejects, form, headers);
  }
}

void Seeding::first_pass() {
  for (const auto& input : inputs_) {
    progress_.restart("checking " + text::printable(input->name()), input->size());
    auto& counts = count(input->kind());
    auto& reader = input->reader();
    for (auto status = reader.next(); status != io::CsvReader::Status::end; status = reader.next()) {
      ++counts.rows;
      if (status == io::CsvReader::Status::malformed) {
        bad_rows_ = true;
        cut_short_ = cut_short_ || reader.problem().ends_file;
      } else if (!rows_.take(*input)) {
        bad_rows_ = true;
      }
      if (counts.rows % 256 == 0) progress_.set(input->position());
    }
    input->verify_unchanged();
  }
}

void Seeding::find_case_pairs() {
  for (const auto& input : inputs_) {
    if (input->kind() == SeedKind::stock) continue;
    const bool products = input->kind() == SeedKind::product;
    const auto& codes = products ? tables_.skus : tables_.warehouse_codes;
    const auto rows = products ? tables_.products.size() : tables_.warehouses.size();
    for (const auto& [code, other] : codes.case_pairs(rows)) {
      report_.case_pairs.push_back({input->name(), codes[other], codes[code]});
    }
  }
}

void Seeding::attempt(const Deadline& deadline, bool& commit_reached) {
  progress_.restart("writing", tables_.warehouses.size() + tables_.products.size() + tables_.stock.size());
  SeedTransaction::Options options;
  options.write = !bad_rows_ || skips_bad_rows();
  options.actor = options_.actor;
  if (!inputs_.empty() && inputs_.back()->kind() == SeedKind::stock) {
    options.reference = reference_of(inputs_.back()->name());
  }
  for (const auto& input : inputs_) {
    if (input->kind() == SeedKind::product) {
      options.price_reason = "seed-from-csv " + reference_of(input->name());
    }
  }
  options.progress = [&](std::uint64_t done) { progress_.set(done); };
  SeedTransaction transaction(catalog_, stock_, origin_, tables_, std::move(options));
  catalog_.begin(deadline);
  try {
    within_transaction(transaction);
  } catch (...) {
    catalog_.rollback();
    throw;
  }
  if (refused_ || options_.dry_run || !transaction.wrote()) {
    catalog_.rollback();
    catalog_.make_durable();
    return;
  }
  commit_reached = true;
  report_.committed = true;
  try {
    catalog_.commit();
  } catch (const StoreError& error) {
    in_doubt_ = in_doubt_ || error.kind == StoreError::Kind::lost;
    throw;
  }
}

void Seeding::within_transaction(SeedTransaction& transaction) {
  catalog_.lock_catalog();
  transaction.prepare();
  const bool bad = bad_rows_ || transaction.refuses_rows();
  if (bad && !skips_bad_rows()) {
    refused_ = transaction.verdicts();
    return;
  }
  transaction.post_stock();
  // Where an earlier attempt's COMMIT was stored after all, this one finds nothing left to do, and what that
  // one reported is what happened.
  if (in_doubt_ && !transaction.wrote()) return;
  for (const auto kind : seed_kinds) {
    const auto rows = count(kind).rows;
    count(kind) = transaction.counts()[index_of(kind)];
    count(kind).rows = rows;
  }
  report_.rejected = {};
  if (rejects_) rejects_->restart();
  if (bad) second_pass(transaction.verdicts(), rejects_ ? &*rejects_ : nullptr);
  if (rejects_) {
    rejects_->store();
    report_.replaced_characters = rejects_->replaced_characters();
  }
  for (const auto& input : inputs_) input->verify_unchanged();
}

void Seeding::second_pass(const SeedVerdicts& verdicts, SeedRejects* rejects) {
  for (const auto& input : inputs_) {
    input->restart();
    explain_input(*input, verdicts, rejects);
  }
}

void Seeding::explain_input(SeedInput& input, const SeedVerdicts& verdicts, SeedRejects* rejects) {
  progress_.restart("looking for bad rows in " + text::printable(input.name()), input.size());
  auto& reader = input.reader();
  std::uint64_t rows = 0;
  for (auto status = reader.next(); status != io::CsvReader::Status::end; status = reader.next()) {
    if (++rows % 256 == 0) progress_.set(input.position());
    io::FaultList faults;
    if (status == io::CsvReader::Status::malformed) {
      faults.add(reader.fault(input.name()));
    } else {
      rows_.explain(input, &verdicts, faults);
    }
    if (faults.empty()) continue;
    ++count(input.kind()).rejected;
    if (rejects != nullptr) rejects->add(input, reasons(faults));
    for (const auto& fault : faults.kept()) report_.rejected.add(fault);
  }
}

void Seeding::throw_refusal() {
  report_.rejected = {};
  for (auto& counts : report_.counts) counts.rejected = 0;
  second_pass(*refused_, nullptr);
  progress_.finish();
  Error error(Exit::bad_input, "bad_rows",
              fmt::format("{}, nothing is changed", text::count(report_.rejected_rows(), "bad row")), "");
  report_.rejected.add_to(error);
  if (!cut_short_)
    error.hint = "nothing is changed; --rejects FILE loads the rest and repeats the bad rows there";
  throw error;
}

}  // namespace

SeedReport seed(CatalogStore& catalog, PostingStore& stock, const Origin& origin,
                const SeedOptions& options) {
  return Seeding(catalog, stock, origin, options).run();
}

}  // namespace invctl
