// The idempotency keys of a file's operations (design 9, apply), and what tells two files apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apply/file_store.hpp"
#include "stock/operation.hpp"

namespace invctl::intake {

// The longest name that leaves room for any position in a key of 64 bytes.
inline constexpr std::size_t source_max_bytes = 40;

// Checks the NAME of --source: a code of at most 40 bytes. Throws Error(usage).
std::string parse_source(std::string_view name);

// "src:NAME:17": the 17th operation of a stream that grows.
std::string source_key(std::string_view source, std::uint64_t ordinal);

// "file:" and the first half of the digest of the whole file in hexadecimal, ":17".
std::string file_key(const Digest& file, std::uint64_t ordinal);
// With what all of them begin.
std::string file_key_prefix(const Digest& file);

// "fix:" and one of these keys: that of an operation which was rejected in its file and is posted from the
// file of rejects. The same things are posted under one of the two keys only: whoever posts under either
// looks for both.
std::string correction_key(std::string_view key);
bool is_correction(std::string_view key);
// The other one of the two; empty for a key that the user gave.
std::string twin_key(std::string_view key);

// SHA-256 of an operation's request hash and of when it is said to have occurred: two deliveries of the same
// things on two days are two.
Digest request_mark(const Digest& request_hash, const std::optional<Micros>& occurred_at);
Digest request_mark(const Operation& operation);
Digest request_mark(const StoredRequest& stored);

}  // namespace invctl::intake
