#include "core/text.hpp"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <numeric>

#include "core/error.hpp"

namespace invctl::text {

namespace {

// Decodes the character at the start of `s`; returns its length, 0 where the bytes are not UTF-8.
std::size_t decode(std::string_view s, utf8proc_int32_t& out) {
  const auto n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(s.data()),
                                  static_cast<utf8proc_ssize_t>(s.size()), &out);
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

bool is_control(utf8proc_int32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

// Characters that reorder or hide what follows them on a terminal (Unicode TR 36).
bool is_directional(utf8proc_int32_t c) {
  return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f ||
         c == 0x061c;
}

// Vowels and final consonants of Hangul: terminals draw them into the syllable that a leading consonant
// began, utf8proc counts them as characters of their own.
bool joins_syllable(utf8proc_int32_t c) {
  return (c >= 0x1160 && c <= 0x11ff) || (c >= 0xd7b0 && c <= 0xd7fb);
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

bool is_space(utf8proc_int32_t c) {
  return utf8proc_category(c) == UTF8PROC_CATEGORY_ZS;
}

std::string map_utf8(std::string_view s, int options) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto n =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(s.data()),
                   static_cast<utf8proc_ssize_t>(s.size()), &mapped, static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> holder(mapped, &std::free);
  if (n < 0) throw Error(Exit::internal, fmt::format("text normalisation failed: {}", utf8proc_errmsg(n)));
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(n)};
}

}  // namespace

bool is_ascii(std::string_view s) {
  // Without an early end the loop is done many bytes at a time.
  unsigned char all = 0;
  for (const char c : s) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

std::optional<std::size_t> invalid_utf8_at(std::string_view s) {
  if (is_ascii(s)) return std::nullopt;
  for (std::size_t at = 0; at < s.size();) {
    utf8proc_int32_t c = 0;
    const auto n = decode(s.substr(at), c);
    if (n == 0) return at;
    at += n;
  }
  return std::nullopt;
}

std::optional<std::size_t> control_at(std::string_view s) {
  bool plain = true;  // the common case, many bytes at a time
  for (const char c : s) plain &= c >= 0x20 && c < 0x7f;
  if (plain) return std::nullopt;
  for (std::size_t at = 0; at < s.size();) {
    auto c = static_cast<utf8proc_int32_t>(static_cast<unsigned char>(s[at]));
    const auto n = c < 0x80 ? 1 : decode(s.substr(at), c);
    if (n == 0 || is_control(c)) return at;
    at += n;
  }
  return std::nullopt;
}

bool has_space_at_end(std::string_view s) {
  if (s.empty()) return false;
  std::size_t last = s.size() - 1;
  while (last > 0 && is_continuation(s[last])) --last;
  for (const auto end : {s, s.substr(last)}) {
    utf8proc_int32_t c = 0;
    if (decode(end, c) > 0 && is_space(c)) return true;
  }
  return false;
}

std::string to_nfc(std::string_view s) {
  if (is_ascii(s)) return std::string(s);
  return map_utf8(s, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

std::string case_fold(std::string_view s) {
  if (is_ascii(s)) return lower_ascii(s);
  return map_utf8(s, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
}

std::size_t character_size(std::string_view s) {
  std::size_t n = 1;
  while (n < s.size() && (static_cast<unsigned char>(s[n]) & 0xc0U) == 0x80U) ++n;
  return n;
}

std::size_t display_width(std::string_view s) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < s.size();) {
    utf8proc_int32_t c = 0;
    const auto n = decode(s.substr(at), c);
    if (n == 0) {
      ++width;
      ++at;
      continue;
    }
    if (!joins_syllable(c)) width += static_cast<std::size_t>(std::max(0, utf8proc_charwidth(c)));
    at += n;
  }
  return width;
}

std::string printable(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  for (std::size_t at = 0; at < s.size();) {
    utf8proc_int32_t c = 0;
    const auto n = decode(s.substr(at), c);
    if (n == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(s[at]));
      ++at;
      continue;
    }
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (is_control(c) || is_directional(c)) {
      out += c < 0x80 ? fmt::format("\\x{:02x}", static_cast<unsigned>(c))
                      : fmt::format("\\u{{{:x}}}", static_cast<unsigned>(c));
    } else {
      out.append(s.substr(at, n));
    }
    at += n;
  }
  return out;
}

std::string quoted(std::string_view s) {
  if (s.size() <= quoted_max_bytes) return '"' + printable(s) + '"';
  // Not in the middle of a character, which would show as bytes that are not there.
  std::size_t end = quoted_max_bytes;
  while (end > quoted_max_bytes - 3 && is_continuation(s[end])) --end;
  return '"' + printable(s.substr(0, end)) + "\"...";
}

std::string_view trim(std::string_view s) {
  const auto first = s.find_first_not_of(" \t\r\n\v\f");
  if (first == std::string_view::npos) return {};
  return s.substr(first, s.find_last_not_of(" \t\r\n\v\f") - first + 1);
}

std::string lower_ascii(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::vector<std::string_view> split(std::string_view s, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = s.find(separator);
    parts.push_back(s.substr(0, at));
    if (at == std::string_view::npos) return parts;
    s.remove_prefix(at + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string count(long long n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::string closest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    // Optimal string alignment distance: a swap of two neighbours, the commonest slip, counts once.
    const std::size_t m = word.size();
    const std::size_t n = candidate.size();
    std::vector<std::vector<std::size_t>> d(m + 1, std::vector<std::size_t>(n + 1));
    for (std::size_t i = 0; i <= m; ++i) d[i][0] = i;
    std::iota(d[0].begin(), d[0].end(), std::size_t{0});
    for (std::size_t i = 1; i <= m; ++i) {
      for (std::size_t j = 1; j <= n; ++j) {
        const std::size_t change = word[i - 1] == candidate[j - 1] ? 0 : 1;
        d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
        if (i > 1 && j > 1 && word[i - 1] == candidate[j - 2] && word[i - 2] == candidate[j - 1]) {
          d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    if (d[m][n] < best_distance) {
      best_distance = d[m][n];
      best = candidate;
    }
  }
  return best;
}

}  // namespace invctl::text
