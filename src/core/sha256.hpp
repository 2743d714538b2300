// SHA-256 (FIPS 180-4) of texts that are joined from fields.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/types.hpp"

namespace invctl {

Digest sha256(std::string_view bytes);

// The digest of bytes that come piece by piece.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  Digest finish();  // once, at the end

 private:
  // OpenSSL's SHA256_CTX, whose header stays out of this one; its size is checked where it is used.
  alignas(8) unsigned char state_[112];
};

// Fields joined by tabs, each escaped (`\` `\\`, tab `\t`, newline `\n`, carriage return `\r`), an absent one
// written `\N`: so no two lists of fields give the same text. The first field is a version tag.
class FieldText {
 public:
  explicit FieldText(std::string_view version_tag) : text_(version_tag) {}
  FieldText& add(std::string_view field);
  FieldText& add(const std::optional<std::string>& field);
  FieldText& add(std::int64_t number);
  FieldText& add(const std::optional<std::int64_t>& number);
  FieldText& add(const Digest& digest) { return add_hex(digest); }
  FieldText& add_hex(std::span<const unsigned char> bytes);
  // Text that is known to be escaped and to begin with a tab.
  FieldText& add_escaped(std::string_view fields) {
    text_ += fields;
    return *this;
  }
  // Begins anew in the memory of the last text.
  void restart(std::string_view version_tag) { text_ = version_tag; }
  const std::string& str() const { return text_; }
  Digest digest() const { return sha256(text_); }

 private:
  std::string text_;
};

}  // namespace invctl
