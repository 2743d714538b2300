// One input of `apply`: the file or standard input, its encoding and its form, read in passes.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apply/row_source.hpp"
#include "core/sha256.hpp"
#include "io/encoding.hpp"
#include "io/input_file.hpp"

namespace invctl::intake {

struct InputOptions {
  std::string path;            // `-`: standard input
  std::optional<bool> ndjson;  // nothing: found out from the first character, which is `{` in NDJSON only
  char delimiter = ',';
  std::string encoding = "UTF-8";
};

class Input {
 public:
  // Throws Error(bad_input, "cannot_read"), Error(usage) for an unknown encoding. `mapping` must outlive it.
  Input(InputOptions options, const Mapping& mapping);
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // Goes back to the start; the rows of the pass before are no longer valid. Throws Error(bad_input) where
  // the header is not what is needed, and "file_changed" where the file is no longer what it was.
  RowSource& start_pass();

  // After a first pass that reached the end: SHA-256 of the file's bytes as they are.
  // Whether it is an export of a ledger, which is imported and not posted.
  bool is_export() const { return is_export_; }
  io::InputFile& file() { return file_; }

  const Digest& digest() const { return *digest_; }
  void end_first_pass();

  void verify_unchanged() const { file_.verify_unchanged(); }
  const std::string& name() const { return file_.name(); }
  std::uint64_t size() const { return file_.size(); }
  std::uint64_t position() const { return file_.position(); }
  const RowForm& form() const { return form_; }
  const std::string& encoding() const { return options_.encoding; }
  const std::string& path() const { return options_.path; }

 private:
  // Passes the file's bytes on and takes them into the digest.
  class Hashing : public io::ByteSource {
   public:
    explicit Hashing(io::ByteSource& source) : source_(source) {}
    std::size_t read(char* into, std::size_t size) override;
    Sha256 sum;

   private:
    io::ByteSource& source_;
  };

  bool look_at_start();

  InputOptions options_;
  const Mapping& mapping_;
  io::InputFile file_;
  bool is_export_ = false;
  bool ndjson_;
  std::optional<Digest> digest_;
  std::optional<Hashing> hashing_;
  std::optional<io::DecodingSource> decoder_;
  std::unique_ptr<RowSource> rows_;
  RowForm form_;
};

}  // namespace invctl::intake
