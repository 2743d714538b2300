#include "apply/keys.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"

namespace invctl::intake {

namespace {

constexpr std::string_view correction_prefix = "fix:";

bool is_made(std::string_view key) {
  return key.starts_with("file:") || key.starts_with("src:");
}

}  // namespace

std::string parse_source(std::string_view name) {
  auto source = parse_code(name, "--source");
  if (source.size() > source_max_bytes) {
    throw Error(Exit::usage, fmt::format("--source {} is {} bytes long, at most {} are allowed",
                                         text::quoted(source), source.size(), source_max_bytes));
  }
  return source;
}

std::string source_key(std::string_view source, std::uint64_t ordinal) {
  return fmt::format("src:{}:{}", source, ordinal);
}

std::string file_key(const Digest& file, std::uint64_t ordinal) {
  return fmt::format("{}{}", file_key_prefix(file), ordinal);
}

std::string file_key_prefix(const Digest& file) {
  return fmt::format("file:{}:", to_hex(file.data(), file.size() / 2));
}

std::string correction_key(std::string_view key) {
  return std::string(correction_prefix) + std::string(key);
}

bool is_correction(std::string_view key) {
  return key.starts_with(correction_prefix) && is_made(key.substr(correction_prefix.size()));
}

std::string twin_key(std::string_view key) {
  if (is_correction(key)) return std::string(key.substr(correction_prefix.size()));
  return is_made(key) ? correction_key(key) : std::string();
}

Digest request_mark(const Digest& request_hash, const std::optional<Micros>& occurred_at) {
  FieldText fields("invctl-request-mark-1");
  fields.add(request_hash).add(occurred_at);
  return fields.digest();
}

Digest request_mark(const Operation& operation) {
  return request_mark(request_hash(operation), operation.occurred_at);
}

Digest request_mark(const StoredRequest& stored) {
  return request_mark(stored.request_hash, stored.occurred_at);
}

}  // namespace invctl::intake
