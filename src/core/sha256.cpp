// OpenSSL's low-level functions are deprecated but stay: the EVP interface loads its provider at first use,
// which measured 1.1-1.6 ms here, half of a whole `receive`. This is the only file that calls them.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/sha256.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <charconv>

namespace invctl {

Digest sha256(std::string_view bytes) {
  Digest digest{};
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

FieldText& FieldText::add_hex(std::span<const unsigned char> bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  const auto at = text_.size();
  text_.resize(at + 1 + 2 * bytes.size());
  char* out = text_.data() + at;
  *out++ = '\t';
  for (const auto byte : bytes) {
    *out++ = digits[byte >> 4];
    *out++ = digits[byte & 15];
  }
  return *this;
}

namespace {

SHA256_CTX* context_in(unsigned char* state) {
  return reinterpret_cast<SHA256_CTX*>(state);
}

}  // namespace

Sha256::Sha256() {
  static_assert(sizeof(SHA256_CTX) <= sizeof state_ && alignof(SHA256_CTX) <= 8);
  SHA256_Init(context_in(state_));
}

void Sha256::update(std::string_view bytes) {
  SHA256_Update(context_in(state_), bytes.data(), bytes.size());
}

Digest Sha256::finish() {
  Digest digest{};
  SHA256_Final(digest.data(), context_in(state_));
  return digest;
}

FieldText& FieldText::add(std::string_view field) {
  text_ += '\t';
  const auto escaped = [](char c) { return c == '\\' || c == '\t' || c == '\n' || c == '\r'; };
  if (std::none_of(field.begin(), field.end(), escaped)) {
    text_ += field;
    return *this;
  }
  for (const char c : field) {
    switch (c) {
      case '\\':
        text_ += "\\\\";
        break;
      case '\t':
        text_ += "\\t";
        break;
      case '\n':
        text_ += "\\n";
        break;
      case '\r':
        text_ += "\\r";
        break;
      default:
        text_ += c;
    }
  }
  return *this;
}

FieldText& FieldText::add(const std::optional<std::string>& field) {
  if (field) return add(std::string_view(*field));
  text_ += "\t\\N";
  return *this;
}

FieldText& FieldText::add(std::int64_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  text_ += '\t';
  text_.append(digits, end);
  return *this;
}

FieldText& FieldText::add(const std::optional<std::int64_t>& number) {
  if (number) return add(*number);
  text_ += "\t\\N";
  return *this;
}

}  // namespace invctl
