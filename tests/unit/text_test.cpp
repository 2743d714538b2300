#include "core/text.hpp"

#include <catch2/catch.hpp>

#include "property.hpp"

namespace text_test {

using namespace invctl;
using invctl::test::Random;

namespace {

std::string encoded(char32_t c) {
  std::string out;
  const auto byte = [&](char32_t b) { out += static_cast<char>(static_cast<unsigned char>(b)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xc0 | (c >> 6));
    byte(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    byte(0xe0 | (c >> 12));
    byte(0x80 | ((c >> 6) & 0x3f));
    byte(0x80 | (c & 0x3f));
  } else {
    byte(0xf0 | (c >> 18));
    byte(0x80 | ((c >> 12) & 0x3f));
    byte(0x80 | ((c >> 6) & 0x3f));
    byte(0x80 | (c & 0x3f));
  }
  return out;
}

std::string random_text(Random& random, int length) {
  std::string out;
  for (int i = 0; i < length; ++i) {
    auto c = static_cast<char32_t>(random.between(0, 9));
    if (c < 3) {
      c = static_cast<char32_t>(random.between('a', 'f'));
    } else if (c < 5) {
      c = static_cast<char32_t>(random.between(0x0300, 0x0345));  // combining marks
    } else if (c < 7) {
      c = static_cast<char32_t>(random.between(0x1100, 0x11c2));  // Hangul letters
    } else if (c < 8) {
      c = static_cast<char32_t>(random.between(0xac00, 0xd7a3));
    } else {
      c = static_cast<char32_t>(random.between(0xa0, 0x10ffff));
    }
    if (c >= 0xd800 && c <= 0xdfff) c = U'?';
    out += encoded(c);
  }
  return out;
}

std::string random_bytes(Random& random, int length) {
  std::string out;
  for (int i = 0; i < length; ++i) {
    out += static_cast<char>(random.one_in(2) ? random.between(0, 255) : random.between(0x80, 0xf4));
  }
  return out;
}

}  // namespace

TEST_CASE("UTF-8 is checked as RFC 3629 defines it") {
  for (const char32_t c : {U'\0', U'a', U'\x7f', U'\x80', U'\x7ff', U'\x800', U'\xd7ff', U'\xe000', U'\xffff',
                           U'\x10000', U'\x10ffff'}) {
    CHECK(text::invalid_utf8_at("x" + encoded(c) + "y") == std::nullopt);
  }
  CHECK(text::invalid_utf8_at("") == std::nullopt);
  CHECK(text::invalid_utf8_at("ab\x80") == 2);
  CHECK(text::invalid_utf8_at("\xc0\x80") == 0);
  CHECK(text::invalid_utf8_at("\xe0\x80\xaf") == 0);
  CHECK(text::invalid_utf8_at("\xf0\x80\x80\xaf") == 0);
  CHECK(text::invalid_utf8_at("a\xed\xbf\xbf") == 1);
  CHECK(text::invalid_utf8_at("a\xf4\x90\x80\x80") == 1);
  CHECK(text::invalid_utf8_at("a\xf5\x80\x80\x80") == 1);
  CHECK(text::invalid_utf8_at("한\xed\x95") == 3);
  CHECK(text::invalid_utf8_at("\xfe") == 0);
}

TEST_CASE("control characters are found wherever they hide") {
  CHECK(text::control_at("plain, 한국어") == std::nullopt);
  CHECK(text::control_at(std::string("a\0", 2)) == 1);
  CHECK(text::control_at("한\x1f") == 3);
  CHECK(text::control_at("\x7f") == 0);
  CHECK(text::control_at("a\u009b31m") == 1);  // CSI as one character
  CHECK(text::control_at("a\u2029") == 1);
  CHECK(text::control_at("a\u00a0") == std::nullopt);
}

TEST_CASE("NFC joins what NFD takes apart, and is its own fixed point") {
  CHECK(text::to_nfc("e\u0301") == "\u00e9");
  CHECK(text::to_nfc("\u1112\u1161\u11ab") == "한");
  CHECK(text::to_nfc("\u30cf\u309a") == "パ");
  CHECK(text::to_nfc("a\u0323\u0307") == text::to_nfc("a\u0307\u0323"));  // marks in canonical order
  CHECK(text::to_nfc("\u212b") == "\u00c5");                              // the Ångström sign
  CHECK(text::to_nfc("\u0958") == "\u0915\u093c");                        // a composition exclusion
  CHECK(text::to_nfc(std::string("a\0b", 3)) == std::string("a\0b", 3));
  Random random;
  INFO(random);
  for (int i = 0; i < 500; ++i) {
    const auto once = text::to_nfc(random_text(random, 12));
    CAPTURE(once);
    REQUIRE(text::invalid_utf8_at(once) == std::nullopt);
    REQUIRE(text::to_nfc(once) == once);
  }
}

TEST_CASE("case folding finds codes that differ only by case") {
  CHECK(text::case_fold("15056BL") == text::case_fold("15056bl"));
  CHECK(text::case_fold("STRASSE") == text::case_fold("straße"));
  CHECK(text::case_fold("\u00c9") == text::case_fold("e\u0301"));
  CHECK(text::case_fold("ΣΑΣ") == text::case_fold("σας"));
  CHECK(text::case_fold("か") != text::case_fold("カ"));
}

TEST_CASE("width counts terminal columns") {
  CHECK(text::display_width("") == 0);
  CHECK(text::display_width("BOLT-10") == 7);
  CHECK(text::display_width("서울 창고") == 9);
  CHECK(text::display_width("\u1112\u1161\u11ab") == 2);  // 한, decomposed
  CHECK(text::display_width("大阪倉庫") == 8);
  CHECK(text::display_width("ひらがなカタカナ") == 16);
  CHECK(text::display_width("ﾊﾝｶｸ") == 4);
  CHECK(text::display_width("ＡＢ") == 4);
  CHECK(text::display_width("e\u0301") == 1);
  CHECK(text::display_width("\u00e9") == 1);
  CHECK(text::display_width("📦🚚") == 4);
  CHECK(text::display_width("a\u200bb") == 2);
  CHECK(text::display_width("\xff\xfe") == 2);  // one replacement column each
}

TEST_CASE("text from outside cannot move the cursor, colour or reorder a terminal") {
  CHECK(text::printable("plain 한국어 📦 é") == "plain 한국어 📦 é");
  CHECK(text::printable("\x1b[2J\x1b]0;title\x07") == "\\x1b[2J\\x1b]0;title\\x07");
  CHECK(text::printable("a\tb\nc\rd\be") == "a\\tb\\nc\\rd\\x08e");
  CHECK(text::printable("\u009b31m") == "\\u{9b}31m");
  CHECK(text::printable("a\u202egpj.exe") == "a\\u{202e}gpj.exe");
  CHECK(text::printable("\u2066\u2069\u200e\u200f\u061c") == "\\u{2066}\\u{2069}\\u{200e}\\u{200f}\\u{61c}");
  CHECK(text::printable("\u2028") == "\\u{2028}");
  CHECK(text::printable("a\xff\xed\xa0\x80z") == "a\\xff\\xed\\xa0\\x80z");
  CHECK(text::printable("한\xed\x95") == "한\\xed\\x95");
  CHECK(text::printable(std::string("\0", 1)) == "\\x00");
  CHECK(text::quoted("a\"b") == "\"a\"b\"");
}

TEST_CASE("whatever bytes come in, what is printed is valid text without control characters") {
  Random random;
  INFO(random);
  for (int i = 0; i < 2000; ++i) {
    const auto bytes = random_bytes(random, 30);
    const auto shown = text::printable(bytes);
    CAPTURE(shown);
    REQUIRE(text::invalid_utf8_at(shown) == std::nullopt);
    REQUIRE(text::control_at(shown) == std::nullopt);
    REQUIRE(text::printable(shown) == shown);
    REQUIRE(text::display_width(shown) <= shown.size());
  }
}

TEST_CASE("a quoted text ends somewhere, between two characters") {
  const std::string exactly(text::quoted_max_bytes, 'x');
  CHECK(text::quoted(exactly) == '"' + exactly + '"');
  CHECK(text::quoted(exactly + "y") == '"' + exactly + "\"...");
  for (std::size_t lead = 0; lead < 4; ++lead) {
    std::string long_text(lead, 'x');
    for (int i = 0; i < 100; ++i) long_text += "📦";
    const auto shown = text::quoted(long_text);
    CHECK(text::invalid_utf8_at(shown) == std::nullopt);
    CHECK(shown.find("\\x") == std::string::npos);
    CHECK(shown.size() <= text::quoted_max_bytes + 5);
  }
  const std::string continuation(300, '\x80');
  CHECK(text::invalid_utf8_at(text::quoted(continuation)) == std::nullopt);
}

TEST_CASE("words are trimmed, split and joined without surprises") {
  CHECK(text::trim(" \t a b \r\n") == "a b");
  CHECK(text::trim(" \n").empty());
  CHECK(text::lower_ascii("ÀBC") == "Àbc");
  CHECK(text::split("", ',') == std::vector<std::string_view>{""});
  CHECK(text::split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
  CHECK(text::join({"a", "b"}, ", ") == "a, b");
  CHECK(text::join({"", "b"}, ", ") == ", b");
  CHECK(text::join({}, ", ").empty());
  CHECK(text::count(0, "row") == "0 rows");
  CHECK(text::count(1, "row") == "1 row");
  CHECK(text::count(-1, "row") == "-1 rows");
}

TEST_CASE("a slip of the fingers finds the word that was meant") {
  const std::vector<std::string> commands{"receive", "ship", "adjust", "purchase", "history", "stock"};
  CHECK(text::closest("recieve", commands) == "receive");
  CHECK(text::closest("hsip", commands) == "ship");
  CHECK(text::closest("shp", commands) == "ship");
  CHECK(text::closest("stocks", commands) == "stock");
  CHECK(text::closest("purchas", commands) == "purchase");
  CHECK(text::closest("frobnicate", commands).empty());
  CHECK(text::closest("xyz", commands).empty());
  CHECK(text::closest("ship", {}).empty());
  CHECK(text::closest("서올", {"서울", "부산"}) == "서울");
  CHECK(text::closest("ab", {"ac", "ad"}) == "ac");  // the first of equals
  CHECK(text::closest("", commands).empty());
}

}  // namespace text_test
