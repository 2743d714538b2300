// The file of rejected rows: each input that has any gives a block, its header and then its bad rows as they
// came, in its own encoding, delimiter and line ends, with one column more, `reason`. The blocks of several
// inputs are separated by an empty line, so that with one input (or bad rows in only one) the file can be
// mended and seeded again as it is. With nothing rejected it is empty.
//
// It is created with mode 0600 and takes its place by a rename, as a whole. What it may replace: nothing, an
// empty file, or a file that starts with the header line of one of the inputs, which an earlier run has left;
// what is not a regular file (/dev/null, a pipe) is written to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/seed_input.hpp"
#include "io/csv_writer.hpp"
#include "io/encoding.hpp"

namespace invctl {

class SeedRejects {
 public:
  // Opens what will take the place of `path`. `headers`: of the inputs, raw. Throws Error(conflict,
  // "already_exists") where it would replace something else, Error(usage, "cannot_write") where it cannot be
  // created.
  SeedRejects(std::string path, const SeedForm& form, const std::vector<std::string>& headers);
  ~SeedRejects();
  SeedRejects(const SeedRejects&) = delete;
  SeedRejects& operator=(const SeedRejects&) = delete;

  // Only looks whether `path` may be replaced.
  static void check(const std::string& path, const SeedForm& form, const std::vector<std::string>& headers);

  void restart();  // forgets all rows
  // The row that `input` stands on. Throws Error(internal, "cannot_write") where the disk is full.
  void add(SeedInput& input, std::string_view reason);
  void store();    // all rows are on disk, under another name
  void publish();  // takes the place of `path`; Error(unreported)
  std::size_t replaced_characters() const { return replaced_; }

 private:
  void open();
  void write(std::string_view text);
  void flush();

  std::string path_;
  SeedForm form_;
  bool in_place_ = false;  // path_ is no regular file: written to as it is
  std::string temporary_;  // empty: the file has no name yet
  int fd_ = -1;
  std::optional<io::Encoder> encoder_;
  std::string buffer_;  // encoded, not yet written
  const SeedInput* last_ = nullptr;
  std::size_t replaced_ = 0;
};

}  // namespace invctl
