// UTF-8 text: checking it, normalising it, and making it safe to show.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace invctl::text {

// The byte offset of the first byte that is not part of valid UTF-8 (RFC 3629), or nothing.
std::optional<std::size_t> invalid_utf8_at(std::string_view s);

// The byte offset of the first control character (C0, DEL, C1 and the line and paragraph separators),
// or nothing. `s` is valid UTF-8.
std::optional<std::size_t> control_at(std::string_view s);

bool is_ascii(std::string_view s);

// Whether `s` begins or ends with a space of any width (Unicode category Zs). `s` is valid UTF-8.
bool has_space_at_end(std::string_view s);

// Unicode Normalization Form C. `s` is valid UTF-8.
std::string to_nfc(std::string_view s);

// Full Unicode case folding, to find codes that differ only by case. `s` is valid UTF-8.
std::string case_fold(std::string_view s);

// The bytes of the UTF-8 character that `s`, which is not empty, starts with.
std::size_t character_size(std::string_view s);

// Terminal columns that `s` takes: East Asian wide characters are two, combining marks none.
std::size_t display_width(std::string_view s);

// `s` for a terminal or a message: control characters, characters that turn the direction of writing, and
// invalid bytes become \n, \t, \r, \xNN or \u{NNNN}, so that text from a file or the database cannot move the
// cursor, change colours or reorder what is read. For people: a backslash in `s` stays as it is.
std::string printable(std::string_view s);

// printable() in double quotes, for error messages; what is longer than a message should be ends in `"...`.
inline constexpr std::size_t quoted_max_bytes = 200;
std::string quoted(std::string_view s);

std::string_view trim(std::string_view s);  // ASCII white space at both ends
std::string lower_ascii(std::string_view s);
std::vector<std::string_view> split(std::string_view s, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// "1 row", "2 rows": the noun gets an s unless n is 1.
std::string count(long long n, std::string_view noun);

// The candidate closest to `word` (the first of equals), if at most a third of its bytes, or one, must
// change: insertions, deletions, replacements and swaps of two neighbours count one each. Else empty.
std::string closest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace invctl::text
