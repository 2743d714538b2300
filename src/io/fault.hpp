// What is wrong with one place of an input file. Readers collect faults instead of stopping at the first.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace invctl::io {

struct Fault {
  std::string file;        // as the user named it
  std::size_t line = 0;    // physical line, from 1
  std::size_t column = 0;  // character (code point) within the line, from 1; 0: the fault has no column
  std::string field;       // the field it concerns; empty: the row as a whole
  std::string message;     // already safe to show (text::quoted() for values)

  // `stock.csv:17:3: quantity: "010x" is not a whole number`; a missing column or field is left out.
  std::string to_string() const;

  // The text above as message; fields file, line, column, field, message (null where missing).
  ErrorLine to_error_line() const;
};

// Collects every fault of a run in the order found. Memory is bounded: the first 10,000 faults are kept in
// full, the rest is only counted; count() includes them and add_to() always reports how many there are.
class FaultList {
 public:
  static constexpr std::size_t kept_max = 10'000;

  void add(Fault fault);
  bool empty() const { return count_ == 0; }
  std::size_t count() const { return count_; }  // all faults, kept or not
  const std::vector<Fault>& kept() const { return kept_; }

  // Adds the kept faults to `error` as lines and, where some were only counted, a last line that says how
  // many more there are (field `more`).
  void add_to(Error& error) const;

 private:
  std::vector<Fault> kept_;
  std::size_t count_ = 0;
};

}  // namespace invctl::io
