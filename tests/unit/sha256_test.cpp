#include "core/sha256.hpp"

#include <catch2/catch.hpp>
#include <unordered_map>

#include "property.hpp"

namespace sha256_test {

using namespace invctl;
using invctl::test::Random;

TEST_CASE("SHA-256 gives the answers of FIPS 180-4") {
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(to_hex(sha256(
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmn"
            "opqrsmnopqrstnopqrstu")) == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(to_hex(sha256(std::string(1'000'000, 'a'))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(to_hex(sha256(std::string(1, '\xbd'))) ==
        "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
}

TEST_CASE("fields are written as documented") {
  FieldText fields("tag-1");
  fields.add(std::string_view("a\tb")).add(std::string_view("c\\d\ne\rf")).add(std::string_view(""));
  fields.add(std::optional<std::string>()).add(std::optional<std::string>("\\N"));
  fields.add(std::int64_t{INT64_MIN}).add(std::optional<std::int64_t>()).add(std::optional<std::int64_t>(0));
  Digest digest{};
  digest[0] = 0xab;
  fields.add(digest);
  CHECK(fields.str() == "tag-1\ta\\tb\tc\\\\d\\ne\\rf\t\t\\N\t\\\\N\t-9223372036854775808\t\\N\t0\tab" +
                            std::string(62, '0'));
  CHECK(fields.digest() == sha256(fields.str()));
}

TEST_CASE("no two lists of fields give the same text") {
  using List = std::vector<std::optional<std::string>>;
  Random random;
  INFO(random);
  // Few characters, all of them awkward, so that near misses are frequent.
  const std::vector<std::string> pieces{"\t", "\\", "\n", "\r", "N", "t", "n", "r", "\\N", "\\t"};
  std::unordered_map<std::string, List> seen;
  int repeats = 0;
  for (int i = 0; i < 20'000; ++i) {
    List list(static_cast<std::size_t>(random.between(0, 3)));
    for (auto& field : list) {
      if (random.one_in(4)) continue;
      field.emplace();
      for (auto n = random.between(0, 3); n > 0; --n) *field += random.pick(pieces);
    }
    FieldText fields("t");
    for (const auto& field : list) fields.add(field);
    const auto [known, fresh] = seen.try_emplace(fields.str(), list);
    if (!fresh) ++repeats;
    CAPTURE(fields.str());
    REQUIRE(known->second == list);
  }
  CHECK(repeats > 100);  // or the fields were too various to meet each other
}

TEST_CASE("escaped fields can be read back") {
  Random random;
  INFO(random);
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::string> list(static_cast<std::size_t>(random.between(1, 4)));
    FieldText fields("t");
    for (auto& field : list) {
      for (auto n = random.between(0, 8); n > 0; --n) {
        field += random.one_in(2) ? random.pick(std::vector<char>{'\t', '\\', '\n', '\r', 'N'})
                                  : static_cast<char>(random.between(0, 255));
      }
      fields.add(std::string_view(field));
    }
    std::vector<std::string> read;
    for (std::size_t at = 1; at < fields.str().size(); ++at) {
      const char c = fields.str()[at];
      if (c == '\t') {
        read.emplace_back();
      } else if (c == '\\') {
        const char escaped = fields.str()[++at];
        read.back() += escaped == 't' ? '\t' : escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : '\\';
      } else {
        read.back() += c;
      }
    }
    REQUIRE(read == list);
  }
}

}  // namespace sha256_test
