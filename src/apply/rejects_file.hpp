// The operations of an input that were not applied, in the form of the input, so that they can be corrected
// and applied again: CSV repeats the header and the rows as they came with the columns rejected_code and
// rejected_reason; NDJSON repeats each object with "rejected":{"code","reason"}. Such a file is itself an
// input: both are ignored there, and replaced if the row is rejected again. Operations without an id of their
// own also have a rejected_key ("key" in NDJSON), which is read as their id there: so that the rejects and a
// repetition of the first file know of each other, whichever comes first. With nothing rejected the file is
// empty.
//
// It takes its place by a rename, as a whole, with mode 0600. It may replace nothing, an empty file or an
// earlier file of rejects (also the input itself, if it is one); what is no regular file is written to.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "apply/batch.hpp"
#include "io/encoding.hpp"

namespace invctl::intake {

class RejectsFile {
 public:
  // Throws Error(conflict, "already_exists") where it would replace something else, Error(usage,
  // "cannot_write") where it cannot be created. `form` is read when rows are added, and must outlive it.
  RejectsFile(std::string path, const RowForm& form, const std::string& encoding);
  ~RejectsFile();
  RejectsFile(const RejectsFile&) = delete;
  RejectsFile& operator=(const RejectsFile&) = delete;

  void add(const BatchItem& item);  // a rejected one. Throws Error(internal, "cannot_write")
  void publish();                   // on disk and in its place
  std::size_t replaced_characters() const { return encoder_.replaced(); }

 private:
  void open();
  void write(std::string_view text);
  void flush();
  void link();
  std::string csv_rows(const BatchItem& item) const;
  std::string ndjson_rows(const BatchItem& item) const;

  std::string path_;
  const RowForm& form_;
  io::Encoder encoder_;
  bool in_place_ = false;
  bool has_header_ = false;
  std::string temporary_;  // empty: the file has no name yet
  int fd_ = -1;
  std::string buffer_;
};

}  // namespace invctl::intake
