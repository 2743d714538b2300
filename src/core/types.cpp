#include "core/types.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <charconv>
#include <limits>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl {

std::optional<std::int64_t> checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t r = 0;
  if (__builtin_add_overflow(a, b, &r)) return std::nullopt;
  return r;
}

std::optional<std::int64_t> checked_sub(std::int64_t a, std::int64_t b) {
  std::int64_t r = 0;
  if (__builtin_sub_overflow(a, b, &r)) return std::nullopt;
  return r;
}

std::optional<std::int64_t> checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t r = 0;
  if (__builtin_mul_overflow(a, b, &r)) return std::nullopt;
  return r;
}

namespace {

std::optional<std::int64_t> parse_digits(std::string_view digits, std::string_view whole, bool negative,
                                         std::string& why) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    why = text::quoted(whole) + " is not a whole number";
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    why = fmt::format("{} does not fit 64 bits (at most {})", text::quoted(whole),
                      std::numeric_limits<std::int64_t>::max());
    return std::nullopt;
  }
  // Negating the magnitude keeps the range symmetric, so that no later negation can overflow.
  return negative ? -value : value;
}

// The first thing wrong with a text that was read from outside, or empty.
std::string text_fault(std::string_view s) {
  if (const auto at = text::invalid_utf8_at(s)) {
    return fmt::format("is not valid UTF-8 at byte {}", *at + 1);
  }
  if (const auto at = text::control_at(s)) {
    return fmt::format("holds a control character at byte {}", *at + 1);
  }
  return {};
}

}  // namespace

std::optional<std::int64_t> parse_whole(std::string_view s, std::string& why) {
  return parse_digits(s, s, false, why);
}

std::optional<std::int64_t> parse_signed(std::string_view s, std::string& why) {
  if (s.empty() || (s[0] != '+' && s[0] != '-')) {
    why = text::quoted(s) + " has no sign: write +N or -N";
    return std::nullopt;
  }
  return parse_digits(s.substr(1), s, s[0] == '-', why);
}

std::string parse_code(std::string_view s, std::string_view what) {
  if (s.empty()) throw Error(Exit::usage, fmt::format("{} is empty", what));
  if (auto fault = text_fault(s); !fault.empty()) {
    throw Error(Exit::usage, fmt::format("{} {} {}", what, text::quoted(s), fault));
  }
  std::string nfc = text::to_nfc(s);
  if (nfc.size() > code_max_bytes) {
    throw Error(Exit::usage, fmt::format("{} {} is {} bytes long, at most {} are allowed", what,
                                         text::quoted(s), nfc.size(), code_max_bytes));
  }
  if (text::has_space_at_end(nfc)) {
    throw Error(Exit::usage, fmt::format("{} {} begins or ends with a space", what, text::quoted(s)));
  }
  return nfc;
}

std::string parse_text(std::string_view s, std::string_view what) {
  if (auto fault = text_fault(s); !fault.empty()) {
    throw Error(Exit::usage, fmt::format("{} {} {}", what, text::quoted(s), fault));
  }
  std::string nfc = text::to_nfc(s);
  if (nfc.size() > text_max_bytes) {
    throw Error(Exit::usage,
                fmt::format("{} is {} bytes long, at most {} are allowed", what, nfc.size(), text_max_bytes));
  }
  return nfc;
}

namespace {

// ISO 4217 (2025): active codes whose minor unit is not two decimals, then the two-decimal ones.
struct CurrencyEntry {
  std::string_view codes;
  int decimals;
};
constexpr CurrencyEntry currencies[] = {
    {"BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 0},
    {"BHD IQD JOD KWD LYD OMR TND", 3},
    {"CLF UYW", 4},
    {"AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
     "CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
     "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA "
     "MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR "
     "RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD "
     "TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL",
     2},
};

}  // namespace

Currency Currency::parse(std::string_view code) {
  if (code.size() == 3 && code.find(' ') == std::string_view::npos) {
    for (const auto& entry : currencies) {
      if (entry.codes.find(code) != std::string_view::npos) return {std::string(code), entry.decimals};
    }
  }
  throw Error(Exit::usage, fmt::format("{} is not an ISO 4217 currency code", text::quoted(code)),
              "such as USD, EUR, GBP, KRW or JPY");
}

std::optional<Minor> Currency::parse_amount(std::string_view s, std::string& why) const {
  const auto point = s.find('.');
  const std::string_view whole = s.substr(0, point);
  std::string_view fraction = point == std::string_view::npos ? std::string_view() : s.substr(point + 1);
  const auto all_digits = [](std::string_view d) {
    return d.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (whole.size() > 1 && whole[0] == '-' && all_digits(whole.substr(1)) && all_digits(fraction)) {
    why = text::quoted(s) + " is negative";
    return std::nullopt;
  }
  if (whole.empty() || !all_digits(whole) || !all_digits(fraction) ||
      (point != std::string_view::npos && fraction.empty())) {
    why = text::quoted(s) + " is not an amount such as 12" + (decimals_ > 0 ? ".50" : "50");
    return std::nullopt;
  }
  while (fraction.size() > static_cast<std::size_t>(decimals_) && fraction.back() == '0') {
    fraction.remove_suffix(1);
  }
  if (fraction.size() > static_cast<std::size_t>(decimals_)) {
    why = fmt::format("{} has more decimals than {} allows ({})", text::quoted(s), code_, decimals_);
    return std::nullopt;
  }
  std::string digits(whole);
  digits += fraction;
  digits.append(static_cast<std::size_t>(decimals_) - fraction.size(), '0');
  Minor amount = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), amount);
  if (result.ec != std::errc()) {
    why = text::quoted(s) + " does not fit 64 bits of minor units";
    return std::nullopt;
  }
  return amount;
}

std::string Currency::format(Minor amount) const {
  // The magnitude as unsigned, so that the most negative value has one too.
  const auto magnitude =
      amount < 0 ? ~static_cast<std::uint64_t>(amount) + 1 : static_cast<std::uint64_t>(amount);
  std::string digits = std::to_string(magnitude);
  if (decimals_ > 0) {
    const auto decimals = static_cast<std::size_t>(decimals_);
    if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
    digits.insert(digits.size() - decimals, ".");
  }
  return (amount < 0 ? "-" : "") + digits;
}

std::string to_hex(const unsigned char* bytes, std::size_t size) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out(size * 2, '0');
  for (std::size_t i = 0; i < size; ++i) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
  return out;
}

Uid random_uid() {
  Uid uid{};
  // 16 bytes are below getrandom's 256-byte guarantee: never interrupted, never short.
  if (getrandom(uid.data(), uid.size(), 0) != static_cast<ssize_t>(uid.size())) {
    throw Error(Exit::internal, "the kernel's random source failed");
  }
  return uid;
}

}  // namespace invctl
