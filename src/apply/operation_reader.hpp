// Groups the rows of an input into operations, and finds everything that is wrong with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apply/mapping.hpp"
#include "apply/row_source.hpp"
#include "io/fault.hpp"
#include "stock/operation.hpp"

namespace invctl::intake {

// Where a line of an operation stands in the input.
struct LinePlace {
  std::size_t row = 0;     // index into ReadOperation::rows
  std::size_t line = 0;    // of the file
  std::size_t column = 0;  // of the SKU; 0: not known
  std::string warehouse;   // empty: left open
  std::string sku;
};

// One operation of the input, or what stands in the place of one and cannot be read.
struct ReadOperation {
  std::uint64_t ordinal = 0;  // 1, 2, ... in the input, also of those that are malformed
  std::size_t line = 0;       // on which it starts
  Operation operation;        // lines normalised; a key only where the input gives one
  std::vector<LinePlace> places;
  std::vector<std::string> rows;  // as they came, if rows are kept
  io::FaultList faults;           // why it cannot be posted; none: it is well-formed

  bool well_formed() const { return faults.empty(); }
};

class OperationReader {
 public:
  struct Options {
    std::string file;   // for messages
    std::string actor;  // of every operation
    bool keep_rows = false;
    bool ids_may_differ = false;  // some operations have an id and others none
  };

  // `source` and `mapping` must outlive it.
  OperationReader(RowSource& source, const Mapping& mapping, Options options);

  // Reads the next operation; false at the end. Malformed ones are returned too, with their faults.
  //
  // With --group-by an operation is a run of rows with the same text in that column. All or none of it
  // applies: a bad row makes the whole operation bad, and a row that cannot be read, of which nobody can say
  // where it belongs, makes the operations on both its sides bad.
  bool next(ReadOperation& operation);

  std::size_t rows() const { return rows_; }             // read, without the header
  std::size_t skipped_rows() const { return skipped_; }  // that the kind map skips
  bool ends_file() const { return ends_file_; }          // the rest of the input cannot be read

 private:
  void start(ReadOperation& operation);
  void add_row(ReadOperation& operation);
  void add_line(ReadOperation& operation, std::size_t at);
  void finish(ReadOperation& operation);
  void add_unreadable(ReadOperation& operation);
  bool decide_kind();
  std::optional<Quantity> read_quantity(std::size_t at, ReadOperation& operation);
  std::optional<Minor> read_unit_cost(std::size_t at, ReadOperation& operation);
  void read_texts(ReadOperation& operation);
  void merge(ReadOperation& operation, Field field, std::optional<std::string>& into, std::string value);
  std::string group_of_row() const;

  RowSource& source_;
  const Mapping& mapping_;
  Options options_;
  std::vector<std::size_t>
      rule_columns_;  // of each rule of the kind map: which RowSource::other() it looks at

  bool waiting_ = false;  // the source stands on a row that belongs to the next operation
  bool open_ = false;     // an operation is being read
  bool after_unreadable_ = false;
  bool ends_file_ = false;
  std::string group_;  // of the open operation
  std::uint64_t ordinal_ = 0;
  std::size_t rows_ = 0;
  std::size_t skipped_ = 0;
  std::optional<bool> has_ids_;  // whether the first well-formed operation had an id: all have, or none

  // Of the row that the source stands on.
  std::optional<Kind> kind_;  // nothing: skipped
  std::string kind_problem_;  // why there is no kind
  bool by_sign_ = false;      // the kind says the direction: the quantity's sign does not
  std::array<std::size_t, field_count> first_line_of_{};  // where the open operation got each text from
};

}  // namespace invctl::intake
