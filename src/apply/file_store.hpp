// What `apply` needs from storage besides posting: which operations are there already, and which files.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/types.hpp"

namespace invctl::intake {

// An operation that is stored under a key, as far as it takes to recognise it.
struct StoredRequest {
  std::int64_t operation = 0;  // its id
  std::string key;
  Digest request_hash{};
  std::optional<Micros> occurred_at;  // as it was given; nothing where it is the time of recording
  bool accepted = true;
  std::optional<std::string> result;  // a remembered rejection, as JSON
};

// A file that was applied, at least its first batch, under keys made of its digest.
struct AppliedFile {
  Digest digest{};              // SHA-256 of its bytes
  Digest head{};                // request_mark() of its first well-formed operation
  std::int64_t operations = 0;  // in all, also those that are malformed or were refused
  std::string name;             // as the user named it
  Micros applied_at = 0;
};

class FileStore {
 public:
  virtual ~FileStore() = default;

  // In a transaction or outside of one. Keys that are not stored are left out.
  virtual std::vector<StoredRequest> find_requests(std::span<const std::string> keys) = 0;
  virtual bool has_key_beginning(const std::string& prefix) = 0;  // which ends in a colon
  virtual bool is_applied(const Digest& digest) = 0;
  virtual std::vector<AppliedFile> find_applied_by_head(const Digest& head) = 0;
  // In a transaction. StoreError(duplicate) where the digest is there.
  virtual void add_applied(const AppliedFile& file) = 0;
};

}  // namespace invctl::intake
