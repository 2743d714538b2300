// The values a warehouse is described with. Each is checked where it is made (`parse`), so that the rest of
// the program cannot hold a bad one.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace invctl {

using Quantity = std::int64_t;  // units; signed so that deltas are the same type
using Minor = std::int64_t;     // money in minor units of the database's currency
using Micros = std::int64_t;    // UTC microseconds since 1970-01-01T00:00:00Z

inline constexpr std::size_t code_max_bytes = 64;
inline constexpr std::size_t text_max_bytes = 1000;

// a + b, a - b and a * b, or nothing where the result does not fit 64 bits.
std::optional<std::int64_t> checked_add(std::int64_t a, std::int64_t b);
std::optional<std::int64_t> checked_sub(std::int64_t a, std::int64_t b);
std::optional<std::int64_t> checked_mul(std::int64_t a, std::int64_t b);

// A decimal whole number: digits only, `010` is ten. No sign, no space, no exponent; ASCII digits only.
// Errors: a text that says what is wrong with it, in `why`.
std::optional<std::int64_t> parse_whole(std::string_view s, std::string& why);

// The same with a mandatory `+` or `-` in front (lines of `adjust`). The range is symmetric, so that the
// answer can be negated.
std::optional<std::int64_t> parse_signed(std::string_view s, std::string& why);

// Checks a code (SKU, warehouse code, idempotency key, user name): 1-64 bytes of UTF-8 once in NFC, no
// control character, no space (of any width) at either end. Returns it in NFC; throws Error(usage) naming
// `what`.
std::string parse_code(std::string_view s, std::string_view what);

// Checks a free text (name, note, reason, reference): UTF-8, at most 1,000 bytes once in NFC, no control
// characters. May be empty. Returns it in NFC; throws Error(usage) naming `what`.
std::string parse_text(std::string_view s, std::string_view what);

// A code of one kind; two kinds do not mix.
template <class Tag>
class Code {
 public:
  static Code parse(std::string_view s) { return Code(parse_code(s, Tag::name)); }
  // A value that was checked before, such as one read from the database.
  static Code trusted(std::string s) { return Code(std::move(s)); }

  const std::string& str() const { return value_; }
  friend auto operator<=>(const Code&, const Code&) = default;

 private:
  explicit Code(std::string s) : value_(std::move(s)) {}
  std::string value_;
};

struct SkuTag {
  static constexpr std::string_view name = "SKU";
};
struct WarehouseTag {
  static constexpr std::string_view name = "warehouse code";
};
using Sku = Code<SkuTag>;
using WarehouseCode = Code<WarehouseTag>;

// An ISO 4217 currency and how many decimals its minor unit has (KRW 0, GBP 2, KWD 3).
class Currency {
 public:
  // Throws Error(usage) for a code that ISO 4217 does not list.
  static Currency parse(std::string_view code);
  const std::string& code() const { return code_; }
  int decimals() const { return decimals_; }

  // A price such as `2.55` in minor units. Trailing zeros beyond the currency's decimals are accepted, other
  // digits there are not. No sign, no exponent, no separators, and a digit on both sides of a point. The
  // amount fits 64 bits of minor units. `why` says what is wrong.
  std::optional<Minor> parse_amount(std::string_view s, std::string& why) const;
  std::string format(Minor amount) const;  // "2.55", "-0.10", "1500"

 private:
  Currency(std::string code, int decimals) : code_(std::move(code)), decimals_(decimals) {}
  std::string code_;
  int decimals_;
};

using Digest = std::array<unsigned char, 32>;  // SHA-256
using Uid = std::array<unsigned char, 16>;     // random identity of an operation

std::string to_hex(const unsigned char* bytes, std::size_t size);
inline std::string to_hex(const Digest& d) {
  return to_hex(d.data(), d.size());
}
inline std::string to_hex(const Uid& u) {
  return to_hex(u.data(), u.size());
}

Uid random_uid();  // from the kernel's random source

}  // namespace invctl

template <class Tag>
struct std::hash<invctl::Code<Tag>> {
  std::size_t operator()(const invctl::Code<Tag>& c) const noexcept {
    return std::hash<std::string>{}(c.str());
  }
};
