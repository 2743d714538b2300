#include "io/encoding.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "core/error.hpp"
#include "io/csv.hpp"

namespace encoding_test {

using namespace invctl::io;
using invctl::Error;
using invctl::Exit;

namespace {

std::string encoded(std::string_view encoding, std::string_view utf8) {
  Encoder encoder(encoding);
  std::string out;
  encoder.convert(utf8, out);
  encoder.finish(out);
  REQUIRE(encoder.replaced() == 0);
  return out;
}

std::string decoded(std::string_view encoding, std::string_view bytes, std::size_t chunk) {
  MemorySource source(bytes, chunk);
  DecodingSource decoding(source, encoding);
  std::string out;
  char buffer[7];
  while (const auto n = decoding.read(buffer, sizeof buffer)) out.append(buffer, n);
  INFO(decoding.problem());
  CHECK(decoding.problem().empty());
  return out;
}

std::string faults_of(std::string_view encoding, std::string_view bytes, std::size_t chunk) {
  MemorySource source(bytes, chunk);
  DecodingSource decoding(source, encoding);
  CsvReader reader(decoding);
  std::string out;
  for (auto status = reader.next(); status != CsvReader::Status::end; status = reader.next()) {
    if (status == CsvReader::Status::malformed) out += reader.fault("f.csv").to_string() + "\n";
  }
  return out;
}

Error unknown(const std::string& name) {
  try {
    Decoder decoder(name);
  } catch (const Error& e) {
    return e;
  }
  FAIL("no error for " << name);
  throw;
}

}  // namespace

TEST_CASE("texts in known bytes are read as UTF-8 however they are cut", "[encoding]") {
  using namespace std::string_literals;
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {"latin1",
       "\xa3"
       "5 Gumb\xe4r",
       "£5 Gumbär"},
      {"ISO-8859-1", "\xa3", "£"},
      {"CP1252", "\x80\x93q\x94", "€“q”"},
      {"EUC-KR", "\xb3\xaa\xbb\xe7", "나사"},
      {"CP949", "\xb3\xaa\x8c\x63", "나똠"},
      {"UHC", "\xb3\xaa\x8c\x63", "나똠"},
      {"windows-949", "\x8c\x63", "똠"},
      {"SHIFT_JIS", "\x83\x7b\x83\x8b\x83\x67", "ボルト"},
      {"cp932", "\x87\x40\x83\x5c", "①ソ"},
      {"UTF-16", "\xff\xfe\x61\0\xac\xc0"s, "a사"},
      {"UTF-16", "\xfe\xff\0\x61\xc0\xac"s, "a사"},
      {"UTF-16LE", "\x3d\xd8\xe6\xdc"s, "📦"},
      {"ISO-2022-KR", "\x1b$)C\x0e\x33\x2a\x0f!", "나!"},
  };
  for (const auto& [encoding, bytes, text] : cases) {
    for (std::size_t chunk = 1; chunk <= 8; ++chunk) {
      INFO(encoding << " in pieces of " << chunk);
      CHECK(decoded(encoding, bytes, chunk) == text);
    }
  }
}

TEST_CASE("what is encoded decodes to itself, in every encoding the manual names", "[encoding][property]") {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  INFO("seed " << seed);
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"latin1", {"a", "\n", "é", "£", "\""}},     {"CP1252", {"a", "\r\n", "€", "ä", ","}},
      {"EUC-KR", {"a", "나", "사", "\n", "한글"}}, {"CP949", {"a", "똠", "펲", "\n", "시"}},
      {"SHIFT_JIS", {"a", "ソ", "表", "ｱ", "\n"}}, {"EUC-JP", {"a", "ボ", "日本", "\n"}},
      {"GB18030", {"a", "中", "📦", "\n", "é"}},    {"UTF-16", {"a", "나", "📦", "\n"}},
      {"ISO-2022-JP", {"a", "日", "本", "\n"}},    {"UTF-8", {"a", "나", "📦", "\n"}},
  };
  for (const auto& [encoding, pieces] : cases) {
    for (int round = 0; round < 50; ++round) {
      std::string text;
      for (auto n = random() % 60; n > 0; --n) text += pieces[random() % pieces.size()];
      const auto bytes = encoded(encoding, text);
      CAPTURE(encoding, text);
      REQUIRE(decoded(encoding, bytes, 1 + random() % 9) == text);
    }
  }
}

