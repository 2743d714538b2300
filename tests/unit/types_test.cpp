#include "core/types.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <set>

#include "core/error.hpp"
#include "property.hpp"

namespace types_test {

using namespace invctl;
using invctl::test::Random;

namespace {

constexpr auto max64 = std::numeric_limits<std::int64_t>::max();
constexpr auto min64 = std::numeric_limits<std::int64_t>::min();

template <class Parse>
std::string refusal(Parse parse, std::string_view s) {
  std::string why;
  INFO("text: " << s);
  CHECK_FALSE(parse(s, why).has_value());
  return why;
}

std::string code_refusal(std::string_view s) {
  try {
    const auto sku = Sku::parse(s);
    return "accepted as " + sku.str();
  } catch (const Error& error) {
    CHECK(error.exit == Exit::usage);
    return error.message;
  }
}

std::string repeated(std::string_view s, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += s;
  return out;
}

}  // namespace

TEST_CASE("a quantity is decimal digits and nothing else") {
  std::string why;
  CHECK(parse_whole("0", why) == 0);
  CHECK(parse_whole("5", why) == 5);
  CHECK(parse_whole("010", why) == 10);
  CHECK(parse_whole("00000000000000000000000000000007", why) == 7);
  CHECK(parse_whole("9223372036854775807", why) == max64);

  CHECK(refusal(parse_whole, "-1") == "\"-1\" is not a whole number");
  CHECK(refusal(parse_whole, "+5") == "\"+5\" is not a whole number");
  CHECK(refusal(parse_whole, "") == "\"\" is not a whole number");
  CHECK(refusal(parse_whole, "9223372036854775808") ==
        "\"9223372036854775808\" does not fit 64 bits (at most 9223372036854775807)");
  for (const char* text : {"1e3", "1.0", "1,000", " 1", "1 ", "1\n", "0x10", "010x", "1_000", "--1", "٣",
                           "５", "1\xcc\x81", "²", "NaN", "inf"}) {
    CHECK_THAT(refusal(parse_whole, text), Catch::EndsWith(" is not a whole number"));
  }
  const std::string with_nul("1\0", 2);
  CHECK(refusal(parse_whole, with_nul) == "\"1\\x00\" is not a whole number");
}

TEST_CASE("an adjustment needs a sign, and its range can be negated") {
  std::string why;
  CHECK(parse_signed("+5", why) == 5);
  CHECK(parse_signed("-5", why) == -5);
  CHECK(parse_signed("-010", why) == -10);
  CHECK(parse_signed("+0", why) == 0);
  CHECK(parse_signed("-0", why) == 0);
  CHECK(parse_signed("+9223372036854775807", why) == max64);
  CHECK(parse_signed("-9223372036854775807", why) == -max64);

  CHECK(refusal(parse_signed, "5") == "\"5\" has no sign: write +N or -N");
  CHECK(refusal(parse_signed, "") == "\"\" has no sign: write +N or -N");
  CHECK(refusal(parse_signed, "+") == "\"+\" is not a whole number");
  CHECK(refusal(parse_signed, "-") == "\"-\" is not a whole number");
  CHECK(refusal(parse_signed, "+-1") == "\"+-1\" is not a whole number");
  CHECK(refusal(parse_signed, "−1") == "\"−1\" has no sign: write +N or -N");  // U+2212
  CHECK_THAT(refusal(parse_signed, "-9223372036854775808"), Catch::Contains("does not fit 64 bits"));
}

TEST_CASE("every 64-bit whole number survives writing and reading") {
  Random random;
  INFO(random);
  for (int i = 0; i < 2000; ++i) {
    const auto n = random.magnitude(max64);
    std::string why;
    REQUIRE(parse_whole(std::to_string(n), why) == n);
    REQUIRE(parse_whole(repeated("0", 5) + std::to_string(n), why) == n);
    REQUIRE(parse_signed("-" + std::to_string(n), why) == -n);
  }
}

TEST_CASE("checked arithmetic agrees with arithmetic on 128 bits") {
  Random random;
  INFO(random);
  const auto fits = [](__int128 exact) -> std::optional<std::int64_t> {
    if (exact < min64 || exact > max64) return std::nullopt;
    return static_cast<std::int64_t>(exact);
  };
  const auto any = [&] {
    if (random.one_in(10)) return min64;
    return random.one_in(2) ? random.magnitude(max64) : -random.magnitude(max64);
  };
  for (int i = 0; i < 5000; ++i) {
    const auto a = any();
    const auto b = any();
    CAPTURE(a, b);
    REQUIRE(checked_add(a, b) == fits(static_cast<__int128>(a) + b));
    REQUIRE(checked_sub(a, b) == fits(static_cast<__int128>(a) - b));
    REQUIRE(checked_mul(a, b) == fits(static_cast<__int128>(a) * b));
  }
}

TEST_CASE("a code is 1 to 64 bytes, counted in NFC") {
  CHECK(Sku::parse("A").str() == "A");
  CHECK(Sku::parse(repeated("x", 64)).str() == repeated("x", 64));
  CHECK(code_refusal("") == "SKU is empty");
  CHECK_THAT(code_refusal(repeated("x", 65)), Catch::EndsWith(" is 65 bytes long, at most 64 are allowed"));

  // 21 Hangul syllables are 63 bytes; the same text decomposed is 126 bytes and still the same code.
  const auto composed = repeated("각", 21);
  const auto decomposed = repeated("\u1100\u1161\u11a8", 21);
  REQUIRE(decomposed.size() > 64);
  CHECK(Sku::parse(composed).str() == composed);
  CHECK(Sku::parse(decomposed) == Sku::parse(composed));
  CHECK_THAT(code_refusal(repeated("각", 22)), Catch::Contains(" is 66 bytes long"));
}

TEST_CASE("a code in NFD is the code in NFC, and case makes another one") {
  CHECK(Sku::parse("CAFE\u0301") == Sku::parse("CAF\u00c9"));
  CHECK(WarehouseCode::parse("\u30ab\u3099").str() == "\u30ac");  // カ + dakuten = ガ
  CHECK(Sku::parse("15056bl") != Sku::parse("15056BL"));
  CHECK(Sku::parse("か") != Sku::parse("カ"));
  CHECK(Sku::parse("＃１") != Sku::parse("#1"));  // compatibility forms stay apart
}

TEST_CASE("a code has no control characters and no space at either end") {
  CHECK(code_refusal("A\tB") == "SKU \"A\\tB\" holds a control character at byte 2");
  CHECK(code_refusal("A\n") == "SKU \"A\\n\" holds a control character at byte 2");
  CHECK(code_refusal("\x1b[31mRED") == "SKU \"\\x1b[31mRED\" holds a control character at byte 1");
  CHECK(code_refusal(std::string("A\0B", 3)) == "SKU \"A\\x00B\" holds a control character at byte 2");
  CHECK_THAT(code_refusal("A\x7f"), Catch::Contains("control character at byte 2"));
  CHECK_THAT(code_refusal("A\u0085"), Catch::Contains("control character at byte 2"));
  CHECK_THAT(code_refusal("A\u2028"), Catch::Contains("control character at byte 2"));
  CHECK(code_refusal("A\xff") == "SKU \"A\\xff\" is not valid UTF-8 at byte 2");
  CHECK_THAT(code_refusal("\xc0\xaf"), Catch::Contains("not valid UTF-8 at byte 1"));       // overlong
  CHECK_THAT(code_refusal("A\xed\xa0\x80"), Catch::Contains("not valid UTF-8 at byte 2"));  // a surrogate
  CHECK_THAT(code_refusal("A\xf4\x90\x80\x80"), Catch::Contains("not valid UTF-8"));        // above U+10FFFF
  CHECK_THAT(code_refusal("가\xea\xb0"), Catch::Contains("not valid UTF-8 at byte 4"));     // cut short

  for (const char* space : {" ", "\u00a0", "\u1680", "\u2003", "\u2009", "\u202f", "\u205f", "\u3000"}) {
    CHECK_THAT(code_refusal(std::string(space) + "A"), Catch::EndsWith(" begins or ends with a space"));
    CHECK_THAT(code_refusal("A" + std::string(space)), Catch::EndsWith(" begins or ends with a space"));
    CHECK_THAT(code_refusal(space), Catch::EndsWith(" begins or ends with a space"));
    CHECK(Sku::parse("A" + std::string(space) + "B").str().size() >= 3);
  }
}

TEST_CASE("a code may begin with a dash, hold an equals sign or an emoji") {
  for (const char* code : {"-X", "--help", "A=B", "#1", "📦", "\"", "a/b", "%s", "{}", "NULL", "\\N"}) {
    CHECK(Sku::parse(code).str() == code);
  }
}

TEST_CASE("a refused code is shown whole up to a limit, and never cut inside a character") {
  const auto message = code_refusal(repeated("한", 5000));
  CHECK(message.size() < 400);
  CHECK_THAT(message, !Catch::Contains("\\x"));
  CHECK_THAT(message, Catch::Contains("\"... is 15000 bytes long"));
}

TEST_CASE("a text may be empty, has at most 1,000 bytes and no control characters") {
  CHECK(parse_text("", "note").empty());
  CHECK(parse_text("  two  ", "note") == "  two  ");
  CHECK(parse_text("e\u0301", "note") == "\u00e9");
  CHECK(parse_text(repeated("x", 1000), "note").size() == 1000);
  CHECK_THROWS_WITH(parse_text(repeated("x", 1001), "note"),
                    "note is 1001 bytes long, at most 1000 are allowed");
  CHECK_THROWS_WITH(parse_text("a\rb", "name"), "name \"a\\rb\" holds a control character at byte 2");
  CHECK_THROWS_WITH(parse_text("a\xff", "name"), "name \"a\\xff\" is not valid UTF-8 at byte 2");
}

TEST_CASE("currencies have the decimals of ISO 4217") {
  CHECK(Currency::parse("USD").decimals() == 2);
  CHECK(Currency::parse("GBP").decimals() == 2);
  CHECK(Currency::parse("KRW").decimals() == 0);
  CHECK(Currency::parse("JPY").decimals() == 0);
  CHECK(Currency::parse("KWD").decimals() == 3);
  CHECK(Currency::parse("CLF").decimals() == 4);
  CHECK(Currency::parse("XPF").decimals() == 0);  // last of its list
  CHECK(Currency::parse("BIF").code() == "BIF");  // first of its list
  for (const char* code : {"", "US", "USDX", "usd", "XXX", "D A", "BIF CLP", " US", "ÜSD", "F C"}) {
    INFO(code);
    CHECK_THROWS_AS(Currency::parse(code), Error);
  }
}

TEST_CASE("an amount has at most the decimals of its currency") {
  const auto usd = Currency::parse("USD");
  const auto krw = Currency::parse("KRW");
  const auto kwd = Currency::parse("KWD");
  std::string why;
  CHECK(usd.parse_amount("2.55", why) == 255);
  CHECK(usd.parse_amount("2.5", why) == 250);
  CHECK(usd.parse_amount("2", why) == 200);
  CHECK(usd.parse_amount("2.5500000", why) == 255);
  CHECK(usd.parse_amount("0.01", why) == 1);
  CHECK(usd.parse_amount("010.10", why) == 1010);
  CHECK(usd.parse_amount("92233720368547758.07", why) == max64);
  CHECK(krw.parse_amount("1500", why) == 1500);
  CHECK(krw.parse_amount("1500.00", why) == 1500);
  CHECK(kwd.parse_amount("0.125", why) == 125);

  const auto refused = [&](const Currency& currency, std::string_view s) {
    return refusal([&](auto text, auto& reason) { return currency.parse_amount(text, reason); }, s);
  };
  CHECK(refused(usd, "2.555") == "\"2.555\" has more decimals than USD allows (2)");
  CHECK(refused(usd, "2.5550") == "\"2.5550\" has more decimals than USD allows (2)");
  CHECK(refused(krw, "0.5") == "\"0.5\" has more decimals than KRW allows (0)");
  CHECK(refused(usd, "-2.55") == "\"-2.55\" is negative");
  CHECK(refused(usd, "-0") == "\"-0\" is negative");
  CHECK(refused(usd, "92233720368547758.08") ==
        "\"92233720368547758.08\" does not fit 64 bits of minor units");
  CHECK(refused(krw, "9223372036854775808") == "\"9223372036854775808\" does not fit 64 bits of minor units");
  for (const char* text :
       {"", ".", "-", "-.", ".5", "5.", "1.2.3", "1,50", "$1", "1e2", "+1", " 1", "٣", "1.-5"}) {
    CHECK_THAT(refused(usd, text), Catch::Contains("is not an amount such as 12.50"));
  }
}

TEST_CASE("every amount survives writing and reading, in every number of decimals") {
  Random random;
  INFO(random);
  for (const char* code : {"KRW", "USD", "KWD", "CLF"}) {
    const auto currency = Currency::parse(code);
    const auto decimals = static_cast<std::size_t>(currency.decimals());
    for (int i = 0; i < 1000; ++i) {
      const auto amount = random.magnitude(max64);
      const auto text = currency.format(amount);
      CAPTURE(code, amount, text);
      std::string why;
      REQUIRE(currency.parse_amount(text, why) == amount);
      REQUIRE(currency.parse_amount(text + (decimals == 0 ? ".000" : "000"), why) == amount);
      const auto point = text.find('.');
      REQUIRE((decimals == 0 ? point == std::string::npos : point == text.size() - 1 - decimals));
      if (amount != 0) REQUIRE(currency.format(-amount) == "-" + text);
    }
  }
  CHECK(Currency::parse("USD").format(0) == "0.00");
  CHECK(Currency::parse("USD").format(-10) == "-0.10");
  CHECK(Currency::parse("USD").format(min64) == "-92233720368547758.08");
}

TEST_CASE("bytes are written in hexadecimal, and random ids differ") {
  const unsigned char bytes[] = {0x00, 0x0f, 0xa5, 0xff};
  CHECK(to_hex(bytes, 4) == "000fa5ff");
  CHECK(to_hex(bytes, 0).empty());
  std::set<Uid> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_uid());
  CHECK(seen.size() == 1000);
}

}  // namespace types_test
