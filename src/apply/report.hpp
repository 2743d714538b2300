// What became of an input.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "apply/operation_reader.hpp"
#include "core/error.hpp"
#include "stock/operation.hpp"

namespace invctl::intake {

// Of operations.
struct Counts {
  std::int64_t applied = 0;
  std::int64_t replayed = 0;  // they were there already
  std::int64_t rejected = 0;
};

struct RejectedOperation {
  std::size_t line = 0;  // of the file, on which it starts
  std::string code;
  std::string message;  // with the place of each fault
};

struct Report {
  static constexpr std::size_t rejects_max = 100;

  std::string file;
  std::int64_t rows = 0;
  std::int64_t skipped_rows = 0;  // that the kind map skips
  Counts operations;
  std::map<Kind, Counts> kinds;            // malformed operations have no kind and are counted above only
  std::int64_t movements = 0;              // of the operations applied
  std::vector<RejectedOperation> rejects;  // the first hundred
};

// Why an operation is not posted, as one Error whose lines have their places in the file: `file:line:column:
// ...`. `refusal` is what the rules say; an operation that is malformed has faults of its own.
Error place_refusal(const ReadOperation& read, const Error& refusal, const std::string& file);
Error malformed(const ReadOperation& read);

// The lines of an error as one text, at most three of them.
std::string in_one_line(const Error& error);

}  // namespace invctl::intake
