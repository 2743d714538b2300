// The rows of an input, whatever its form: texts by field, and the place of each for messages.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apply/fields.hpp"
#include "apply/mapping.hpp"
#include "io/byte_source.hpp"
#include "io/csv.hpp"
#include "io/fault.hpp"

namespace invctl::intake {

class RowSource {
 public:
  enum class Status {
    row,         // the functions below describe it
    unreadable,  // faults() says why; there are no texts
    end,
  };
  virtual ~RowSource() = default;

  // Goes to the next row; what was returned before is no longer valid.
  virtual Status next() = 0;

  virtual std::size_t line() const = 0;  // on which the row starts, from 1
  // The row as it came, without its line end, in UTF-8.
  virtual std::string_view raw() const = 0;
  // How many lines of an operation the row holds: one, or those of a list inside of it.
  virtual std::size_t lines() const { return 1; }
  // The text of a field for one of these lines; empty where there is none. Constants of the mapping are
  // returned like the file's own texts, defaults where the file has none.
  virtual std::string_view text(Field field, std::size_t at = 0) const = 0;
  // The text of Mapping::other_columns()[index].
  virtual std::string_view other(std::size_t index) const = 0;
  virtual io::Fault fault(Field field, std::size_t at, std::string message) const = 0;
  // Column (character) of a field on its line; 0 where places within a line are not known.
  virtual std::size_t column(Field field) const = 0;

  // Of an unreadable row.
  virtual const std::vector<io::Fault>& faults() const = 0;
  // Nothing after it can be read: the file must not be taken as read.
  virtual bool ends_file() const = 0;
};

// The form in which rejected rows are written: that of the input.
struct RowForm {
  bool ndjson = false;
  std::string header;  // CSV: the first record, raw
  char delimiter = ',';
  std::string line_end = "\n";
  // CSV: how many fields of the input are its own; it may end in the columns of a rejects file, with a key or
  // without.
  std::size_t own_columns = 0;
  bool has_reject_columns = false;
  bool has_reject_key = false;
};

inline constexpr std::string_view reject_key_column = "rejected_key";
inline constexpr std::string_view reject_code_column = "rejected_code";
inline constexpr std::string_view reject_reason_column = "rejected_reason";
inline constexpr std::string_view reject_object =
    "rejected";  // of NDJSON: {"key":...,"code":...,"reason":...}

// Delimited text with a header. Reads the header: throws Error(bad_input, "bad_header") where a column that
// is needed or named is not there. `bytes` and `mapping` must outlive the source. `form` is filled in.
std::unique_ptr<RowSource> make_csv_rows(io::ByteSource& bytes, const std::string& file, char delimiter,
                                         const Mapping& mapping, RowForm& form);

// One JSON object per line: {"kind","warehouse","sku","quantity",...}, or with the list
// "lines":[{"warehouse","sku","quantity"}], whose entries may leave the warehouse to the object. Values are
// texts or whole numbers; null is absent; other keys are ignored. Empty lines are skipped. `lines_before`: of
// the input, read before `bytes`.
std::unique_ptr<RowSource> make_ndjson_rows(io::ByteSource& bytes, const std::string& file,
                                            const Mapping& mapping, RowForm& form,
                                            std::size_t lines_before = 0);

}  // namespace invctl::intake
