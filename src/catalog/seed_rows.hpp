// The rules for one row of a file to seed from.
#pragma once

#include "catalog/seed.hpp"
#include "catalog/seed_input.hpp"
#include "catalog/seed_table.hpp"

namespace invctl {

class SeedRows {
 public:
  struct Rules {
    Currency currency;
    OnDuplicate on_duplicate;
    bool skip_bad_rows;  // then stock of a product whose row is skipped is skipped too
  };
  // `tables` must outlive it.
  SeedRows(Rules rules, SeedTables& tables) : rules_(std::move(rules)), tables_(tables) {}

  // First pass: checks the row that `input` stands on and takes it into the tables. False, and nothing taken,
  // where it is bad by itself or repeats a code that it must not.
  bool take(SeedInput& input);

  // Second pass, with the tables complete: adds all that is wrong with the row to `faults`. `verdicts` may be
  // null where the database was not asked.
  void explain(SeedInput& input, const SeedVerdicts* verdicts, io::FaultList& faults);

 private:
  struct Values;
  bool read(SeedInput& input, Values& values, io::FaultList& faults) const;
  void note_bad(SeedKind kind, const Values& values);
  bool take_warehouse(Values& values);
  bool take_product(Values& values);
  bool take_stock(const Values& values);
  void explain_codes(SeedInput& input, const Values& values, const SeedVerdicts& verdicts, bool readable,
                     io::FaultList& faults) const;
  void explain_stock(const SeedInput& input, const io::CsvReader& row, const Values& values,
                     const SeedVerdicts* verdicts, io::FaultList& faults) const;

  Rules rules_;
  SeedTables& tables_;
};

}  // namespace invctl