TEST_CASE("the backslash byte inside a Shift_JIS character and the quote rules do not meet", "[encoding]") {
  const auto bytes = encoded("SHIFT_JIS", "sku,name\n1,\"ソ,表\"\n");
  MemorySource source(bytes, 3);
  DecodingSource decoding(source, "SHIFT_JIS");
  CsvReader reader(decoding);
  REQUIRE(reader.next() == CsvReader::Status::record);
  REQUIRE(reader.next() == CsvReader::Status::record);
  CHECK(reader.fields().at(1) == "ソ,表");
  CHECK(encoded("SHIFT_JIS", reader.raw()) == bytes.substr(9, bytes.size() - 10));
}

TEST_CASE("bytes that are not of the encoding are a fault with line, column and offset", "[encoding]") {
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{4}, std::string_view::npos}) {
    const auto faults = faults_of("EUC-KR", "a,b\n\xb3\xaa,\xff\x20\nc,d\n", chunk);
    INFO(faults);
    CHECK(faults == "f.csv:2:3: no EUC-KR character starts with the byte 0xff at offset 7 of the file\n");
    CHECK(faults_of("EUC-KR", "a\n\xb3 ", chunk) ==
          "f.csv:2:1: no EUC-KR character starts with the byte 0xb3 at offset 2 of the file\n");
    // Inside quotes it is the bytes that are wrong, not the quote.
    CHECK(faults_of("EUC-KR", "\"a\n\xff ", chunk) ==
          "f.csv:2:1: no EUC-KR character starts with the byte 0xff at offset 3 of the file\n");
    CHECK(faults_of("EUC-KR", "a\n\xb3", chunk) ==
          "f.csv:2:1: the file ends inside a character: 0xb3 at offset 2 is not whole EUC-KR\n");
  }
}

TEST_CASE("a decoder on its own knows line and offset of what it could not read", "[encoding]") {
  Decoder decoder("EUC-KR");
  std::string out;
  CHECK(decoder.convert("a\r", out));
  CHECK(decoder.convert("\nb\rc\n\xb3", out));
  CHECK_FALSE(decoder.convert("\xaa\xff\xff", out));
  CHECK(out == "a\r\nb\rc\n나");
  CHECK(decoder.line() == 4);
  CHECK(decoder.byte_offset() == 9);
  CHECK_FALSE(decoder.problem().empty());
  CHECK_FALSE(decoder.convert("more", out));
  CHECK_FALSE(decoder.finish(out));
  CHECK(out.size() == 10);
}

TEST_CASE("an unknown encoding is a usage error with a hint", "[encoding]") {
  const auto e = unknown("EUCC-KR");
  CHECK(e.exit == Exit::usage);
  CHECK(e.code == "unknown_encoding");
  CHECK(e.message == "unknown encoding \"EUCC-KR\"");
  CHECK(e.hint.starts_with("did you mean EUC-KR? names are those of `iconv -l`"));
  // An empty name is the locale's for iconv, a suffix makes it drop bytes in silence.
  for (const std::string name : {"", "latin1//IGNORE", "latin1//TRANSLIT", "//", "no\nsuch"}) {
    CHECK(unknown(name).exit == Exit::usage);
  }
  CHECK(unknown("no\nsuch").message == "unknown encoding \"no\\nsuch\"");
  CHECK_THROWS_AS(Encoder("klingon"), Error);
}

TEST_CASE("names of UTF-8 need no decoder", "[encoding]") {
  for (const auto* name : {"UTF-8", "utf8", "Utf-8", "utf-8-sig"}) CHECK(is_utf8_name(name));
  for (const auto* name : {"UTF-16", "latin1", ""}) CHECK_FALSE(is_utf8_name(name));
}

TEST_CASE("characters that an encoding lacks become question marks and are counted", "[encoding]") {
  Encoder encoder("latin1");
  std::string out;
  encoder.convert("£ 나사 ä📦", out);
  CHECK(out == "\xa3 ?? \xe4?");
  CHECK(encoder.replaced() == 3);
}

TEST_CASE("long texts pass through a decoder in one piece", "[encoding]") {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "나사,\"" + std::to_string(i) + "\"\r\n";
  CHECK((decoded("CP949", encoded("CP949", text), std::string_view::npos) == text));
}

}  // namespace encoding_test
