// Texts that try to be something else: SQL, markup, a formula of a spreadsheet, a format, orders to a
// terminal; and what no output for people may hold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace invctl::test {

// Legal everywhere, and to be kept as they are. 64 bytes at most for a code; it holds a quote of each kind, a
// backslash, a comment of SQL, markup, and marks that turn the direction of writing.
inline const std::string evil_code = "=1';DROP TABLE product;--\"\\<b>&%s\xe2\x80\xae\xe2\x81\xa6\xd8\x9c!";
inline const std::string evil_text =
    "=cmd|' /C calc'!A0\"); DELETE FROM operation; --\\'`id`${x}{0}%n<script>alert(1)</script>"
    "<img src=x onerror=alert(2)>\xe2\x80\xaegpj.exe\xe2\x81\xa9, \xe2\x80\x8f 너트";

// What is refused wherever it is given: C0, DEL, C1 as a character, line separators, bytes that are no UTF-8.
inline const std::vector<std::string> refused_texts = {"a\x1b[2Jb",
                                                       "a\x1b]0;title\x07",
                                                       "a\x08\x08x",
                                                       "line\nfeed",
                                                       "tab\there",
                                                       "cr\rhere",
                                                       "\x7f",
                                                       "a\xc2\x9b"
                                                       "31mb",
                                                       "a\xe2\x80\xa8z",
                                                       "\xff\xfe",
                                                       "\xc0\xbcx",
                                                       "\xed\xa0\x80"};

// No byte that steers a terminal, but for line feeds. Looks for the bytes themselves, in valid UTF-8 or not:
// the program's own notion of what is safe is what is to be checked.
inline bool steers_nothing(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = [&](std::size_t i) {
      return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    if ((byte(0) < 0x20 && byte(0) != '\n') || byte(0) == 0x7f) return false;
    if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0) return false;
    if (byte(0) == 0xd8 && byte(1) == 0x9c) return false;
    if (byte(0) == 0xe2 && byte(1) == 0x80 &&
        ((byte(2) >= 0xa8 && byte(2) <= 0xae) || byte(2) == 0x8e || byte(2) == 0x8f))
      return false;
    if (byte(0) == 0xe2 && byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9) return false;
  }
  return true;
}

}  // namespace invctl::test
