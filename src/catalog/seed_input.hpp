// One file to seed from, as records: the file, its decoder, its reader and its header in one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "catalog/seed_fields.hpp"
#include "io/csv.hpp"
#include "io/csv_header.hpp"
#include "io/encoding.hpp"
#include "io/input_file.hpp"

namespace invctl {

struct SeedForm {
  char delimiter = ',';
  std::string encoding = "UTF-8";
};

class SeedInput {
 public:
  // Opens the file and reads its header. Throws Error(bad_input) for a file that cannot be read or whose
  // header does not hold what is needed, Error(usage) for an unknown encoding.
  SeedInput(SeedKind kind, const std::string& path, const io::ColumnMap& map, const SeedForm& form);
  SeedInput(const SeedInput&) = delete;
  SeedInput& operator=(const SeedInput&) = delete;

  SeedKind kind() const { return kind_; }
  const std::string& name() const { return file_.name(); }
  std::uint64_t size() const { return file_.size(); }
  std::uint64_t position() const { return file_.position(); }

  io::CsvReader& reader() { return *reader_; }
  const io::CsvHeader& header() const { return *header_; }
  // The header's own bytes (in UTF-8) and its line end, "\n" where it has none.
  const std::string& raw_header() const { return raw_header_; }
  const std::string& line_end() const { return line_end_; }

  // Goes back to the first row after the header. Throws Error(bad_input) if the file has changed.
  void restart();
  void verify_unchanged() const { file_.verify_unchanged(); }

 private:
  void start();

  SeedKind kind_;
  const io::ColumnMap& map_;
  SeedForm form_;
  io::InputFile file_;
  std::optional<io::DecodingSource> decoder_;
  std::optional<io::CsvReader> reader_;
  std::optional<io::CsvHeader> header_;
  std::string raw_header_, line_end_;
};

}  // namespace invctl
