// What scanners type, against a second reading of the rules.
#include "stock/scan.hpp"

#include <catch2/catch.hpp>

#include "unit/property.hpp"

namespace scan_test {

using namespace invctl;

namespace {

// The check digit by its other definition: what is missing to the next ten.
std::string with_check_digit(std::string digits) {
  int odd = 0, even = 0;
  for (auto i = digits.rbegin(); i != digits.rend(); ++i) {
    ((i - digits.rbegin()) % 2 == 0 ? odd : even) += *i - '0';
  }
  const int rest = (odd * 3 + even) % 10;
  digits += static_cast<char>('0' + (rest == 0 ? 0 : 10 - rest));
  return digits;
}

struct Found {
  std::optional<Scanned> scanned;
  std::string why;
  bool unknown = false;
};

Found scan(const std::string& line, const ScanIndex& index) {
  Found found;
  found.scanned = parse_scan(line, index, found.why, found.unknown);
  return found;
}

ScanIndex shop() {
  ScanIndex index;
  index.add("PEN", "4006381333931");
  index.add("BOOK", "9780306406157");
  index.add("MILK", "96385074");
  index.add("TWIN-A", "036000291452");
  index.add("TWIN-B", "0036000291452");
  index.add("2*4", std::nullopt);
  index.add("]Q3-BOARD", std::nullopt);
  index.add("SHELF", "aisle-9");
  return index;
}

}  // namespace

TEST_CASE("check digits are as GS1 defines them", "[scan]") {
  CHECK(is_gtin("4006381333931"));
  CHECK(is_gtin("96385074"));
  CHECK(is_gtin("036000291452"));
  CHECK(is_gtin("10614141000415"));
  CHECK_FALSE(is_gtin("4006381333930"));
  CHECK_FALSE(is_gtin("40063813339"));
  CHECK_FALSE(is_gtin("400638133393x"));
  CHECK_FALSE(is_gtin(""));
}

TEST_CASE("thousands of GTINs: the right check digit holds, every other one and every changed digit does not",
          "[scan]") {
  test::Random random;
  INFO(random);
  for (int round = 0; round < 3000; ++round) {
    std::string body;
    const std::size_t lengths[] = {7, 11, 12, 13};
    const auto length = lengths[random.between(0, 3)];
    for (std::size_t i = 0; i < length; ++i) body += static_cast<char>('0' + random.between(0, 9));
    const auto gtin = with_check_digit(body);
    REQUIRE(is_gtin(gtin));
    auto changed = gtin;
    auto& digit = changed[static_cast<std::size_t>(random.between(0, static_cast<int>(length)))];
    digit = static_cast<char>('0' + (digit - '0' + 1 + random.between(0, 8)) % 10);
    REQUIRE_FALSE(is_gtin(changed));
  }
}

TEST_CASE("a code, a barcode or a GTIN with other leading zeros is the product", "[scan]") {
  const auto index = shop();
  CHECK(scan("PEN", index).scanned->sku == "PEN");
  CHECK(scan("4006381333931", index).scanned->sku == "PEN");
  CHECK(scan("04006381333931", index).scanned->sku == "PEN");
  CHECK(scan("00000096385074", index).scanned->sku == "MILK");
  CHECK(scan("aisle-9", index).scanned->sku == "SHELF");
  CHECK(scan("]E04006381333931", index).scanned->sku == "PEN");
  CHECK(scan("]E496385074", index).scanned->sku == "MILK");
}

TEST_CASE("QTY*CODE counts more than one, and a code that looks like it is itself", "[scan]") {
  const auto index = shop();
  CHECK(scan("12*PEN", index).scanned->quantity == 12);
  CHECK(scan("010* 4006381333931", index).scanned->quantity == 10);
  CHECK(scan("2*4", index).scanned->sku == "2*4");
  CHECK(scan("3*2*4", index).scanned->quantity == 3);
  CHECK(scan("]Q3-BOARD", index).scanned->sku == "]Q3-BOARD");
  CHECK_FALSE(scan("0*PEN", index).scanned);
  CHECK_FALSE(scan("9223372036854775808*PEN", index).scanned);
  CHECK_FALSE(scan("-1*PEN", index).scanned);
}

TEST_CASE("GS1 element strings give their GTIN and count", "[scan]") {
  const auto index = shop();
  CHECK(scan("]C10104006381333931", index).scanned->sku == "PEN");
  CHECK(scan("]d2010400638133393117270131"
             "10LOT7\x1d"
             "3012",
             index)
            .scanned->quantity == 12);
  CHECK(scan("\x1d"
             "010400638133393130144\x1d"
             "21SERIAL",
             index)
            .scanned->quantity == 144);
  CHECK(scan("(01)04006381333931(10)A(30)6", index).scanned->quantity == 6);
  CHECK(scan("2*(02)04006381333931(37)10", index).scanned->quantity == 20);
  const auto fails = [&](const std::string& line, const std::string& why) {
    const auto found = scan(line, index);
    INFO(line << ": " << found.why);
    CHECK_FALSE(found.scanned);
    CHECK(found.why.find(why) != std::string::npos);
  };
  fails("]C10104006381333930", "check digit");
  fails("]C100012345678901234560", "no GTIN");
  fails("]C1010400638", "cut off");
  fails(
      "]C10104006381333931"
      "310",
      "ends within");
  fails(
      "]C10104006381333931"
      "3103001750",
      "a measure");
  fails("(01)04006381333931(30)0", "not a positive");
  fails("(01)04006381333931(30)x", "not a positive");
  fails("(01)04006381333931(01)09780306406157", "two products");
  fails("(01x", "expected");
  fails("9223372036854775807*(01)04006381333931(30)2", "64 bits");
}

TEST_CASE("what is not known, misread or ambiguous is told apart", "[scan]") {
  const auto index = shop();
  CHECK(scan("NONE", index).unknown);
  CHECK(scan("4006381333948", index).unknown);
  CHECK(scan("4006381333948", index).why == "no product \"4006381333948\"");
  CHECK(scan("4006381333932", index).why.find("check digit") != std::string::npos);
  const auto twins = scan("036000291452", index);
  CHECK_FALSE(twins.scanned);
  CHECK_FALSE(twins.unknown);
  CHECK(twins.why.find("TWIN-A, TWIN-B") != std::string::npos);
}

TEST_CASE("no line of bytes, however odd, is taken for a product that is not there", "[scan]") {
  test::Random random;
  INFO(random);
  const auto index = shop();
  const std::string alphabet =
      "0123456789*()]CdeQE\x1d"
      "AB-";
  for (int round = 0; round < 20000; ++round) {
    std::string line;
    const auto length = random.between(0, 40);
    for (auto i = 0; i < length; ++i) {
      line += alphabet[static_cast<std::size_t>(random.between(0, static_cast<int>(alphabet.size()) - 1))];
    }
    const auto found = scan(line, index);
    // Either a product and a positive quantity, or a reason.
    if (found.scanned) {
      REQUIRE(index.find(found.scanned->sku).size() == 1);
      REQUIRE(found.scanned->quantity > 0);
    } else {
      REQUIRE_FALSE(found.why.empty());
    }
  }
}

}  // namespace scan_test
